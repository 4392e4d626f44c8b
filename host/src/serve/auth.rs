//! Logs accounts in and out, and says how they are.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::protocol::{Auth, Code, Done, Login, Person, Probe};
use super::session::Acting;
use super::wire::Failure;
use crate::qr;
use crate::sandbox::bindings::types::{Command, ExitStatus};
use crate::state_dir::StateDir;
use crate::zca::identity::Identity;
use crate::zca::probe::probe;
use crate::zca::profile_lock;
use crate::zca::receipt::reason;
use crate::zca::session::{SESSION_TIME, Session};

/// The pause between two questions whether somebody is logged in: each of them may be a login of its own.
const POLL: Duration = Duration::from_secs(3);

/// How long `zca` may take to make a QR code.
const QR_TIME: Duration = Duration::from_secs(30);

/// How long a logout may take. It removes what is stored on this machine.
const LOGOUT_TIME: Duration = Duration::from_secs(10);

/// The longest wait for a login that a request may ask for.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// Whether somebody is logged in. Waits for that for at most `wait_seconds`.
pub(super) async fn status(acting: &Acting, wait_seconds: u64) -> Result<Auth, Failure> {
    let deadline = Instant::now() + Duration::from_secs(wait_seconds).min(WAIT_MAX);
    loop {
        let reason = match session(acting).await? {
            Session::Holds => {
                let identity = Identity::of(&acting.run(Command::WhoAmI).await).ok().map(person);
                return Ok(Auth { logged_in: true, reason: None, identity });
            }
            Session::Missing(reason) | Session::Unknown(reason) => reason,
        };
        if timeout_at(deadline, sleep(POLL)).await.is_err() {
            return Ok(Auth { logged_in: false, reason: Some(reason), identity: None });
        }
    }
}

/// Has `zca` make a QR code, unless somebody is logged in already.
pub(super) async fn login(acting: &Acting, force: bool) -> Result<Login, Failure> {
    let profile = acting.profile.to_string();
    if !force && session(acting).await? == Session::Holds {
        return Ok(Login { profile, logged_in: true, qr_data_url: None, qr_text: None });
    }
    let args = ["--profile", acting.profile.as_str(), "auth", "login", "--qr-base64"].map(str::to_owned);
    // Whoever asks for a picture does not want openzca to open a window.
    let zca = acting.session.zca.clone().with_variable("OPENZCA_QR_AUTO_OPEN", "0");
    let outcome = zca.run(&args, QR_TIME).await.map_err(|err| Failure::new(Code::Account, err))?;
    if outcome.status != ExitStatus::Exited(0) {
        return Err(Failure::new(Code::Refused, format!("zca made no QR code: {}", reason(&outcome))));
    }
    let picture = qr::picture(&outcome.stdout).map_err(|err| Failure::new(Code::Refused, err))?;
    let qr_text = qr::payload(&picture).and_then(|payload| qr::draw(&payload, false)).ok();
    Ok(Login { profile, logged_in: false, qr_data_url: Some(qr::data_url(&picture)), qr_text })
}

/// Logs the account out, and makes sure that it is.
pub(super) async fn logout(acting: &Acting) -> Result<Done, Failure> {
    let id = &acting.account.id;
    let args = ["--profile", acting.profile.as_str(), "auth", "logout"].map(str::to_owned);
    let outcome = acting.session.zca.run(&args, LOGOUT_TIME).await;
    let outcome = outcome.map_err(|err| Failure::new(Code::Account, err))?;
    let refused = |why: String| Failure::new(Code::Refused, why);
    if outcome.status != ExitStatus::Exited(0) {
        return Err(refused(format!("account {id} was not logged out: {}", reason(&outcome))));
    }
    match session(acting).await? {
        Session::Missing(_) => Ok(Done {}),
        Session::Holds => {
            Err(refused(format!("account {id} is still logged in, although zca says otherwise")))
        }
        Session::Unknown(reason) => {
            Err(refused(format!("zca logged account {id} out, but does not confirm that it is: {reason}")))
        }
    }
}

/// Whether the account can work, and who listens for it.
pub(super) async fn look(acting: &Acting, state: &StateDir) -> Probe {
    let folder = state.own().join("listeners");
    // A lock that cannot be read is told by whoever wants to take it.
    let holder = profile_lock::holder(&folder, &acting.profile).ok().flatten();
    let mut found = Probe {
        ok: false,
        error: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        zca_version: None,
        identity: None,
        listener: holder.and_then(|holder| holder.pid),
    };
    match probe(&acting.session.zca).await {
        Ok(support) => found.zca_version = support.version,
        Err(err) => {
            found.error = Some(err.to_string());
            return found;
        }
    }
    match status(acting, 0).await {
        Ok(Auth { logged_in: true, identity, .. }) => (found.ok, found.identity) = (true, identity),
        Ok(Auth { reason, .. }) => {
            let reason = reason.unwrap_or_default();
            let id = &acting.account.id;
            found.error = Some(format!("account {id} is not logged in ({reason})"));
        }
        Err(err) => found.error = Some(err.message),
    }
    found
}

pub(super) fn person(identity: Identity) -> Person {
    Person { user_id: identity.user_id, display_name: identity.display_name }
}

async fn session(acting: &Acting) -> Result<Session, Failure> {
    let asked = acting.session.zca.session(&acting.profile, SESSION_TIME).await;
    asked.map_err(|err| Failure::new(Code::Account, err))
}
