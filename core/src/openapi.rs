//! OpenAPI 3.1 from the registry.

use serde_json::{Map, Value as Json, json};

use crate::api::{BusinessApi, Reach};
use crate::error::PlainError;
use crate::filter::{self, LIST_PARAMETERS};
use crate::input::Place;
use crate::object::{Level, ObjectDef, Property};
use crate::registry::Registry;
use crate::tool::schema;
use crate::value::Kind;

/// The whole document. `operationId` is the API's name.
pub fn document<S: Send + Sync + 'static>(registry: &Registry<S>) -> Json {
    let mut paths: Map<String, Json> = Map::new();
    let mut schemas = Map::new();
    for api in registry.apis() {
        let path = route(registry.prefix(api.service), api.path);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[api.method.as_str().to_ascii_lowercase()] = operation(api);
        if let Some(def) = api.object {
            schemas.entry(def.name).or_insert_with(|| object_schema(def));
        }
    }
    schemas.insert("Error".to_owned(), error_schema());
    schemas.insert("GovernanceError".to_owned(), plain_error_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "WorkforceOS",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Employees, shifts, attendance, tasks, leave, payroll and announcements of many companies. \
                            Every operation is a tool of the MCP endpoint too, under the same name.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": registry.services().iter().map(|(name, _)| json!({"name": name})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "Access token or API key."}},
            "schemas": schemas,
        },
    })
}

fn route(prefix: &str, path: &str) -> String {
    let part = |p: &str| p.strip_prefix(':').map_or_else(|| p.to_owned(), |name| format!("{{{name}}}"));
    format!("{prefix}{}", path.split('/').map(part).collect::<Vec<_>>().join("/"))
}

fn operation<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Json {
    let reach = api.reach.unwrap_or(Reach::Admins);
    let mut parameters = Vec::new();
    let mut body = Map::new();
    let mut required = Vec::new();
    for field in api.fields {
        match field.place {
            Place::Body => {
                body.insert(field.name.to_owned(), schema(field.kind, field.doc));
                required.extend(field.required.then_some(field.name));
            }
            place => {
                let place = if place == Place::Path { "path" } else { "query" };
                parameters.push(parameter(field.name, place, field.required, schema(field.kind, ""), field.doc));
            }
        }
    }
    if api.action == crate::api::Action::Get && api.object.is_some() {
        let reads = LIST_PARAMETERS.iter().filter(|(name, ..)| matches!(*name, "getJoins" | "fields"));
        parameters.extend(reads.map(|(name, kind, doc)| parameter(name, "query", false, schema(*kind, ""), doc)));
    }
    if api.is_list()
        && let Some(def) = api.object
    {
        for (name, property) in filter::filters(def, api.fields) {
            let values = json!({"type": "array", "items": {"type": "string"}});
            parameters.push(parameter(
                name,
                "query",
                false,
                values,
                &format!("{} {}", property.doc.trim(), filter::describe(property)),
            ));
            if matches!(property.kind, Kind::Ids(_)) {
                let how = schema(Kind::Enum(&["contains", "overlap"]), "");
                parameters.push(parameter(
                    &format!("{name}_op"),
                    "query",
                    false,
                    how,
                    "All of the ids (contains) or any (overlap).",
                ));
            }
        }
        for (name, kind, doc) in LIST_PARAMETERS {
            parameters.push(parameter(name, "query", false, schema(*kind, ""), doc));
        }
    }
    if !api.effect.read_only {
        let doc = "The same key and arguments within 24 hours give the stored answer; the same key with others 409.";
        parameters.push(parameter("Idempotency-Key", "header", false, json!({"type": "string", "maxLength": 255}), doc));
    }
    let failure = if api.plain { "#/components/schemas/GovernanceError" } else { "#/components/schemas/Error" };
    let paid = api.feature.map(|f| format!(" Needs the company's subscription with {f}.")).unwrap_or_default();
    let mut operation = json!({
        "operationId": api.name,
        "summary": crate::tool::title(api.name),
        "description": format!("{} Reach: {}{paid}", api.about, reach.describe()),
        "tags": [api.service],
        "parameters": parameters,
        "responses": {
            api.status.to_string(): {
                "description": "Success",
                "content": content(api),
            },
            "default": {
                "description": "Failure",
                "content": {"application/json": {"schema": {"$ref": failure}}},
            },
        },
    });
    if !body.is_empty() {
        let schema = json!({"type": "object", "properties": body, "required": required});
        operation["requestBody"] = json!({"required": !required.is_empty(), "content": {"application/json": {"schema": schema}}});
    }
    if reach == Reach::Public {
        operation["security"] = json!([]);
    }
    operation
}

/// JSON in the envelope; what is read can also be had as a table.
fn content<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Json {
    let mut content = json!({"application/json": {"schema": envelope(api)}});
    if api.has_table() {
        let about = "With Accept: text/csv: a header row, then every row of the list, or the page that is asked for.";
        content["text/csv"] = json!({"schema": {"type": "string", "description": about}});
    }
    content
}

fn parameter(name: &str, place: &str, required: bool, schema: Json, doc: &str) -> Json {
    let mut schema = schema;
    if let Some(object) = schema.as_object_mut() {
        object.remove("description");
    }
    json!({"name": name, "in": place, "required": required, "schema": schema, "description": doc.trim()})
}

fn envelope<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Json {
    let mut carried = match api.carries.map(|schemas| schemas()) {
        Some(Json::Object(carried)) => carried,
        _ => Map::new(),
    };
    let beside: Vec<(&str, Json)> =
        api.extra.iter().map(|name| (*name, carried.remove(*name).unwrap_or_else(|| json!({})))).collect();
    let object = match api.object.map(|def| json!({"$ref": format!("#/components/schemas/{}", def.name)})) {
        Some(object) if carried.is_empty() => object,
        Some(object) => json!({"allOf": [object, {"type": "object", "properties": carried}]}),
        None => json!({"type": "object"}),
    };
    let many = api.object.map_or(api.action == crate::api::Action::List, |def| def.plural == api.data_name);
    let data = match api.output {
        Some(schema) => schema(),
        None if many => json!({"type": "array", "items": object}),
        None => object,
    };
    if api.plain {
        return data;
    }
    let mut properties = json!({
        "status": {"type": "string", "const": "OK"}, "statusCode": {"type": "integer"}, "elapsedMs": {"type": "integer"},
        "ssoTime": {"type": "integer"}, "source": {"type": "string", "enum": ["db", "actor", "cache"]},
        "cacheKey": {"type": ["string", "null"]}, "userId": {"type": ["string", "null"]}, "sessionId": {"type": ["string", "null"]},
        "requestId": {"type": "string"}, "dataName": {"type": "string", "const": api.data_name}, "method": {"type": "string"},
        "action": {"type": "string"}, "appVersion": {"type": "string"}, "rowCount": {"type": "integer"},
    });
    properties[api.data_name] = data;
    for (name, schema) in beside {
        properties[name] = schema;
    }
    if api.is_list() {
        properties["paging"] = json!({"type": "object", "properties": {
            "pageNumber": {"type": "integer"}, "pageRowCount": {"type": "integer"},
            "totalRowCount": {"type": "integer"}, "pageCount": {"type": "integer"},
        }});
        let filter = json!({"name": {"type": "string"}, "values": {"type": "array", "items": {"type": "string"}}});
        properties["filters"] = json!({"type": "array", "items": {"type": "object", "properties": filter}});
        properties["uiPermissions"] = json!({"type": "array", "items": {}});
    }
    json!({"type": "object", "properties": properties})
}

/// A property of an object in answers: nullable where a value may be missing, an enum with its index.
fn answered(property: &Property) -> Vec<(String, Json)> {
    let mut value = schema(property.kind, property.doc);
    if !property.required {
        value["type"] = json!([property.kind.json_type(), "null"]);
        if let Some(values) = value.get_mut("enum").and_then(Json::as_array_mut) {
            values.push(Json::Null);
        }
    }
    let mut all = vec![(property.name.to_owned(), value)];
    if matches!(property.kind, Kind::Enum(_)) {
        let doc = format!("Index of {} among its values.", property.name);
        all.push((format!("{}_idx", property.name), json!({"type": ["integer", "null"], "description": doc})));
    }
    all
}

/// The schema of an object in answers.
pub fn object_schema(def: &'static ObjectDef) -> Json {
    let mut properties: Map<String, Json> = def.all().filter(|p| p.read != Level::Nobody).flat_map(answered).collect();
    for computed in def.computed {
        properties.insert(computed.name.to_owned(), schema(computed.kind, computed.doc));
    }
    for join in def.joins {
        let many = def.property(join.property).is_some_and(|p| matches!(p.kind, Kind::Ids(_)));
        let fields = std::iter::once("id").chain(join.fields.iter().copied()).filter_map(|name| (join.target)().property(name));
        let embedded: Map<String, Json> = fields.flat_map(answered).collect();
        let object = if many {
            json!({"type": "array", "description": "Embedded.", "items": {"type": "object", "properties": embedded}})
        } else {
            json!({"type": ["object", "null"], "description": "Embedded.", "properties": embedded})
        };
        properties.insert(join.name.to_owned(), object);
    }
    json!({"type": "object", "description": def.doc.trim(), "properties": properties})
}

/// How plain APIs fail.
fn plain_error_schema() -> Json {
    let error = json!({
        "code": {"type": "string", "enum": PlainError::NAMES}, "message": {"type": "string"}, "details": {"type": "array", "items": {}},
    });
    json!({"type": "object", "properties": {"error": {"type": "object", "properties": error}}})
}

fn error_schema() -> Json {
    json!({"type": "object", "properties": {
        "result": {"type": "string", "const": "ERR"}, "status": {"type": "integer"}, "message": {"type": "string"},
        "errCode": {"type": "string"}, "date": {"type": "string", "format": "date-time"}, "detail": {},
    }})
}
