//! From the types of the WIT package to those of the logic.

use zalouser_logic::account as a;
use zalouser_logic::command as c;
use zalouser_logic::config::Environment;
use zalouser_logic::directory::{Entry, EntryKind};
use zalouser_logic::effect::{DropReport, HistoryEntry, PairingRequest, Remembered};
use zalouser_logic::inbound::ZoneOffset;
use zalouser_logic::outbound::{ModelInfo, Reply};
use zalouser_logic::tool::CallContext;

use crate::bindings::exports::zalouser::plugin::{config, directory, inbound, outbound, tool, types};

pub(crate) fn environment(from: config::Environment) -> Environment {
    Environment { zca_profile: from.zca_profile }
}

pub(crate) fn drop_report(from: inbound::DropReport) -> DropReport {
    match from {
        inbound::DropReport::Reason => DropReport::Reason,
        inbound::DropReport::Origin => DropReport::Origin,
    }
}

pub(crate) fn account(from: config::Account) -> a::Account {
    a::Account {
        id: from.id,
        name: from.name,
        enabled: from.enabled,
        profile: from.profile,
        access: access_rules(from.access),
        commands: a::CommandRules {
            use_access_groups: from.commands.use_access_groups,
            config: from.commands.config,
            debug: from.commands.debug,
            bash: from.commands.bash,
        },
        mentions: a::MentionRules {
            patterns: from.mentions.patterns,
            history_limit: from.mentions.history_limit,
        },
        envelope: a::EnvelopeFormat {
            zone: match from.envelope.zone {
                config::EnvelopeZone::Utc => a::EnvelopeZone::Utc,
                config::EnvelopeZone::Local => a::EnvelopeZone::Local,
                config::EnvelopeZone::Named(name) => a::EnvelopeZone::Named(name),
            },
            timestamp: from.envelope.timestamp,
            elapsed: from.envelope.elapsed,
        },
        message_prefix: from.message_prefix,
        routes: from.routes.into_iter().map(route).collect(),
        replies: reply_format(from.replies),
    }
}

fn access_rules(from: config::AccessRules) -> a::AccessRules {
    a::AccessRules {
        dm_policy: match from.dm_policy {
            config::DmPolicy::Pairing => a::DmPolicy::Pairing,
            config::DmPolicy::Allowlist => a::DmPolicy::Allowlist,
            config::DmPolicy::Open => a::DmPolicy::Open,
            config::DmPolicy::Disabled => a::DmPolicy::Disabled,
        },
        allow_from: from.allow_from,
        group_policy: match from.group_policy {
            config::GroupPolicy::Open => a::GroupPolicy::Open,
            config::GroupPolicy::Allowlist => a::GroupPolicy::Allowlist,
            config::GroupPolicy::Disabled => a::GroupPolicy::Disabled,
        },
        group_allow_from: from.group_allow_from,
        groups: from.groups.into_iter().map(group_rule).collect(),
    }
}

fn group_rule(from: config::GroupRule) -> a::GroupRule {
    a::GroupRule {
        key: from.key,
        enabled: from.enabled,
        require_mention: from.require_mention,
        tools: from.tools.map(|tools| a::ToolPolicy {
            allow: tools.allow,
            also_allow: tools.also_allow,
            deny: tools.deny,
        }),
    }
}

pub(crate) fn remembered(from: inbound::Remembered) -> Remembered {
    let inbound::Remembered { thread_id, message } = from;
    let inbound::HistoryEntry { message_id, sender, body, timestamp } = message;
    Remembered { thread_id, message: HistoryEntry { message_id, sender, body, timestamp } }
}

pub(crate) fn reply_format(from: config::ReplyFormat) -> a::ReplyFormat {
    a::ReplyFormat {
        tables: match from.tables {
            config::TableStyle::Off => a::TableStyle::Off,
            config::TableStyle::Bullets => a::TableStyle::Bullets,
            config::TableStyle::Code => a::TableStyle::Code,
        },
        chunk_mode: match from.chunk_mode {
            config::ChunkMode::Length => a::ChunkMode::Length,
            config::ChunkMode::Newline => a::ChunkMode::Newline,
        },
        text_chunk_limit: from.text_chunk_limit,
        response_prefix: from.response_prefix,
        identity_name: from.identity_name,
        media_max_bytes: from.media_max_bytes,
    }
}

pub(crate) fn route(from: config::Route) -> a::Route {
    a::Route { agent: from.agent, peer: from.peer.map(thread) }
}

pub(crate) fn thread(from: types::Thread) -> c::Thread {
    c::Thread {
        id: from.id,
        kind: match from.kind {
            types::ChatKind::Direct => c::ChatKind::Direct,
            types::ChatKind::Group => c::ChatKind::Group,
        },
    }
}

pub(crate) fn command(from: types::Command) -> c::Command {
    match from {
        types::Command::SendText(message) => {
            c::Command::SendText { thread: thread(message.thread), text: message.text }
        }
        types::Command::SendMedia(media) => c::Command::SendMedia {
            thread: thread(media.thread),
            kind: match media.kind {
                types::MediaKind::Image => c::MediaKind::Image,
                types::MediaKind::Video => c::MediaKind::Video,
                types::MediaKind::Voice => c::MediaKind::Voice,
                types::MediaKind::File => c::MediaKind::File,
            },
            source: media.source,
            caption: media.caption,
        },
        types::Command::SendLink(link) => c::Command::SendLink { thread: thread(link.thread), url: link.url },
        types::Command::ListFriends => c::Command::ListFriends,
        types::Command::ListGroups => c::Command::ListGroups,
        types::Command::ListMembers(group) => c::Command::ListMembers(group),
        types::Command::WhoAmI => c::Command::WhoAmI,
        types::Command::SessionStatus => c::Command::SessionStatus,
    }
}

pub(crate) fn outcome(from: types::Outcome) -> c::Outcome {
    c::Outcome {
        status: match from.status {
            types::ExitStatus::Exited(code) => c::ExitStatus::Exited(code),
            types::ExitStatus::TimedOut => c::ExitStatus::TimedOut,
            types::ExitStatus::NotStarted(why) => c::ExitStatus::NotStarted(why),
            types::ExitStatus::Refused(why) => c::ExitStatus::Refused(why),
        },
        stdout: from.stdout,
        stderr: from.stderr,
        delivered: from.delivered,
    }
}

pub(crate) fn zone_offset(from: inbound::ZoneOffset) -> ZoneOffset {
    ZoneOffset { since: from.since, offset: from.offset, abbreviation: from.abbreviation }
}

pub(crate) fn reply(from: outbound::Reply) -> Reply {
    Reply {
        thread: thread(from.thread),
        text: from.text,
        media: from.media,
        model: from.model.map(|model| ModelInfo {
            provider: model.provider,
            model: model.model,
            thinking_level: model.thinking_level,
        }),
    }
}

pub(crate) fn pairing_request(from: inbound::PairingRequest) -> PairingRequest {
    PairingRequest {
        account_id: from.account_id,
        sender_id: from.sender_id,
        sender_name: from.sender_name,
        thread: thread(from.thread),
        message_id: from.message_id,
    }
}

pub(crate) fn entry(from: directory::Entry) -> Entry {
    Entry {
        kind: match from.kind {
            directory::EntryKind::User => EntryKind::User,
            directory::EntryKind::Group => EntryKind::Group,
        },
        id: from.id,
        name: from.name,
        avatar: from.avatar,
        member_count: from.member_count,
    }
}

pub(crate) fn call_context(from: tool::CallContext) -> CallContext {
    CallContext {
        account: account(from.account),
        current_thread: from.current_thread.map(thread),
        groups: from.groups.map(|groups| groups.into_iter().map(entry).collect()),
    }
}
