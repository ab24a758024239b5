//! JSON that is ready as it is, carried through the engine as one value.

use async_graphql::{Name, Value, indexmap::IndexMap};

/// The key under which async-graphql and serde_json know a value that is JSON text already.
pub const TOKEN: &str = "$serde_json::private::RawValue";

/// A value that is this JSON text.
pub fn value(json: Vec<u8>) -> Value {
    match String::from_utf8(json) {
        Ok(text) => Value::Object(IndexMap::from([(Name::new(TOKEN), Value::String(text))])),
        Err(_) => Value::Null,
    }
}
