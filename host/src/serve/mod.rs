//! `zalouser serve --stdio`: everything that this program does, for a gateway that starts it.
//!
//! Several may run at once, for the same accounts; only one of them listens for a profile, and the others
//! say which.

mod auth;
mod deliver;
mod directory;
mod listening;
mod news;
mod peer_side;
pub mod protocol;
mod schema;
mod session;
mod wire;

use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use schema::schema;

use self::deliver::Turns;
use self::listening::Listening;
use self::protocol::{
    AskToolPolicy, AuthLogin, AuthStatus, Cancel, Code, Deliver, Done, Initialize, Initialized, OfAccount,
    PROTOCOL, Search, SearchMembers, ToolCall, ToolCalled, ToolPolicy,
};
use self::session::{Acting, Session, broken};
use self::wire::{Failure, Message, Peer, next_line};
use crate::config::Config;
use crate::sandbox::Sandbox;
use crate::sandbox::bindings::config;
use crate::sandbox::bindings::types::Command;
use crate::state_dir::StateDir;
use crate::zca::program::Zca;

/// How long what is being sent may take once the peer is gone.
const GRACE: Duration = Duration::from_secs(5);

/// How many requests may be under way.
const REQUESTS_MAX: usize = 256;

/// A way to find `zca` by the settings.
pub type FindZca = Box<dyn Fn(&Config) -> Zca + Send + Sync>;

/// Serves one peer.
pub struct Server {
    sandbox: Sandbox,
    find_zca: FindZca,
    session: RwLock<Option<Arc<Session>>>,
    listening: Listening,
    turns: Turns,
    peer: Peer,
    outbox: Mutex<Option<mpsc::Receiver<String>>>,
    /// The requests that are under way, by their ids as JSON.
    running: Mutex<HashMap<String, UnderWay>>,
}

/// A request that is under way.
struct UnderWay {
    cancelled: CancellationToken,
    /// Whether it may be sending something, which is better not broken off.
    sends: bool,
}

impl Server {
    /// A server that keeps its state in `state`.
    pub fn new(sandbox: Sandbox, state: StateDir, find_zca: FindZca) -> Self {
        let (peer, outbox) = Peer::new();
        Self {
            sandbox,
            find_zca,
            session: RwLock::default(),
            listening: Listening::new(peer.clone(), state),
            turns: Turns::default(),
            peer,
            outbox: Mutex::new(Some(outbox)),
            running: Mutex::default(),
        }
    }

    /// Where log entries go, one JSON object a line, so that the peer is told them.
    pub fn log(&self) -> impl io::Write + Send + use<> {
        news::LogLines(self.peer.clone())
    }

    /// Serves until `input` ends or `shutdown` is done, and then leaves nothing running. To be called once.
    ///
    /// # Errors
    /// When `input` cannot be read.
    pub async fn serve(
        self,
        input: impl AsyncBufRead + Unpin,
        output: impl AsyncWrite + Unpin + Send + 'static,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = outbox.map(|outbox| tokio::spawn(wire::write(outbox, output)));
        let server = Arc::new(self);
        let requests = TaskTracker::new();
        let ended = {
            let mut shutdown = pin!(shutdown);
            let mut news = pin!(news::tell(&server.peer, &server.listening.events));
            let mut read = pin!(server.read(input, &requests));
            tokio::select! {
                ended = &mut read => ended,
                () = &mut shutdown => Ok(()),
                never = &mut news => match never {},
            }
        };
        server.peer.hang_up();
        server.cancel(|request| !request.sends);
        requests.close();
        if timeout(GRACE, requests.wait()).await.is_err() {
            server.cancel(|_| true);
            requests.wait().await;
        }
        server.listening.stop_all().await;
        if let Some(writer) = writer {
            let written = async {
                server.peer.close().await;
                writer.await
            };
            // A peer that does not read misses the end.
            let _ = timeout(GRACE, written).await;
        }
        ended
    }

    async fn read(
        self: &Arc<Self>,
        mut input: impl AsyncBufRead + Unpin,
        requests: &TaskTracker,
    ) -> io::Result<()> {
        while let Some(line) = next_line(&mut input).await? {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match Message::read(&line) {
                Ok(Message::Request { id, method, params }) => self.begin(requests, id, method, params).await,
                Ok(Message::Notification { method, params }) if method == "$/cancelRequest" => {
                    if let Ok(Cancel { id }) = serde_json::from_value(params)
                        && let Some(request) = self.running().get(&id.to_string())
                    {
                        request.cancelled.cancel();
                    }
                }
                // JSON-RPC wants no answer to a notification, not even to one that is unknown.
                Ok(Message::Notification { .. }) => {}
                Ok(Message::Answer { id, result }) => self.peer.take(&id, result),
                Err((id, failure)) => self.peer.answer(id, Err(failure)).await,
            }
        }
        Ok(())
    }

    /// Begins a request, which goes on by itself.
    async fn begin(self: &Arc<Self>, requests: &TaskTracker, id: Value, method: String, params: Value) {
        let (key, cancelled) = (id.to_string(), CancellationToken::new());
        let refused = {
            let mut running = self.running();
            if running.contains_key(&key) {
                Some(Failure::new(Code::InvalidRequest, format!("a request with the id {key} is under way")))
            } else if running.len() >= REQUESTS_MAX {
                Some(Failure::new(Code::Internal, format!("{REQUESTS_MAX} requests are under way already")))
            } else {
                let sends = matches!(method.as_str(), "deliver" | "tool/call");
                running.insert(key.clone(), UnderWay { cancelled: cancelled.clone(), sends });
                None
            }
        };
        if let Some(failure) = refused {
            return self.peer.answer(id, Err(failure)).await;
        }
        let server = Arc::clone(self);
        requests.spawn(async move {
            let result = tokio::select! {
                result = server.answer(&method, params) => result,
                () = cancelled.cancelled() => Err(Failure::new(Code::Cancelled, "the request was taken back")),
            };
            server.running().remove(&key);
            server.peer.answer(id, result).await;
        });
    }

    async fn answer(&self, method: &str, params: Value) -> Result<Value, Failure> {
        match method {
            "initialize" => reply(self.initialize(read(params)?).await),
            "listen/start" => reply(self.listen(read(params)?).await),
            "listen/stop" => reply(self.stop(read(params)?).await),
            "deliver" => reply(self.deliver(read(params)?).await),
            "tool/call" => reply(self.call_tool(read(params)?).await),
            "tool/policy" => reply(self.tool_policy(read(params)?).await),
            "directory/self" => {
                let OfAccount { account } = read(params)?;
                reply(directory::search(&self.acting(account)?, Command::WhoAmI, None, None).await)
            }
            "directory/peers" => reply(self.search(Command::ListFriends, read(params)?).await),
            "directory/groups" => reply(self.search(Command::ListGroups, read(params)?).await),
            "directory/members" => {
                let SearchMembers { account, group, query, limit } = read(params)?;
                reply(directory::members(&self.acting(account)?, &group, query.as_deref(), limit).await)
            }
            "auth/status" => {
                let AuthStatus { account, wait_seconds } = read(params)?;
                reply(auth::status(&self.acting(account)?, wait_seconds).await)
            }
            "auth/login" => {
                let AuthLogin { account, force } = read(params)?;
                reply(auth::login(&self.acting(account)?, force).await)
            }
            "auth/logout" => {
                let OfAccount { account } = read(params)?;
                let acting = self.acting(account)?;
                self.listening.stop(&acting.account.id).await;
                reply(auth::logout(&acting).await)
            }
            "status/probe" => {
                let OfAccount { account } = read(params)?;
                let acting = self.acting(account)?;
                reply(Ok(auth::look(&acting, &self.listening.state).await))
            }
            _ => {
                let problem =
                    format!("there is no request {method:?}; there are: {}", schema::REQUESTS.join(", "));
                Err(Failure::new(Code::MethodNotFound, problem))
            }
        }
    }

    async fn initialize(&self, params: Initialize) -> Result<Initialized, Failure> {
        if params.protocol != PROTOCOL {
            let older = if params.protocol > PROTOCOL { "zalouser" } else { "the plugin" };
            let problem = format!(
                "the gateway's plugin speaks version {} of the protocol and zalouser {} version {PROTOCOL}; update \
                 {older}",
                params.protocol,
                env!("CARGO_PKG_VERSION")
            );
            return Err(Failure::new(Code::InvalidParams, problem));
        }
        let state = &self.listening.state;
        let session =
            Session::open(self.sandbox.clone(), state, params.config, |it| (self.find_zca)(it)).await?;
        let described = session.described();
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(session));
        Ok(described)
    }

    async fn listen(&self, OfAccount { account }: OfAccount) -> Result<Done, Failure> {
        self.listening.start(&self.acting(account)?).await?;
        Ok(Done {})
    }

    async fn stop(&self, OfAccount { account }: OfAccount) -> Result<Done, Failure> {
        self.listening.stop(&self.acting(account)?.account.id).await;
        Ok(Done {})
    }

    async fn deliver(&self, params: Deliver) -> Result<protocol::Delivered, Failure> {
        let acting = self.acting(params.account.clone())?;
        deliver::deliver(&acting, &self.turns, &self.listening, params).await
    }

    async fn search(
        &self,
        command: Command,
        Search { account, query, limit }: Search,
    ) -> Result<protocol::Found, Failure> {
        directory::search(&self.acting(account)?, command, query.as_deref(), limit).await
    }

    async fn call_tool(&self, ToolCall { account, call, current }: ToolCall) -> Result<ToolCalled, Failure> {
        let tool = self.acting(account)?.tool(current.as_deref()).await?;
        let concluded = tool.call(&Value::Object(call).to_string()).await.map_err(broken)?;
        let answer = serde_json::from_str(&concluded.json)
            .map_err(|err| Failure::new(Code::Internal, format!("the guest's answer is no JSON: {err}")))?;
        Ok(ToolCalled { success: concluded.success, answer })
    }

    async fn tool_policy(
        &self,
        AskToolPolicy { account, current }: AskToolPolicy,
    ) -> Result<ToolPolicy, Failure> {
        let tool = self.acting(account)?.tool(Some(&current)).await?;
        let policy = tool.policy().await.map_err(broken)?;
        let policy =
            policy.map_err(|err| Failure::new(Code::Refused, format!("{}; {}", err.message, err.hint)))?;
        Ok(policy.map_or_else(ToolPolicy::default, |config::ToolPolicy { allow, also_allow, deny }| {
            ToolPolicy { allow, also_allow, deny }
        }))
    }

    fn acting(&self, account: Option<String>) -> Result<Acting, Failure> {
        let session = self.session.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(session) = session else {
            return Err(Failure::new(Code::NotInitialized, "the first request has to be `initialize`"));
        };
        session.acting(account.as_deref())
    }

    /// Takes back all requests that are `meant`.
    fn cancel(&self, meant: impl Fn(&UnderWay) -> bool) {
        for request in self.running().values().filter(|request| meant(request)) {
            request.cancelled.cancel();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, UnderWay>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parameters of a request. None are none that are set.
fn read<T: DeserializeOwned>(params: Value) -> Result<T, Failure> {
    let params = if params.is_null() { Value::Object(serde_json::Map::new()) } else { params };
    serde_json::from_value(params).map_err(|err| Failure::new(Code::InvalidParams, err))
}

fn reply(result: Result<impl Serialize, Failure>) -> Result<Value, Failure> {
    serde_json::to_value(result?).map_err(|err| Failure::new(Code::Internal, err))
}
