//! Listing and calling tools, for whichever protocol asks.

mod finding;

use std::fmt;
use std::sync::Arc;

use rmcp::model::Tool;
use serde_json::{Map, Value as Json, json};
use workforceos_core::api::BusinessApi;
use workforceos_core::error::Status;
use workforceos_core::tool::{self, Action, FrontEnd, FrontEndTool, Reader, ToolResult};
use workforceos_core::{Ctx, Dispatch, Error, Result};

use crate::catalogue::{CURRENT_USER, Catalogue, Listed};
use crate::finder::{self, Finder};
use crate::fixtures::Fixtures;
use crate::live::Live;
use crate::narrowing::Narrowing;
use crate::session::Session;

/// What a tool call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolOutcome {
    /// JSON: the result, or `{errCode, message, status, detail?, hint?}`.
    pub text: String,
    /// The same as `text`, of a success of a tool that says what it answers.
    pub structured: Option<Json>,
    pub is_error: bool,
    /// The HTTP status of the same call by REST; 200 for every success.
    pub status: u16,
}

/// The registry as MCP tools. Cheap to clone: every session has one.
pub struct McpServer<S> {
    pub(crate) dispatch: Arc<Dispatch<S>>,
    catalogue: Arc<Catalogue<S>>,
    /// What happens in companies; `None`: nobody is told of changes.
    pub(crate) live: Option<Arc<dyn Live>>,
    /// What the conformance suite asks for, if it is wanted.
    pub(crate) fixtures: Option<Arc<Fixtures>>,
    /// What this connection keeps.
    pub(crate) session: Arc<Session>,
}

impl<S> Clone for McpServer<S> {
    fn clone(&self) -> Self {
        McpServer {
            dispatch: self.dispatch.clone(),
            catalogue: self.catalogue.clone(),
            live: self.live.clone(),
            fixtures: self.fixtures.clone(),
            session: self.session.clone(),
        }
    }
}

impl<S> fmt::Debug for McpServer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer").finish_non_exhaustive()
    }
}

impl<S: Send + Sync + 'static> McpServer<S> {
    /// Builds every tool once; clone the result for each session.
    pub fn new(dispatch: Arc<Dispatch<S>>) -> McpServer<S> {
        let catalogue = Arc::new(Catalogue::new(&dispatch.registry));
        McpServer { dispatch, catalogue, live: None, fixtures: None, session: Arc::default() }
    }

    /// The same server, telling of what happens.
    pub fn with_live(self, live: Arc<dyn Live>) -> McpServer<S> {
        McpServer { live: Some(live), ..self }
    }

    /// The same server with what the conformance suite asks for: never in production.
    pub fn with_fixtures(self) -> McpServer<S> {
        let outside = self.dispatch.outside.clone();
        let fixtures = Fixtures::new(Arc::new(move |bytes| outside.digest(bytes)));
        McpServer { fixtures: Some(Arc::new(fixtures)), ..self }
    }

    /// The server of one more connection.
    pub fn for_session(&self) -> McpServer<S> {
        McpServer { session: Arc::default(), ..self.clone() }
    }

    /// Whether a tool of this name exists, whoever may use it.
    pub fn knows(&self, name: &str) -> bool {
        let beside = name == CURRENT_USER || FrontEndTool::named(name).is_some() || Finder::named(name).is_some();
        beside || self.dispatch.registry.by_name(name).is_some()
    }

    /// How many tools there are, those that search the others aside.
    pub fn count(&self) -> usize {
        1 + self.catalogue.front_end.len() + self.catalogue.apis.len()
    }

    /// The service of a tool.
    pub fn service(&self, name: &str) -> &'static str {
        match self.dispatch.registry.by_name(name) {
            Some(api) => api.service,
            None if name == CURRENT_USER => self.catalogue.current_user.service,
            None => finder::NO_SERVICE,
        }
    }

    /// The tools that the caller may use, with their services: what `narrowing` leaves of them, or those that search it.
    ///
    /// Fails with `LoginRequired` where nobody is logged in, and as looking up the caller's reach fails.
    pub async fn listed(&self, ctx: Ctx, narrowing: &Narrowing) -> Result<Vec<&Listed>> {
        if ctx.session.is_none() {
            return Err(Error::login_required());
        }
        let ctx = self.dispatch.with_scope(ctx).await?;
        let usable = self.usable(&ctx, narrowing);
        if !narrowing.searches() {
            return Ok(usable);
        }
        let changes = usable.iter().any(|listed| !finder::reads(&listed.tool));
        let finders = self.catalogue.finders.iter().filter(|(finder, _)| changes || *finder != Finder::Call);
        Ok(finders.map(|(_, listed)| listed).collect())
    }

    /// [`McpServer::listed`] as MCP lists them.
    pub async fn tools_for(&self, ctx: Ctx, narrowing: &Narrowing) -> Result<Vec<Tool>> {
        Ok(self.listed(ctx, narrowing).await?.into_iter().map(|listed| listed.tool.clone()).collect())
    }

    /// Every tool that a caller with this scope may use and `narrowing` leaves.
    fn usable(&self, ctx: &Ctx, narrowing: &Narrowing) -> Vec<&Listed> {
        let own = Some(&self.catalogue.current_user).filter(|_| narrowing.names(CURRENT_USER));
        let serves = |api: &BusinessApi<S>| narrowing.serves(api);
        let front = FrontEnd { dispatch: &self.dispatch, ctx, serves: &serves };
        let shown = |tool: FrontEndTool| narrowing.shows_front_end(tool) && front.useful(tool);
        let front_end = self.catalogue.front_end.iter().filter(|(tool, _)| shown(*tool)).map(|(_, listed)| listed);
        let allowed = |api: &BusinessApi<S>| narrowing.shows(api) && self.dispatch.allowed(ctx, api).is_ok();
        let apis = self.catalogue.apis.iter().filter(|(api, _)| allowed(api)).map(|(_, listed)| listed);
        own.into_iter().chain(apis).chain(front_end).collect()
    }

    /// Calls a tool as the context's user. An unknown name is a 404 `ToolNotFound`, one that `narrowing` hides a 403.
    pub async fn call(&self, ctx: Ctx, narrowing: &Narrowing, name: &str, arguments: Map<String, Json>) -> ToolOutcome {
        self.call_for_page(ctx, narrowing, name, arguments).await.0
    }

    /// As [`McpServer::call`], with an `Idempotency-Key`: a tool that changes something does so once, however often it is called.
    pub async fn call_once(
        &self,
        ctx: Ctx,
        narrowing: &Narrowing,
        name: &str,
        arguments: Map<String, Json>,
        key: Option<&str>,
    ) -> ToolOutcome {
        self.outcome(ctx, narrowing, name, arguments, key).await.0
    }

    /// As [`McpServer::call`]; beside it, of a front-end tool, what the page of the person who is logged in is to show. It may hold
    /// a secret: it is for that page alone, and never for a protocol whose reader is a model.
    pub async fn call_for_page(
        &self,
        ctx: Ctx,
        narrowing: &Narrowing,
        name: &str,
        arguments: Map<String, Json>,
    ) -> (ToolOutcome, Option<Json>) {
        self.outcome(ctx, narrowing, name, arguments, None).await
    }

    async fn outcome(
        &self,
        ctx: Ctx,
        narrowing: &Narrowing,
        name: &str,
        arguments: Map<String, Json>,
        key: Option<&str>,
    ) -> (ToolOutcome, Option<Json>) {
        let (request_id, asker) = (ctx.request_id.clone(), ctx.clone());
        // A tool that calls another one does nothing else: what is said of a failure is said of that one.
        let mut meant = name.to_owned();
        let result = match Finder::named(name).filter(|_| narrowing.searches()) {
            None => self.run(ctx, narrowing, name, arguments, key).await,
            Some(Finder::Search) => self.search(ctx, narrowing, arguments).await.map(Ran::from),
            Some(Finder::Describe) => self.describe(ctx, narrowing, arguments).await.map(Ran::from),
            Some(finder) => match self.unwrapped(&ctx, narrowing, finder, arguments).await {
                Ok((inner, arguments)) => {
                    meant = inner;
                    let result = self.run(ctx, narrowing, &meant, arguments, key).await;
                    // The calling tool says nothing of what the called one answers.
                    result.map(|ran| Ran { result: ToolResult { structured: None, ..ran.result }, ..ran })
                }
                Err(error) => Err(error),
            },
        };
        match result {
            Ok(Ran { result: ToolResult { text, structured }, page }) => {
                (ToolOutcome { text, structured, is_error: false, status: 200 }, page)
            }
            Err(error) => {
                let hint = self.hint(asker, narrowing, &meant, &error).await;
                (with_hint(&error, &meant, &request_id, hint), None)
            }
        }
    }

    async fn run(
        &self,
        ctx: Ctx,
        narrowing: &Narrowing,
        name: &str,
        arguments: Map<String, Json>,
        key: Option<&str>,
    ) -> Result<Ran> {
        let hidden = || Error::forbidden(format!("{name} is outside the tools that this connection was narrowed to"));
        if name == CURRENT_USER {
            let own = if narrowing.names(name) { self.current_user(ctx).await.map(plain) } else { Err(hidden()) };
            return own.map(Ran::from);
        }
        if let Some(tool) = FrontEndTool::named(name) {
            if !narrowing.shows_front_end(tool) {
                return Err(hidden());
            }
            let ctx = self.dispatch.with_scope(ctx).await?;
            let serves = |api: &BusinessApi<S>| narrowing.serves(api);
            let front = FrontEnd { dispatch: &self.dispatch, ctx: &ctx, serves: &serves };
            // Whoever calls tools is a model, or reads what one reads.
            let Action { page, model: told } = front.call(tool, arguments).await?;
            return Ok(Ran { result: ToolResult { text: told.to_string(), structured: Some(told) }, page: Some(page) });
        }
        let Some(api) = self.dispatch.registry.by_name(name) else {
            let ctx = self.dispatch.with_scope(ctx).await?;
            let usable = if ctx.session.is_some() { self.usable(&ctx, narrowing) } else { Vec::new() };
            return Err(finder::unknown(name, usable.iter().map(|listed| &*listed.tool.name)));
        };
        if !narrowing.shows(api) {
            return Err(hidden());
        }
        let args = match tool::args(api, arguments) {
            Ok(args) => args,
            Err(error) => {
                // Whoever may not call it learns nothing of its arguments.
                self.dispatch.allowed(&self.dispatch.with_scope(ctx).await?, api)?;
                return Err(error);
            }
        };
        let answer = self.dispatch.call(ctx.clone(), api, args, key).await?;
        let result = tool::result(api, &answer, &Reader { ctx: &ctx, outside: &*self.dispatch.outside })?;
        // Where the list had no room for the shape of what it answers, it answers none.
        let structured = result.structured.filter(|_| self.catalogue.says_its_shape(api.name));
        Ok(Ran::from(ToolResult { structured, ..result }))
    }

    /// What to do about a failure; names only tools that the caller has.
    async fn hint(&self, ctx: Ctx, narrowing: &Narrowing, name: &str, error: &Error) -> Option<String> {
        let ctx = self.dispatch.with_scope(ctx).await.ok()?;
        let usable = |api: &BusinessApi<S>| narrowing.shows(api) && self.dispatch.allowed(&ctx, api).is_ok();
        let api = self.dispatch.registry.by_name(name).map(|api| &**api);
        tool::hint(&self.dispatch.registry, api, error, &usable)
    }

    /// The session without its token, and what a model needs to make sense of dates and reach.
    async fn current_user(&self, ctx: Ctx) -> Result<String> {
        let ctx = self.dispatch.with_scope(ctx).await?;
        let Some(session) = &ctx.session else { return Err(Error::login_required()) };
        let mut json = session.to_json(None);
        if let Some(user) = json.as_object_mut() {
            user.remove("accessToken");
        }
        json["actsOn"] = json!(&*ctx.tenant.codename);
        json["isAdmin"] = json!(ctx.is_admin());
        json["isManager"] = json!(ctx.is_manager());
        json["timeZone"] = json!(ctx.tenant.zone.name());
        json["localTime"] = json!(ctx.tenant.zone.local(ctx.now()).format("%Y-%m-%dT%H:%M").to_string());
        json["now"] = json!(ctx.now().to_string());
        Ok(json.to_string())
    }
}

/// What a tool answered, and what a page is to show where it is a front-end tool.
struct Ran {
    result: ToolResult,
    page: Option<Json>,
}

impl From<ToolResult> for Ran {
    fn from(result: ToolResult) -> Ran {
        Ran { result, page: None }
    }
}

fn plain(text: String) -> ToolResult {
    ToolResult { text, structured: None }
}

/// What a model sees of a failure outside any tool's rules.
pub fn failure(error: &Error, name: &str, request_id: &str) -> ToolOutcome {
    with_hint(error, name, request_id, tool::plain_hint(error))
}

/// What a model sees of a failure; the log sees the cause of one that is the server's own fault.
fn with_hint(error: &Error, name: &str, request_id: &str, hint: Option<String>) -> ToolOutcome {
    let status = error.status.http();
    let mut json = tool::error_json(error);
    if let Some(hint) = hint {
        json["hint"] = json!(hint);
    }
    if error.status == Status::Internal {
        json["requestId"] = json!(request_id);
        tracing::error!(tool = name, request_id, source = ?error.source, "tool call failed");
    }
    ToolOutcome { text: json.to_string(), structured: None, is_error: true, status }
}
