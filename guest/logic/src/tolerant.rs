//! Reads JSON that others wrote: a value of an unexpected type counts as absent and spoils nothing
//! else.
//!
//! Values of no interest are read over without recursion, so that no depth of them does harm.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The longest id that counts as one, in bytes. Zalo's have about 20.
const ID_LIMIT: usize = 128;

/// A string or a whole number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    /// There is none, or it is something else, as a number too large to be exact.
    #[default]
    Absent,
    /// A string.
    Text(Cow<'a, str>),
    /// A whole number.
    Whole(u64),
}

impl<'a> Scalar<'a> {
    /// The text, unless it is blank. A number is text as well.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Absent => None,
            Self::Text(text) => Some(text).filter(|text| !text.trim().is_empty()),
            Self::Whole(number) => Some(number.to_string().into()),
        }
    }

    /// The text if it can be an id: short, and without white space or control characters, which
    /// would let it pass for something else in a log or in an address.
    pub(crate) fn id(self) -> Option<Cow<'a, str>> {
        let odd = |char: char| char.is_whitespace() || char.is_control();
        self.text().filter(|id| id.len() <= ID_LIMIT && !id.contains(odd))
    }

    /// The number, also when it is written as a string.
    pub(crate) fn whole(&self) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::Text(text) => text.trim().parse().ok(),
            Self::Whole(number) => Some(*number),
        }
    }
}

/// A boolean, or none for anything else.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flag(pub(crate) Option<bool>);

/// An object, or none for anything else.
#[derive(Clone, Debug)]
pub(crate) struct Record<T>(pub(crate) Option<T>);

/// The first `MAX` elements of an array; empty for anything else.
#[derive(Clone, Debug)]
pub(crate) struct List<T, const MAX: usize>(pub(crate) Vec<T>);

impl<T> Default for Record<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// What a type makes of each JSON type. Whatever it does not mention is its default.
trait Tolerant<'de>: Default {
    fn text(_: Cow<'de, str>) -> Self {
        Self::default()
    }

    fn whole(_: u64) -> Self {
        Self::default()
    }

    fn flag(_: bool) -> Self {
        Self::default()
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn record<A: MapAccess<'de>>(mut record: A) -> Result<Self, A::Error> {
        while record.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl<'de: 'a, 'a> Tolerant<'de> for Scalar<'a> {
    fn text(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }

    fn whole(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl<'de> Tolerant<'de> for Flag {
    fn flag(flag: bool) -> Self {
        Self(Some(flag))
    }
}

impl<'de, T: Deserialize<'de>> Tolerant<'de> for Record<T> {
    fn record<A: MapAccess<'de>>(record: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(record)).map(|record| Self(Some(record)))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Tolerant<'de> for List<T, MAX> {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < MAX {
            match list.next_element()? {
                Some(element) => elements.push(element),
                None => return Ok(Self(elements)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self(elements))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Record<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyType(PhantomData))
    }
}

struct AnyType<T>(PhantomData<T>);

impl<'de, T: Tolerant<'de>> Visitor<'de> for AnyType<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<T, E> {
        Ok(T::flag(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::whole(number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, record: A) -> Result<T, A::Error> {
        T::record(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_type_counts_as_absent() {
        for wrong in ["null", "true", "-1", "1.5", "1e30", "[1,[2]]", r#"{"a":{"b":1}}"#] {
            assert_eq!(serde_json::from_str::<Scalar<'_>>(wrong).unwrap(), Scalar::Absent, "{wrong}");
        }
        assert!(serde_json::from_str::<List<Scalar<'_>, 2>>("{}").unwrap().0.is_empty());
        assert!(serde_json::from_str::<Record<Flag>>("[]").unwrap().0.is_none());
        assert_eq!(serde_json::from_str::<Flag>(r#""true""#).unwrap().0, None);
    }

    #[test]
    fn an_id_may_be_a_number_or_a_string() {
        for id in ["111", r#""111""#] {
            assert_eq!(serde_json::from_str::<Scalar<'_>>(id).unwrap().id().as_deref(), Some("111"));
        }
        for other in [r#""""#, r#"" ""#, r#""1 1""#, r#""1\n1""#, &format!("\"{}\"", "1".repeat(129))] {
            assert_eq!(serde_json::from_str::<Scalar<'_>>(other).unwrap().id(), None, "{other}");
        }
    }

    #[test]
    fn no_more_elements_are_kept_than_asked_for() {
        let list = serde_json::from_str::<List<Scalar<'_>, 2>>("[1,2,3,4]").unwrap().0;
        assert_eq!(list, [Scalar::Whole(1), Scalar::Whole(2)]);
    }
}
