//! Numbers.

use std::iter;

use serde_json::Value;

use super::{Mistake, Read, Reader};

/// The largest power of ten that is exact as a float.
const EXACT_POWER: i32 = 22;

impl Reader<'_> {
    /// Reads a number that begins here. A whole one keeps its digits up to 64 bits; `NaN` and infinities
    /// become null.
    pub(super) fn number(&mut self) -> Read<Value> {
        let begin = self.at;
        let negative = self.next_is('-');
        if !negative {
            self.next_is('+');
        }
        match self.peek().ok_or(Mistake::End(None))? {
            'I' => self.expect_word("Infinity", "expected number").map(|()| Value::Null),
            'N' => self.expect_word("NaN", "expected number").map(|()| Value::Null),
            '0' => {
                self.at += 1;
                match self.peek() {
                    Some('x' | 'X') => self.hexadecimal(negative, begin),
                    Some('.' | 'e' | 'E') => self.decimal(negative, begin),
                    Some('0'..='9') => Err(Mistake::Wrong(begin, "leading zero".into())),
                    _ => Ok(Value::from(0)),
                }
            }
            '.' | '1'..='9' => self.decimal(negative, begin),
            _ => self.wrong("expected number"),
        }
    }

    fn hexadecimal(&mut self, negative: bool, begin: usize) -> Read<Value> {
        self.at += 1;
        if !self.peek().ok_or(Mistake::End(None))?.is_ascii_hexdigit() {
            return self.wrong("expected number");
        }
        let mut number = 0_u128;
        while let Some(digit) = self.peek().and_then(|char| char.to_digit(16)) {
            // As many bits as are looked at of a number without a limit to its digits.
            if number >> 124 > 0 {
                return self.wrong("overflow parsing number");
            }
            number = number << 4 | u128::from(digit);
            self.at += 1;
        }
        if negative && number > 1 << 127 {
            let what = "out of range integral type conversion attempted";
            return Err(Mistake::Wrong(begin, what.into()));
        }
        Ok(match u64::try_from(number) {
            Ok(whole) => whole_value(negative, whole),
            Err(_) => float_value(negative, number as f64),
        })
    }

    /// Reads on in a decimal number, with or without a fraction and an exponent.
    fn decimal(&mut self, negative: bool, begin: usize) -> Read<Value> {
        let is_part = |char: char| matches!(char, '+' | '-' | '.' | 'e' | 'E' | '0'..='9');
        let length = self.rest().find(|char| !is_part(char)).unwrap_or(self.rest().len());
        self.at += length;
        let written = self.text.get(begin..self.at).unwrap_or_default();
        let digits = written.strip_prefix(['+', '-']).unwrap_or(written);
        if let Ok(whole) = digits.parse() {
            return Ok(whole_value(negative, whole));
        }
        match float(digits) {
            Some(number) => Ok(float_value(negative, number)),
            None => Err(Mistake::Wrong(begin, "invalid float literal".into())),
        }
    }
}

fn whole_value(negative: bool, whole: u64) -> Value {
    match whole {
        _ if !negative => Value::from(whole),
        whole => match 0_i64.checked_sub_unsigned(whole) {
            Some(whole) => Value::from(whole),
            None => float_value(true, whole as f64),
        },
    }
}

/// Null for what is too large for a float, as JSON has no infinity.
fn float_value(negative: bool, number: f64) -> Value {
    Value::from(if negative { -number } else { number })
}

/// Reads a float without a sign. One of up to 15 digits, and with up to 22 zeros behind them or after
/// its point, is the nearest one; of another the last of its 17 digits may be another than the one that std reads,
/// whose tables are worth 16 kB here.
fn float(written: &str) -> Option<f64> {
    let (mantissa, exponent) = match written.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (written, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut digits, mut dropped) = (0_u64, 0_i32);
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        match digits.checked_mul(10).and_then(|digits| digits.checked_add(digit)) {
            Some(more) if dropped == 0 => digits = more,
            _ => dropped = dropped.saturating_add(1),
        }
    }
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    Some(scaled(digits as f64, exponent.saturating_sub(places).saturating_add(dropped)))
}

/// An exponent with or without a sign; of one that is out of reach it matters only that it is.
fn exponent_of(written: &str) -> Option<i32> {
    let digits = written.strip_prefix(['+', '-']).unwrap_or(written);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let exponent = digits.parse().unwrap_or(i32::MAX / 2);
    Some(if written.starts_with('-') { -exponent } else { exponent })
}

/// `number` times ten to the `power`.
fn scaled(number: f64, power: i32) -> f64 {
    let exact = |power: i32| iter::repeat_n(10.0, power.unsigned_abs() as usize).product::<f64>();
    let (mut number, mut power) = (number, power);
    while power.abs() > EXACT_POWER && number != 0.0 && number.is_finite() {
        let step = EXACT_POWER * power.signum();
        number = if power > 0 { number * exact(step) } else { number / exact(step) };
        power -= step;
    }
    match power {
        _ if number == 0.0 || !number.is_finite() => number,
        ..0 => number / exact(power),
        _ => number * exact(power),
    }
}
