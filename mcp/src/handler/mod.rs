//! [`McpServer`] as rmcp serves it.

mod listen;
mod prompts;
mod resources;
mod tools;

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CustomRequest, CustomResult, DiscoverResult,
    ErrorCode, ErrorData, GetPromptRequestParams, GetPromptResponse, Icon, Implementation, InitializeRequestParams,
    InitializeResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    SubscriptionFilter, Tool,
};
#[expect(deprecated, reason = "the revisions with sessions have it")]
use rmcp::model::{SetLevelRequestMethod, SetLevelRequestParams};
use rmcp::model::{SubscribeRequestParams, UnsubscribeRequestParams};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use workforceos_core::error::Status;
use workforceos_core::{Caller, Ctx, Error, Via, tool};

use crate::caller::McpCaller;
use crate::instructions::{INSTRUCTIONS, personal};
use crate::logging::Level;
use crate::narrowing::Narrowing;
use crate::server::McpServer;

/// The longest client name that is kept: it reaches the audit log.
const CLIENT_NAME: usize = 80;
/// Requests with parameters, in all revisions and in those with sessions.
const METHODS: [&str; 5] = ["completion/complete", "prompts/get", "resources/read", "tools/call", "subscriptions/listen"];
const SESSION_METHODS: [&str; 3] = ["logging/setLevel", "resources/subscribe", "resources/unsubscribe"];
/// A calendar sheet with a check mark, drawn without anything from elsewhere.
const ICON: &str = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAyNCAyNCI+PHJlY3QgeD0iMyIgeT0iNSIgd2lkdGg9IjE4IiBoZWlnaHQ9IjE2IiByeD0iMyIgZmlsbD0iIzFmNmZlYiIvPjxwYXRoIGQ9Ik03IDN2NE0xNyAzdjQiIHN0cm9rZT0iIzFmNmZlYiIgc3Ryb2tlLXdpZHRoPSIyIi8+PHBhdGggZD0iTTggMTMuNWwzIDMgNS02IiBzdHJva2U9IiNmZmYiIHN0cm9rZS13aWR0aD0iMiIgZmlsbD0ibm9uZSIvPjwvc3ZnPg==";

pub(crate) type Context = RequestContext<RoleServer>;

impl<S: Send + Sync + 'static> ServerHandler for McpServer<S> {
    fn get_info(&self) -> ServerConfig {
        let icon = Icon::new(ICON).with_mime_type("image/svg+xml").with_sizes(vec!["any".to_owned()]);
        let who = Implementation::new("workforceos", env!("CARGO_PKG_VERSION"))
            .with_title("WorkforceOS")
            .with_description("Shifts, attendance, tasks, leave, payroll and announcements of a company.")
            .with_icons(vec![icon]);
        ServerConfig::new(self.capabilities()).with_server_info(who).with_instructions(INSTRUCTIONS)
    }

    async fn initialize(&self, request: InitializeRequestParams, context: Context) -> Result<InitializeResult, ErrorData> {
        context.peer.set_peer_info(request.clone());
        let mut info = self.negotiate_initialize(&request)?;
        let (ctx, narrowing) = self.enter(&context).await.map_err(|e| protocol_error(&e, &context))?;
        info.instructions = Some(personal(&ctx, &narrowing));
        Ok(info)
    }

    async fn discover(&self, context: Context) -> Result<DiscoverResult, ErrorData> {
        let (ctx, narrowing) = self.enter(&context).await.map_err(|e| protocol_error(&e, &context))?;
        let info = self.get_info().with_instructions(personal(&ctx, &narrowing));
        Ok(DiscoverResult::from_server_info(self.supported_protocol_versions().into_owned(), info))
    }

    async fn list_tools(&self, _: Option<PaginatedRequestParams>, context: Context) -> Result<ListToolsResult, ErrorData> {
        tools::list(self, &context).await
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: Context) -> Result<CallToolResponse, ErrorData> {
        tools::call(self, request, &context).await
    }

    /// The schemas by which the transport checks headers that repeat arguments.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.fixtures.as_ref()?.tool(name)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        resources::list(self, &context).await
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        resources::templates(self, &context).await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(self, &request.uri, &context).await
    }

    async fn subscribe(&self, request: SubscribeRequestParams, context: Context) -> Result<(), ErrorData> {
        listen::subscribe(self, request.uri, &context).await
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, context: Context) -> Result<(), ErrorData> {
        self.entered(&context).await?;
        self.session.unwatch(&request.uri);
        Ok(())
    }

    /// What is read as none of the protocol's requests: with parameters that do not fit, it is one nevertheless.
    async fn on_custom_request(&self, request: CustomRequest, context: Context) -> Result<CustomResult, ErrorData> {
        let known =
            METHODS.contains(&&*request.method) || (has_sessions(&context) && SESSION_METHODS.contains(&&*request.method));
        if known {
            let message = format!("Invalid params: they are not those of {}", request.method);
            return Err(ErrorData::invalid_params(message, None));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, shorten(&request.method).to_owned(), None))
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(listen::accepted(self, requested))
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        listen::listen(self, subscription).await
    }

    async fn list_prompts(&self, _: Option<PaginatedRequestParams>, context: Context) -> Result<ListPromptsResult, ErrorData> {
        prompts::list(self, &context).await
    }

    async fn get_prompt(&self, request: GetPromptRequestParams, context: Context) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(self, request, &context).await
    }

    async fn complete(&self, request: CompleteRequestParams, context: Context) -> Result<CompleteResult, ErrorData> {
        prompts::complete(self, request, &context).await
    }

    #[expect(deprecated, reason = "the revisions with sessions have it")]
    async fn set_level(&self, request: SetLevelRequestParams, context: Context) -> Result<(), ErrorData> {
        if !has_sessions(&context) {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        self.entered(&context).await?;
        self.session.set_level(Level::of(request.level));
        Ok(())
    }
}

impl<S: Send + Sync + 'static> McpServer<S> {
    /// What is served, and nothing else.
    fn capabilities(&self) -> ServerCapabilities {
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_completions()
            .build();
        capabilities.logging = Some(Default::default());
        if let Some(resources) = &mut capabilities.resources
            && self.live.is_some()
        {
            resources.subscribe = Some(true);
        }
        capabilities
    }

    /// The context of a request, whose login is looked at anew: a login that has ended stops working at once.
    async fn enter(&self, context: &Context) -> Result<(Ctx, Arc<Narrowing>), Error> {
        let (caller, narrowing) = caller(context)?;
        Ok((self.dispatch.enter(caller).await?, narrowing))
    }

    /// As [`McpServer::enter`], for what needs a login and its scope.
    async fn entered(&self, context: &Context) -> Result<(Ctx, Arc<Narrowing>), ErrorData> {
        let entered = async {
            let (ctx, narrowing) = self.enter(context).await?;
            if ctx.session.is_none() {
                return Err(Error::login_required());
            }
            ctx.second_factor_done()?;
            Ok((self.dispatch.with_scope(ctx).await?, narrowing))
        };
        let (ctx, narrowing) = entered.await.map_err(|e| protocol_error(&e, context))?;
        self.heard(&ctx, context).await;
        Ok((ctx, narrowing))
    }

    /// Notes that the client is there, and tells it if other tools are listed for its user than before.
    async fn heard(&self, ctx: &Ctx, context: &Context) {
        if self.session.hears(ctx.is_manager()) {
            // Who has left hears nothing.
            let _ = context.peer.notify_tool_list_changed().await;
            let _ = context.peer.notify_prompt_list_changed().await;
        }
    }
}

/// Whether a request is of a revision with sessions.
pub(crate) fn has_sessions(context: &Context) -> bool {
    context.protocol_version().is_none_or(|version| version < ProtocolVersion::NO_INITIALIZE)
}

/// Who asks, and what the address leaves of the tools.
fn caller(context: &Context) -> Result<(Caller, Arc<Narrowing>), Error> {
    let Some(McpCaller { caller, narrowing }) = McpCaller::of(&context.extensions) else {
        return Err(Error::internal("the transport has put no McpCaller into the request"));
    };
    let client = context.client_info().map(|client| Arc::from(shorten(&client.name)));
    Ok((Caller { via: Via::Mcp, client: client.or_else(|| caller.client.clone()), ..caller.clone() }, narrowing.clone()))
}

/// A failure outside any tool.
fn protocol_error(error: &Error, context: &Context) -> ErrorData {
    let code = match error.status {
        Status::Internal => {
            tracing::error!(request_id = &*request_id(context), source = ?error.source, "MCP request failed");
            ErrorCode::INTERNAL_ERROR
        }
        Status::Invalid => ErrorCode::INVALID_PARAMS,
        _ => ErrorCode::INVALID_REQUEST,
    };
    ErrorData::new(code, error.message.clone(), Some(tool::error_json(error)))
}

/// The HTTP request's id: it finds the log's entry.
fn request_id(context: &Context) -> Arc<str> {
    McpCaller::of(&context.extensions).map(|c| c.caller.request_id.clone()).unwrap_or_default()
}

/// What is kept of a client's text.
fn shorten(text: &str) -> &str {
    match text.char_indices().nth(CLIENT_NAME) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}
