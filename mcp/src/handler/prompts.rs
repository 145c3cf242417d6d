//! `prompts/list`, `prompts/get`, `completion/complete`.

use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ErrorCode, ErrorData, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, ListPromptsResult, MetaObject, Reference,
};
use serde_json::json;
use workforceos_core::error::Status;

use super::{Context, protocol_error, shorten};
use crate::completion::{Asked, MAX_VALUES};
use crate::server::McpServer;

pub(super) async fn list<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    context: &Context,
) -> Result<ListPromptsResult, ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    let mut prompts: Vec<_> = server.prompts(&ctx, &narrowing).map(|template| template.listed()).collect();
    if let Some(fixtures) = &server.fixtures {
        prompts.extend(fixtures.prompts());
    }
    Ok(ListPromptsResult::with_all_items(prompts))
}

pub(super) async fn get<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    request: GetPromptRequestParams,
    context: &Context,
) -> Result<GetPromptResponse, ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    if let Some(answer) = server.fixtures.as_ref().and_then(|fixtures| fixtures.prompt(&request)) {
        return answer;
    }
    let given = request.arguments.unwrap_or_default();
    let filled = server.fill(&ctx, &narrowing, &request.name, &given).await.map_err(|error| match error.status {
        // Named or not, one that is not listed for the caller is not there.
        Status::NotFound => unknown(&request.name),
        _ => protocol_error(&error, context),
    })?;
    Ok(GetPromptResult::new(filled.messages).with_description(filled.about).into())
}

pub(super) async fn complete<S: Send + Sync + 'static>(
    server: &McpServer<S>,
    request: CompleteRequestParams,
    context: &Context,
) -> Result<CompleteResult, ErrorData> {
    let (ctx, narrowing) = server.entered(context).await?;
    let argument = &request.argument.name;
    if server.fixtures.as_ref().is_some_and(|fixtures| fixtures.knows(&request.r#ref)) {
        return Ok(CompleteResult::new(CompletionInfo::with_all_values(Vec::new()).unwrap_or_default()));
    }
    let asked = match &request.r#ref {
        Reference::Prompt(prompt) => {
            let template = server.prompts(&ctx, &narrowing).find(|template| template.name == prompt.name);
            Asked::of_prompt(template.ok_or_else(|| unknown(&prompt.name))?, argument)
        }
        Reference::Resource(template) => Asked::of_template(&template.uri, argument),
        _ => None,
    };
    let unknown = || ErrorData::new(ErrorCode::INVALID_PARAMS, format!("There is no argument {}", shorten(argument)), None);
    let asked = asked.ok_or_else(unknown)?;
    let found = server.completions(&ctx, asked, &request.argument.value).await.map_err(|e| protocol_error(&e, context))?;
    let labels = found.labels();
    let total = u32::try_from(found.total).unwrap_or(u32::MAX);
    let mut values = found.into_values();
    values.truncate(MAX_VALUES);
    let more = (values.len() as u64) < u64::from(total);
    let info = CompletionInfo::with_pagination(values, Some(total), more).unwrap_or_default();
    let mut result = CompleteResult::new(info);
    if let Some(labels) = labels {
        let mut meta = MetaObject::new();
        meta.insert("workforceos/labels".to_owned(), json!(labels));
        result.meta = Some(meta);
    }
    Ok(result)
}

fn unknown(name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("Unknown prompt: {}", shorten(name)), None)
}
