//! What may go over the wire, by `zalouser serve --schema`.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use crate::setting::Setting;

const FILE: &str = "serve.json";

pub(super) struct Contract {
    compiler: Compiler,
    schemas: Schemas,
    message: SchemaIndex,
}

impl Contract {
    /// The one that the real binary prints.
    pub(super) fn printed(setting: &Setting) -> Self {
        let printed = setting.run(&["serve", "--schema"]).succeeded();
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.add_resource(FILE, serde_json::from_str(&printed).unwrap()).unwrap();
        let message = compiler.compile(FILE, &mut schemas).unwrap();
        Self { compiler, schemas, message }
    }

    /// Checks a message of either side.
    pub(super) fn holds(&self, message: &Value) {
        if let Err(err) = self.schemas.validate(message, self.message) {
            panic!("{message} does not fit the schema: {err}");
        }
    }

    /// Checks what a request of this method is answered.
    pub(super) fn holds_for(&mut self, method: &str, result: &Value) {
        let place = format!("{FILE}#/methods/{}/result", method.replace('/', "~1"));
        let schema = self.compiler.compile(&place, &mut self.schemas);
        let schema = schema.unwrap_or_else(|err| panic!("{place} is no schema: {err}"));
        if let Err(err) = self.schemas.validate(result, schema) {
            panic!("{result} is no answer to {method}: {err}");
        }
    }
}
