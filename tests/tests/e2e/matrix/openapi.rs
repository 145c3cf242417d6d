//! What the OpenAPI document says of answers holds for every API: no answer has a name or a type that it does not say.

use serde_json::{Map, Value as Json, json};
use workforceos_core::api::Reach;
use workforceos_tests::llm::Turn;
use workforceos_tests::{Db, on_both_databases};

use super::calls::call;
use super::world::World;
use super::{Who, apis, reach};

on_both_databases!(every_answer_is_as_the_document_says, agents_and_tools_answer_as_the_document_says);

async fn every_answer_is_as_the_document_says(db: Db) {
    let world = World::make(db).await;
    let document = world.app.anonymous().get("/openapi.json").await.ok();
    let (mut compared, mut wrong) = (0, Vec::new());
    for api in apis() {
        let whose: &[Who] = match reach(&api) {
            Reach::Root | Reach::RootAdmins => &[Who::SuperAdmin],
            Reach::Admins => &[Who::Owner],
            Reach::Managers => &[Who::Owner, Who::Manager],
            _ => &[Who::Owner, Who::Manager, Who::Employee],
        };
        let responses = operation(&document, api.name)["responses"].clone();
        for who in whose {
            let args = world.args(&api).await;
            let told = call(&world.caller(&api, *who).await, &api, &args).await;
            if told.status >= 300 {
                continue;
            }
            let mut schema = responses[told.status.to_string()]["content"]["application/json"]["schema"].clone();
            if api.plain {
                schema = json!({"type": "object", "properties": {api.data_name: schema}});
            }
            let schema = &schema;
            let mut found = Found { document: &document, wrong: Vec::new() };
            found.compare(schema, &told.body, api.name);
            wrong.extend(found.wrong);
            // What the call is about is described, not just named.
            let data = &schema["properties"][api.data_name];
            let described = ["$ref", "allOf", "items", "properties"].iter().any(|name| data.get(name).is_some());
            wrong.extend((!described).then(|| format!("{}: nothing is said of {}", api.name, api.data_name)));
            for name in api.extra {
                let said = schema["properties"][*name].get("type").is_some();
                wrong.extend((!said).then(|| format!("{}: nothing is said of {name}", api.name)));
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 200, "{compared} answers were compared");
}

/// What is no Business API's: the tool layer, the chat and the agents.
async fn agents_and_tools_answer_as_the_document_says(db: Db) {
    let (llm, app) = crate::chat::start(db).await;
    let acme = app.company("acme", "UTC").await;
    acme.subscribe().await;
    let owner = &acme.owner;
    let document = app.anonymous().get("/openapi.json").await.ok();
    let mut wrong = Vec::new();
    let mut compare = |name: &str, part: &str, value: &Json| {
        let schema = &operation(&document, name)["responses"][part]["content"]["application/json"]["schema"];
        assert!(schema["properties"].is_object(), "{name}: nothing is said of its answer");
        let mut found = Found { document: &document, wrong: Vec::new() };
        found.compare(schema, value, name);
        wrong.extend(found.wrong);
    };
    let tools = "/mcpbff-api/api/tools";
    compare("listTools", "200", &owner.get(tools).await.ok());
    compare("listServiceTools", "200", &owner.get(&format!("{tools}/service/auth")).await.ok());
    compare("toolsStatus", "200", &owner.get(&format!("{tools}/status")).await.ok());
    compare("refreshTools", "200", &owner.post(&format!("{tools}/refresh"), json!({})).await.ok());
    compare("callTool", "200", &owner.tool("listUsers", json!({})).await.ok());
    for refused in [owner.tool("getUser", json!({})).await, owner.post(&format!("{tools}/call"), json!({})).await] {
        assert_eq!(refused.status, 400);
        compare("callTool", "default", &refused.body);
    }
    llm.script([
        Turn::calls([("listUsers", json!({})), ("getUser", json!({"userId": "user_nobody"}))]),
        Turn::says("You alone."),
        Turn::says("Hello."),
    ]);
    let answer = owner.post("/mcpbff-api/api/chat", json!({"message": "Who is there?"})).await.ok();
    compare("chat", "200", &answer);
    let conversations = "/mcpbff-api/api/chat/conversations";
    let one = format!("{conversations}/{}", answer["conversationId"].as_str().expect("an id"));
    compare("listConversations", "200", &owner.get(conversations).await.ok());
    compare("getConversation", "200", &owner.get(&one).await.ok());
    let stop = json!({"conversationId": answer["conversationId"]});
    compare("stopChat", "200", &owner.post("/mcpbff-api/api/chat/stop", stop).await.ok());
    compare("deleteConversation", "200", &owner.delete(&one).await.ok());
    let asked = json!({"prompt": "Hello?"});
    compare("workforceAssistant", "200", &owner.post("/agenthub-api/agents/workforceAssistant", asked.clone()).await.ok());
    llm.answer(|_| Turn::status(401));
    compare("generateInsight", "200", &owner.post("/aiworkforceanalytics-api/ai-insight/generate", asked).await.ok());
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    for name in
        ["chat", "chatStream", "workforceAssistant", "workforceAssistantStream", "generateInsight", "streamInsight", "callTool"]
    {
        let parameters = operation(&document, name)["parameters"].as_array().expect("parameters");
        assert!(parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key"), "{name}");
    }
}

fn operation<'a>(document: &'a Json, name: &str) -> &'a Json {
    let paths = document["paths"].as_object().expect("paths").values();
    let mut all = paths.filter_map(Json::as_object).flat_map(Map::values);
    all.find(|operation| operation["operationId"] == name).unwrap_or_else(|| panic!("{name} has no operation"))
}

struct Found<'a> {
    document: &'a Json,
    wrong: Vec<String>,
}

impl Found<'_> {
    fn compare(&mut self, schema: &Json, value: &Json, at: &str) {
        let schema = self.resolved(schema);
        if let Some(types) = schema.get("type")
            && !is_of(types, value)
        {
            return self.wrong.push(format!("{at}: {value} is no {types}"));
        }
        for (keyword, fits) in [("enum", &schema["enum"]), ("const", &schema["const"])] {
            let allowed = match keyword {
                "enum" => fits.as_array().is_none_or(|values| values.contains(value)),
                _ => fits.is_null() || fits == value,
            };
            if !allowed {
                self.wrong.push(format!("{at}: {value} is not among {fits}"));
            }
        }
        match value {
            Json::Array(items) => {
                let of_each = schema.get("items").unwrap_or(&Json::Null);
                items.iter().for_each(|item| self.compare(of_each, item, &format!("{at}[]")));
            }
            Json::Object(map) => self.compare_object(&schema, map, at),
            _ => {}
        }
    }

    fn compare_object(&mut self, schema: &Json, map: &Map<String, Json>, at: &str) {
        let (said, rest) = (schema["properties"].as_object(), schema.get("additionalProperties"));
        // Of a JSON property nothing is said but that it is one.
        if said.is_none() && rest.is_none() {
            return;
        }
        for (name, value) in map {
            match said.and_then(|said| said.get(name)).or(rest) {
                Some(schema) => self.compare(schema, value, &format!("{at}.{name}")),
                None => self.wrong.push(format!("{at}.{name}: is not said")),
            }
        }
    }

    /// References followed, and what several schemas say together put into one.
    fn resolved(&self, schema: &Json) -> Json {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let schema = &self.document["components"]["schemas"][name];
            assert!(schema.is_object(), "{reference} leads nowhere");
            return self.resolved(schema);
        }
        let Some(parts) = schema["allOf"].as_array() else { return schema.clone() };
        let mut properties = Map::new();
        for part in parts {
            properties.extend(self.resolved(part)["properties"].as_object().expect("objects alone are put together").clone());
        }
        serde_json::json!({"type": "object", "properties": properties})
    }
}

fn is_of(types: &Json, value: &Json) -> bool {
    let names: Vec<&str> = match types {
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    names.iter().any(|name| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type"),
    })
}

#[test]
fn what_is_not_said_is_found() {
    let document = serde_json::json!({"components": {"schemas": {"thing": {
        "type": "object", "properties": {"id": {"type": "string"}, "count": {"type": ["integer", "null"]}}}}}});
    let schema = serde_json::json!({"allOf": [{"$ref": "#/components/schemas/thing"},
        {"type": "object", "properties": {"more": {"type": "array", "items": {"type": "number"}}}}]});
    let wrong = |value: Json| {
        let mut found = Found { document: &document, wrong: Vec::new() };
        found.compare(&schema, &value, "it");
        found.wrong
    };
    assert_eq!(wrong(serde_json::json!({"id": "1", "count": null, "more": [1, 2.5]})), [""; 0]);
    assert_eq!(wrong(serde_json::json!({"id": "1", "news": 1})), ["it.news: is not said"]);
    assert_eq!(wrong(serde_json::json!({"count": 1.5, "more": ["x"]})).len(), 2);
}
