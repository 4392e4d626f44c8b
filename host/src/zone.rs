//! Time zones as the guest needs them: a list of offsets, because it has no zone database.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::sandbox::bindings::config::{Account, EnvelopeZone};
use crate::sandbox::bindings::inbound::ZoneOffset;

/// The years for which offsets are handed to a guest, in Unix seconds: messages are neither older
/// than Zalo nor younger than this program.
const FROM: i64 = 1_325_376_000; // 2012-01-01
const UNTIL: i64 = 2_840_140_800; // 2060-01-01

/// The offsets of the zone in which `account` is told times, sorted by time; empty for UTC. A zone that is not
/// known is logged, and UTC takes its place: nobody goes unanswered over the time in an envelope.
pub(crate) fn of(account: &Account) -> Vec<ZoneOffset> {
    offsets(&account.envelope.zone).unwrap_or_else(|err| {
        tracing::warn!(account = account.id, "{err}; times are told in UTC");
        Vec::new()
    })
}

fn offsets(zone: &EnvelopeZone) -> Result<Vec<ZoneOffset>, UnknownZone> {
    let zone = match zone {
        EnvelopeZone::Utc => return Ok(Vec::new()),
        EnvelopeZone::Local => TimeZone::system(),
        EnvelopeZone::Named(name) => TimeZone::get(name).map_err(|_| UnknownZone(name.clone()))?,
    };
    Ok(offsets_of(&zone))
}

/// A time zone that no database here knows.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time zone {0:?} is not known; use an IANA name such as Asia/Ho_Chi_Minh, or `utc`")]
struct UnknownZone(String);

fn offsets_of(zone: &TimeZone) -> Vec<ZoneOffset> {
    let Ok(from) = Timestamp::from_second(FROM) else { return Vec::new() };
    let first = zone.to_offset_info(from);
    let mut offsets = vec![ZoneOffset {
        since: i64::MIN,
        offset: first.offset().seconds(),
        abbreviation: first.abbreviation().to_owned(),
    }];
    let later = zone.following(from).take_while(|transition| transition.timestamp().as_second() < UNTIL);
    offsets.extend(later.map(|transition| ZoneOffset {
        since: transition.timestamp().as_second(),
        offset: transition.offset().seconds(),
        abbreviation: transition.abbreviation().to_owned(),
    }));
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Vec<ZoneOffset> {
        offsets(&EnvelopeZone::Named(name.into())).unwrap()
    }

    #[test]
    fn a_zone_without_summer_time_has_one_offset() {
        let offsets = named("Asia/Ho_Chi_Minh");
        assert_eq!(offsets.len(), 1);
        assert_eq!((offsets[0].offset, offsets[0].abbreviation.as_str()), (7 * 3600, "+07"));
    }

    #[test]
    fn summer_time_begins_and_ends_when_the_law_says() {
        // In 2026 it begins on 29 March and ends on 25 October, at 01:00 UTC.
        let offsets = named("Europe/Paris");
        let begin = offsets.iter().find(|offset| offset.since == 1_774_746_000).unwrap();
        assert_eq!((begin.offset, begin.abbreviation.as_str()), (7200, "CEST"));
        let end = offsets.iter().find(|offset| offset.since == 1_792_890_000).unwrap();
        assert_eq!((end.offset, end.abbreviation.as_str()), (3600, "CET"));
    }

    #[test]
    fn an_unknown_zone_is_named() {
        let err = offsets(&EnvelopeZone::Named("Mars/Olympus".into())).unwrap_err();
        assert!(err.to_string().contains("Mars/Olympus"), "{err}");
    }
}
