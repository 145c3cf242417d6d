//! Business APIs and front-end tools as one model's tools, with the rights of the person whom it answers.
//!
//! Every call enters dispatch anew with that person's token: a login that ends in the middle of an answer ends what the answer may do.
//! What the model reads is masked and cut as every tool result is, and ids stand in it as short names ([`crate::alias`]). What a
//! record says is data: it may ask for whatever it likes, a call that follows it has no more reach than its caller.

mod arguments;
mod choice;
mod done;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use workforceos_core::answer::MASK;
use workforceos_core::session::{Ctx, Via};
use workforceos_core::tool::folded;
use workforceos_core::{Caller, Dispatch, Error, Result};
use workforceos_mcp::{McpServer, Narrowing, ToolOutcome};
use workforceos_services::App;

use crate::Agents;
use crate::alias::AliasMap;
use crate::provider::{Call, Spec};
use crate::tools::{Done, Toolbox};

pub use choice::Choice;

/// How the journal calls the program that made a change.
const CLIENT: &str = "assistant";

/// The tools of one conversation, as one caller.
pub struct Tools {
    dispatch: Arc<Dispatch<App>>,
    tools: McpServer<App>,
    caller: Caller,
    narrowing: Narrowing,
    specs: Vec<Spec>,
    aliases: Mutex<AliasMap>,
}

impl Tools {
    /// What `choice` leaves of the tools that the caller may use now. `caller` has the token with which each call enters anew; its
    /// door becomes [`Via::Agent`]. `aliases`: the names that the conversation knows already.
    ///
    /// Fails with 401 where nobody is logged in, and as entering fails.
    pub async fn new(agents: &Agents, caller: Caller, choice: &Choice, aliases: AliasMap) -> Result<Tools> {
        let caller = Caller { via: Via::Agent, client: Some(CLIENT.into()), ..caller };
        let ctx = agents.dispatch.enter_uncounted(caller.clone()).await?;
        ctx.second_factor_done()?;
        let (narrowing, specs) = choice.of(&agents.tools, ctx).await?;
        let (dispatch, tools) = (agents.dispatch.clone(), agents.tools.clone());
        Ok(Tools { dispatch, tools, caller, narrowing, specs, aliases: Mutex::new(aliases) })
    }

    /// The names as they are now: what the conversation has to keep.
    pub fn aliases(&self) -> AliasMap {
        self.names().clone()
    }

    fn names(&self) -> MutexGuard<'_, AliasMap> {
        self.aliases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn enter(&self) -> Result<Ctx> {
        let ctx = self.dispatch.enter(self.caller.clone()).await?;
        if ctx.session.is_none() {
            return Err(Error::login_required());
        }
        ctx.second_factor_done()?;
        Ok(ctx)
    }

    async fn outcome(&self, name: &str, arguments: Map<String, Json>) -> (ToolOutcome, Option<Json>) {
        match self.enter().await {
            Ok(ctx) => self.tools.call_for_page(ctx, &self.narrowing, name, arguments).await,
            Err(error) => (workforceos_mcp::failure(&error, name, &self.caller.request_id), None),
        }
    }
}

#[async_trait]
impl Toolbox for Tools {
    fn specs(&self) -> Vec<Spec> {
        self.specs.clone()
    }

    fn changes(&self, name: &str) -> bool {
        self.tools.changes(name)
    }

    fn meant(&self, call: &Call) -> Call {
        let read = serde_json::from_str(&call.arguments).ok().and_then(|arguments| self.calls(&call.name, &arguments));
        match read {
            Some((name, arguments)) => Call { id: call.id.clone(), name, arguments: Json::Object(arguments).to_string() },
            None => call.clone(),
        }
    }

    fn arguments(&self, call: &Call) -> Result<Map<String, Json>, Box<Done>> {
        match arguments::read(&call.arguments) {
            Ok(mut arguments) => {
                self.reveal(&call.name, &mut arguments);
                Ok(arguments)
            }
            Err(error) => {
                let outcome = workforceos_mcp::failure(&error, &call.name, &self.caller.request_id);
                Err(Box::new(self.done(&call.name, &outcome, None)))
            }
        }
    }

    fn shown(&self, name: &str, arguments: &Map<String, Json>) -> Map<String, Json> {
        if let Some((inner, inside)) = McpServer::<App>::meant(name, arguments) {
            let args = Json::Object(self.shown(&inner, &inside));
            return Map::from_iter([("name".to_owned(), inner.into()), ("args".to_owned(), args)]);
        }
        let Some(api) = self.dispatch.registry.by_name(name) else { return arguments.clone() };
        // Tools take names in another case, too.
        let same = |name: &str, argument: &str| folded(name) == folded(argument);
        let field = |argument: &str| api.fields.iter().any(|field| field.secret && same(field.name, argument));
        let property = |argument: &str| {
            api.object.is_some_and(|def| def.all().any(|property| property.secret && same(property.name, argument)))
        };
        let seen = |(argument, value): (&String, &Json)| {
            let hidden = !value.is_null() && (field(argument) || property(argument));
            (argument.clone(), if hidden { Json::from(MASK) } else { value.clone() })
        };
        arguments.iter().map(seen).collect()
    }

    async fn call(&self, name: &str, arguments: Map<String, Json>) -> Done {
        let (tool, inner) = self.calls(name, &arguments).unwrap_or_else(|| (name.to_owned(), arguments.clone()));
        let unknown = self.unknown_names(&tool, &inner);
        let (mut outcome, page) = self.outcome(name, arguments).await;
        done::advise(&mut outcome, &unknown);
        self.done(&tool, &outcome, page)
    }

    fn told(&self, waiting: &mut String, over: bool) -> String {
        self.names().told(waiting, over)
    }

    fn summary(&self) -> Json {
        self.names().summary()
    }
}
