//! An account for tests.

use crate::sandbox::bindings::config::{
    AccessRules, Account, ChunkMode, CommandRules, DmPolicy, EnvelopeFormat, EnvelopeZone, GroupPolicy,
    MentionRules, ReplyFormat, TableStyle,
};

/// An enabled account to which nobody may write.
pub(super) fn account(id: &str) -> Account {
    Account {
        id: id.to_owned(),
        name: None,
        enabled: true,
        profile: id.to_owned(),
        access: AccessRules {
            dm_policy: DmPolicy::Disabled,
            allow_from: Vec::new(),
            group_policy: GroupPolicy::Disabled,
            group_allow_from: Vec::new(),
            groups: Vec::new(),
        },
        commands: CommandRules { use_access_groups: true, config: false, debug: false, bash: false },
        mentions: MentionRules { patterns: Vec::new(), history_limit: 0 },
        envelope: EnvelopeFormat { zone: EnvelopeZone::Utc, timestamp: true, elapsed: true },
        message_prefix: None,
        routes: Vec::new(),
        replies: ReplyFormat {
            tables: TableStyle::Code,
            chunk_mode: ChunkMode::Length,
            text_chunk_limit: 2_000,
            response_prefix: None,
            identity_name: None,
            media_max_bytes: None,
        },
    }
}
