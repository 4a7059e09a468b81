//! `nexus-crm serve`.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use leptos::config::{LeptosOptions, get_configuration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    features::auth::links,
    flows,
    platform::{
        clock::Clock,
        ctx::{Actor, App, Ctx},
        db,
        hub::Hub,
        telemetry,
    },
    server::{
        self, ServerState,
        listen::{self, Certificate},
    },
};

/// Serves until told to stop.
///
/// # Errors
/// When a setting is bad, the address is taken, or the schema is not that of this build.
pub async fn run() -> anyhow::Result<()> {
    let settings = super::settings()?;
    let leptos = leptos_options()?;
    let stop = CancellationToken::new();
    let app = App {
        db: db::pool(settings.database_url.expose(), settings.database_pool).context("DATABASE_URL")?,
        settings: Arc::new(settings),
        hub: Arc::new(Hub::default()),
        clock: Clock::system(),
        memo: Arc::default(),
        holders: flows::privacy::HOLDERS,
        stop: stop.clone(),
    };
    check_schema(&app).await?;
    let listener =
        TcpListener::bind(leptos.site_addr).await.with_context(|| format!("{} cannot be listened on", leptos.site_addr))?;
    let state = ServerState::new(app.clone(), telemetry::init_metrics(), leptos);
    let jobs = [
        tokio::spawn(Arc::clone(&app.hub).run(app.db.clone(), stop.clone())),
        tokio::spawn(flows::usage_watch::run(app.clone(), state.ingest.moved())),
        tokio::spawn(flows::maintenance::run(app.clone())),
        tokio::spawn(flows::mail::run(app.clone())),
        tokio::spawn(flows::duplicates::run(app.clone())),
        tokio::spawn(flows::leads::run(app.clone())),
    ];
    let system = Ctx::new(app.clone(), Actor::System("serve"));
    let lines = tokio::spawn(Arc::clone(&state.lines).run(system.clone()));
    let forget = tokio::spawn(state.clone().forget());
    let workspace = tokio::spawn(Arc::clone(&state.workspace).run(system.clone()));
    let keyring = tokio::spawn(Arc::clone(&state.keyring).run(system.clone()));
    invite_the_first(&system).await;
    tracing::info!(address = %listener.local_addr()?, "serving {}", app.settings.base_url);
    let certificate = app.settings.tls.clone().map(|(chain, key)| Certificate { chain, key });
    let mut server = tokio::spawn(listen::serve(listener, server::router(state), certificate, stop.clone()));
    tokio::select! {
        () = told_to_stop() => {}
        // It ends by itself only when it cannot go on: a certificate that is none, say.
        ended = &mut server => {
            stop.cancel();
            return ended?;
        }
    }
    tracing::info!("stopping: open requests are finished first");
    stop.cancel();
    // Sockets close at once; a request that hangs does not keep the process for longer than its grace.
    server.await??;
    for job in jobs.into_iter().chain([lines, forget, keyring, workspace]) {
        let _ = tokio::time::timeout(Duration::from_secs(2), job).await;
    }
    app.db.close().await;
    Ok(())
}

/// The pages' options: from `Leptos.toml` when it is there, and from `LEPTOS_*`.
pub(super) fn leptos_options() -> anyhow::Result<LeptosOptions> {
    let file = Path::new("Leptos.toml").exists().then_some("Leptos.toml");
    let mut options = get_configuration(file).map_err(|e| anyhow::anyhow!("Leptos.toml or LEPTOS_*: {e}"))?.leptos_options;
    // Without the names that the build gave its files, Leptos itself would panic at the first page.
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(options.hash_file.as_ref())));
    if options.hash_files && beside.as_ref().is_some_and(|file| !file.is_file()) {
        tracing::warn!(
            "{} is missing: it comes with the build and stands beside the binary; pages look for files without a hash",
            options.hash_file
        );
        options.hash_files = false;
    }
    if options.output_name.is_empty() {
        options.output_name = "nexus-crm".into();
    }
    Ok(options)
}

/// Where nobody has an account, says where the first one is made.
async fn invite_the_first(ctx: &Ctx) {
    match links::for_set_up(ctx).await {
        Ok(Some(link)) => tracing::info!("nobody has an account yet; the first is made here, once, within a day: {link}"),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "whether anybody has an account is not known yet"),
    }
}

async fn check_schema(app: &App) -> anyhow::Result<()> {
    match db::schema_version(&app.db).await {
        Ok(version) if version >= db::newest_migration() => Ok(()),
        Ok(_) => bail!("the schema is older than this build: run `nexus-crm migrate`"),
        // The database may come later: until then the webhook answers 503, and /health/ready says why.
        Err(error) if db::is_away(&error) => {
            tracing::warn!(%error, "the database does not answer yet");
            Ok(())
        }
        Err(error) => Err(error).context("the database refuses"),
    }
}

async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
