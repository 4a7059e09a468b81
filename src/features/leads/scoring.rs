//! Scoring leads: at once when one is captured or changed, and all open ones after a change of the scorecard.

use serde_json::json;
use sqlx::PgConnection;

use super::{
    assign,
    store::{self, Judged, Lead, settings},
};
use crate::{
    domain::{
        AppResult,
        lead::{LeadData, LeadStatus, Scorecard, actions, enrich, score},
        tier::TierLimits,
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Leads that are scored again in one transaction.
const BATCH: i64 = 200;

/// What leads are judged by.
pub(super) struct Judge {
    card: Scorecard,
    version: i32,
    tiers: Vec<TierLimits>,
}

impl Judge {
    /// By what is settled now.
    pub(super) async fn now(tx: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let (card, version) = settings::find_card(tx).await?;
        Ok(Self { card, version, tiers: settings::list_tiers(tx).await? })
    }

    /// What the rules say.
    pub(super) fn judge(&self, ctx: &Ctx, data: &LeadData) -> Judged {
        let profile = enrich(data, &self.tiers, ctx.now());
        let score = score(&self.card, data, &profile);
        Judged {
            band: actions::rank(&self.card, &score, &profile),
            segment: profile.segment(),
            card_version: self.version,
            profile,
            score,
        }
    }
}

/// Scores a lead by its data, and keeps it.
pub(super) async fn judge(tx: &mut PgConnection, ctx: &Ctx, lead: &Lead) -> Result<Judged, sqlx::Error> {
    let judged = Judge::now(tx).await?.judge(ctx, &lead.data);
    store::update_judged(tx, lead.id, &judged, ctx.now()).await?;
    Ok(judged)
}

/// Scores some of the leads that a newer scorecard has not seen yet, and those that came without a score; says whether there were any.
/// Several processes may do so at once.
///
/// # Errors
/// When the database is away.
pub async fn pass(ctx: &Ctx) -> AppResult<bool> {
    let mut tx = ctx.as_system("leads").begin().await.map_err(to_app)?;
    let judge = Judge::now(&mut tx).await.map_err(to_app)?;
    let leads = store::lock_stale(&mut tx, judge.version, BATCH).await.map_err(to_app)?;
    for lead in &leads {
        let judged = judge.judge(ctx, &lead.data);
        store::update_judged(&mut tx, lead.id, &judged, ctx.now()).await.map_err(to_app)?;
        if judged.score.points != lead.score.points {
            let body = json!({
                "before": {"score": lead.score.points, "band": lead.band},
                "after": {"score": judged.score.points, "band": judged.band, "scorecard": judged.card_version},
            });
            let entry = Entry { event: "lead_scored", subject_kind: "lead", subject_id: lead.id.to_string(), body };
            journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
        }
        if lead.owner.is_none() && lead.status == LeadStatus::New {
            assign::by_score(&mut tx, ctx, lead.id, judged.band).await.map_err(to_app)?;
        }
    }
    tx.commit().await.map_err(to_app)?;
    Ok(!leads.is_empty())
}
