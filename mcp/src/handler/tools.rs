//! `tools/list`, `tools/call`.

use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, ListToolsResult};
use workforceos_core::Ctx;

use super::{Context, protocol_error, request_id, shorten};
use crate::server::{McpServer, ToolOutcome, failure};
use crate::{logging, progress};

pub(super) async fn list<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    context: &Context,
) -> Result<ListToolsResult, ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    let mut tools = server.tools_for(ctx, &narrowing).await.map_err(|e| protocol_error(&e, context))?;
    if let Some(fixtures) = &server.fixtures {
        tools.extend(fixtures.tools());
    }
    Ok(ListToolsResult::with_all_items(tools))
}

pub(super) async fn call<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    request: CallToolRequestParams,
    context: &Context,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(fixtures) = server.fixtures.as_ref().filter(|fixtures| fixtures.has_tool(&request.name)) {
        server.entered(context).await?;
        return fixtures.call(request, context, &server.session).await;
    }
    if !server.knows(&request.name) {
        return Err(ErrorData::invalid_params(format!("Unknown tool: {}", shorten(&request.name)), None));
    }
    server.session.is_alive();
    let (told, mut listener) = progress::of(context);
    let arguments = request.arguments.unwrap_or_default();
    let outcome = async {
        match server.enter(context).await {
            Ok((ctx, narrowing)) => {
                let ctx = Ctx { progress: told, ..ctx };
                server.call(ctx, &narrowing, &request.name, arguments).await
            }
            Err(error) => failure(&error, &request.name, &request_id(context)),
        }
    };
    let listening = async {
        match &mut listener {
            Some(listener) => listener.run(context).await,
            None => std::future::pending().await,
        }
    };
    // Dropping a call is safe at any time: dispatch brings what it has begun to change to its end by itself.
    let outcome = tokio::select! {
        biased;
        outcome = outcome => outcome,
        () = listening => unreachable!("a listener ends with its call"),
        () = context.ct.cancelled() => return Err(ErrorData::internal_error("The call was cancelled", None)),
    };
    if let Some(listener) = listener.as_mut().filter(|_| !outcome.is_error) {
        listener.end(context).await;
    }
    if let Some((level, told)) = logging::remark(&request.name, &request_id(context), &outcome) {
        logging::log(context, &server.session, level, told).await;
    }
    Ok(result(outcome).into())
}

/// Structured content where the tool says what it answers: of plain rows it would send every one twice.
fn result(outcome: ToolOutcome) -> CallToolResult {
    let content = vec![ContentBlock::text(outcome.text)];
    let mut result = if outcome.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = outcome.structured;
    result
}
