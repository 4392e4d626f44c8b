//! The way to the bridge: wasi:http, as far as the gateway lets a plugin use it.

use zalouser_bridge::{Answer, Kind, Method, Transport, Unreached};

use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method as HttpMethod, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::streams::StreamError;

/// For how long a connection is waited for at most, in nanoseconds.
const CONNECT: u64 = 5_000_000_000;

/// The longest answer, in bytes. The longest line of a listener, 1 MiB, is up to six times as long in JSON, and what the
/// bridge decides about it comes with it.
const ANSWER_MAX: usize = 16 << 20;

/// How much of a body goes at once, in bytes: the most that a stream takes.
const PIECE: usize = 4_096;

/// Nanoseconds since some moment.
pub fn now() -> u64 {
    monotonic_clock::now()
}

/// An address of a bridge.
#[derive(Debug)]
pub(crate) struct Address {
    text: String,
    is_secure: bool,
    authority: String,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches('/');
        let (is_secure, authority) = match text.split_once("://")? {
            ("http", authority) => (false, authority),
            ("https", authority) => (true, authority),
            _ => return None,
        };
        let is_plain = !authority.is_empty()
            && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
        is_plain.then(|| Self { text: text.to_owned(), is_secure, authority: authority.to_owned() })
    }
}

/// The gateway's HTTP, to one address.
#[derive(Debug)]
pub struct Http {
    address: Address,
    token: String,
    /// When the time is over.
    until: u64,
}

impl Http {
    pub(crate) fn new(address: Address, token: String, time: u64) -> Self {
        Self { address, token, until: now().saturating_add(time) }
    }

    /// The time that is left, in nanoseconds.
    pub fn left(&self) -> u64 {
        self.until.saturating_sub(now())
    }

    /// A request without its body. None when the gateway does not take a part of it.
    fn request(&self, method: Method, path: &str, body: Option<&[u8]>) -> Option<OutgoingRequest> {
        let mut headers = vec![
            ("authorization".to_owned(), format!("Bearer {}", self.token).into_bytes()),
            ("content-type".to_owned(), b"application/json".to_vec()),
        ];
        if let Some(body) = body {
            headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
        }
        let request = OutgoingRequest::new(Fields::from_list(&headers).ok()?);
        let method = match method {
            Method::Get => HttpMethod::Get,
            Method::Post => HttpMethod::Post,
        };
        request.set_method(&method).ok()?;
        let scheme = if self.address.is_secure { Scheme::Https } else { Scheme::Http };
        request.set_scheme(Some(&scheme)).ok()?;
        request.set_authority(Some(&self.address.authority)).ok()?;
        request.set_path_with_query(Some(path)).ok()?;
        Some(request)
    }

    fn options(left: u64) -> Option<RequestOptions> {
        let (options, connect) = (RequestOptions::new(), CONNECT.min(left / 2));
        options.set_connect_timeout(Some(connect)).ok()?;
        options.set_first_byte_timeout(Some(left - connect)).ok()?;
        options.set_between_bytes_timeout(Some(left - connect)).ok()?;
        Some(options)
    }
}

impl Transport for Http {
    fn address(&self) -> &str {
        &self.address.text
    }

    fn exchange(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Answer, Unreached> {
        let left = self.left();
        if left == 0 {
            return Err(not_sent(Kind::Unavailable, "the gateway gives a call no more time than this"));
        }
        let request = self.request(method, path, body).zip(Self::options(left));
        let Some((request, options)) = request else {
            return Err(not_sent(Kind::Gateway, "the gateway does not take the request"));
        };
        // To be taken before the request is handed over; there is none without a body to send.
        let outgoing = body.and_then(|body| Some((request.body().ok()?, body)));
        let future = outgoing_handler::handle(request, Some(options)).map_err(|code| unreached(&code))?;
        if let Some((outgoing, body)) = outgoing {
            // A request that does not get there ends in an error of its own, which says more.
            let _ = write(outgoing, body);
        }
        let response = wait(&future)?;
        let status = response.status();
        Ok(Answer { status, body: read(&response)? })
    }
}

fn write(outgoing: OutgoingBody, body: &[u8]) -> Result<(), StreamError> {
    let stream = outgoing.write().map_err(|()| StreamError::Closed)?;
    for piece in body.chunks(PIECE) {
        stream.blocking_write_and_flush(piece)?;
    }
    drop(stream);
    OutgoingBody::finish(outgoing, None).map_err(|_| StreamError::Closed)
}

fn wait(future: &FutureIncomingResponse) -> Result<IncomingResponse, Unreached> {
    loop {
        match future.get() {
            Some(Ok(Ok(response))) => return Ok(response),
            Some(Ok(Err(code))) => return Err(unreached(&code)),
            Some(Err(())) => return Err(cut_off()),
            None => future.subscribe().block(),
        }
    }
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, Unreached> {
    let body = response.consume().map_err(|()| cut_off())?;
    let stream = body.stream().map_err(|()| cut_off())?;
    let mut read = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(piece) => read.extend(piece),
            Err(StreamError::Closed) => return Ok(read),
            Err(StreamError::LastOperationFailed(_)) => return Err(cut_off()),
        }
        if read.len() > ANSWER_MAX {
            let why = format!("its answer is longer than {ANSWER_MAX} bytes");
            return Err(Unreached { kind: Kind::TooLarge, why, hint: None, sent: true });
        }
    }
}

fn cut_off() -> Unreached {
    let why = "its answer was cut off".to_owned();
    Unreached { kind: Kind::Unavailable, why, hint: None, sent: true }
}

fn not_sent(kind: Kind, why: &str) -> Unreached {
    Unreached { kind, why: why.to_owned(), hint: None, sent: false }
}

const ALLOW: &str = "the operator has to allow its host in the plugin's egress_hosts, and in its egress_allow_private \
                     too when it is loopback or a private one; the gateway's log has the command";

fn unreached(code: &ErrorCode) -> Unreached {
    match code {
        ErrorCode::InternalError(Some(why)) if why.contains("policy") => {
            Unreached { hint: Some(ALLOW), ..not_sent(Kind::Denied, why) }
        }
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => {
            Unreached { hint: Some(ALLOW), ..not_sent(Kind::Denied, "the gateway does not allow it") }
        }
        ErrorCode::ConnectionRefused => not_sent(Kind::Unavailable, "nobody listens there"),
        ErrorCode::DnsError(_) | ErrorCode::DnsTimeout | ErrorCode::DestinationNotFound => {
            not_sent(Kind::Unavailable, "its name leads nowhere")
        }
        ErrorCode::ConnectionTimeout => not_sent(Kind::Unavailable, "no connection is made in time"),
        ErrorCode::ConnectionLimitReached => {
            not_sent(Kind::Unavailable, "the plugin has too many connections open")
        }
        ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => not_sent(Kind::Unavailable, &format!("{code:?}")),
        ErrorCode::HttpResponseTimeout | ErrorCode::ConnectionReadTimeout => {
            let why = "it does not answer in time".to_owned();
            Unreached { kind: Kind::Unavailable, why, hint: None, sent: true }
        }
        // Whatever else it is, the request may have arrived.
        _ => Unreached { kind: Kind::Failed, why: format!("{code:?}"), hint: None, sent: true },
    }
}
