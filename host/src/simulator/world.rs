//! The people and groups that an account knows.

use serde::{Deserialize, Serialize};

/// What there is on the other side of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct World {
    /// Whether the profile has a session.
    #[serde(default = "yes")]
    pub logged_in: bool,
    /// Whose account it is.
    pub account: Person,
    /// Its friends.
    #[serde(default)]
    pub friends: Vec<Person>,
    /// People who are found by their phone number alone.
    #[serde(default)]
    pub strangers: Vec<Person>,
    /// The groups it is in.
    #[serde(default)]
    pub groups: Vec<Group>,
}

/// Somebody with an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Person {
    /// The id.
    pub user_id: String,
    /// The name that can be searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// What the account calls them.
    pub display_name: String,
    /// What they call themselves.
    #[serde(default)]
    pub zalo_name: String,
    /// The URL of a picture.
    #[serde(default)]
    pub avatar: String,
    /// Digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// 1 for somebody who is online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<u8>,
}

/// A group chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Group {
    /// The id.
    pub group_id: String,
    /// What it is called.
    pub name: String,
    /// Who is in it, as they are called there; the account itself is not listed.
    #[serde(default)]
    pub members: Vec<Person>,
}

impl Person {
    /// Somebody of this id and name.
    pub fn new(user_id: impl Into<String>, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { user_id: user_id.into(), zalo_name: name.clone(), display_name: name, ..Self::default() }
    }
}

impl World {
    /// The group with this id.
    pub(super) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.group_id == id)
    }
}

impl Default for World {
    /// The account 999 with two friends and two groups, in each of which two people are called Alice.
    fn default() -> Self {
        let account = Person {
            username: Some("bot".to_owned()),
            zalo_name: "Bot N".to_owned(),
            avatar: "https://a/b.jpg".to_owned(),
            phone_number: Some("84900000000".to_owned()),
            ..Person::new("999", "Bot Nguyễn")
        };
        let alice = Person {
            username: Some("alice".to_owned()),
            zalo_name: "Alice".to_owned(),
            avatar: "https://a/1.jpg".to_owned(),
            phone_number: Some("84911".to_owned()),
            is_active: Some(1),
            ..Person::new("111", "Alice Nguyễn")
        };
        let stranger = Person {
            zalo_name: "PP".to_owned(),
            avatar: "https://a/3.jpg".to_owned(),
            phone_number: Some("0911".to_owned()),
            ..Person::new("333", "Phone Person")
        };
        let members = vec![
            Person { avatar: "https://a".to_owned(), ..Person::new("111", "Alice") },
            Person { zalo_name: "Alice2".to_owned(), ..Person::new("222", "Alice") },
            Person::new("444", "Carol"),
        ];
        let group = |id: &str, name: &str| Group {
            group_id: id.to_owned(),
            name: name.to_owned(),
            members: members.clone(),
        };
        Self {
            logged_in: true,
            account,
            friends: vec![alice, Person::new("222", "Bob")],
            strangers: vec![stranger],
            groups: vec![group("5001", "Work Chat"), group("5002", "Family")],
        }
    }
}

fn yes() -> bool {
    true
}
