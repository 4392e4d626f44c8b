//! A JSON object that is read key by key.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::{path, value};

/// The name, the path and the entries of an object.
type NamedObject<'a> = (&'a str, String, &'a Map<String, Value>);

/// A JSON object that is read key by key, and that notes what is wrong with it.
///
/// A method that reads a key returns none both when the key is absent and when its value is wrong,
/// and notes a problem in the second case. `null` is a wrong value. Keys that no method was asked
/// for are noted as unknown when the reader returns, unless it called [`Section::leave_rest`].
#[derive(Debug)]
pub struct Section<'a> {
    path: String,
    entries: &'a Map<String, Value>,
    known: Vec<&'static str>,
    rest_is_foreign: bool,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Section<'a> {
    /// Where it stands, as `channels.zalouser`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where its `key` stands, as `channels.zalouser.dmPolicy`.
    pub fn path_of(&self, key: &str) -> String {
        path::of_key(&self.path, key)
    }

    /// Leaves the keys alone that no method was asked for: they belong to somebody else.
    pub fn leave_rest(&mut self) {
        self.rest_is_foreign = true;
    }

    /// The value of `key`, whatever it is.
    pub fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.get(key)
    }

    /// The value of `key` as `parse` reads it. Its error ends a sentence that begins with the
    /// value, as `is not a URL`.
    pub fn parse<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key)?;
        parse(value).map_err(|problem| self.reject(key, problem)).ok()
    }

    /// A string, as typed.
    pub fn string(&mut self, key: &'static str) -> Option<String> {
        self.parse(key, value::string)
    }

    /// A string that is not blank, trimmed.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.parse(key, value::text)
    }

    /// An id: a string as typed, or the decimal text of a whole number of at most 2^53.
    pub fn id(&mut self, key: &'static str) -> Option<String> {
        self.parse(key, value::id)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.parse(key, value::flag)
    }

    /// A whole number in `range`.
    pub fn integer<T>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        self.parse(key, |value| {
            let number = value::whole(value).and_then(|whole| T::try_from(whole).ok());
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("is not an integer from {} to {}", range.start(), range.end()))
        })
    }

    /// A number above 0.
    pub fn positive(&mut self, key: &'static str) -> Option<f64> {
        self.parse(key, value::positive)
    }

    /// One of `spellings`. `what` says what they are, with its article: `a policy`.
    pub fn choice<T: Copy>(&mut self, key: &'static str, what: &str, spellings: &[(&str, T)]) -> Option<T> {
        let allowed: Vec<&str> = spellings.iter().map(|(spelling, _)| *spelling).collect();
        let place = self.place(key, what, &allowed)?;
        spellings.get(place).map(|(_, choice)| *choice)
    }

    /// The place among `allowed` of the string at `key`.
    fn place(&mut self, key: &'static str, what: &str, allowed: &[&str]) -> Option<usize> {
        let value = self.value(key)?;
        let written = value.as_str();
        let place = allowed.iter().position(|spelling| written == Some(spelling));
        if place.is_none() {
            let problem = Problem::new(self.path_of(key), format!("is not {what}")).found(value);
            self.report(problem.allowing(allowed.iter().copied(), written.unwrap_or_default()));
        }
        place
    }

    /// A list of what `parse` reads; its error is as for [`Section::parse`]. An item that is wrong
    /// is left out.
    pub fn list<T>(
        &mut self,
        key: &'static str,
        mut parse: impl FnMut(&'a Value) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let items = self.parse(key, value::items)?;
        let path = self.path_of(key);
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match parse(item) {
                Ok(read) => list.push(read),
                Err(problem) => {
                    self.report(Problem::new(path::of_item(&path, index), problem).found(item));
                }
            }
        }
        Some(list)
    }

    /// A list of strings, as typed.
    pub fn strings(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.list(key, value::string as fn(&Value) -> _)
    }

    /// A list of ids, each as for [`Section::id`].
    pub fn ids(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.list(key, value::id as fn(&Value) -> _)
    }

    /// An object of its own.
    pub fn section<T>(&mut self, key: &'static str, reader: impl FnOnce(&mut Section<'_>) -> T) -> Option<T> {
        let entries = self.parse(key, value::object)?;
        Some(Section::visit(self.path_of(key), entries, self.problems, reader))
    }

    /// An object whose keys are free and whose values are objects, in the order of the keys. A key
    /// is trimmed; one that is blank, or that is another when trimmed, is a problem.
    pub fn sections<T>(
        &mut self,
        key: &'static str,
        mut reader: impl FnMut(&str, &mut Section<'_>) -> T,
    ) -> Option<Vec<T>> {
        let mut sections = Vec::new();
        for member in self.named_objects(key)? {
            match member {
                Ok((name, path, entries)) => {
                    let reader = |section: &mut Section<'_>| reader(name, section);
                    sections.push(Section::visit(path, entries, self.problems, reader));
                }
                Err(problem) => self.report(problem),
            }
        }
        Some(sections)
    }

    /// The members of an object whose keys are free, each with its name and its path, or what is wrong with it.
    fn named_objects(&mut self, key: &'static str) -> Option<Vec<Result<NamedObject<'a>, Problem>>> {
        let entries = self.parse(key, value::object)?;
        let parent = self.path_of(key);
        let mut seen = Vec::new();
        let members = entries.iter().map(|(written, value)| {
            let path = path::of_key(&parent, written);
            let name = written.trim();
            if name.is_empty() {
                return Err(Problem::new(path, "is a blank key"));
            }
            match seen.binary_search(&name) {
                Ok(_) => Err(Problem::new(path, format!("is there twice: as {name:?} and with white space"))),
                Err(place) => {
                    seen.insert(place, name);
                    match value::object(value) {
                        Ok(entries) => Ok((name, path, entries)),
                        Err(problem) => Err(Problem::new(path, problem).found(value)),
                    }
                }
            }
        });
        Some(members.collect())
    }

    /// A list of objects. An item that is none is left out.
    pub fn items<T>(
        &mut self,
        key: &'static str,
        mut reader: impl FnMut(&mut Section<'_>) -> T,
    ) -> Option<Vec<T>> {
        let items = self.parse(key, value::items)?;
        let parent = self.path_of(key);
        let mut sections = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = path::of_item(&parent, index);
            match value::object(item) {
                Ok(entries) => sections.push(Section::visit(path, entries, self.problems, &mut reader)),
                Err(problem) => self.report(Problem::new(path, problem).found(item)),
            }
        }
        Some(sections)
    }

    /// Notes that `key` is missing, if it is.
    pub fn require(&mut self, key: &'static str) {
        if self.value(key).is_none() {
            self.report(Problem::new(self.path_of(key), "is missing"));
        }
    }

    /// Notes that the value of `key` is wrong. `problem` is as for [`Section::parse`].
    pub fn reject(&mut self, key: &'static str, problem: impl Into<String>) {
        let mut rejected = Problem::new(self.path_of(key), problem);
        if let Some(value) = self.value(key) {
            rejected = rejected.found(value);
        }
        self.report(rejected);
    }

    /// Notes a problem.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Lets `reader` read the object at `path`, and then notes the keys that it did not ask for.
    pub(crate) fn visit<T>(
        path: String,
        entries: &'a Map<String, Value>,
        problems: &'a mut Vec<Problem>,
        reader: impl FnOnce(&mut Section<'a>) -> T,
    ) -> T {
        let mut section = Section { path, entries, known: Vec::new(), rest_is_foreign: false, problems };
        let read = reader(&mut section);
        section.report_unknown();
        read
    }

    fn report_unknown(&mut self) {
        if self.rest_is_foreign {
            return;
        }
        for key in self.entries.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let problem = Problem::new(path::of_key(&self.path, key), "is not a known key");
            self.problems.push(problem.allowing(self.known.iter().copied(), key));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read_leniently;

    /// The problems that `reader` has with `document`, as lines.
    fn problems<T>(document: Value, reader: impl FnOnce(&mut Section<'_>) -> T) -> Vec<String> {
        let (_, problems) = read_leniently("s", Some(&document), reader);
        problems.iter().map(Problem::to_string).collect()
    }

    /// What `reader` reads from `document`, with which nothing is wrong.
    fn read<T>(document: Value, reader: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let (read, problems) = read_leniently("s", Some(&document), reader);
        assert_eq!(problems, [], "{document} is right");
        read
    }

    #[test]
    fn an_absent_key_is_none_and_no_problem() {
        read(json!({}), |s| {
            assert_eq!(s.string("a"), None);
            assert_eq!(s.integer("a", 0..=9), None);
            assert_eq!(s.choice("a", "a letter", &[("a", 1)]), None);
            assert_eq!(s.ids("a"), None);
            assert_eq!(s.section("a", |_| ()), None);
            assert_eq!(s.sections("a", |_, _| ()), None);
            assert_eq!(s.items("a", |_| ()), None);
        });
    }

    #[test]
    fn a_right_value_is_read() {
        assert_eq!(read(json!({ "a": " x " }), |s| s.string("a")), Some(" x ".into()));
        assert_eq!(read(json!({ "a": " x " }), |s| s.text("a")), Some("x".into()));
        assert_eq!(read(json!({ "a": 7 }), |s| s.id("a")), Some("7".into()));
        assert_eq!(read(json!({ "a": false }), |s| s.flag("a")), Some(false));
        assert_eq!(read(json!({ "a": 2000 }), |s| s.integer("a", 1..=2000_u32)), Some(2000));
        assert_eq!(read(json!({ "a": 0.5 }), |s| s.positive("a")), Some(0.5));
        assert_eq!(read(json!({ "a": "y" }), |s| s.choice("a", "", &[("x", 1), ("y", 2)])), Some(2));
        assert_eq!(read(json!({ "a": ["", "x"] }), |s| s.strings("a")), Some(vec!["".into(), "x".into()]));
        assert_eq!(read(json!({ "a": [1, "x"] }), |s| s.ids("a")), Some(vec!["1".into(), "x".into()]));
        assert_eq!(
            read(json!({ "a": { "b": true } }), |s| s.section("a", |s| s.flag("b"))),
            Some(Some(true))
        );
        assert_eq!(
            read(json!({ "a": [{ "b": 1 }] }), |s| s.items("a", |s| s.id("b"))).map(|l| l.len()),
            Some(1)
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_its_path() {
        let wrong = [
            (json!({ "a": 5 }), "s.a: 5 is not a string"),
            (json!({ "a": null }), "s.a: null is not a string"),
        ];
        for (document, line) in wrong {
            assert_eq!(problems(document, |s| s.string("a")), [line]);
        }
        assert_eq!(problems(json!({ "a": " " }), |s| s.text("a")), ["s.a: \" \" is blank"]);
        assert_eq!(
            problems(json!({ "a": "yes" }), |s| s.flag("a")),
            ["s.a: \"yes\" is neither true nor false"]
        );
        for number in [json!(0), json!(2001), json!(1.5), json!("9")] {
            assert_eq!(
                problems(json!({ "a": number }), |s| s.integer("a", 1..=2000_u32)),
                [format!("s.a: {number} is not an integer from 1 to 2000")]
            );
        }
        assert_eq!(problems(json!({ "a": 0 }), |s| s.positive("a")), ["s.a: 0 is not a number above 0"]);
        assert_eq!(
            problems(json!({ "a": "opne" }), |s| s.choice("a", "a policy", &[("open", 1), ("shut", 2)])),
            ["s.a: \"opne\" is not a policy; allowed: open, shut; did you mean \"open\"?"]
        );
        assert_eq!(problems(json!({ "a": {} }), |s| s.strings("a")), ["s.a: {} is not a list"]);
        assert_eq!(problems(json!({ "a": [] }), |s| s.section("a", |_| ())), ["s.a: [] is not an object"]);
        assert_eq!(problems(json!({}), |s| s.require("a")), ["s.a is missing"]);
        assert_eq!(problems(json!({ "a": "x" }), |s| s.reject("a", "is wrong")), ["s.a: \"x\" is wrong"]);
    }

    #[test]
    fn a_wrong_item_is_named_with_its_index_and_left_out() {
        let document = json!({ "ids": ["x", true, 1.5], "objects": [0, { "b": 1 }, { "c": 2 }] });
        let (read, problems) =
            read_leniently("s", Some(&document), |s| (s.ids("ids"), s.items("objects", |s| s.id("b"))));
        assert_eq!(read, (Some(vec!["x".into()]), Some(vec![Some("1".into()), None])));
        assert_eq!(
            problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
            [
                "s.ids[1]: true is neither a string nor a number",
                "s.ids[2]: 1.5 is not exact as a number; write it in quotes",
                "s.objects[0]: 0 is not an object",
                "s.objects[2].c is not a known key; allowed: b",
            ]
        );
    }

    #[test]
    fn free_keys_are_trimmed_and_must_then_differ() {
        let names = |s: &mut Section<'_>| s.sections("a", |name, _| name.to_owned());
        assert_eq!(
            read(json!({ "a": { " Work Chat ": {}, "x": {} } }), names),
            Some(vec!["Work Chat".into(), "x".into()])
        );
        assert_eq!(
            problems(json!({ "a": { " ": {}, " x": {}, "x": {}, "y": 1 } }), names),
            [
                "s.a[\" \"] is a blank key",
                "s.a.x is there twice: as \"x\" and with white space",
                "s.a.y: 1 is not an object",
            ]
        );
    }

    #[test]
    fn all_problems_are_reported_and_every_unread_key_is_one() {
        let document = json!({ "nmae": "x", "flag": 1, "inner": { "b c": 1 } });
        let reader = |s: &mut Section<'_>| {
            s.string("name");
            s.flag("flag");
            s.section("inner", |s| s.flag("b"));
        };
        assert_eq!(
            problems(document, reader),
            [
                "s.flag: 1 is neither true nor false",
                "s.inner[\"b c\"] is not a known key; allowed: b",
                "s.nmae is not a known key; allowed: name, flag, inner; did you mean \"name\"?",
            ]
        );
    }

    #[test]
    fn what_belongs_to_somebody_else_is_left_alone() {
        read(json!({ "theirs": 1 }), |s| s.leave_rest());
    }
}
