//! `zalouser channels login`.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::time::{Instant, interval_at, sleep};

use super::Surroundings;
use crate::gateway::presence::Sighting;
use crate::gateway::status::ListenerState;
use crate::qr;
use crate::sandbox::bindings::config::Account;
use crate::sandbox::bindings::types::{Command, ExitStatus};
use crate::store::atomic;
use crate::zca::identity::Identity;
use crate::zca::login::LoginError;
use crate::zca::profile::Profile;
use crate::zca::program::Zca;
use crate::zca::receipt::reason;
use crate::zca::session::{SESSION_TIME, Session};

/// The pause between two questions whether somebody is logged in: each of them may be a login of its own.
const POLL: Duration = Duration::from_secs(3);

/// How long `zca` may take to make a QR code.
const QR_TIME: Duration = Duration::from_secs(30);

/// How often the time that is left is told where lines stay.
const PLAIN_PACE: u64 = 30;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The account [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Save the QR code as a PNG file, readable for this user alone
    #[arg(long, value_name = "PATH")]
    qr_file: Option<PathBuf>,
    /// Draw the QR code with text, where zca's own picture of it fails
    #[arg(long)]
    qr_text: bool,
    /// How long to wait for the scan
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
}

/// One login.
struct Login<'a> {
    zca: &'a Zca,
    account: &'a Account,
    profile: Profile,
    /// Done when somebody wants this to end, at once. Nobody waits for it a second time.
    interrupted: Pin<Box<dyn Future<Output = ()>>>,
}

pub(super) async fn run(arguments: Arguments, surroundings: &Surroundings) -> anyhow::Result<()> {
    let account = super::super::account(&surroundings.config, arguments.account.as_deref())?;
    let (zca, profile) = (&surroundings.zca, Profile::new(&account.profile));
    if zca.session(&profile, SESSION_TIME).await? == Session::Holds {
        let who = who(zca, &profile).await;
        let logout = format!("zalouser channels logout --account {}", account.id);
        return Ok(writeln!(
            io::stdout(),
            "account {} is logged in already{who}; to log somebody else in, run first: {logout}",
            account.id
        )?);
    }
    let interrupted = Box::pin(super::super::gateway::shutdown()?);
    let mut login = Login { zca, account, profile, interrupted };
    if arguments.qr_file.is_some() || arguments.qr_text {
        login.offer(&arguments).await?;
    } else {
        login.in_terminal().await?;
    }
    login.wait(Duration::from_secs(arguments.timeout)).await?;
    let who = tokio::select! {
        who = who(login.zca, &login.profile) => who,
        () = &mut login.interrupted => String::new(),
    };
    writeln!(io::stdout(), "account {} is logged in{who}, profile {}", account.id, login.profile)?;
    let sighting = Sighting::of(&surroundings.state)?;
    let known = sighting.live().and_then(|snapshot| snapshot.accounts.0.get(&account.id));
    if known.is_some_and(|known| known.listener == ListenerState::NotStarted) {
        tracing::warn!("the gateway that runs could not start this account; restart it");
    }
    Ok(())
}

impl Login<'_> {
    /// Lets `zca` show the code itself.
    async fn in_terminal(&mut self) -> anyhow::Result<()> {
        match self.zca.log_in(&self.profile, &mut self.interrupted).await {
            Ok(()) => Ok(()),
            Err(LoginError::Interrupted) => Err(self.unfinished()),
            Err(LoginError::NotStarted(err)) => Err(err.into()),
            Err(err @ LoginError::Failed(_)) => bail!(
                "account {} is not logged in: {err}. Where its picture fails, try --qr-text or --qr-file",
                self.account.id
            ),
        }
    }

    /// Has `zca` make a code, and saves or draws it.
    async fn offer(&mut self, arguments: &Arguments) -> anyhow::Result<()> {
        let args = ["--profile", self.profile.as_str(), "auth", "login", "--qr-base64"].map(str::to_owned);
        // Nobody who asks for a file or a drawing wants openzca to open a window.
        let zca = self.zca.clone().with_variable("OPENZCA_QR_AUTO_OPEN", "0");
        let outcome = tokio::select! {
            outcome = zca.run(&args, QR_TIME) => outcome?,
            () = &mut self.interrupted => return Err(self.unfinished()),
        };
        if outcome.status != ExitStatus::Exited(0) {
            bail!("zca made no QR code: {}", reason(&outcome));
        }
        let picture = qr::picture(&outcome.stdout)
            .context("try without --qr-file and --qr-text, so that zca shows the code itself")?;
        let mut out = io::stdout().lock();
        if let Some(path) = &arguments.qr_file {
            atomic::replace(&std::path::absolute(path)?, &picture).with_context(|| {
                format!("--qr-file {}: the QR code cannot be saved there", path.display())
            })?;
            writeln!(out, "the QR code is in {}", path.display())?;
        }
        if arguments.qr_text {
            let payload = qr::payload(&picture)
                .context("--qr-text: zca's picture cannot be read; try --qr-file PATH and open that")?;
            let colour =
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
            write!(out, "{}", qr::draw(&payload, colour)?)?;
        }
        writeln!(
            out,
            "scan the code with the Zalo app: account {}, profile {}",
            self.account.id, self.profile
        )?;
        Ok(out.flush()?)
    }

    /// Waits until the session holds.
    async fn wait(&mut self, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        let mut countdown = Countdown::start();
        // Not at once: after zca's own login the first answer is the last.
        let mut tick = interval_at(Instant::now() + Duration::from_millis(200), Duration::from_secs(1));
        let mut last = None;
        let held = async {
            loop {
                match self.zca.session(&self.profile, SESSION_TIME).await? {
                    Session::Holds => return anyhow::Ok(()),
                    Session::Missing(reason) | Session::Unknown(reason) => last = Some(reason),
                }
                sleep(POLL).await;
            }
        };
        let result = {
            tokio::pin!(held);
            loop {
                tokio::select! {
                    biased;
                    result = &mut held => break Some(result),
                    () = &mut self.interrupted => break Some(Err(self.unfinished())),
                    () = tokio::time::sleep_until(deadline) => break None,
                    _ = tick.tick() => countdown.show(deadline.saturating_duration_since(Instant::now())),
                }
            }
        };
        countdown.end();
        result.unwrap_or_else(|| {
            let login = format!("zalouser channels login --account {}", self.account.id);
            bail!(
                "account {} is not logged in after {} s ({}); run `{login}` again, with --timeout for more time",
                self.account.id,
                patience.as_secs(),
                last.as_deref().unwrap_or("zca did not answer")
            )
        })
    }

    fn unfinished(&self) -> anyhow::Error {
        anyhow::anyhow!("interrupted; account {} is not logged in", self.account.id)
    }
}

/// Who is logged in, to be appended to that somebody is.
async fn who(zca: &Zca, profile: &Profile) -> String {
    match Identity::of(&zca.call(profile, &Command::WhoAmI).await) {
        Ok(identity) => format!(" as {identity}"),
        Err(reason) => {
            tracing::warn!("zca did not say as whom: {reason}");
            String::new()
        }
    }
}

/// The time that is left, on one line of a terminal, or now and then elsewhere.
struct Countdown {
    in_place: bool,
    told: Option<u64>,
}

impl Countdown {
    fn start() -> Self {
        Self { in_place: io::stderr().is_terminal(), told: None }
    }

    fn show(&mut self, left: Duration) {
        let seconds = left.saturating_add(Duration::from_millis(500)).as_secs();
        // Nobody is left to be told that stderr is closed.
        if self.in_place {
            self.told = Some(seconds);
            let _ = write!(io::stderr(), "\rwaiting for the scan, {seconds} s left \u{1b}[K");
        } else if self.told.is_none_or(|told| seconds.saturating_add(PLAIN_PACE) <= told) {
            self.told = Some(seconds);
            let _ = writeln!(io::stderr(), "waiting for the scan, {seconds} s left");
        }
    }

    /// Leaves no trace in a terminal.
    fn end(self) {
        if self.in_place && self.told.is_some() {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}
