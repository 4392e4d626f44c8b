//! The JSON Schema of every message, made from the types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::protocol::{
    AskToolPolicy, Auth, AuthLogin, AuthStatus, Cancel, Deliver, Delivered, Done, Found, Inbound, Initialize,
    Initialized, Log, Login, OfAccount, Paired, Pairing, Probe, Search, SearchMembers, Senders, Status,
    ToolCall, ToolCalled, ToolPolicy,
};

/// The requests that are understood, in the order in which they are documented.
pub(super) const REQUESTS: [&str; 14] = [
    "initialize",
    "listen/start",
    "listen/stop",
    "deliver",
    "tool/call",
    "tool/policy",
    "directory/self",
    "directory/peers",
    "directory/groups",
    "directory/members",
    "auth/status",
    "auth/login",
    "auth/logout",
    "status/probe",
];

/// A JSON Schema, 2020-12, that every message of either side fits. Beside it, `methods` says which result
/// belongs to which request, and who asks.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut methods = Methods { generator: &mut generator, listed: Map::new(), messages: Vec::new() };
    methods.request::<Initialize, Initialized>("initialize", PEER);
    methods.request::<OfAccount, Done>("listen/start", PEER);
    methods.request::<OfAccount, Done>("listen/stop", PEER);
    methods.request::<Deliver, Delivered>("deliver", PEER);
    methods.request::<ToolCall, ToolCalled>("tool/call", PEER);
    methods.request::<AskToolPolicy, ToolPolicy>("tool/policy", PEER);
    methods.request::<OfAccount, Found>("directory/self", PEER);
    methods.request::<Search, Found>("directory/peers", PEER);
    methods.request::<Search, Found>("directory/groups", PEER);
    methods.request::<SearchMembers, Found>("directory/members", PEER);
    methods.request::<AuthStatus, Auth>("auth/status", PEER);
    methods.request::<AuthLogin, Login>("auth/login", PEER);
    methods.request::<OfAccount, Done>("auth/logout", PEER);
    methods.request::<OfAccount, Probe>("status/probe", PEER);
    methods.request::<Inbound, Done>("inbound", US);
    methods.request::<Pairing, Paired>("pairing", US);
    methods.request::<OfAccount, Senders>("paired", US);
    methods.notification::<Status>("status", US);
    methods.notification::<Log>("log", US);
    methods.notification::<Cancel>("$/cancelRequest", "either");
    let Methods { listed, mut messages, .. } = methods;
    messages.push(answer());
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "zalouser serve --stdio",
        "description": "Every message, one a line. A failed request answers with an error.",
        "anyOf": messages,
        "methods": listed,
        "$defs": definitions,
    })
}

/// Who asks.
const PEER: &str = "gateway";
const US: &str = "zalouser";

struct Methods<'a> {
    generator: &'a mut SchemaGenerator,
    listed: Map<String, Value>,
    messages: Vec<Value>,
}

impl Methods<'_> {
    fn request<Params: JsonSchema, Answer: JsonSchema>(&mut self, method: &str, from: &str) {
        let params = self.generator.subschema_for::<Params>();
        let result = self.generator.subschema_for::<Answer>();
        self.messages.push(message(method, &params, true));
        let listed = json!({ "from": from, "params": params, "result": result });
        self.listed.insert(method.to_owned(), listed);
    }

    fn notification<Params: JsonSchema>(&mut self, method: &str, from: &str) {
        let params = self.generator.subschema_for::<Params>();
        self.messages.push(message(method, &params, false));
        self.listed.insert(method.to_owned(), json!({ "from": from, "params": params }));
    }
}

fn message(method: &str, params: &Schema, is_request: bool) -> Value {
    let mut properties = json!({
        "jsonrpc": { "const": "2.0" },
        "method": { "const": method },
        "params": params,
    });
    let mut required = vec!["jsonrpc", "method"];
    if is_request {
        properties["id"] = json!({ "type": ["integer", "string"] });
        required.push("id");
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn answer() -> Value {
    let error = json!({
        "type": "object",
        "properties": { "code": { "type": "integer" }, "message": { "type": "string" }, "data": {} },
        "required": ["code", "message"],
    });
    json!({
        "type": "object",
        "properties": {
            "jsonrpc": { "const": "2.0" },
            "id": { "type": ["integer", "string", "null"] },
            "result": {},
            "error": error,
        },
        "required": ["jsonrpc", "id"],
        "oneOf": [{ "required": ["result"] }, { "required": ["error"] }],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_in_the_schema_and_nothing_else_is_offered() {
        let schema = schema();
        let asked_by_the_peer: Vec<_> = schema["methods"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, method)| method["from"] == PEER)
            .map(|(name, _)| name.as_str())
            .collect();
        let mut requests = REQUESTS.to_vec();
        requests.sort_unstable();
        let mut listed = asked_by_the_peer;
        listed.sort_unstable();
        assert_eq!(listed, requests);
    }

    #[test]
    fn messages_fit_the_schema_and_what_is_no_message_does_not() {
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        compiler.add_resource("serve.json", schema()).unwrap();
        let compiled = compiler.compile("serve.json", &mut schemas).unwrap();
        let cases = [
            (json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocol": 1 } }), true),
            (json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {} }), false),
            (json!({ "jsonrpc": "2.0", "id": "a", "method": "deliver", "params": { "to": "1" } }), true),
            (
                json!({ "jsonrpc": "2.0", "id": "a", "method": "deliver", "params": { "to": "1", "x": 1 } }),
                false,
            ),
            (json!({ "jsonrpc": "2.0", "method": "deliver", "params": { "to": "1" } }), false),
            (json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 1 } }), true),
            (json!({ "jsonrpc": "2.0", "id": 1, "result": {} }), true),
            (json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "x" } }), true),
            (json!({ "jsonrpc": "2.0", "id": 1 }), false),
            (json!({ "jsonrpc": "2.0", "id": 1, "method": "dance" }), false),
        ];
        for (message, fits) in cases {
            assert_eq!(schemas.validate(&message, compiled).is_ok(), fits, "{message}");
        }
    }
}
