//! Calling any API by REST with all its arguments in one object, as tools have them.

use serde_json::{Map, Value as Json};
use workforceos_core::api::Method;
use workforceos_core::input::Place;
use workforceos_services::Api;
use workforceos_tests::{Client, Reply, encoded};

/// The address of an API and the body for it.
fn request(api: &Api, args: &Json) -> (String, Option<Json>) {
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
    client.send(api.method.as_str().parse().expect("a method"), &path, body).await
}
