//! One account with everything that the configuration says of it resolved.

pub use zalouser_chunks::ChunkMode;

use crate::command::Thread;

/// Who may write to the account in a direct chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DmPolicy {
    /// Those allowed or paired; a stranger is offered a code.
    #[default]
    Pairing,
    /// Those allowed or paired; a stranger is ignored.
    Allowlist,
    /// Everybody.
    Open,
    /// Nobody.
    Disabled,
}

/// Which groups the account listens to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupPolicy {
    /// All but those whose own rule closes them.
    #[default]
    Open,
    /// Those for which there is a rule.
    Allowlist,
    /// None.
    Disabled,
}

/// Which of the agent's tools may be used on behalf of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolPolicy {
    /// Only these, unless empty.
    pub allow: Vec<String>,
    /// These on top of what the gateway allows. Empty unless `allow` is.
    pub also_allow: Vec<String>,
    /// Never these.
    pub deny: Vec<String>,
}

/// What holds for one group, or for all without a rule of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// An id, `group:` and an id, a name, the slug of a name, or `*`.
    pub key: String,
    /// False when the group is closed under every policy.
    pub enabled: bool,
    /// Whether only messages that speak to the account are answered.
    pub require_mention: bool,
    /// The tools for the group; none when the rule says nothing.
    pub tools: Option<ToolPolicy>,
}

/// Who is let through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessRules {
    /// For direct chats.
    pub dm_policy: DmPolicy,
    /// Ids or names as typed, without a channel prefix; `*` is everybody.
    pub allow_from: Vec<String>,
    /// For groups.
    pub group_policy: GroupPolicy,
    /// Senders who are heard in groups; empty restricts nobody.
    pub group_allow_from: Vec<String>,
    /// One rule a key, sorted by key.
    pub groups: Vec<GroupRule>,
}

/// What decides who may give control commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRules {
    /// False lets everybody give them.
    pub use_access_groups: bool,
    /// Whether `/config` is a command.
    pub config: bool,
    /// Whether `/debug` is a command.
    pub debug: bool,
    /// Whether `/bash` is a command.
    pub bash: bool,
}

impl Default for CommandRules {
    fn default() -> Self {
        Self { use_access_groups: true, config: false, debug: false, bash: false }
    }
}

/// What counts as speaking to the account in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionRules {
    /// Valid regular expressions, matched without regard to case.
    pub patterns: Vec<String>,
    /// How many unanswered messages of a group are kept.
    pub history_limit: u32,
}

impl MentionRules {
    /// How many unanswered messages are kept when the configuration does not say.
    pub const DEFAULT_HISTORY_LIMIT: u32 = 50;
}

impl Default for MentionRules {
    fn default() -> Self {
        Self { patterns: Vec::new(), history_limit: Self::DEFAULT_HISTORY_LIMIT }
    }
}

/// In which time zone a message's time is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EnvelopeZone {
    /// Coordinated universal time.
    Utc,
    /// The host's own.
    #[default]
    Local,
    /// The one of this IANA name.
    Named(String),
}

/// How the line looks that introduces a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeFormat {
    /// The zone of its time.
    pub zone: EnvelopeZone,
    /// Whether it tells the time.
    pub timestamp: bool,
    /// Whether it tells how long the conversation has been silent.
    pub elapsed: bool,
}

impl Default for EnvelopeFormat {
    fn default() -> Self {
        Self { zone: EnvelopeZone::default(), timestamp: true, elapsed: true }
    }
}

/// Which agent answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The agent's id.
    pub agent: String,
    /// The one thread for which this holds; none for all.
    pub peer: Option<Thread>,
}

/// What becomes of a markdown table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableStyle {
    /// It stays as it is.
    Off,
    /// Each row becomes a heading with a list.
    Bullets,
    /// It becomes an aligned code block.
    #[default]
    Code,
}

/// The most UTF-16 code units that Zalo takes in one message, and the default of `textChunkLimit`.
pub const TEXT_LIMIT: u32 = 2_000;

/// How replies are formatted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyFormat {
    /// For markdown tables.
    pub tables: TableStyle,
    /// Where a long text is cut.
    pub chunk_mode: ChunkMode,
    /// The most UTF-16 code units in one message, 1 to [`TEXT_LIMIT`].
    pub text_chunk_limit: u32,
    /// Goes in front of every reply, with `{…}` variables.
    pub response_prefix: Option<String>,
    /// What `{identity.name}` stands for.
    pub identity_name: Option<String>,
    /// The largest file that may be sent, in bytes.
    pub media_max_bytes: Option<u64>,
}

impl Default for ReplyFormat {
    fn default() -> Self {
        Self {
            tables: TableStyle::default(),
            chunk_mode: ChunkMode::default(),
            text_chunk_limit: TEXT_LIMIT,
            response_prefix: None,
            identity_name: None,
            media_max_bytes: None,
        }
    }
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id as written in the configuration, or `default`.
    pub id: String,
    /// What the operator calls it.
    pub name: Option<String>,
    /// Whether it is to run.
    pub enabled: bool,
    /// The profile of `zca` that holds its session.
    pub profile: String,
    /// Who is let through.
    pub access: AccessRules,
    /// Who may give control commands.
    pub commands: CommandRules,
    /// What counts as being spoken to.
    pub mentions: MentionRules,
    /// How messages are introduced to the agent.
    pub envelope: EnvelopeFormat,
    /// Goes in front of every body that the agent gets.
    pub message_prefix: Option<String>,
    /// Which agent answers: the first that fits, and there is always one without a peer.
    pub routes: Vec<Route>,
    /// How replies are formatted.
    pub replies: ReplyFormat,
}
