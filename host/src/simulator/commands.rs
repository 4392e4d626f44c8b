//! The commands of `zca`, and the answers of those that send nothing.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::Exit;
use super::args::Invocation;
use super::inspect::Inspected;
use super::qr;
use super::state::Profile;
use super::world::{Group, Person, World};

/// A command, in the notation of its own help.
#[derive(Debug)]
pub(super) struct Command {
    /// Its words, then its arguments, `<required>` or `[optional]`.
    pub(super) usage: &'static str,
    /// Its options, as `-u, --url <url>`.
    pub(super) options: &'static [&'static str],
    /// What it does.
    pub(super) action: Action,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    AuthStatus,
    AuthLogin,
    AuthLogout,
    MeInfo,
    MeId,
    FriendList,
    FriendFind,
    GroupList,
    GroupMembers,
    Message(Message),
    Listen,
}

/// What `msg` sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Text,
    Image,
    Video,
    Voice,
    Link,
    Upload,
    Sticker,
    Typing,
}

/// All commands that are simulated: those that a gateway has a use for.
pub(super) const COMMANDS: [Command; 18] = [
    command("auth status", &[], Action::AuthStatus),
    command("auth login", &["--qr-base64"], Action::AuthLogin),
    command("auth logout", &[], Action::AuthLogout),
    command("me info", &["-j, --json"], Action::MeInfo),
    command("me id", &[], Action::MeId),
    command("friend list", &["-j, --json"], Action::FriendList),
    command("friend find <query>", &["-j, --json"], Action::FriendFind),
    command("group list", &["-j, --json"], Action::GroupList),
    command("group members <groupId>", &["-j, --json"], Action::GroupMembers),
    command(
        "msg send <threadId> <message>",
        &["-g, --group", "--raw", "--reply-id <id>", "--reply-message <json>"],
        Action::Message(Message::Text),
    ),
    command(
        "msg image <threadId> [file]",
        &["-u, --url <url>", "-m, --message <message>", "-g, --group"],
        Action::Message(Message::Image),
    ),
    command(
        "msg video <threadId> [file]",
        &["-u, --url <url>", "-m, --message <message>", "-g, --group", "--thumbnail <url>"],
        Action::Message(Message::Video),
    ),
    command(
        "msg voice <threadId> [file]",
        &["-u, --url <url>", "-g, --group"],
        Action::Message(Message::Voice),
    ),
    command("msg link <threadId> <url>", &["-g, --group"], Action::Message(Message::Link)),
    command(
        "msg upload <file> [threadId]",
        &["-u, --url <url>", "-g, --group"],
        Action::Message(Message::Upload),
    ),
    command("msg sticker <threadId> <stickerId>", &["-g, --group"], Action::Message(Message::Sticker)),
    command("msg typing <threadId>", &["-g, --group"], Action::Message(Message::Typing)),
    command(
        "listen",
        &[
            "-e, --echo",
            "-p, --prefix <prefix>",
            "-w, --webhook <url>",
            "-r, --raw",
            "--db",
            "--no-db",
            "-k, --keep-alive",
            "--supervised",
            "--heartbeat-ms <ms>",
            "--recycle-ms <ms>",
        ],
        Action::Listen,
    ),
];

const fn command(usage: &'static str, options: &'static [&'static str], action: Action) -> Command {
    Command { usage, options, action }
}

impl Command {
    /// The words that name it.
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.usage.split(' ').take_while(|word| !word.starts_with(['<', '[']))
    }

    /// Its arguments, each in its brackets.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &'static str> {
        self.usage.split(' ').skip(self.words().count())
    }

    /// Whether these arguments begin with its words.
    pub(super) fn is_named_by(&self, operands: &[String]) -> bool {
        let mut operands = operands.iter();
        self.words().all(|word| operands.next().is_some_and(|operand| operand == word))
    }
}

/// Answers a command of `auth`, `me`, `friend` or `group`. What the real program prints as a table
/// when it is not told `-j` is JSON here as well.
pub(super) fn answer(call: &Invocation, profile: &Profile, openzca_home: &Path) -> Result<String, Exit> {
    let world = profile.world()?;
    match call.action {
        Action::AuthStatus if !profile.is_logged_in()? => {
            return Err(Exit::failure(format!("Error: Profile {}: not logged in", profile.name())));
        }
        Action::AuthStatus => return Ok(status(profile, &world.account, openzca_home)),
        Action::AuthLogin => {
            profile.set_world(&World { logged_in: true, ..world })?;
            if !call.options.has("--qr-base64") {
                return Ok(String::new());
            }
            let code = format!("https://zca.invalid/login?profile={}", profile.name());
            return Ok(qr::data_url(&code)? + "\n");
        }
        Action::AuthLogout => {
            profile.set_world(&World { logged_in: false, ..world })?;
            return Ok(format!("Logged out profile {}\n", profile.name()));
        }
        _ => profile.require_login()?,
    }
    match call.action {
        Action::MeInfo => json(&world.account),
        Action::MeId => Ok(format!("{}\n", world.account.user_id)),
        Action::FriendList => json(&world.friends),
        Action::FriendFind => find(&world, call.operand(0)),
        Action::GroupList => json(&world.groups.iter().map(GroupRow::of).collect::<Vec<_>>()),
        Action::GroupMembers => {
            let members = world.group(call.operand(0)).map_or(&[] as &[Person], |group| &group.members);
            json(&members.iter().map(MemberRow::of).collect::<Result<Vec<_>, _>>()?)
        }
        action => Err(Exit::failure(format!("zca simulator: {action:?} is not answered here"))),
    }
}

fn status(profile: &Profile, account: &Person, openzca_home: &Path) -> String {
    let credentials = openzca_home.join("profiles").join(profile.name()).join("credentials.json");
    let status = Inspected::Record(vec![
        ("profile", Inspected::text(profile.name())),
        ("loggedIn", Inspected::True),
        ("userId", Inspected::text(&account.user_id)),
        ("displayName", Inspected::text(&account.display_name)),
        ("credentialsPath", Inspected::text(credentials.to_string_lossy())),
    ]);
    format!("{status}\n")
}

/// Looks for people: digits are a phone number, anything else is part of a friend's name.
fn find(world: &World, query: &str) -> Result<String, Exit> {
    if !query.is_empty() && query.bytes().all(|byte| byte.is_ascii_digit()) {
        let everybody = world.friends.iter().chain(&world.strangers);
        let found = everybody.filter(|person| person.phone_number.as_deref() == Some(query));
        return json(&found.map(PhoneRow::of).collect::<Vec<_>>());
    }
    let query = query.to_lowercase();
    let matches = |person: &&Person| {
        let names = [Some(&person.display_name), Some(&person.zalo_name), person.username.as_ref()];
        names.into_iter().flatten().any(|name| name.to_lowercase().contains(&query))
    };
    json(&world.friends.iter().filter(matches).collect::<Vec<_>>())
}

fn json(value: &impl Serialize) -> Result<String, Exit> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    Ok(text + "\n")
}

/// Somebody found by phone number, under Zalo's own names.
#[derive(Serialize)]
struct PhoneRow<'a> {
    uid: &'a str,
    display_name: &'a str,
    zalo_name: &'a str,
    avatar: &'a str,
    #[serde(rename = "userId")]
    user_id: &'a str,
}

impl<'a> PhoneRow<'a> {
    fn of(person: &'a Person) -> Self {
        Self {
            uid: &person.user_id,
            display_name: &person.display_name,
            zalo_name: &person.zalo_name,
            avatar: &person.avatar,
            user_id: &person.user_id,
        }
    }
}

/// A group among others.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupRow<'a> {
    group_id: &'a str,
    name: &'a str,
    total_member: usize,
    r#type: u8,
    mem_ver_list: Vec<String>,
    member_ids: [&'a str; 0],
    current_mems: [&'a str; 0],
}

impl<'a> GroupRow<'a> {
    fn of(group: &'a Group) -> Self {
        Self {
            group_id: &group.group_id,
            name: &group.name,
            total_member: group.members.len(),
            r#type: 1,
            mem_ver_list: group.members.iter().map(|member| format!("{}_0", member.user_id)).collect(),
            member_ids: [],
            current_mems: [],
        }
    }
}

/// A member of a group.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberRow<'a> {
    user_id: &'a str,
    display_name: &'a str,
    zalo_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    avatar: &'a str,
    raw_json: String,
}

/// A member of a group as Zalo describes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawMember<'a> {
    id: &'a str,
    display_name: &'a str,
    zalo_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    avatar: &'a str,
}

impl<'a> MemberRow<'a> {
    fn of(person: &'a Person) -> io::Result<Self> {
        let Person { user_id, display_name, zalo_name, avatar, .. } = person;
        let raw_json = serde_json::to_string(&RawMember { id: user_id, display_name, zalo_name, avatar })?;
        Ok(Self { user_id, display_name, zalo_name, avatar, raw_json })
    }
}
