//! What a bridge answers, address by address.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use tokio::time::{Instant, timeout_at};

use super::Hall;
use super::access::{Access, guard};
use super::openapi;
use super::order::{Order, Outcome};
use super::problem::Problem;
use super::protocol::{
    AccountInfo, Accounts, Configuration, Done, Event, Events, Offer, Paired, Stranger, Wanted,
};
use crate::gateway::Offered;
use crate::gateway::readiness::{Readiness, Work};
use crate::journal::{NotYet, PageSize};
use crate::sandbox::bindings::inbound::PairingRequest;
use crate::sandbox::bindings::types::{ChatKind, Thread};

/// The longest body of a request, in bytes: a command with a text of full length has a tenth of it.
const BODY_MAX: usize = 256 << 10;

/// How long to wait for an event, at most and unless it is said.
const WAIT_MAX: u64 = 30;
const WAIT: u64 = 25;

/// How many events come at once, at most and unless it is said.
const LIMIT_MAX: u32 = 1_000;
const LIMIT: u32 = 100;

/// How long the events of one answer are together, in bytes. A longer one comes alone.
const ANSWER_MAX: usize = 1 << 20;

/// The longest id of a stranger, in bytes.
const SENDER_MAX: usize = 128;

/// An answer, or why there is none.
type Answer<T> = Result<Json<T>, Problem>;

pub(super) fn router(hall: Arc<Hall>, access: Access) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/openapi.json", get(async || Json(openapi::document())))
        .route("/v1/accounts", get(accounts))
        .route("/v1/accounts/{id}/events", get(events))
        .route("/v1/accounts/{id}/paired", get(paired))
        .route("/v1/accounts/{id}/pairing", post(pair))
        .route("/v1/accounts/{id}/pairing/{code}/announced", post(announced))
        .route("/v1/commands", post(carry_out))
        .route("/v1/configuration", get(configuration))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no-such-address", "see /openapi.json"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "see /openapi.json")
        })
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(Arc::new(access), guard))
        .with_state(hall)
}

async fn accounts(State(hall): State<Arc<Hall>>) -> Json<Accounts> {
    let readiness = Readiness::of(&hall.events.status());
    let channel = &hall.config.channel;
    let accounts = channel.accounts.iter().map(|account| {
        let work = readiness.accounts.get(&account.id);
        AccountInfo {
            id: account.id.clone(),
            name: account.name.clone(),
            profile: account.profile.clone(),
            enabled: account.enabled,
            listening: work == Some(&Work::Listens),
            problem: match work {
                Some(Work::Hindered { reason }) => Some(reason.clone()),
                Some(Work::Starts) => Some("it is being started".to_owned()),
                Some(Work::Listens) | None => None,
            },
        }
    });
    Json(Accounts { accounts: accounts.collect() })
}

async fn events(
    State(hall): State<Arc<Hall>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Answer<Events> {
    let Query(Wanted { after, wait, limit }) = wanted.map_err(|err| Problem::bad(err.body_text()))?;
    let limit = within("limit", limit.unwrap_or(LIMIT), 1, LIMIT_MAX)?;
    let wait = within("wait", wait.unwrap_or(WAIT), 0, WAIT_MAX)?;
    let id = hall.account(Some(&id))?.id.clone();
    let size = PageSize { events: limit, bytes: ANSWER_MAX };
    let until = Instant::now() + Duration::from_secs(wait);
    let mut news = hall.news.subscribe();
    loop {
        news.mark_unchanged();
        let page = hall.journal.events(&id, after, size).await.map_err(Problem::unavailable)?;
        let page = page.map_err(|NotYet(last)| {
            Problem::bad(format!("`after` is greater than the last event's number, which is {last}"))
        })?;
        let changed = async {
            tokio::select! {
                changed = news.changed() => changed.is_ok(),
                () = hall.stopping.cancelled() => false,
            }
        };
        if page.events.is_empty() {
            tracing::debug!(account = id, "a gateway waits for events");
            if timeout_at(until, changed).await == Ok(true) {
                continue;
            }
        }
        let events = page.events.into_iter().map(|event| {
            let happened = serde_json::from_str(&event.body)?;
            Ok(Event { seq: event.seq, at: event.at, happened })
        });
        let events = events.collect::<Result<Vec<_>, serde_json::Error>>().map_err(Problem::unavailable)?;
        let next = events.last().map_or(after.unwrap_or_default(), |event| event.seq);
        return Ok(Json(Events { events, next, lost: page.lost }));
    }
}

async fn carry_out(
    State(hall): State<Arc<Hall>>,
    order: Result<Json<Order>, JsonRejection>,
) -> Answer<Outcome> {
    let Order { account, key, command } = body(order)?;
    let command = command.into_contract().map_err(Problem::bad)?;
    let id = hall.account(account.as_deref())?.id.clone();
    let actor = hall.actor(&id)?;
    // Who asked may hang up, and what was begun has to be ended and noted all the same.
    let done = finish(&hall, async move { actor.carry_out(key, command).await }).await?;
    Ok(Json(done?))
}

async fn paired(State(hall): State<Arc<Hall>>, Path(id): Path<String>) -> Answer<Paired> {
    let account = hall.account(Some(&id))?;
    let senders = hall.paired(account).await.map_err(Problem::unavailable)?;
    Ok(Json(Paired { senders }))
}

async fn pair(
    State(hall): State<Arc<Hall>>,
    Path(id): Path<String>,
    stranger: Result<Json<Stranger>, JsonRejection>,
) -> Answer<Offer> {
    let Stranger { sender_id, sender_name } = body(stranger)?;
    if sender_id.trim().is_empty() || sender_id.len() > SENDER_MAX {
        return Err(Problem::bad(format!("`senderId` has 1 to {SENDER_MAX} bytes")));
    }
    let account = hall.account(Some(&id))?.id.clone();
    let actor = hall.actor(&account)?;
    let request = PairingRequest {
        account_id: account,
        thread: Thread { id: sender_id.clone(), kind: ChatKind::Direct },
        sender_id,
        sender_name,
        message_id: String::new(),
    };
    let offered = finish(&hall, async move { actor.clerk.request(&request).await }).await?;
    let offer = match offered.map_err(Problem::unavailable)? {
        Some(Offered { code, approve }) => Offer { code: Some(code), approve },
        None => Offer { code: None, approve: String::new() },
    };
    Ok(Json(offer))
}

async fn announced(State(hall): State<Arc<Hall>>, Path((id, code)): Path<(String, String)>) -> Answer<Done> {
    let account = hall.account(Some(&id))?.id.clone();
    let actor = hall.actor(&account)?;
    let noted = finish(&hall, async move { actor.clerk.announced(&code).await }).await?;
    noted.map_err(Problem::unavailable)?;
    Ok(Json(Done {}))
}

async fn configuration(State(hall): State<Arc<Hall>>) -> Json<Configuration> {
    Json(hall.configuration.clone())
}

/// Does something to its end, whether or not somebody still waits for it.
async fn finish<T: Send + 'static>(
    hall: &Hall,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    if hall.stopping.is_cancelled() {
        return Err(Problem::unavailable("the bridge is stopping"));
    }
    hall.tasks.spawn(work).await.map_err(Problem::unavailable)
}

fn body<T>(read: Result<Json<T>, JsonRejection>) -> Result<T, Problem> {
    match read {
        Ok(Json(body)) => Ok(body),
        Err(err) if err.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body of a request has {BODY_MAX} bytes at most");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message))
        }
        Err(err) => Err(Problem::new(err.status(), "invalid", err.body_text())),
    }
}

fn within<N: PartialOrd + std::fmt::Display>(name: &str, number: N, min: N, max: N) -> Result<N, Problem> {
    if number < min || number > max {
        return Err(Problem::bad(format!("`{name}` is {number}, and has to be {min} to {max}")));
    }
    Ok(number)
}
