//! An HTTP address at which a gateway says how it is: `/healthz`, `/readyz` and `/metrics`.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use super::event::Events;
use super::metrics::MEDIA_TYPE;
use super::readiness::Readiness;

/// The address, once it is this process's own.
#[derive(Debug)]
pub struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
}

impl Endpoint {
    /// Takes the address. Port 0 is any that is free.
    ///
    /// # Errors
    /// When somebody else has it, or it is not this machine's.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers for as long as this is polled.
    pub async fn serve(self, events: Events) -> Infallible {
        let router = Router::new()
            // Whoever gets an answer at all knows that the process works.
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .with_state(events);
        // It ends only with its listener, which it has itself.
        if let Err(err) = axum::serve(self.listener, router).await {
            tracing::error!("metrics are not served any more: {err}");
        }
        pending().await
    }
}

async fn ready(State(events): State<Events>) -> Response {
    let readiness = Readiness::of(&events.status());
    let code = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(readiness)).into_response()
}

async fn metrics(State(events): State<Events>) -> Response {
    match events.metrics().text() {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(err) => (StatusCode::INTERNAL_SERVER_ERROR, err.to_string()).into_response(),
    }
}
