//! The webhook secrets that are let in now, as a process keeps them: those of its settings, and those of the app, which other processes
//! and people change while events flow.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{secrets, store::secrets as store};
use crate::{
    domain::{AppError, AppResult},
    platform::{
        ctx::Ctx,
        db::{self, to_app},
        signature::{self, Key, SignatureError, SignatureHeaders, Verified},
    },
};

/// How soon what another process or person changed holds here.
const EVERY: Duration = Duration::from_secs(2);
/// Signatures that hold by no secret make the process look again, together and not more often than this: they cost whoever sends them
/// nothing.
const APART: Duration = Duration::from_millis(50);
/// Use is told to the minute.
const MINUTE_S: i64 = 60;

/// A secret that is let in.
#[derive(Clone, Debug)]
struct Entry {
    /// Not known until the database was reached.
    id: Option<Uuid>,
    key: Key,
    ends_at: Option<DateTime<Utc>>,
    /// When it was last used, in seconds since 1970; 0 for never.
    used: Arc<AtomicI64>,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its signature.
    Signature(SignatureError),
    /// The secrets of the app cannot be read now: it may be good.
    NotKnown,
}

/// The secrets of a process.
#[derive(Debug)]
pub struct Keyring {
    live: RwLock<Arc<[Entry]>>,
    /// When the last look that came to an end was begun, and whether it saw anything; held during each.
    looked: Mutex<Option<(Instant, bool)>>,
    /// What has been told of use.
    told: Mutex<HashMap<Uuid, i64>>,
}

impl Keyring {
    /// With the secrets of the settings; those of the app are read when they are first needed.
    pub fn new(ctx: &Ctx) -> Self {
        let entries = ctx.app.settings.webhook_keys.iter();
        let live = entries.map(|key| Entry { id: None, key: key.clone(), ends_at: None, used: Arc::default() }).collect();
        Self { live: RwLock::new(live), looked: Mutex::default(), told: Mutex::default() }
    }

    fn live(&self) -> Arc<[Entry]> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks a request's signature. One that holds by none of the secrets known here is checked again after a look at those that may
    /// have been made meanwhile, so that a new secret works at once.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn verify(&self, ctx: &Ctx, headers: &SignatureHeaders<'_>, body: &[u8]) -> Result<Verified, Refused> {
        match self.check(ctx, headers, body) {
            Err(SignatureError::Rejected) => {}
            checked => return checked.map_err(Refused::Signature),
        }
        if let Err(error) = self.look(ctx, Instant::now()).await {
            tracing::warn!(%error, "webhook secrets could not be read");
            return Err(Refused::NotKnown);
        }
        self.check(ctx, headers, body).map_err(Refused::Signature)
    }

    fn check(&self, ctx: &Ctx, headers: &SignatureHeaders<'_>, body: &[u8]) -> Result<Verified, SignatureError> {
        let (live, now) = (self.live(), ctx.now());
        let live: Vec<_> = live.iter().filter(|entry| entry.ends_at.is_none_or(|end| end > now)).collect();
        let verified = signature::verify(headers, body, live.iter().map(|entry| &entry.key), now)?;
        if let Some(entry) = live.get(verified.key) {
            let minute = now.timestamp() - now.timestamp().rem_euclid(MINUTE_S);
            if entry.used.load(Ordering::Relaxed) != minute {
                entry.used.store(minute, Ordering::Relaxed);
            }
        }
        Ok(verified)
    }

    /// Reads the secrets of the app, unless that was begun after a time. Those who wait for a look share what comes of it.
    async fn look(&self, ctx: &Ctx, after: Instant) -> AppResult<()> {
        let mut looked = self.looked.lock().await;
        if let Some((at, seen)) = *looked {
            if at > after {
                return if seen { Ok(()) } else { Err(AppError::Unavailable { retry_after_s: db::RETRY_AFTER_S }) };
            }
            tokio::time::sleep(APART.saturating_sub(at.elapsed())).await;
        }
        let begun = Instant::now();
        let read = self.read(ctx).await;
        *looked = Some((begun, read.is_ok()));
        read
    }

    async fn read(&self, ctx: &Ctx) -> AppResult<()> {
        // Those that end now are forgotten below.
        self.tell(ctx).await?;
        let system = ctx.as_system("webhook secrets");
        let mut tx = system.begin().await.map_err(to_app)?;
        let before = self.live();
        let used = |id: Uuid| before.iter().find(|e| e.id == Some(id)).map(|e| Arc::clone(&e.used)).unwrap_or_default();
        let mut entries = Vec::new();
        for (place, key) in ctx.app.settings.webhook_keys.iter().enumerate() {
            let known = before.get(place).and_then(|entry| entry.id);
            let id = if let Some(id) = known {
                id
            } else {
                let name = secrets::settings_name(place, key.is_import());
                store::know(&mut tx, &name, key.is_import(), system.now()).await.map_err(to_app)?
            };
            let used = before.get(place).map(|entry| Arc::clone(&entry.used)).unwrap_or_default();
            entries.push(Entry { id: Some(id), key: key.clone(), ends_at: None, used });
        }
        for row in store::list_live(&mut tx, system.now()).await.map_err(to_app)? {
            let Some(key) = secrets::open(&system, &row) else {
                tracing::warn!(secret = row.name, "a webhook secret cannot be opened: NEXUS_CRM_SECRET_KEY is missing or another");
                continue;
            };
            entries.push(Entry { id: Some(row.id), key, ends_at: row.ends_at, used: used(row.id) });
        }
        tx.commit().await.map_err(to_app)?;
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = entries.into();
        Ok(())
    }

    /// Tells the database which secrets were used since it was last told.
    async fn tell(&self, ctx: &Ctx) -> AppResult<()> {
        let mut told = self.told.lock().await;
        let (mut ids, mut times) = (Vec::new(), Vec::new());
        for entry in self.live().iter() {
            let used = entry.used.load(Ordering::Relaxed);
            if let (Some(id), Some(at)) = (entry.id, DateTime::from_timestamp(used, 0))
                && used > told.get(&id).copied().unwrap_or_default()
            {
                ids.push(id);
                times.push(at);
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let mut tx = ctx.as_system("webhook secrets").begin().await.map_err(to_app)?;
        store::touch(&mut tx, &ids, &times).await.map_err(to_app)?;
        tx.commit().await.map_err(to_app)?;
        told.extend(ids.into_iter().zip(times.into_iter().map(|at| at.timestamp())));
        Ok(())
    }

    /// Looks every other second until the process stops.
    pub async fn run(self: Arc<Self>, ctx: Ctx) {
        loop {
            if let Err(error) = self.look(&ctx, Instant::now()).await {
                tracing::warn!(%error, "webhook secrets could not be looked at; they will be again");
            }
            if !ctx.app.goes_on_after(EVERY).await {
                return;
            }
        }
    }
}
