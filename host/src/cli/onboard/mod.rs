//! `zalouser onboard`: sets up an account, question by question or all by flags.

mod answers;
mod ask;
mod people;
mod plan;

use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::pin::pin;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use self::answers::{AgentFlags, AgentKind, DmPolicy, GroupPolicy};
use self::people::Directory;
use self::plan::{Decisions, agent_path, stated};
use super::channels::edit::Channel;
use super::config::change;
use super::one_account::OneAccount;
use super::{Global, Usage};
use crate::config::{Config, Reading};
use crate::config_file::{Draft, KeyPath};
use crate::decision::one_line;
use crate::sandbox::bindings::config;
use crate::sandbox::bindings::types::{ChatKind, Command, ExitStatus, TextMessage, Thread};
use crate::zca::probe::probe;
use crate::zca::profile::Profile;
use crate::zca::receipt::reason;
use crate::zca::send::send;

/// What the account writes to itself.
const TEST_MESSAGE: &str = "zalouser can send messages as you.";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The account; a new id adds one [default: the default account]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// The profile of zca that holds its session [default: as the file says, else the account's id]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Who may write in direct chats [default: as the file says, else pairing]
    #[arg(long, value_name = "POLICY")]
    dm_policy: Option<DmPolicy>,
    /// Somebody who may write: an id, the name of a friend, or * (repeatable; adds to those in the file)
    #[arg(long, value_name = "PERSON")]
    allow_from: Vec<String>,
    /// Which groups are listened to [default: as the file says, else allowlist]
    #[arg(long, value_name = "POLICY")]
    group_policy: Option<GroupPolicy>,
    /// A group to listen to: an id, a name, or * (repeatable; rules in the file stay)
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// Whether only messages that speak to the account are answered in the groups [default: true for a
    /// group without a rule]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_mention: Option<bool>,
    #[command(flatten)]
    agent: AgentFlags,
    /// Do not look whether the account is logged in
    #[arg(long)]
    skip_login: bool,
    /// Do not write a message to oneself
    #[arg(long)]
    no_test_message: bool,
    /// Write without a last question
    #[arg(long)]
    yes: bool,
    /// Ask nothing: what no flag answers takes its default, or fails and names the flag
    #[arg(long)]
    non_interactive: bool,
}

/// Whoever was asked typed Ctrl-C.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; the configuration is as it was")]
struct Cancelled;

/// What is set up.
struct Wizard {
    arguments: Arguments,
    acting: OneAccount,
    /// The file as it would be with the account and nothing else.
    document: Value,
    /// Where the account stands in it.
    section: KeyPath,
    /// The agent that it names.
    agent: Option<AgentKind>,
}

pub(super) async fn run(arguments: Arguments, global: &Global) -> anyhow::Result<()> {
    arguments.agent.check()?;
    if arguments.attended() && !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        bail!(Usage(
            "questions can be asked in a terminal only; give --non-interactive, and the answers as flags"
                .to_owned()
        ));
    }
    let interrupted = pin!(super::gateway::shutdown()?);
    // Interrupted first: what is written is never told to be as it was, for nothing is waited for after it.
    tokio::select! {
        biased;
        () = interrupted => Err(Cancelled.into()),
        done = set_up(arguments, global) => done,
    }
}

async fn set_up(arguments: Arguments, global: &Global) -> anyhow::Result<()> {
    let state = super::state_dir()?;
    let mut guest = super::cached_sandbox(&state)?.load_shipped()?.instantiate().await?;
    let before = super::read_config(&mut guest, &state).await?;
    let id = arguments.account.clone().unwrap_or_else(|| before.channel.default_account.clone());
    let file = change::read()?;
    let document = zalouser_settings::parse(file.text()).unwrap_or_default();
    let added = Channel::of(&document).add(id.trim(), None, arguments.profile.as_deref());
    let draft = Draft::prepare(file.clone(), &added.changes, &mut guest).await?;
    let (Ok(channel), Ok(settings)) =
        Reading::of(draft.text(), &mut guest).await.map(|it| (it.channel, it.settings))?
    else {
        bail!("{} has problems; see `zalouser config check`", before.file.display());
    };
    let document = zalouser_settings::parse(draft.text()).unwrap_or_default();
    let section = Channel::of(&document).path_of(&id).context("the account was not added")?;
    let zca = super::zca(global, &settings);
    let config = Config { file: before.file, channel, settings };
    let account = super::account(&config, Some(id.trim()))?.clone();
    let profile = Profile::new(&account.profile);
    let agent = agent_kind(&document);
    let acting = OneAccount { guest, zca, account, profile };
    let mut wizard = Wizard { arguments, acting, document, section, agent };

    let decisions = wizard.decide().await?;
    let mut changes = added.changes;
    changes.extend(plan::changes(&wizard.document, &wizard.section, &decisions));
    let draft = Draft::prepare(file, &changes, &mut wizard.acting.guest).await?;
    wizard.write(draft, &added.told).await
}

impl Arguments {
    fn attended(&self) -> bool {
        !self.non_interactive
    }
}

impl Wizard {
    /// Everything that is asked, in the order in which it is.
    async fn decide(&mut self) -> anyhow::Result<Decisions> {
        let attended = self.arguments.attended();
        let missing = self.arguments.agent.missing();
        if let Some(missing) =
            missing.filter(|_| !attended && (self.arguments.agent.agent.is_some() || self.agent.is_none()))
        {
            bail!(Usage(format!("--non-interactive needs {missing}")));
        }
        if attended {
            cliclack::intro(format!("Setting up the account {}", one_line(&self.acting.account.id)))?;
        }
        let support = probe(&self.acting.zca).await?;
        if attended {
            let version = support.version.unwrap_or_else(|| "of an unknown version".to_owned());
            cliclack::log::success(format!("zca {version} is there"))?;
        }
        if !self.arguments.skip_login {
            self.log_in().await?;
        }
        let dm_policy = self.dm_policy().await?;
        let allow_from = self.allow_from(dm_policy).await?;
        let group_policy = self.group_policy().await?;
        let groups = self.groups(group_policy).await?;
        let mut require_mention = self.arguments.require_mention;
        if attended && require_mention.is_none() && !groups.is_empty() {
            require_mention =
                Some(ask::yes("In groups, answer only what speaks to the account?", true).await?);
        }
        let mut agent = self.arguments.agent.clone();
        if attended {
            agent = ask::agent(agent, self.agent).await?;
        }
        self.write_to_oneself().await?;
        let decisions = Decisions {
            dm_policy: Some(dm_policy),
            allow_from,
            group_policy,
            groups,
            require_mention,
            agent: agent.keys(),
        };
        Ok(decisions)
    }

    async fn log_in(&self) -> anyhow::Result<()> {
        let OneAccount { zca, account, profile, .. } = &self.acting;
        let outcome = zca.call(profile, &Command::SessionStatus).await;
        let by_hand = format!("{} --profile {profile} auth login", zca.program().display());
        match outcome.status {
            ExitStatus::Exited(0) if self.arguments.attended() => {
                return Ok(cliclack::log::success("The account is logged in")?);
            }
            ExitStatus::Exited(0) => return Ok(()),
            ExitStatus::Exited(_) if self.arguments.attended() => {}
            ExitStatus::Exited(_) => bail!(
                "account {} is not logged in: {}; run `{by_hand}`, or give --skip-login",
                account.id,
                reason(&outcome)
            ),
            _ => bail!("zca does not say whether account {} is logged in: {}", account.id, reason(&outcome)),
        }
        if !ask::yes("The account is not logged in. Log in now, by a QR code for your phone?", true).await? {
            bail!("account {} is not logged in; run `{by_hand}`, or give --skip-login", account.id);
        }
        // Whoever interrupts it drops this, and that is the end of it.
        match zca.log_in(profile, pending()).await {
            Ok(()) => Ok(cliclack::log::success("The account is logged in")?),
            Err(err) => bail!("account {} is not logged in: {err}", account.id),
        }
    }

    async fn dm_policy(&self) -> anyhow::Result<DmPolicy> {
        let now = match self.acting.account.access.dm_policy {
            config::DmPolicy::Pairing => DmPolicy::Pairing,
            config::DmPolicy::Allowlist => DmPolicy::Allowlist,
            config::DmPolicy::Open => DmPolicy::Open,
            config::DmPolicy::Disabled => DmPolicy::Disabled,
        };
        match self.arguments.dm_policy {
            Some(policy) => Ok(policy),
            None if self.arguments.attended() => ask::choice("Who may write to the account?", now).await,
            None => Ok(now),
        }
    }

    /// The ids of those who are to be let in.
    async fn allow_from(&mut self, policy: DmPolicy) -> anyhow::Result<Vec<String>> {
        let attended = self.arguments.attended();
        let nobody = self.acting.account.access.allow_from.is_empty();
        let mut directory = Directory::of(&mut self.acting, attended);
        let mut ids = Vec::new();
        for typed in &self.arguments.allow_from {
            match directory.person(typed).await? {
                Ok(id) => ids.push(id),
                Err(refusal) => bail!("--allow-from {typed:?} {refusal}"),
            }
        }
        let needed = policy == DmPolicy::Allowlist && nobody;
        if !ids.is_empty() || !matches!(policy, DmPolicy::Pairing | DmPolicy::Allowlist) {
            return Ok(ids);
        }
        if !attended && needed {
            bail!(Usage("--dm-policy allowlist lets nobody write; name people with --allow-from".to_owned()));
        }
        if !attended {
            return Ok(ids);
        }
        loop {
            let question = match nobody {
                true => "Who may always write? (names of friends or ids, with commas)",
                false => "Who else may always write? (names of friends or ids, with commas)",
            };
            let mut refusals = Vec::new();
            for typed in ask::people(question, needed).await? {
                match directory.person(&typed).await? {
                    Ok(id) => ids.push(id),
                    Err(refusal) => refusals.push(format!("{typed:?} {refusal}")),
                }
            }
            if refusals.is_empty() {
                return Ok(ids);
            }
            cliclack::log::warning(refusals.join("\n"))?;
        }
    }

    /// None leaves what the file says.
    async fn group_policy(&self) -> anyhow::Result<Option<GroupPolicy>> {
        let defaults = KeyPath::of_keys("channels", ["defaults", "groupPolicy"]);
        let says =
            stated(&self.document, &self.section, "groupPolicy").or_else(|| defaults.value(&self.document));
        let now = match self.acting.account.access.group_policy {
            _ if says.is_none() => GroupPolicy::Allowlist,
            config::GroupPolicy::Allowlist => GroupPolicy::Allowlist,
            config::GroupPolicy::Open => GroupPolicy::Open,
            config::GroupPolicy::Disabled => GroupPolicy::Disabled,
        };
        match self.arguments.group_policy {
            Some(policy) => Ok(Some(policy)),
            None if self.arguments.attended() => {
                Ok(Some(ask::choice("Which groups does the account listen to?", now).await?))
            }
            None => Ok(says.is_none().then_some(now)),
        }
    }

    async fn groups(&mut self, policy: Option<GroupPolicy>) -> anyhow::Result<Vec<plan::ChosenGroup>> {
        let attended = self.arguments.attended();
        let rules = stated(&self.document, &self.section, "groups").and_then(Value::as_object);
        let keys: Vec<_> = rules.into_iter().flat_map(|rules| rules.keys().map(String::as_str)).collect();
        let mut directory = Directory::of(&mut self.acting, attended);
        let mut ids = Vec::new();
        for typed in &self.arguments.group {
            match directory.group(typed).await? {
                Ok(id) => ids.push(id),
                Err(refusal) => bail!("--group {typed:?} {refusal}"),
            }
        }
        // Without a session there is no list.
        let can_pick = attended && ids.is_empty() && !self.arguments.skip_login;
        if can_pick && policy != Some(GroupPolicy::Disabled) {
            let entries = directory.groups_without_rule(&keys).await?;
            if !entries.is_empty() {
                let question = match keys.is_empty() {
                    true => "Which groups? (space selects, enter goes on)",
                    false => "Which groups besides those with a rule? (space selects, enter goes on)",
                };
                ids = ask::groups(question, &entries).await?;
            }
        }
        directory.with_rules(ids, &keys).await
    }

    /// Sends a message to the account's own person. It is told, and no more, when that fails.
    async fn write_to_oneself(&mut self) -> anyhow::Result<()> {
        let Arguments { no_test_message, skip_login, .. } = self.arguments;
        if no_test_message || skip_login {
            return Ok(());
        }
        let attended = self.arguments.attended();
        if attended && !ask::yes("Send a test message to yourself?", true).await? {
            return Ok(());
        }
        let told = match self.test().await {
            Ok(()) => "Sent a test message to yourself".to_owned(),
            Err(err) => format!("The test message was not sent: {}", one_line(&format!("{err:#}"))),
        };
        if attended {
            cliclack::log::info(told)?
        } else {
            writeln!(io::stderr(), "{told}")?
        }
        Ok(())
    }

    async fn test(&mut self) -> anyhow::Result<()> {
        let own = self.acting.list(&Command::WhoAmI, None, Some(1)).await?;
        let own = own.into_iter().next().context("Zalo does not say who the account is")?;
        let thread = Thread { kind: ChatKind::Direct, id: own.id };
        let message = TextMessage { thread, text: TEST_MESSAGE.to_owned() };
        send(&self.acting.zca, &self.acting.profile, &Command::SendText(message)).await?;
        Ok(())
    }

    /// Shows what is to be written, and writes it.
    async fn write(&self, draft: Draft, told: &[String]) -> anyhow::Result<()> {
        change::tell_warnings(&draft)?;
        if draft.is_empty() {
            writeln!(io::stdout(), "Nothing to change in {}", draft.file().path().display())?;
        } else {
            change::show(&draft)?;
            let is_sure = self.arguments.yes || !self.arguments.attended();
            if !is_sure && !ask::yes("Write that?", true).await? {
                return Ok(writeln!(io::stdout(), "Nothing was written")?);
            }
            change::write(draft, told)?;
        }
        Ok(writeln!(io::stdout(), "Run the account with `zalouser gateway run`")?)
    }
}

/// The kind of agent that `document` names.
fn agent_kind(document: &Value) -> Option<AgentKind> {
    let kind = agent_path().joined("kind").value(document)?.clone();
    [AgentKind::Echo, AgentKind::Command, AgentKind::OpenAi].into_iter().find(|known| json!(known) == kind)
}
