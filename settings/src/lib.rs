//! Reads a section of a JSON document strictly: every problem at once, with its path and the
//! nearest valid spelling.
//!
//! A reader is a function that takes a [`Section`] and asks it for keys. What is wrong is noted and
//! reading goes on, so that somebody who edits a file sees all of their mistakes at once; a key
//! that nobody asked for is one of them.
//!
//! ```
//! use zalouser_settings::{Section, read};
//!
//! struct Agent {
//!     command: Vec<String>,
//!     timeout_seconds: u32,
//! }
//!
//! fn agent(section: &mut Section<'_>) -> Agent {
//!     section.require("command");
//!     Agent {
//!         command: section.strings("command").unwrap_or_default(),
//!         timeout_seconds: section.integer("timeoutSeconds", 1..=3_600).unwrap_or(120),
//!     }
//! }
//!
//! let config = serde_json::json!({ "agent": { "command": ["prog"], "timeoutSecond": 5 } });
//! let problems = read("config", Some(&config), |section| section.section("agent", agent));
//! assert_eq!(
//!     problems.err().unwrap_or_default()[0].to_string(),
//!     "config.agent.timeoutSecond is not a known key; allowed: command, timeoutSeconds; \
//!      did you mean \"timeoutSeconds\"?",
//! );
//! ```

mod document;
mod json5;
mod lower;
mod path;
mod problem;
mod section;
mod shown;
mod spelling;
mod value;

use serde_json::{Map, Value};

pub use document::{mistake_at, parse};
pub use lower::{lower_case, lower_case_of};
pub use path::{of_item as path_of_item, of_key as path_of_key};
pub use problem::Problem;
pub use section::Section;
pub use spelling::nearest;
pub use value::{id, string};

/// Reads the object `value`, which stands at `path` in its document. An absent one is an empty
/// object.
///
/// # Errors
///
/// All that is wrong with it, in the order in which `reader` came across it. What `reader` returned
/// is then dropped, so it may stand in any value for one that could not be read.
pub fn read<T>(
    path: &str,
    value: Option<&Value>,
    reader: impl FnOnce(&mut Section<'_>) -> T,
) -> Result<T, Vec<Problem>> {
    match read_leniently(path, value, reader) {
        (read, problems) if problems.is_empty() => Ok(read),
        (_, problems) => Err(problems),
    }
}

/// Reads the object `value` as [`read`] does, for a caller who goes on without what is wrong.
pub fn read_leniently<T>(
    path: &str,
    value: Option<&Value>,
    reader: impl FnOnce(&mut Section<'_>) -> T,
) -> (T, Vec<Problem>) {
    let mut problems = Vec::new();
    let nothing = Map::new();
    let entries = match value {
        None => &nothing,
        Some(Value::Object(entries)) => entries,
        Some(other) => {
            problems.push(Problem::new(path, value::NOT_AN_OBJECT).found(other));
            &nothing
        }
    };
    let read = Section::visit(path.to_owned(), entries, &mut problems, reader);
    (read, problems)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_is_an_empty_object() {
        assert_eq!(read("a", None, |section| section.flag("b")), Ok(None));
    }

    #[test]
    fn what_is_no_object_is_one_problem() {
        let problems = read("a", Some(&json!([1])), |section| section.flag("b")).unwrap_err();
        assert_eq!(problems, [Problem::new("a", "is not an object").found(&json!([1]))]);
    }
}
