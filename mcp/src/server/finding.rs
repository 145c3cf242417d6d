//! Tools that find, describe and call the others.

use serde_json::{Map, Value as Json, json};
use workforceos_core::tool::{self, FrontEndTool, ToolResult};
use workforceos_core::{Ctx, Error, Result};

use super::{McpServer, plain};
use crate::catalogue::{self, Listed};
use crate::finder::{self, Finder};
use crate::narrowing::Narrowing;

impl<S: Send + Sync + 'static> McpServer<S> {
    /// The best tools for a query.
    pub(super) async fn search(&self, ctx: Ctx, narrowing: &Narrowing, arguments: Map<String, Json>) -> Result<ToolResult> {
        let usable = self.searchable(ctx, narrowing).await?;
        let search: finder::Search = tool::input(arguments)?;
        let limit = finder::limit(&search)?;
        let names = self.catalogue.index.find(&search.query, usable.iter().map(|listed| &*listed.tool.name));
        let found = names.iter().take(limit).filter_map(|name| usable.iter().find(|listed| listed.tool.name == *name));
        let mut json = json!({"tools": found.map(|listed| finder::brief(listed)).collect::<Vec<_>>()});
        if names.is_empty() {
            let services: std::collections::BTreeSet<&str> = usable.iter().map(|listed| listed.service).collect();
            json["hint"] =
                json!(format!("Nothing fits. There are tools about {}.", services.into_iter().collect::<Vec<_>>().join(", ")));
        }
        Ok(plain(json.to_string()))
    }

    pub(super) async fn describe(&self, ctx: Ctx, narrowing: &Narrowing, arguments: Map<String, Json>) -> Result<ToolResult> {
        let usable = self.searchable(ctx, narrowing).await?;
        let finder::Describe { name } = tool::input(arguments)?;
        let found = usable.iter().find(|listed| listed.tool.name == name);
        let found = found.ok_or_else(|| finder::unknown(&name, usable.iter().map(|listed| &*listed.tool.name)))?;
        let told = match self.dispatch.registry.by_name(&name) {
            Some(api) => finder::described(&catalogue::whole(api)),
            None => finder::described(found),
        };
        Ok(plain(told.to_string()))
    }

    /// The tool that `callTool` and `callReadOnlyTool` are to call, and its arguments.
    pub(super) async fn unwrapped(
        &self,
        ctx: &Ctx,
        narrowing: &Narrowing,
        finder: Finder,
        arguments: Map<String, Json>,
    ) -> Result<(String, Map<String, Json>)> {
        let usable = self.searchable(ctx.clone(), narrowing).await?;
        let finder::Call { name, args } = tool::input(arguments)?;
        let args = match args {
            Some(Json::Object(args)) => args,
            _ => Map::new(),
        };
        if finder == Finder::CallReadOnly
            && let Some(listed) = usable.iter().find(|listed| listed.tool.name == name)
            && !finder::reads(&listed.tool)
        {
            return Err(Error::forbidden(format!("{name} does not only read: it is called with callTool")));
        }
        let tool_of_another = finder == Finder::CallReadOnly && self.changes(&name);
        if Finder::named(&name).is_some() || tool_of_another {
            return Err(finder::unknown(&name, usable.iter().map(|listed| &*listed.tool.name)));
        }
        Ok((name, args))
    }

    /// Whether a tool, for whomever it is, does more than read. One that calls whichever it is told may.
    pub fn changes(&self, name: &str) -> bool {
        if Finder::named(name) == Some(Finder::Call) {
            return true;
        }
        let api = self.dispatch.registry.by_name(name).is_some_and(|api| !api.effect.read_only);
        api || FrontEndTool::named(name).is_some_and(|tool| !tool.effect().read_only)
    }

    /// Of a call of `callTool` or `callReadOnlyTool` the tool that it means, with its arguments. They call none of their own kind.
    pub fn meant(name: &str, arguments: &Map<String, Json>) -> Option<(String, Map<String, Json>)> {
        Finder::named(name).filter(|finder| matches!(finder, Finder::Call | Finder::CallReadOnly))?;
        let finder::Call { name, args } = tool::input(arguments.clone()).ok()?;
        if Finder::named(&name).is_some() {
            return None;
        }
        match args {
            Some(Json::Object(args)) => Some((name, args)),
            _ => Some((name, Map::new())),
        }
    }

    async fn searchable(&self, ctx: Ctx, narrowing: &Narrowing) -> Result<Vec<&Listed>> {
        if ctx.session.is_none() {
            return Err(Error::login_required());
        }
        ctx.second_factor_done()?;
        let ctx = self.dispatch.with_scope(ctx).await?;
        Ok(self.usable(&ctx, narrowing))
    }
}
