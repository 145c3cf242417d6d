//! Every tool, built once: what a tool looks like does not depend on who asks for it.

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value as Json, json};
use workforceos_core::api::{BusinessApi, Effect};
use workforceos_core::tool::{FRONT_END, FrontEndTool};
use workforceos_core::{Registry, tool};

use crate::finder::{FINDERS, Finder, NO_SERVICE};
use crate::search::Index;

/// The tool that tells a model whom it acts for.
pub const CURRENT_USER: &str = "currentuser";

/// A tool and the service that it belongs to.
#[derive(Clone, Debug)]
pub struct Listed {
    pub service: &'static str,
    pub tool: Tool,
}

/// All tools, APIs in the order of the registry.
pub(crate) struct Catalogue<S> {
    pub current_user: Listed,
    pub front_end: Vec<(FrontEndTool, Listed)>,
    pub apis: Vec<(Arc<BusinessApi<S>>, Listed)>,
    /// Listed instead of all others where somebody wants to search.
    pub finders: Vec<(Finder, Listed)>,
    pub index: Index,
}

impl<S: Send + Sync + 'static> Catalogue<S> {
    pub fn new(registry: &Registry<S>) -> Catalogue<S> {
        let current_user = current_user();
        let front_end: Vec<_> = FRONT_END.iter().map(|tool| (*tool, of_front_end(*tool))).collect();
        let listed = |api: &Arc<BusinessApi<S>>| (api.clone(), Listed { service: api.service, tool: of_api(api) });
        let apis: Vec<_> = registry.apis().iter().map(listed).collect();
        let finders = FINDERS.iter().map(|finder| (*finder, finder.listed())).collect();
        let all = std::iter::once(&current_user).chain(front_end.iter().map(|(_, l)| l)).chain(apis.iter().map(|(_, l)| l));
        let index = Index::new(all.map(|listed| (listed.service, &listed.tool)));
        Catalogue { current_user, front_end, apis, finders, index }
    }
}

fn of_api<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Tool {
    let tool = built(api.name, tool::title(api.name), api.about.trim().into(), tool::input_schema(api), api.effect);
    match tool::output_schema(api) {
        Some(schema) => tool.with_raw_output_schema(Arc::new(schema)),
        None => tool,
    }
}

fn of_front_end(tool: FrontEndTool) -> Listed {
    let built = built(tool.name(), tool.title().to_owned(), tool.about().into(), tool.input_schema(), tool.effect());
    Listed { service: NO_SERVICE, tool: built.with_raw_output_schema(Arc::new(tool.output_schema())) }
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

pub(crate) fn built(
    name: &'static str,
    title: String,
    description: Cow<'static, str>,
    schema: Map<String, Json>,
    effect: Effect,
) -> Tool {
    let hints = ToolAnnotations::new()
        .read_only(effect.read_only)
        .destructive(effect.destructive)
        .idempotent(effect.idempotent)
        .open_world(false);
    Tool::new(name, description, schema).with_title(title).with_annotations(hints)
}
