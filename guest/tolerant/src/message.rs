//! The message in a line of `zca listen`. Only structured fields count: what a person types is content,
//! whatever it looks like.

use std::borrow::Cow;

use serde::Serialize;

use crate::json::{Json, Key, Record};

/// What `zca` calls a group in a message's `type`.
const GROUP_TYPE: u64 = 1;

/// Whether a thread is a conversation with one person or with a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// With one person; the thread's id is that person's.
    Direct,
    /// With a group.
    Group,
}

/// One conversation on Zalo.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Thread {
    /// Zalo's id of it. Never empty.
    pub id: String,
    /// Which kind it is.
    pub kind: ChatKind,
}

/// A message as `zca` tells of it, as far as it matters for who is let through. Most go no further, and what is
/// left of them is not looked at.
#[derive(Debug)]
pub struct Message<'a> {
    /// Zalo's id of where it was written.
    pub thread_id: Cow<'a, str>,
    /// Which kind of thread that is.
    pub kind: ChatKind,
    /// Who wrote it, if that is known.
    pub sender_id: Option<Cow<'a, str>>,
    /// What the group is called.
    pub group_name: Option<Cow<'a, str>>,
    /// To whom it was written: in a direct chat the account itself.
    pub recipient_id: Option<Cow<'a, str>>,
    /// The text, not trimmed; empty if it is blank.
    pub content: Cow<'a, str>,
    /// Zalo's id, if it is known.
    pub zalo_id: Option<Cow<'a, str>>,
    /// What else is told of it.
    pub fields: Record<'a>,
    /// The same, of the object in which `zca` repeats most of it.
    pub metadata: Record<'a>,
}

/// Which message it was.
#[derive(Debug)]
pub struct Origin {
    /// Where it was written.
    pub thread: Thread,
    /// Who wrote it, if that is known.
    pub sender_id: Option<String>,
    /// Its [`Message::id`], if it has one.
    pub message_id: Option<String>,
}

impl<'a> Message<'a> {
    /// The message in `fields`; none if it does not say where it was written.
    // Not inlined, as it would then be built as its caller is: to be small.
    #[inline(never)]
    pub fn of(mut fields: Record<'a>) -> Option<Box<Self>> {
        let thread_id = fields.take(Key::ThreadId).id()?;
        let mut metadata = fields.take(Key::Metadata).record().unwrap_or_default();
        let is_group = metadata.take(Key::IsGroup).flag();
        let is_group = is_group.unwrap_or_else(|| fields.take(Key::Type).whole() == Some(GROUP_TYPE));
        let kind = if is_group { ChatKind::Group } else { ChatKind::Direct };
        let sender_id = metadata.first(&[Key::FromId, Key::SenderId], Json::id);
        let sender_id = sender_id
            .or_else(|| fields.take(Key::SenderId).id())
            .or_else(|| (kind == ChatKind::Direct).then(|| thread_id.clone()));
        Some(Box::new(Message {
            thread_id,
            kind,
            sender_id,
            group_name: metadata.take(Key::ThreadName).text(),
            recipient_id: metadata.take(Key::ToId).id().or_else(|| fields.take(Key::ToId).id()),
            content: fields.take(Key::Content).text().unwrap_or_default(),
            zalo_id: fields.take(Key::MsgId).id(),
            fields,
            metadata,
        }))
    }

    /// Where it was written.
    pub fn thread(&self) -> Thread {
        Thread { id: self.thread_id.clone().into_owned(), kind: self.kind }
    }

    /// What is told of a message that goes no further.
    // Not inlined, as in `of`.
    #[inline(never)]
    pub fn origin(&self) -> Origin {
        Origin {
            thread: self.thread(),
            sender_id: self.sender_id.as_deref().map(str::to_owned),
            message_id: Some(self.id()).filter(|id| !id.is_empty()).map(Cow::into_owned),
        }
    }

    /// Drops a message that goes no further.
    // Here, where the code for that is built for speed, and not inlined, as in `of`.
    #[inline(never)]
    pub fn discard(self: Box<Self>) {
        drop(self);
    }

    /// Zalo's id, else the time as `zca` printed it, else the sender's own id of it, else empty.
    pub fn id(&self) -> Cow<'a, str> {
        let seconds = || self.fields.get(Key::Timestamp).id().filter(|seconds| seconds != "0");
        let own_id = || self.fields.get(Key::CliMsgId).id();
        self.zalo_id.clone().or_else(seconds).or_else(own_id).unwrap_or_default()
    }
}
