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
        let finders = FINDERS.iter().map(|finder| (*finder, finder.listed())).collect();
        let with = |words: &Words| {
            let listed = |api: &Arc<BusinessApi<S>>| (api.clone(), of_api(api, words));
            registry.apis().iter().map(listed).collect::<Vec<_>>()
        };
        let small = |apis: &Vec<(_, Listed)>| total(apis) <= LIST;
        let apis = STEPS.iter().map(with).find(small).unwrap_or_else(|| with_some_shapes(with(&FEWEST)));
        let beside = std::iter::once(&current_user).chain(front_end.iter().map(|(_, listed)| listed));
        let beside = beside.map(|listed| (listed, listed.tool.description.as_deref().unwrap_or_default()));
        let index = Index::new(beside.chain(apis.iter().map(|(api, listed)| (listed, api.about))));
        Catalogue { current_user, front_end, apis, finders, index }
    }

    /// Whether an API is listed with the shape of what it answers.
    pub fn says_its_shape(&self, name: &str) -> bool {
        self.apis.iter().any(|(api, listed)| api.name == name && listed.tool.output_schema.is_some())
    }
}

/// What all APIs may take of a list, in bytes. Nobody sees all of them: with what is beside them it is some
/// 2,000 less for an administrator.
const LIST: usize = 97_000;

/// What of a tool is in a list. All of its words are in OpenAPI, and told by `describeTool`; the shape of what it answers has none
/// in a list.
struct Words {
    /// What the description may take beyond its first sentence, in bytes.
    about: usize,
    /// The same of each argument.
    field: usize,
    output: bool,
}

/// The more tools there are, the less is said of each.
const STEPS: &[Words] = &[Words { about: 180, field: 90, output: true }, Words { about: 120, field: 60, output: true }, LITTLE];

/// The first sentences, and the shapes of answers.
const LITTLE: Words = Words { about: 0, field: 0, output: true };
const FEWEST: Words = Words { about: 0, field: 0, output: false };

/// Adds the shapes of answers for which there is room, the shortest first.
fn with_some_shapes<S: Send + Sync + 'static>(
    mut apis: Vec<(Arc<BusinessApi<S>>, Listed)>,
) -> Vec<(Arc<BusinessApi<S>>, Listed)> {
    let mut room = LIST.saturating_sub(total(&apis));
    let longer = apis.iter().enumerate().filter(|(_, (api, _))| api.output.is_some()).map(|(i, (api, listed))| {
        let shaped = of_api(api, &LITTLE);
        (size(&shaped.tool) - size(&listed.tool), i, shaped)
    });
    let mut longer: Vec<_> = longer.collect();
    longer.sort_by_key(|(more, i, _)| (*more, *i));
    for (more, i, shaped) in longer {
        if more <= room {
            room -= more;
            apis[i].1 = shaped;
        }
    }
    apis
}

fn total<S>(apis: &[(Arc<BusinessApi<S>>, Listed)]) -> usize {
    apis.iter().map(|(_, listed)| size(&listed.tool)).sum()
}

fn size(tool: &Tool) -> usize {
    serde_json::to_vec(tool).map_or(0, |json| json.len())
}

/// An API as a tool, with all its words.
pub(crate) fn whole<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Listed {
    of_api(api, &Words { about: usize::MAX, field: usize::MAX, output: true })
}

fn of_api<S: Send + Sync + 'static>(api: &BusinessApi<S>, words: &Words) -> Listed {
    let about = tool::first_sentences(api.about, words.about);
    // A title that its name gives is the client's to make.
    let tool = built(api.name, None, about.into(), tool::input_schema(api, words.field), api.effect);
    let tool = match tool::output_schema(api).filter(|_| words.output) {
        Some(schema) if words.about == usize::MAX => tool.with_raw_output_schema(Arc::new(schema)),
        Some(schema) => said(tool, schema),
        None => tool,
    };
    Listed { service: api.service, tool }
}

/// A tool that says what it answers, without words.
fn said(tool: Tool, schema: Map<String, Json>) -> Tool {
    match tool::bare(&Json::Object(schema)) {
        Json::Object(bare) => tool.with_raw_output_schema(Arc::new(bare)),
        _ => tool,
    }
}

fn of_front_end(tool: FrontEndTool) -> Listed {
    let built = built(tool.name(), Some(tool.title().to_owned()), tool.about().into(), tool.input_schema(), tool.effect());
    Listed { service: NO_SERVICE, tool: said(built, tool.output_schema()) }
}

fn current_user() -> Listed {
    let description = "Whom you act for: user, role, company, whether admin or manager, time zone and the present time there. \
                       Ask this first.";
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Json::Object(Map::new()));
    let effect = Effect { read_only: true, destructive: false, idempotent: true };
    let tool = built(CURRENT_USER, Some("Current user".to_owned()), description.into(), schema, effect);
    Listed { service: "auth", tool }
}

pub(crate) fn built(
    name: &'static str,
    title: Option<String>,
    description: Cow<'static, str>,
    schema: Map<String, Json>,
    effect: Effect,
) -> Tool {
    let mut hints = ToolAnnotations::new().read_only(effect.read_only).open_world(false);
    // These say something of what changes.
    if !effect.read_only {
        hints = hints.destructive(effect.destructive);
        if effect.idempotent {
            // It is false unless said.
            hints = hints.idempotent(true);
        }
    }
    let tool = Tool::new(name, description, schema).with_annotations(hints);
    match title {
        Some(title) => tool.with_title(title),
        None => tool,
    }
}
