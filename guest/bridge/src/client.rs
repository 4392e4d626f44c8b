//! Asks a bridge.

use serde::de::DeserializeOwned;
use serde_json::json;
use zalouser_logic::command::{Command, ExitStatus, Outcome};

use crate::answer::{Configuration, Done, Events, Offer, Paired};
use crate::failure::{self, Broken, Failure};
use crate::order::{order, sends};
use crate::{Answer, Method, Transport};

/// A bridge that can be reached somehow.
#[derive(Clone, Debug)]
pub struct Bridge<T>(pub T);

impl<T: Transport> Bridge<T> {
    /// What the accounts are decided by.
    ///
    /// # Errors
    /// When the bridge does not tell.
    pub fn configuration(&self) -> Result<Configuration, Broken> {
        self.ask(Method::Get, "/v1/configuration", None)
    }

    /// Who was let in to an account.
    ///
    /// # Errors
    /// When the bridge does not tell.
    pub fn paired(&self, account: &str) -> Result<Paired, Broken> {
        self.ask(Method::Get, &format!("/v1/accounts/{}/paired", segment(account)), None)
    }

    /// The next events of an account, at most `limit`, without waiting for one. All up to `after` are taken care of,
    /// and may be forgotten.
    ///
    /// # Errors
    /// When the bridge does not tell.
    pub fn events(&self, account: &str, after: Option<u64>, limit: u32) -> Result<Events, Broken> {
        let mut path = format!("/v1/accounts/{}/events?wait=0&limit={limit}", segment(account));
        if let Some(after) = after {
            path.push_str(&format!("&after={after}"));
        }
        self.ask(Method::Get, &path, None)
    }

    /// Asks for a code for a stranger.
    ///
    /// # Errors
    /// When the bridge gives no answer.
    pub fn offer(&self, account: &str, sender_id: &str, sender_name: &str) -> Result<Offer, Broken> {
        let stranger = json!({ "senderId": sender_id, "senderName": sender_name }).to_string();
        let path = format!("/v1/accounts/{}/pairing", segment(account));
        self.ask(Method::Post, &path, Some(stranger.as_bytes()))
    }

    /// Says that a stranger was told a code.
    ///
    /// # Errors
    /// When the bridge does not take it.
    pub fn announced(&self, account: &str, code: &str) -> Result<(), Broken> {
        let path = format!("/v1/accounts/{}/pairing/{}/announced", segment(account), segment(code));
        self.exchange(Method::Post, &path, None).map(drop)
    }

    /// Has a command carried out, once for every key.
    ///
    /// # Errors
    /// When there is no outcome.
    pub fn carry_out(
        &self,
        account: &str,
        command: &Command,
        key: Option<String>,
    ) -> Result<Outcome, Broken> {
        let order = order(account, command, key.filter(|_| sends(command))).to_string();
        let done: Done = self.ask(Method::Post, "/v1/commands", Some(order.as_bytes()))?;
        Ok(done.into())
    }

    /// Has commands carried out in order, each under the key of its place, up to the first that fails or delivers
    /// nothing where it should.
    ///
    /// # Errors
    /// When the bridge did not even take the first of them, or a reading one has no outcome.
    pub fn carry_out_all(
        &self,
        account: &str,
        commands: &[Command],
        key: impl Fn(usize) -> String,
    ) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = Vec::with_capacity(commands.len());
        for (place, command) in commands.iter().enumerate() {
            let outcome = match self.carry_out(account, command, Some(key(place))) {
                Ok(outcome) => outcome,
                Err(Broken::Refused(failure)) if place == 0 => return Err(failure),
                Err(Broken::Refused(failure)) => not_carried_out(ExitStatus::NotStarted(failure.message)),
                // Reading again does no harm; what was sent may have arrived.
                Err(Broken::Unknown(failure)) if !sends(command) => return Err(failure),
                Err(Broken::Unknown(_)) => not_carried_out(ExitStatus::TimedOut),
            };
            let is_done =
                outcome.status == ExitStatus::Exited(0) && (!sends(command) || outcome.delivered.is_some());
            outcomes.push(outcome);
            if !is_done {
                break;
            }
        }
        Ok(outcomes)
    }

    fn ask<A: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<A, Broken> {
        let body = self.exchange(method, path, body)?;
        serde_json::from_slice(&body).map_err(|err| failure::no_bridge(self.0.address(), &err))
    }

    fn exchange(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Vec<u8>, Broken> {
        let address = self.0.address();
        let answer = self.0.exchange(method, path, body);
        match answer.map_err(|told| failure::unreached(address, told))? {
            Answer { status: 200, body } => Ok(body),
            Answer { status, body } => Err(failure::refusal(address, status, &body)),
        }
    }
}

fn not_carried_out(status: ExitStatus) -> Outcome {
    Outcome { status, stdout: String::new(), stderr: String::new(), delivered: None }
}

/// One segment of a path, whatever is in it.
fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => segment.push(byte.into()),
            _ => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    segment
}

#[cfg(test)]
mod tests;
