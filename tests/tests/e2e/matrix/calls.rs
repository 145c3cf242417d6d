//! Calling any API by REST with all its arguments in one object, as tools have them.

use serde_json::{Map, Value as Json, json};
use workforceos_core::api::Method;
use workforceos_core::input::Place;
use workforceos_services::Api;
use workforceos_tests::{Client, Reply, encoded};

/// The address of an API and the body for it.
pub fn request(api: &Api, args: &Json) -> (String, Option<Json>) {
    let registry = workforceos_services::registry().expect("the declarations are sound");
    let mut path = format!("{}{}", registry.prefix(api.service), api.path);
    let (mut query, mut body) = (Vec::new(), Map::new());
    for (name, value) in args.as_object().expect("arguments are an object") {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match api.fields.iter().find(|f| f.name == name).map(|f| f.place) {
            Some(Place::Path) => path = path.replace(&format!(":{name}"), &encoded(&text)),
            Some(Place::Body) => drop(body.insert(name.clone(), value.clone())),
            Some(Place::Query) | None => query.push(format!("{name}={}", encoded(&text))),
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    (path, (api.method != Method::Get).then_some(Json::Object(body)))
}

pub async fn call(client: &Client, api: &Api, args: &Json) -> Reply {
    let (path, body) = request(api, args);
    let reply = client.send(api.method.as_str().parse().expect("a method"), &path, body).await;
    if api.plain { enveloped(api, reply) } else { reply }
}

/// A plain API's answer as others give theirs, so that the same is asked of all.
fn enveloped(api: &Api, reply: Reply) -> Reply {
    if reply.status < 300 {
        assert!(reply.body.get("statusCode").is_none(), "{}: {}", api.name, reply.text);
        let body = json!({api.data_name: reply.body});
        return Reply { body, ..reply };
    }
    let error = &reply.body["error"];
    let code = error["code"].as_str().unwrap_or_else(|| panic!("{}: {}", api.name, reply.text));
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()) && error["details"].is_array(), "{}", reply.text);
    let (status, code) = match (reply.status, code) {
        (401, "AUTH_ERROR") => (401, "LoginRequired"),
        (403, "PERMISSION_ERROR") => (403, "Forbidden"),
        (404, "NOT_FOUND") => (404, "NotFound"),
        (409, "CONFLICT") => (409, "Conflict"),
        (422, "VALIDATION_ERROR") => (400, "ValidationFailed"),
        other => panic!("{}: {other:?} {}", api.name, reply.text),
    };
    let body = json!({"result": "ERR", "errCode": code, "message": error["message"], "detail": error["details"]});
    Reply { status, body, ..reply }
}
