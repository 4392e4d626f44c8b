//! Who may ask the bridge, and how often.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::token::Token;

/// How many requests a second are answered in the long run, and how many at once after a pause.
const A_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();
const AT_ONCE: NonZeroU32 = NonZeroU32::new(200).unwrap();

/// How many requests are answered at a time. Most of them wait for events.
const AT_A_TIME: usize = 128;

/// What anybody may ask for who can reach the address: none of it tells anything about the accounts.
const OPEN: [&str; 2] = ["/healthz", "/openapi.json"];

/// Decides whether a request is answered at all.
pub(super) struct Access {
    token: Token,
    hosts: Vec<String>,
    /// For who knows the token.
    rate: DefaultDirectRateLimiter,
    /// For all others, so that they use up nothing of that.
    strangers: DefaultDirectRateLimiter,
    places: Arc<Semaphore>,
}

impl Access {
    /// For whoever knows `token` and asks for this machine, or for one of `hosts`.
    pub(super) fn new(token: Token, hosts: Vec<String>) -> Self {
        let hosts = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        let rate = || RateLimiter::direct(Quota::per_second(A_SECOND).allow_burst(AT_ONCE));
        Self { token, hosts, rate: rate(), strangers: rate(), places: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    fn check(&self, path: &str, headers: &HeaderMap) -> Result<(), Problem> {
        self.check_host(headers)?;
        let is_known = self.is_known(headers);
        let rate = if is_known { &self.rate } else { &self.strangers };
        rate.check().map_err(|until| {
            let message = format!("more than {A_SECOND} requests a second");
            Problem::too_many(message, until.wait_time_from(DefaultClock::default().now()))
        })?;
        if is_known || OPEN.contains(&path) {
            return Ok(());
        }
        let message = "send the token of the bridge as `Authorization: Bearer TOKEN`; it is in the file that the \
                       bridge names when it starts";
        Err(Problem::new(StatusCode::UNAUTHORIZED, "token", message))
    }

    /// A page of some website that the browser was told to find at this machine asks for the website's name.
    fn check_host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let mut named = headers.get_all(header::HOST).iter();
        let host = named.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        if named.next().is_none() && self.is_ours(host) {
            return Ok(());
        }
        let message = format!(
            "the host {:?} is not this bridge's; ask for 127.0.0.1, [::1] or localhost, or start the bridge with \
             --allow-host",
            crate::decision::excerpt(host, 100)
        );
        Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "host", message))
    }

    fn is_ours(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().to_ascii_lowercase();
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
        let is_loopback = match literal.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => address == Ipv4Addr::LOCALHOST,
            Ok(IpAddr::V6(address)) => address.is_loopback(),
            Err(_) => name == "localhost",
        };
        !host.contains('@') && (is_loopback || self.hosts.contains(&name))
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let said = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        let token = said.split_at_checked("Bearer ".len());
        token.is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case(b"Bearer ") && self.token.is(token))
    }
}

/// Lets those requests through that are to be answered.
pub(super) async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    if let Err(problem) = access.check(request.uri().path(), request.headers()) {
        return problem.into_response();
    }
    match Arc::clone(&access.places).try_acquire_owned() {
        Ok(_place) => next.run(request).await,
        Err(_) => {
            let message = format!("{AT_A_TIME} requests are being answered");
            Problem::too_many(message, std::time::Duration::from_secs(1)).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn access(hosts: &[&str]) -> Access {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        crate::store::atomic::create(&file, TOKEN.as_bytes()).unwrap();
        Access::new(Token::open(&file).unwrap(), hosts.iter().map(|host| (*host).to_owned()).collect())
    }

    fn headers(host: &str, authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        headers
    }

    #[test]
    fn only_this_machine_and_what_was_allowed_is_a_host_of_ours() {
        let access = access(&["Bridge.internal"]);
        for (host, is_ours) in [
            ("127.0.0.1", true),
            ("127.0.0.1:8787", true),
            ("[::1]:8787", true),
            ("LocalHost:1", true),
            ("bridge.internal:8787", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:8787", false),
            ("user@127.0.0.1", false),
            ("127.0.0.2", false),
            ("10.0.0.1", false),
            ("", false),
        ] {
            assert_eq!(access.is_ours(host), is_ours, "{host}");
        }
    }

    #[test]
    fn a_request_with_two_hosts_is_refused() {
        let mut two = headers("127.0.0.1", &format!("Bearer {TOKEN}"));
        assert!(access(&[]).check("/v1/accounts", &two).is_ok());
        two.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(access(&[]).check("/v1/accounts", &two).is_err());
    }

    #[test]
    fn the_token_is_asked_for_but_for_what_tells_nothing() {
        let access = access(&[]);
        for (authorization, is_known) in [
            (format!("Bearer {TOKEN}"), true),
            (format!("bearer {TOKEN}"), true),
            (format!("Basic {TOKEN}"), false),
            (format!("Bearer {TOKEN}0"), false),
            (format!("Bearer {}", &TOKEN[1..]), false),
            ("Bearer".to_owned(), false),
            (String::new(), false),
        ] {
            let headers = headers("localhost", &authorization);
            assert_eq!(access.check("/v1/accounts", &headers).is_ok(), is_known, "{authorization}");
            assert!(access.check("/healthz", &headers).is_ok());
        }
    }

    #[test]
    fn too_many_requests_are_told_to_wait() {
        let access = access(&[]);
        let headers = headers("localhost", &format!("Bearer {TOKEN}"));
        let refused = (0..1_000).filter(|_| access.check("/v1/accounts", &headers).is_err()).count();
        assert!(refused > 0, "a thousand requests in a row are too many");
    }

    #[test]
    fn who_does_not_know_the_token_uses_up_nothing_of_who_does() {
        let access = access(&[]);
        let code = |path: &str, authorization: &str| {
            access.check(path, &headers("localhost", authorization)).map_err(|problem| problem.status())
        };
        let found: Vec<_> = (0..1_000).map(|_| code("/v1/accounts", "Bearer guess")).collect();
        assert_eq!(found.first(), Some(&Err(StatusCode::UNAUTHORIZED)));
        assert!(found.contains(&Err(StatusCode::TOO_MANY_REQUESTS)), "a thousand guesses are too many");
        assert_eq!(code("/v1/accounts", &format!("Bearer {TOKEN}")), Ok(()));
    }
}
