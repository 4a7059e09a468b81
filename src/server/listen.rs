//! Listening: plain or with TLS of our own, and with no patience for heads of requests that do not come.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::Router;
use axum_server::{
    Handle,
    tls_rustls::{RustlsConfig, from_tcp_rustls},
};
use hyper_util::{rt::TokioTimer, server::conn::auto::Builder};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A request's head must have come within this time; beyond, the connection is closed.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long open requests may go on once the process is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// The certificate's files, PEM: the chain, and the private key.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The chain, the server's own certificate first.
    pub chain: String,
    /// The private key.
    pub key: String,
}

/// Serves until told to stop; then finishes open requests, for a while.
///
/// # Errors
/// When the certificate cannot be used, or the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    certificate: Option<Certificate>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = listener.into_std()?;
    let handle = Handle::new();
    let ender = handle.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        ender.graceful_shutdown(Some(GRACE));
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    match certificate {
        None => {
            let mut server = axum_server::from_tcp(listener)?.handle(handle);
            hurry(server.http_builder());
            server.serve(service).await?;
        }
        Some(Certificate { chain, key }) => {
            // The same provider as the database's connections have; a second call changes nothing.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let config = RustlsConfig::from_pem_file(&chain, &key).await.with_context(|| format!("{chain} and {key}"))?;
            let mut server = from_tcp_rustls(listener, config)?.handle(handle);
            hurry(server.http_builder());
            server.serve(service).await?;
        }
    }
    Ok(())
}

fn hurry<E>(builder: &mut Builder<E>) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30)).keep_alive_timeout(HEAD_TIMEOUT);
}
