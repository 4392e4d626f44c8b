//! The document that describes a bridge to programs: OpenAPI 3.1, its schemas made from the types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::order::{Order, Outcome};
use super::protocol::{Accounts, Configuration, Done, Events, Failed, Offer, Paired, Stranger};

/// The document.
pub(super) fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    let describe = &mut |method: &str, path: &str, operation| {
        paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
    };
    let id = parameter("id", "path", "The account's id", json!({ "type": "string" }));
    let accounts = answered::<Accounts>(&mut generator, "What accounts there are, and how they are");
    describe("get", "/v1/accounts", accounts);
    let mut events =
        answered::<Events>(&mut generator, "What happened to an account; waits until something does");
    events["parameters"] = json!([
        id,
        parameter(
            "after",
            "query",
            "The number of the last event that was taken care of: all up to it are forgotten. Without it, those come that \
             were not confirmed so",
            json!({ "type": "integer", "minimum": 0 }),
        ),
        parameter(
            "wait",
            "query",
            "How many seconds to wait for an event",
            json!({ "type": "integer", "minimum": 0, "maximum": 30, "default": 25 }),
        ),
        parameter(
            "limit",
            "query",
            "How many events at most",
            json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 }),
        ),
    ]);
    describe("get", "/v1/accounts/{id}/events", events);
    let mut paired = answered::<Paired>(&mut generator, "Who was let in to an account");
    paired["parameters"] = json!([id]);
    describe("get", "/v1/accounts/{id}/paired", paired);
    let mut pair =
        taken::<Stranger, Offer>(&mut generator, "Asks for the code that a stranger is to be sent");
    pair["parameters"] = json!([id]);
    describe("post", "/v1/accounts/{id}/pairing", pair);
    let mut announced = answered::<Done>(&mut generator, "Notes that a stranger was sent a code");
    announced["parameters"] = json!([id, parameter("code", "path", "The code", json!({ "type": "string" }))]);
    describe("post", "/v1/accounts/{id}/pairing/{code}/announced", announced);
    describe("post", "/v1/commands", taken::<Order, Outcome>(&mut generator, "Carries out a command"));
    let configuration =
        answered::<Configuration>(&mut generator, "What a component needs to decide as this bridge does");
    describe("get", "/v1/configuration", configuration);
    describe(
        "get",
        "/healthz",
        open("Whether the bridge answers", "text/plain", json!({ "type": "string" })),
    );
    describe("get", "/openapi.json", open("This document", "application/json", json!({ "type": "object" })));
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "zalouser bridge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A personal Zalo account for a gateway that cannot start processes.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn answered<Answer: JsonSchema>(generator: &mut SchemaGenerator, summary: &str) -> Value {
    let (answer, failed) = (generator.subschema_for::<Answer>(), generator.subschema_for::<Failed>());
    json!({
        "summary": summary,
        "responses": {
            "200": { "description": "What was asked for", "content": { "application/json": { "schema": answer } } },
            "default": { "description": "Why not", "content": { "application/json": { "schema": failed } } },
        },
    })
}

fn taken<Body: JsonSchema, Answer: JsonSchema>(generator: &mut SchemaGenerator, summary: &str) -> Value {
    let mut operation = answered::<Answer>(generator, summary);
    let body = generator.subschema_for::<Body>();
    operation["requestBody"] =
        json!({ "required": true, "content": { "application/json": { "schema": body } } });
    operation
}

/// Something that needs no token.
fn open(summary: &str, media_type: &str, schema: Value) -> Value {
    json!({
        "summary": summary,
        "security": [],
        "responses": { "200": { "description": "It", "content": { media_type: { "schema": schema } } } },
    })
}

fn parameter(name: &str, place: &str, description: &str, schema: Value) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": schema,
    })
}
