//! Every Business API as a tool, built once: what a tool looks like does not depend on who asks for it.

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value as Json, json};
use workforceos_core::api::{BusinessApi, Effect, Reach};
use workforceos_core::{Registry, tool};

/// The tool that tells a model whom it acts for.
pub const CURRENT_USER: &str = "currentuser";

/// A tool and the service that it belongs to.
#[derive(Clone, Debug)]
pub struct Listed {
    pub service: &'static str,
    pub tool: Tool,
}

/// All tools, in the order of the registry.
pub(crate) struct Catalogue<S> {
    pub current_user: Listed,
    pub apis: Vec<(Arc<BusinessApi<S>>, Listed)>,
}

impl<S: Send + Sync + 'static> Catalogue<S> {
    pub fn new(registry: &Registry<S>) -> Catalogue<S> {
        let listed = |api: &Arc<BusinessApi<S>>| (api.clone(), Listed { service: api.service, tool: tool_of(api) });
        Catalogue { current_user: current_user(), apis: registry.apis().iter().map(listed).collect() }
    }
}

fn tool_of<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Tool {
    let mut schema = tool::input_schema(api);
    if api.is_list() {
        // REST takes up to 500; a model should not be told of rows that it will not get.
        schema["properties"]["pageRowCount"]["description"] = json!(format!("Rows per page, at most {}.", tool::MAX_ROWS));
    }
    let reach = api.reach.unwrap_or(Reach::Admins);
    let description = format!("{} {}", api.about.trim(), reach.describe());
    built(api.name, tool::title(api.name), description.into(), schema, api.effect)
}

fn current_user() -> Listed {
    let description = "Whom you act for: user, role, company, whether admin or manager, time zone and the present time there. \
                       Ask this first.";
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Json::Object(Map::new()));
    let effect = Effect { read_only: true, destructive: false, idempotent: true };
    let tool = built(CURRENT_USER, "Current user".to_owned(), description.into(), schema, effect);
    Listed { service: "auth", tool }
}

fn built(name: &'static str, title: String, description: Cow<'static, str>, schema: Map<String, Json>, effect: Effect) -> Tool {
    let hints = ToolAnnotations::new()
        .read_only(effect.read_only)
        .destructive(effect.destructive)
        .idempotent(effect.idempotent)
        .open_world(false);
    Tool::new(name, description, schema).with_title(title).with_annotations(hints)
}
