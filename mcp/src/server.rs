//! Listing and calling tools, for whichever protocol asks.

use std::fmt;
use std::sync::Arc;

use rmcp::model::Tool;
use serde_json::{Map, Value as Json, json};
use workforceos_core::api::BusinessApi;
use workforceos_core::error::Status;
use workforceos_core::{Ctx, Dispatch, Error, Result, tool};

use crate::catalogue::{CURRENT_USER, Catalogue, Listed};
use crate::fixtures::Fixtures;
use crate::live::Live;
use crate::narrowing::Narrowing;
use crate::session::Session;

/// What a tool call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolOutcome {
    /// JSON: the result, or `{errCode, message, status, detail?}`.
    pub text: String,
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
        name == CURRENT_USER || self.dispatch.registry.by_name(name).is_some()
    }

    /// How many tools there are.
    pub fn count(&self) -> usize {
        self.catalogue.apis.len() + 1
    }

    /// The tools that the caller may use, with their services: what `narrowing` leaves of them.
    ///
    /// Fails with `LoginRequired` where nobody is logged in, and as looking up the caller's reach fails.
    pub async fn listed(&self, ctx: Ctx, narrowing: &Narrowing) -> Result<Vec<&Listed>> {
        if ctx.session.is_none() {
            return Err(Error::login_required());
        }
        let ctx = self.dispatch.with_scope(ctx).await?;
        let own = Some(&self.catalogue.current_user).filter(|_| narrowing.names(CURRENT_USER));
        let usable = |api: &BusinessApi<S>| narrowing.shows(api) && self.dispatch.allowed(&ctx, api).is_ok();
        let apis = self.catalogue.apis.iter().filter(|(api, _)| usable(api)).map(|(_, listed)| listed);
        Ok(own.into_iter().chain(apis).collect())
    }

    /// [`McpServer::listed`] as MCP lists them.
    pub async fn tools_for(&self, ctx: Ctx, narrowing: &Narrowing) -> Result<Vec<Tool>> {
        Ok(self.listed(ctx, narrowing).await?.into_iter().map(|listed| listed.tool.clone()).collect())
    }

    /// Calls a tool as the context's user. An unknown name is a 404 `ToolNotFound`, one that `narrowing` hides a 403.
    pub async fn call(&self, ctx: Ctx, narrowing: &Narrowing, name: &str, arguments: Map<String, Json>) -> ToolOutcome {
        let request_id = ctx.request_id.clone();
        match self.run(ctx, narrowing, name, arguments).await {
            Ok(text) => ToolOutcome { text, is_error: false, status: 200 },
            Err(error) => failure(&error, name, &request_id),
        }
    }

    async fn run(&self, ctx: Ctx, narrowing: &Narrowing, name: &str, arguments: Map<String, Json>) -> Result<String> {
        if name == CURRENT_USER {
            return self.current_user(ctx).await;
        }
        let unknown = || Error::new(Status::NotFound, "ToolNotFound", "There is no tool of that name");
        let api = self.dispatch.registry.by_name(name).ok_or_else(unknown)?;
        if !narrowing.shows(api) {
            return Err(Error::forbidden(format!("{name} is outside the tools that this connection was narrowed to")));
        }
        let args = tool::args(api, arguments);
        let answer = self.dispatch.call(ctx, api, args, None).await?;
        Ok(tool::result_text(api, &answer))
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

/// What a model sees of a failure; the log sees the cause of one that is the server's own fault.
pub(crate) fn failure(error: &Error, name: &str, request_id: &str) -> ToolOutcome {
    let status = error.status.http();
    let mut json = tool::error_json(error);
    if error.status == Status::Internal {
        json["requestId"] = json!(request_id);
        tracing::error!(tool = name, request_id, source = ?error.source, "tool call failed");
    }
    ToolOutcome { text: json.to_string(), is_error: true, status }
}
