//! [`McpServer`] as rmcp serves it.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, DiscoverResult, ErrorCode, ErrorData, Implementation,
    InitializeRequestParams, InitializeResult, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use workforceos_core::error::Status;
use workforceos_core::{Caller, Ctx, Error, Via, tool};

use crate::caller::McpCaller;
use crate::instructions::{INSTRUCTIONS, personal};
use crate::narrowing::Narrowing;
use crate::server::{McpServer, ToolOutcome, failure};

/// The longest client name that is kept: it reaches the audit log.
const CLIENT_NAME: usize = 80;

type Context = RequestContext<RoleServer>;

impl<S: Send + Sync + 'static> ServerHandler for McpServer<S> {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("workforceos", env!("CARGO_PKG_VERSION")).with_title("WorkforceOS"))
            .with_instructions(INSTRUCTIONS)
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
        let (ctx, narrowing) = self.enter(&context).await.map_err(|e| protocol_error(&e, &context))?;
        let tools = self.tools_for(ctx, &narrowing).await.map_err(|e| protocol_error(&e, &context))?;
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: Context) -> Result<CallToolResponse, ErrorData> {
        if !self.knows(&request.name) {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", shorten(&request.name)), None));
        }
        let arguments = request.arguments.unwrap_or_default();
        let outcome = async {
            match self.enter(&context).await {
                Ok((ctx, narrowing)) => self.call(ctx, &narrowing, &request.name, arguments).await,
                Err(error) => failure(&error, &request.name, &request_id(&context)),
            }
        };
        // Dropping a call is safe at any time: dispatch brings what it has begun to change to its end by itself.
        tokio::select! {
            biased;
            outcome = outcome => Ok(result(outcome).into()),
            () = context.ct.cancelled() => Err(ErrorData::internal_error("The call was cancelled", None)),
        }
    }
}

impl<S: Send + Sync + 'static> McpServer<S> {
    /// The context of a request, whose login is looked at anew: a login that has ended stops working at once.
    async fn enter(&self, context: &Context) -> Result<(Ctx, Arc<Narrowing>), Error> {
        let Some(McpCaller { caller, narrowing }) = McpCaller::of(&context.extensions) else {
            return Err(Error::internal("the transport has put no McpCaller into the request"));
        };
        let client = context.client_info().map(|client| Arc::from(shorten(&client.name)));
        let caller = Caller { via: Via::Mcp, client: client.or_else(|| caller.client.clone()), ..caller.clone() };
        Ok((self.dispatch.enter(caller).await?, narrowing.clone()))
    }
}

/// Structured content where the tool says what it answers: of plain rows it would send every one twice.
fn result(outcome: ToolOutcome) -> CallToolResult {
    let content = vec![ContentBlock::text(outcome.text)];
    let mut result = if outcome.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = outcome.structured;
    result
}

/// A failure outside any tool.
fn protocol_error(error: &Error, context: &Context) -> ErrorData {
    let code = if error.status == Status::Internal {
        tracing::error!(request_id = &*request_id(context), source = ?error.source, "MCP request failed");
        ErrorCode::INTERNAL_ERROR
    } else {
        ErrorCode::INVALID_REQUEST
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
