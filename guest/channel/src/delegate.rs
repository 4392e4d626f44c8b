//! Hands interfaces on, for components that change others.

/// Implements interfaces of the world for a type by handing every call on to [`Channel`](crate::Channel):
/// `delegate!(Mine: config, outbound, directory, tool);`.
#[macro_export]
macro_rules! delegate {
    ($plugin:ty: $($interface:ident),+ $(,)?) => { $($crate::delegate!(@$interface $plugin);)+ };
    (@config $plugin:ty) => {
        impl $crate::config::Guest for $plugin {
            fn load(
                json5: String,
                environment: $crate::config::Environment,
            ) -> Result<$crate::config::Configuration, Vec<$crate::config::ConfigError>> {
                <$crate::Channel as $crate::config::Guest>::load(json5, environment)
            }
        }
    };
    (@inbound $plugin:ty) => {
        impl $crate::inbound::Guest for $plugin {
            type Monitor = $crate::Monitor;
        }
    };
    (@outbound $plugin:ty) => {
        impl $crate::outbound::Guest for $plugin {
            fn plan(
                format: $crate::config::ReplyFormat,
                reply: $crate::outbound::Reply,
            ) -> Vec<$crate::types::Command> {
                <$crate::Channel as $crate::outbound::Guest>::plan(format, reply)
            }

            fn pairing_notice(
                request: $crate::inbound::PairingRequest,
                code: String,
                approve: String,
            ) -> Vec<$crate::types::Command> {
                <$crate::Channel as $crate::outbound::Guest>::pairing_notice(request, code, approve)
            }

            fn session_key(routes: Vec<$crate::config::Route>, thread: $crate::types::Thread) -> String {
                <$crate::Channel as $crate::outbound::Guest>::session_key(routes, thread)
            }
        }
    };
    (@directory $plugin:ty) => {
        impl $crate::directory::Guest for $plugin {
            fn find(
                command: $crate::types::Command,
                outcome: $crate::types::Outcome,
                query: Option<String>,
                limit: Option<u32>,
            ) -> Result<Vec<$crate::directory::Entry>, $crate::directory::Error> {
                <$crate::Channel as $crate::directory::Guest>::find(command, outcome, query, limit)
            }

            fn parse_target(
                text: String,
            ) -> Result<$crate::directory::Target, $crate::directory::TargetError> {
                <$crate::Channel as $crate::directory::Guest>::parse_target(text)
            }

            fn parse_group(text: String) -> Result<String, $crate::directory::TargetError> {
                <$crate::Channel as $crate::directory::Guest>::parse_group(text)
            }

            fn resolve(
                name: String,
                friends: Vec<$crate::directory::Entry>,
                groups: Vec<$crate::directory::Entry>,
            ) -> Result<$crate::types::Thread, $crate::directory::Unresolved> {
                <$crate::Channel as $crate::directory::Guest>::resolve(name, friends, groups)
            }
        }
    };
    (@tool $plugin:ty) => {
        impl $crate::tool::Guest for $plugin {
            fn describe() -> $crate::tool::Descriptor {
                <$crate::Channel as $crate::tool::Guest>::describe()
            }

            fn policy(
                context: $crate::tool::CallContext,
            ) -> Result<Option<$crate::config::ToolPolicy>, $crate::tool::Error> {
                <$crate::Channel as $crate::tool::Guest>::policy(context)
            }

            fn plan(
                call: String,
                context: $crate::tool::CallContext,
            ) -> Result<Vec<$crate::types::Command>, $crate::tool::Error> {
                <$crate::Channel as $crate::tool::Guest>::plan(call, context)
            }

            fn conclude(
                call: String,
                context: $crate::tool::CallContext,
                outcomes: Vec<$crate::types::Outcome>,
            ) -> $crate::tool::Answer {
                <$crate::Channel as $crate::tool::Guest>::conclude(call, context, outcomes)
            }
        }
    };
}

/// Writes methods of a monitor that hand the call on to the monitor in a field of it:
/// `delegate_monitor!(rules: prepare, learn, recall, set_paired);`.
#[macro_export]
macro_rules! delegate_monitor {
    ($field:ident: $($method:ident),+ $(,)?) => { $($crate::delegate_monitor!(@$method $field);)+ };
    (@prepare $field:ident) => {
        fn prepare(&self) -> Vec<$crate::types::Command> {
            self.$field.prepare()
        }
    };
    (@learn $field:ident) => {
        fn learn(&self, outcomes: Vec<$crate::types::Outcome>) -> Vec<$crate::inbound::LogEntry> {
            self.$field.learn(outcomes)
        }
    };
    (@recall $field:ident) => {
        fn recall(&self, messages: Vec<$crate::inbound::Remembered>) {
            self.$field.recall(messages);
        }
    };
    (@set_paired $field:ident) => {
        fn set_paired(&self, senders: Vec<String>) {
            self.$field.set_paired(senders);
        }
    };
    (@push $field:ident) => {
        fn push(
            &self,
            chunk: Vec<u8>,
            now: u64,
            drops: $crate::inbound::DropReport,
        ) -> Vec<$crate::inbound::Effect> {
            self.$field.push(chunk, now, drops)
        }
    };
}
