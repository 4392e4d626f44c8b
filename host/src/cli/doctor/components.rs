//! Whether the components that judge the accounts are what was approved.

use super::finding::Finding;
use crate::config::Config;
use crate::plugins::PluginFolder;

/// Judges the component of every enabled account that does not have the shipped one.
pub(super) fn check(config: &Config, folder: &PluginFolder) -> Vec<Finding> {
    let enabled = config.channel.accounts.iter().filter(|account| account.enabled);
    let check = |id: &str| {
        let name = config.settings.components.of(id);
        if name.is_shipped() {
            return None;
        }
        Some(match folder.read(name) {
            Ok(_) => {
                Finding::ok("component", format!("account {id} is judged by {name}, as it was approved"))
            }
            Err(err) => Finding::fail(
                "component",
                format!("account {id}: {err}"),
                "an account does not run without the component that it names",
                format!("as said, or let another one judge: zalouser plugins disable {name}"),
            ),
        })
    };
    enabled.filter_map(|account| check(&account.id)).collect()
}
