//! Tells the gateway's log.

use crate::bindings::zeroclaw::plugin::logging::{self, LogLevel, PluginAction, PluginEvent, PluginOutcome};

/// Something that does not work.
pub(crate) fn error(action: PluginAction, message: String) {
    record(LogLevel::Error, action, Some(PluginOutcome::Failure), message);
}

/// Something that is probably not as it was meant.
pub(crate) fn warn(message: String) {
    record(LogLevel::Warn, PluginAction::Note, None, message);
}

/// Something for the record.
pub(crate) fn info(message: String) {
    record(LogLevel::Info, PluginAction::Note, None, message);
}

/// Something for somebody who looks for a fault.
pub(crate) fn debug(message: String) {
    record(LogLevel::Debug, PluginAction::Note, None, message);
}

fn record(level: LogLevel, action: PluginAction, outcome: Option<PluginOutcome>, message: String) {
    let function_name = "zalouser_channel".to_owned();
    let event = PluginEvent { function_name, action, outcome, duration_ms: None, attrs: None, message };
    logging::log_record(level, &event);
}
