//! What the tool does.

/// What the tool is called.
pub(super) const TOOL: &str = "zalouser";

/// One of the things that the tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Send,
    Image,
    Link,
    Friends,
    Groups,
    Me,
    Status,
}

impl Action {
    /// All of them, in the order in which they are shown.
    pub(super) const ALL: [Self; 7] =
        [Self::Send, Self::Image, Self::Link, Self::Friends, Self::Groups, Self::Me, Self::Status];

    /// The action of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The value of the argument `action`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Image => "image",
            Self::Link => "link",
            Self::Friends => "friends",
            Self::Groups => "groups",
            Self::Me => "me",
            Self::Status => "status",
        }
    }

    /// The arguments that it takes beside `action`.
    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Send => &["message", "threadId", "isGroup", "profile"],
            Self::Image => &["url", "message", "threadId", "isGroup", "profile"],
            Self::Link => &["url", "threadId", "isGroup", "profile"],
            Self::Friends | Self::Groups => &["query", "limit", "profile"],
            Self::Me | Self::Status => &["profile"],
        }
    }

    /// The one of its arguments without which it cannot be taken.
    pub(super) fn required(self) -> Option<&'static str> {
        match self {
            Self::Send => Some("message"),
            Self::Image | Self::Link => Some("url"),
            Self::Friends | Self::Groups | Self::Me | Self::Status => None,
        }
    }

    /// Whether it sends something.
    pub(super) fn sends(self) -> bool {
        matches!(self, Self::Send | Self::Image | Self::Link)
    }
}
