//! Where this channel means to do something else than the reference, and why: the whole list.

use std::collections::BTreeSet;

use serde_json::Value;

/// One deliberate difference.
struct Difference {
    /// The file in `tests/vectors`.
    file: &'static str,
    /// The case in it: its name, or its place counted from 0.
    case: &'static str,
    /// What of the case differs.
    field: &'static str,
    /// What it is here.
    here: &'static str,
    /// Why.
    reason: &'static str,
}

const CLOSED_GROUP: &str = "a rule that closes a group holds under every policy";
const CASE: &str = "account ids are matched without regard to case, so that the account's own policy holds";
const NO_BASE: &str = "where accounts are listed, the channel's own section is none of them";
const OWN_PROFILE: &str = "ZCA_PROFILE is for the account `default` alone: all others without a `profile` would fall \
                           together on the one session that it names";

const DIFFERENCES: &[Difference] = &[
    Difference {
        file: "inbound.json",
        case: r#"group policy=None groups={"*": {"allow": false}}"#,
        field: "outcome",
        here: "drop (group-closed)",
        reason: CLOSED_GROUP,
    },
    Difference {
        file: "inbound.json",
        case: r#"group policy=open groups={"777": {"allow": false}}"#,
        field: "outcome",
        here: "drop (group-closed)",
        reason: CLOSED_GROUP,
    },
    Difference {
        file: "inbound.json",
        case: r#"group policy=open groups={"777": {"allow": false}, "*": {"allow": true}}"#,
        field: "outcome",
        here: "drop (group-closed)",
        reason: CLOSED_GROUP,
    },
    Difference {
        file: "inbound.json",
        case: "account home dm",
        field: "outcome",
        here: "deliver (sender-allowed)",
        reason: CASE,
    },
    Difference {
        file: "inbound.json",
        case: "account default dm",
        field: "outcome",
        here: "no such account",
        reason: NO_BASE,
    },
    Difference {
        file: "accounts.json",
        case: "10",
        field: "profile of alpha",
        here: "alpha",
        reason: OWN_PROFILE,
    },
    Difference {
        file: "accounts.json",
        case: "11",
        field: "profile of work",
        here: "work",
        reason: OWN_PROFILE,
    },
    Difference {
        file: "accounts.json",
        case: "12",
        field: "profile of work",
        here: "work",
        reason: OWN_PROFILE,
    },
    Difference { file: "accounts.json", case: "13", field: "profile of a", here: "a", reason: OWN_PROFILE },
];

/// Compares what a file of vectors records with what happens here, and holds both to the list.
pub(crate) struct Comparison {
    file: &'static str,
    compared: BTreeSet<(String, String)>,
    wrong: Vec<String>,
}

impl Comparison {
    /// Begins with a file of `tests/vectors`.
    pub(crate) fn with(file: &'static str) -> Self {
        Self { file, compared: BTreeSet::new(), wrong: Vec::new() }
    }

    /// Compares one field of a case. Tells whether it is the same here.
    pub(crate) fn field(&mut self, case: &str, field: &str, reference: &Value, here: &Value) -> bool {
        let is_new = self.compared.insert((case.to_owned(), field.to_owned()));
        assert!(is_new, "{}: {case:?} has two fields {field:?}", self.file);
        let same = reference == here;
        match self.listed().find(|listed| (listed.case, listed.field) == (case, field)) {
            Some(listed) if same => self.fail(case, field, &format!("no longer differs: {}", listed.reason)),
            Some(listed) if *here != listed.here => {
                self.fail(
                    case,
                    field,
                    &format!("is to be {:?} ({}), not {here}", listed.here, listed.reason),
                );
            }
            None if !same => {
                self.fail(case, field, &format!("is {reference} in the reference, and {here} here"))
            }
            _ => {}
        }
        same
    }

    /// Fails with everything that was wrong, and with every difference that is of no case.
    pub(crate) fn end(mut self) {
        assert!(!self.compared.is_empty(), "{}: nothing was compared", self.file);
        let unknown: Vec<_> = self
            .listed()
            .filter(|listed| !self.compared.contains(&(listed.case.to_owned(), listed.field.to_owned())))
            .collect();
        for listed in unknown {
            self.fail(listed.case, listed.field, "is listed as a difference and was not compared");
        }
        assert!(self.wrong.is_empty(), "\n{}", self.wrong.join("\n"));
    }

    fn listed(&self) -> impl Iterator<Item = &'static Difference> + use<> {
        let file = self.file;
        DIFFERENCES.iter().filter(move |listed| listed.file == file)
    }

    fn fail(&mut self, case: &str, field: &str, problem: &str) {
        self.wrong.push(format!("{}: {case}: {field} {problem}", self.file));
    }
}
