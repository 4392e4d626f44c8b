//! Reads JSON that others wrote: a value of an unexpected type counts as absent and spoils nothing
//! else.
//!
//! Values of no interest are read over without recursion, so that no depth of them does harm. What
//! is read is one type for all that is read, not one for each shape: code for those takes ten times
//! the room.

use std::borrow::Cow;
use std::fmt;
use std::mem;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest id that counts as one, in bytes. Zalo's have about 20.
const ID_LIMIT: usize = 128;

/// How many objects and lists may be nested in each other before what is in them is of no interest:
/// a line of `zca listen` has a quote in the metadata in itself.
const LEVELS: u8 = 3;

/// How many members of an object are of interest in most messages, at most.
const USUAL_SIZE: usize = 16;

/// A value, as far as it is of interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Json<'a> {
    /// There is none, or it is something else, as a number too large to be exact.
    #[default]
    Absent,
    /// A boolean.
    Flag(bool),
    /// A whole number.
    Whole(u64),
    /// A string.
    Text(Cow<'a, str>),
    /// The beginning of an array.
    List(Vec<Json<'a>>),
    /// An object.
    Record(Record<'a>),
}

/// The members of an object that are of interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    members: Vec<(Key, Json<'a>)>,
    /// A bit for each key that was ever among them: most keys that are asked for are not.
    keys: u64,
}

/// The keys of the members that are of interest, in whatever object they stand.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(field_identifier, rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is the key of its name")]
pub enum Key {
    Avatar,
    CliMsgId,
    Code,
    Content,
    DisplayName,
    #[serde(rename = "display_name")]
    DisplayNameOfZalo,
    Event,
    FromId,
    GlobalMsgId,
    GroupId,
    Id,
    IsGroup,
    Kind,
    Len,
    MediaKind,
    MediaPath,
    MediaPaths,
    MediaType,
    MediaTypes,
    MediaUrl,
    MediaUrls,
    MemberCount,
    Mentions,
    Message,
    Metadata,
    Msg,
    MsgId,
    Name,
    OwnerId,
    Pos,
    Quote,
    Reason,
    SenderDisplayName,
    SenderId,
    SenderName,
    #[serde(rename = "session_id")]
    SessionId,
    Text,
    ThreadId,
    ThreadName,
    Timestamp,
    ToId,
    TotalMember,
    Ts,
    Type,
    Uid,
    UserId,
    ZaloName,
    /// Any other key.
    #[serde(other)]
    Other,
}

impl Key {
    fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// There are no more keys than a [`Record`] has bits for.
const _: () = assert!((Key::Other as u8) < 64);

/// Reads `json`. Of its arrays the first `longest` elements are of interest, and of members with
/// the same key the last one.
///
/// # Errors
///
/// It is not JSON.
pub fn read(json: &str, longest: usize) -> Result<Json<'_>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = Interest { longest, levels: LEVELS }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

impl<'a> Json<'a> {
    /// The text, unless it is blank. A number is text as well.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text).filter(|text| !text.trim_start().is_empty()),
            Self::Whole(number) => Some(number.to_string().into()),
            _ => None,
        }
    }

    /// The text if it can be an id: short, and without white space or control characters, which
    /// would let it pass for something else in a log or in an address.
    pub fn id(self) -> Option<Cow<'a, str>> {
        let odd = |char: char| char.is_whitespace() || char.is_control();
        // Nearly all are digits, which need no table of characters.
        let is_plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_graphic());
        self.text().filter(|id| id.len() <= ID_LIMIT && (is_plain(id) || !id.contains(odd)))
    }

    /// The number, also when it is written as a string.
    pub fn whole(&self) -> Option<u64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// The boolean.
    pub fn flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }

    /// The elements of the array; none of anything else.
    pub fn list(self) -> Vec<Json<'a>> {
        if let Self::List(list) = self { list } else { Vec::new() }
    }

    /// The object.
    pub fn record(self) -> Option<Record<'a>> {
        if let Self::Record(record) = self { Some(record) } else { None }
    }
}

impl<'a> Record<'a> {
    /// Takes the member with this key out of it.
    pub fn take(&mut self, key: Key) -> Json<'a> {
        self.member_mut(key).map(mem::take).unwrap_or_default()
    }

    /// The member with this key.
    pub fn get(&self, key: Key) -> Json<'a> {
        self.member(key).cloned().unwrap_or_default()
    }

    /// Takes the members with these keys, up to the first in which `read` finds something.
    pub fn first<T>(&mut self, keys: &[Key], read: fn(Json<'a>) -> Option<T>) -> Option<T> {
        keys.iter().find_map(|key| read(self.take(*key)))
    }

    fn place(&self, key: Key) -> Option<usize> {
        if self.keys & key.bit() == 0 {
            return None;
        }
        self.members.iter().position(|(known, _)| *known == key)
    }

    fn member(&self, key: Key) -> Option<&Json<'a>> {
        self.members.get(self.place(key)?).map(|(_, value)| value)
    }

    fn member_mut(&mut self, key: Key) -> Option<&mut Json<'a>> {
        let place = self.place(key)?;
        self.members.get_mut(place).map(|(_, value)| value)
    }

    fn set(&mut self, key: Key, value: Json<'a>) {
        match self.member_mut(key) {
            Some(member) => *member = value,
            None => self.members.push((key, value)),
        }
        self.keys |= key.bit();
    }
}

/// What of a value is of interest.
#[derive(Clone, Copy)]
struct Interest {
    longest: usize,
    /// How many more objects and lists may be nested in each other.
    levels: u8,
}

impl<'de> DeserializeSeed<'de> for Interest {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Interest {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Whole(number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Json::Absent)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Json::Absent)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Json::Absent)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        if let Some(levels) = self.levels.checked_sub(1) {
            while list.len() < self.longest {
                match elements.next_element_seed(Self { levels, ..self })? {
                    Some(element) => list.push(element),
                    None => return Ok(Json::List(list)),
                }
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut record = Record { members: Vec::with_capacity(USUAL_SIZE), keys: 0 };
        let levels = self.levels.checked_sub(1);
        while let Some(key) = members.next_key()? {
            match levels {
                Some(levels) if key != Key::Other => {
                    record.set(key, members.next_value_seed(Self { levels, ..self })?);
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Json::Record(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Json<'_> {
        super::read(json, 2).unwrap()
    }

    #[test]
    fn a_wrong_type_counts_as_absent() {
        for wrong in ["null", "true", "-1", "1.5", "1e30", "[1,[2]]", r#"{"id":{"uid":1}}"#] {
            assert_eq!(read(wrong).text(), None, "{wrong}");
            assert_eq!(read(wrong).whole(), None, "{wrong}");
        }
        assert!(read(r#"{"id":[]}"#).list().is_empty());
        assert_eq!(read("[]").record(), None);
        assert_eq!(read(r#""true""#).flag(), None);
    }

    #[test]
    fn an_id_may_be_a_number_or_a_string() {
        for id in ["111", r#""111""#] {
            assert_eq!(read(id).id().as_deref(), Some("111"));
        }
        for other in [r#""""#, r#"" ""#, r#""1 1""#, r#""1\n1""#, &format!("\"{}\"", "1".repeat(129))] {
            assert_eq!(read(other).id(), None, "{other}");
        }
    }

    #[test]
    fn no_more_elements_are_kept_than_asked_for() {
        assert_eq!(read("[1,2,3,4]").list(), [Json::Whole(1), Json::Whole(2)]);
    }

    #[test]
    fn of_an_object_the_last_member_of_each_known_key_is_kept() {
        let Json::Record(mut record) = read(r#"{"id":1,"x":{"id":2},"uid":3,"id":4}"#) else {
            panic!("an object")
        };
        assert_eq!(record.members.len(), 2);
        assert_eq!(record.first(&[Key::Name, Key::Uid, Key::Id], Json::text).as_deref(), Some("3"));
        assert_eq!(record.get(Key::Id), Json::Whole(4));
        assert_eq!([record.take(Key::Id), record.take(Key::Id)], [Json::Whole(4), Json::Absent]);
    }

    #[test]
    fn what_lies_deeper_than_anything_of_interest_is_read_over() {
        let list = |json| super::read(json, 1).unwrap();
        assert_eq!(
            list("[[[[1]]]]"),
            Json::List(vec![Json::List(vec![Json::List(vec![Json::List(vec![])])])])
        );
        assert!(super::read(&format!("{}1", "[".repeat(200)), 1).is_err(), "it never ends");
        assert!(super::read(&format!("{}{}", "[".repeat(200), "]".repeat(200)), 1).is_ok());
    }
}
