//! `resources/list`, `resources/templates/list`, `resources/read`.

use rmcp::model::{
    ErrorData, ListResourceTemplatesResult, ListResourcesResult, ReadResourceResponse, ReadResourceResult, ResourceContents,
};
use serde_json::json;
use workforceos_core::Error;
use workforceos_core::error::Status;

use super::{Context, protocol_error, shorten};
use crate::resources::{JSON_TYPE, Which};
use crate::server::McpServer;

pub(super) async fn list<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    context: &Context,
) -> Result<ListResourcesResult, ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    let mut resources = server.resources(&ctx, &narrowing).await.map_err(|e| protocol_error(&e, context))?;
    if let Some(fixtures) = &server.fixtures {
        resources.extend(fixtures.resources());
    }
    Ok(ListResourcesResult::with_all_items(resources))
}

pub(super) async fn templates<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    context: &Context,
) -> Result<ListResourceTemplatesResult, ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    let mut templates = server.resource_templates(&ctx, &narrowing);
    if let Some(fixtures) = &server.fixtures {
        templates.extend(fixtures.templates());
    }
    Ok(ListResourceTemplatesResult::with_all_items(templates))
}

pub(super) async fn read<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    uri: &str,
    context: &Context,
) -> Result<ReadResourceResponse, ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    if let Some(contents) = server.fixtures.as_ref().and_then(|fixtures| fixtures.read(uri)) {
        return Ok(ReadResourceResult::new(vec![contents]).into());
    }
    let which = Which::parse(uri).ok_or_else(|| unknown(uri))?;
    let content = server.read(&ctx, &narrowing, which).await.map_err(|e| refusal(&e, uri, context))?;
    let contents = ResourceContents::text(content.to_string(), uri).with_mime_type(JSON_TYPE);
    Ok(ReadResourceResult::new(vec![contents]).into())
}

/// What is not there and what is not for the caller look alike.
pub(super) fn refusal(error: &Error, uri: &str, context: &Context) -> ErrorData {
    if error.status == Status::NotFound { unknown(uri) } else { protocol_error(error, context) }
}

/// rmcp gives later revisions their own code for it.
pub(super) fn unknown(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("Resource not found", Some(json!({"uri": shorten(uri)})))
}
