//! From the types of the logic to those of the WIT package.

use zalouser_logic::account as a;
use zalouser_logic::command as c;
use zalouser_logic::config::Configuration;
use zalouser_logic::directory as d;
use zalouser_logic::effect as e;
use zalouser_logic::tool as t;
use zalouser_settings::Problem;

use crate::bindings::exports::zalouser::plugin::{config, directory, inbound, tool, types};

pub(crate) fn configuration(from: Configuration) -> config::Configuration {
    config::Configuration {
        accounts: from.accounts.into_iter().map(account).collect(),
        default_account: from.default_account,
        warnings: from.warnings.into_iter().map(config_error).collect(),
    }
}

pub(crate) fn config_error(from: Problem) -> config::ConfigError {
    config::ConfigError {
        path: from.path,
        found: from.found,
        problem: from.problem,
        allowed: from.allowed,
        suggestion: from.suggestion,
    }
}

fn account(from: a::Account) -> config::Account {
    config::Account {
        id: from.id,
        name: from.name,
        enabled: from.enabled,
        profile: from.profile,
        access: access_rules(from.access),
        commands: config::CommandRules {
            use_access_groups: from.commands.use_access_groups,
            config: from.commands.config,
            debug: from.commands.debug,
            bash: from.commands.bash,
        },
        mentions: config::MentionRules {
            patterns: from.mentions.patterns,
            history_limit: from.mentions.history_limit,
        },
        envelope: config::EnvelopeFormat {
            zone: match from.envelope.zone {
                a::EnvelopeZone::Utc => config::EnvelopeZone::Utc,
                a::EnvelopeZone::Local => config::EnvelopeZone::Local,
                a::EnvelopeZone::Named(name) => config::EnvelopeZone::Named(name),
            },
            timestamp: from.envelope.timestamp,
            elapsed: from.envelope.elapsed,
        },
        message_prefix: from.message_prefix,
        routes: from
            .routes
            .into_iter()
            .map(|route| config::Route { agent: route.agent, peer: route.peer.map(thread) })
            .collect(),
        replies: reply_format(from.replies),
    }
}

fn access_rules(from: a::AccessRules) -> config::AccessRules {
    config::AccessRules {
        dm_policy: match from.dm_policy {
            a::DmPolicy::Pairing => config::DmPolicy::Pairing,
            a::DmPolicy::Allowlist => config::DmPolicy::Allowlist,
            a::DmPolicy::Open => config::DmPolicy::Open,
            a::DmPolicy::Disabled => config::DmPolicy::Disabled,
        },
        allow_from: from.allow_from,
        group_policy: match from.group_policy {
            a::GroupPolicy::Open => config::GroupPolicy::Open,
            a::GroupPolicy::Allowlist => config::GroupPolicy::Allowlist,
            a::GroupPolicy::Disabled => config::GroupPolicy::Disabled,
        },
        group_allow_from: from.group_allow_from,
        groups: from.groups.into_iter().map(group_rule).collect(),
    }
}

fn group_rule(from: a::GroupRule) -> config::GroupRule {
    config::GroupRule {
        key: from.key,
        enabled: from.enabled,
        require_mention: from.require_mention,
        tools: from.tools.map(tool_policy),
    }
}

pub(crate) fn tool_policy(from: a::ToolPolicy) -> config::ToolPolicy {
    config::ToolPolicy { allow: from.allow, also_allow: from.also_allow, deny: from.deny }
}

fn reply_format(from: a::ReplyFormat) -> config::ReplyFormat {
    config::ReplyFormat {
        tables: match from.tables {
            a::TableStyle::Off => config::TableStyle::Off,
            a::TableStyle::Bullets => config::TableStyle::Bullets,
            a::TableStyle::Code => config::TableStyle::Code,
        },
        chunk_mode: match from.chunk_mode {
            a::ChunkMode::Length => config::ChunkMode::Length,
            a::ChunkMode::Newline => config::ChunkMode::Newline,
        },
        text_chunk_limit: from.text_chunk_limit,
        response_prefix: from.response_prefix,
        identity_name: from.identity_name,
        media_max_bytes: from.media_max_bytes,
    }
}

pub(crate) fn thread(from: c::Thread) -> types::Thread {
    types::Thread {
        id: from.id,
        kind: match from.kind {
            c::ChatKind::Direct => types::ChatKind::Direct,
            c::ChatKind::Group => types::ChatKind::Group,
        },
    }
}

pub(crate) fn command(from: c::Command) -> types::Command {
    match from {
        c::Command::SendText { thread: to, text } => {
            types::Command::SendText(types::TextMessage { thread: thread(to), text })
        }
        c::Command::SendMedia { thread: to, kind, source, caption } => {
            types::Command::SendMedia(types::MediaMessage {
                thread: thread(to),
                kind: match kind {
                    c::MediaKind::Image => types::MediaKind::Image,
                    c::MediaKind::Video => types::MediaKind::Video,
                    c::MediaKind::Voice => types::MediaKind::Voice,
                    c::MediaKind::File => types::MediaKind::File,
                },
                source,
                caption,
            })
        }
        c::Command::SendLink { thread: to, url } => {
            types::Command::SendLink(types::LinkMessage { thread: thread(to), url })
        }
        c::Command::ListFriends => types::Command::ListFriends,
        c::Command::ListGroups => types::Command::ListGroups,
        c::Command::ListMembers(group) => types::Command::ListMembers(group),
        c::Command::WhoAmI => types::Command::WhoAmI,
        c::Command::SessionStatus => types::Command::SessionStatus,
    }
}

pub(crate) fn effect(from: e::Effect) -> inbound::Effect {
    match from {
        e::Effect::Deliver(message) => inbound::Effect::Deliver(inbound_message(*message)),
        e::Effect::Pair(request) => inbound::Effect::Pair(inbound::PairingRequest {
            account_id: request.account_id,
            sender_id: request.sender_id,
            sender_name: request.sender_name,
            thread: thread(request.thread),
            message_id: request.message_id,
        }),
        e::Effect::Drop(dropped) => inbound::Effect::Drop(inbound::Dropped {
            reason: drop_reason(dropped.reason),
            detail: dropped.detail,
            thread: dropped.thread.map(thread),
            sender_id: dropped.sender_id,
            message_id: dropped.message_id,
            remembered: dropped.remembered.map(history_entry),
        }),
        e::Effect::Lifecycle(event) => inbound::Effect::Lifecycle(match event {
            e::ListenerEvent::Session(id) => inbound::ListenerEvent::Session(id),
            e::ListenerEvent::Connected => inbound::ListenerEvent::Connected,
            e::ListenerEvent::Heartbeat => inbound::ListenerEvent::Heartbeat,
            e::ListenerEvent::Error(message) => inbound::ListenerEvent::Error(message),
            e::ListenerEvent::Closed(reason) => inbound::ListenerEvent::Closed(reason),
        }),
        e::Effect::Log(entry) => inbound::Effect::Log(log_entry(entry)),
    }
}

pub(crate) fn log_entry(from: e::LogEntry) -> inbound::LogEntry {
    inbound::LogEntry {
        level: match from.level {
            e::LogLevel::Debug => inbound::LogLevel::Debug,
            e::LogLevel::Info => inbound::LogLevel::Info,
            e::LogLevel::Warn => inbound::LogLevel::Warn,
            e::LogLevel::Error => inbound::LogLevel::Error,
        },
        message: from.message,
    }
}

fn drop_reason(from: e::DropReason) -> inbound::DropReason {
    use inbound::DropReason as To;
    match from {
        e::DropReason::Blank => To::Blank,
        e::DropReason::Malformed => To::Malformed,
        e::DropReason::LineTooLong => To::LineTooLong,
        e::DropReason::SenderMissing => To::SenderMissing,
        e::DropReason::OwnMessage => To::OwnMessage,
        e::DropReason::DmDisabled => To::DmDisabled,
        e::DropReason::SenderNotAllowed => To::SenderNotAllowed,
        e::DropReason::GroupDisabled => To::GroupDisabled,
        e::DropReason::GroupClosed => To::GroupClosed,
        e::DropReason::GroupNotAllowed => To::GroupNotAllowed,
        e::DropReason::GroupSenderNotAllowed => To::GroupSenderNotAllowed,
        e::DropReason::CommandNotAuthorized => To::CommandNotAuthorized,
        e::DropReason::NotMentioned => To::NotMentioned,
    }
}

fn inbound_message(from: e::InboundMessage) -> inbound::InboundMessage {
    inbound::InboundMessage {
        thread: thread(from.thread),
        admission: match from.admission {
            e::Admission::SenderAllowed => inbound::Admission::SenderAllowed,
            e::Admission::SenderPaired => inbound::Admission::SenderPaired,
            e::Admission::DmOpen => inbound::Admission::DmOpen,
            e::Admission::GroupAllowed => inbound::Admission::GroupAllowed,
            e::Admission::GroupOpen => inbound::Admission::GroupOpen,
        },
        account_id: from.account_id,
        session_key: from.session_key,
        sender_id: from.sender_id,
        sender_name: from.sender_name,
        body: from.body,
        raw_body: from.raw_body,
        command_body: from.command_body,
        from: from.from,
        to: from.to,
        conversation_label: from.conversation_label,
        group_subject: from.group_subject,
        command_authorized: from.command_authorized,
        was_mentioned: from.was_mentioned,
        message_id: from.message_id,
        message_id_full: from.message_id_full,
        zalo_id: from.zalo_id,
        client_id: from.client_id,
        timestamp: from.timestamp,
        reply_to: from.reply_to.map(|quote| inbound::Quote {
            id: quote.id,
            body: quote.body,
            sender_name: quote.sender_name,
        }),
        media: from
            .media
            .into_iter()
            .map(|media| inbound::Media { path: media.path, url: media.url, mime: media.mime })
            .collect(),
        history: from.history.into_iter().map(history_entry).collect(),
    }
}

fn history_entry(from: e::HistoryEntry) -> inbound::HistoryEntry {
    inbound::HistoryEntry {
        message_id: from.message_id,
        sender: from.sender,
        body: from.body,
        timestamp: from.timestamp,
    }
}

pub(crate) fn entries(from: Vec<d::Entry>) -> Vec<directory::Entry> {
    let entry = |from: d::Entry| directory::Entry {
        kind: match from.kind {
            d::EntryKind::User => directory::EntryKind::User,
            d::EntryKind::Group => directory::EntryKind::Group,
        },
        id: from.id,
        name: from.name,
        avatar: from.avatar,
        member_count: from.member_count,
    };
    from.into_iter().map(entry).collect()
}

pub(crate) fn list_error(from: d::ListError) -> directory::Error {
    match from {
        d::ListError::NotAListing => directory::Error::NotAListing,
        d::ListError::Failed(why) => directory::Error::Failed(why),
        d::ListError::Unreadable => directory::Error::Unreadable,
    }
}

pub(crate) fn target(from: d::Target) -> directory::Target {
    match from {
        d::Target::Thread(to) => directory::Target::Thread(thread(to)),
        d::Target::Name(name) => directory::Target::Name(name),
    }
}

pub(crate) fn target_error(from: d::TargetError) -> directory::TargetError {
    match from {
        d::TargetError::Blank => directory::TargetError::Blank,
        d::TargetError::NotAnId => directory::TargetError::NotAnId,
        d::TargetError::NotAGroup => directory::TargetError::NotAGroup,
    }
}

pub(crate) fn unresolved(from: d::Unresolved) -> directory::Unresolved {
    match from {
        d::Unresolved::Unknown(near) => directory::Unresolved::Unknown(entries(near)),
        d::Unresolved::Ambiguous(candidates) => directory::Unresolved::Ambiguous(entries(candidates)),
    }
}

pub(crate) fn descriptor(from: t::Descriptor) -> tool::Descriptor {
    let action = |from: t::ActionDescriptor| tool::Action {
        name: from.name.into(),
        title: from.title.into(),
        description: from.description.into(),
        input_schema: from.input_schema,
        output_schema: from.output_schema,
        hints: tool::Hints {
            read_only: from.hints.read_only,
            destructive: from.hints.destructive,
            idempotent: from.hints.idempotent,
            open_world: from.hints.open_world,
        },
    };
    tool::Descriptor {
        name: from.name.into(),
        description: from.description.into(),
        parameters: from.parameters,
        actions: from.actions.into_iter().map(action).collect(),
    }
}

pub(crate) fn tool_error(from: t::ToolError) -> tool::Error {
    tool::Error {
        code: match from.code {
            t::ErrorCode::Malformed => tool::ErrorCode::Malformed,
            t::ErrorCode::UnknownAction => tool::ErrorCode::UnknownAction,
            t::ErrorCode::MissingArgument => tool::ErrorCode::MissingArgument,
            t::ErrorCode::UnknownArgument => tool::ErrorCode::UnknownArgument,
            t::ErrorCode::WrongType => tool::ErrorCode::WrongType,
            t::ErrorCode::InvalidValue => tool::ErrorCode::InvalidValue,
            t::ErrorCode::Contradiction => tool::ErrorCode::Contradiction,
            t::ErrorCode::OtherProfile => tool::ErrorCode::OtherProfile,
            t::ErrorCode::NotAllowed => tool::ErrorCode::NotAllowed,
            t::ErrorCode::GroupsUnknown => tool::ErrorCode::GroupsUnknown,
        },
        argument: from.argument,
        message: from.message,
        hint: from.hint,
    }
}
