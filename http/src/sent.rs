//! What routes are sent that are no Business API's: declared as those' parameters are, read with every bad field named, and described.
//! What is not declared is not looked at, as everywhere in REST.

use serde_json::{Map, Value as Json, json};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::input::{Args, FieldDef, Input, Problems};

use crate::openapi::body;

/// Reads a body. `more` finds what is wrong beyond each field's kind.
pub fn read<T: Input>(sent: &Map<String, Json>, more: impl FnOnce(&mut Vec<Problem>)) -> Result<T> {
    let mut problems = Problems::default();
    let read = T::read(&Args { body: sent.clone(), ..Args::default() }, &mut problems);
    more(&mut problems.0);
    Error::none_of(problems.0)?;
    read.ok_or_else(|| Error::internal("a body without a problem that cannot be read"))
}

/// What is sent, for an operation of the OpenAPI document.
pub fn described<T: Input>() -> Json {
    let required: Vec<&str> = T::FIELDS.iter().filter(|field| field.required).map(|field| field.name).collect();
    let properties: Map<String, Json> = T::FIELDS.iter().map(|field| (field.name.to_owned(), property(field))).collect();
    body(properties.into(), &required)
}

fn property(field: &FieldDef) -> Json {
    let mut property = json!({"type": field.kind.json_type(), "description": field.doc.trim()});
    if field.kind.is_array() {
        property["items"] = json!({"type": "string"});
    }
    property
}
