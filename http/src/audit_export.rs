//! `GET /api/v1/audit-logs/export`: the audit log as a file, page by page. Each page is a call of `listAuditLogs` with the login and the
//! reach of that moment; a file that cannot be finished is cut off, never ended.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde_json::{Map, Value as Json, json};
use workforceos_core::answer::{Answer, Data};
use workforceos_core::api::BusinessApi;
use workforceos_core::error::{Error, Problem, Result, Status};
use workforceos_core::session::{Ctx, Via};
use workforceos_core::{Args, Caller, Dispatch};
use workforceos_services::App;
use workforceos_services::governance::audit::export;

use crate::caller::first;
use crate::csv::cells;
use crate::request::Incoming;
use crate::server::Server;

/// The API that gives the pages.
const LIST: &str = "listAuditLogs";
/// Entries of a page: the most that the API gives.
const PAGE: usize = 200;
/// What narrows an export, as it narrows the list.
const FILTERS: [&str; 4] = ["from", "to", "entity_type", "actor_user_id"];
const COLUMNS: [&str; 10] = [
    "id",
    "created_at",
    "actor_user_id",
    "actor_name",
    "action_type",
    "entity_type",
    "entity_id",
    "old_value",
    "new_value",
    "extra_metadata",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

impl Format {
    fn named(name: Option<&str>) -> Option<Format> {
        match name {
            None | Some("csv") => Some(Format::Csv),
            Some("json") => Some(Format::Json),
            Some(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Json => "application/json",
        }
    }
}

/// An export under way.
struct Export {
    dispatch: Arc<Dispatch<App>>,
    api: Arc<BusinessApi<App>>,
    who: Caller,
    args: Args,
    format: Format,
    /// The last entry that was written.
    last: Option<i64>,
}

/// Answers with the file; what is wrong with the call is answered as ever.
pub async fn run(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    let who = incoming.caller(request, &Map::new(), Via::Rest);
    let ctx = incoming.enter_logged_in(server, who.clone()).await?;
    let api = server.dispatch.registry.by_name(LIST).cloned().ok_or_else(|| Error::internal("no audit log"))?;
    let given = incoming.query.iter().filter(|(name, _)| FILTERS.contains(&name.as_str())).cloned();
    let query = given.chain([("limit".to_owned(), PAGE.to_string())]).collect();
    let format = Format::named(first(&incoming.query, "format"));
    let export = Export {
        dispatch: server.dispatch.clone(),
        api,
        who,
        args: Args { query, ..Args::default() },
        format: format.unwrap_or(Format::Csv),
        last: None,
    };
    let page = export.page(ctx.clone()).await;
    let page = if format.is_some() { page? } else { return Err(and_the_format(page)) };
    // With the scope of a call: it is the caller's entry.
    let ctx = server.dispatch.with_scope(ctx).await?;
    let noted =
        Args { query: export.args.query.iter().filter(|(name, _)| name != "limit").cloned().collect(), ..Args::default() };
    export::begin(&server.app, &ctx, &export.api, &noted, export.format.name()).await?;
    Ok(export.stream(&page))
}

/// The format is wrong, and with it whatever else is.
fn and_the_format(page: Result<Answer>) -> Error {
    let problem = Problem::new("format", "must be csv or json");
    match page {
        Err(error) if error.status == Status::Invalid => match error.detail.as_deref() {
            Some(Json::Array(others)) => {
                let ours = json!({"field": problem.field, "problem": problem.problem});
                let detail = others.iter().cloned().chain([ours]).collect();
                Error { detail: Some(Box::new(Json::Array(detail))), ..error }
            }
            _ => Error::invalid(vec![problem]),
        },
        Err(error) => error,
        Ok(_) => Error::invalid(vec![problem]),
    }
}

impl Export {
    fn stream(mut self, first: &Answer) -> HttpResponse {
        let mut bytes = self.head();
        let (format, more) = (self.format, self.write(first, &mut bytes));
        let first = stream::once(std::future::ready(Ok::<Bytes, Error>(bytes.into())));
        let others = stream::try_unfold(more.then_some(self), |export| async move {
            let Some(mut export) = export else { return Ok(None) };
            let mut bytes = Vec::new();
            let more = export.next(&mut bytes).await.inspect_err(log)?;
            Ok(Some((Bytes::from(bytes), more.then_some(export))))
        });
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static(format.content_type())));
        response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"audit-log.{}\"", format.name())));
        response.streaming(futures_util::StreamExt::chain(first, Box::pin(others)))
    }

    async fn page(&self, ctx: Ctx) -> Result<Answer> {
        let mut args = self.args.clone();
        args.query.extend(self.last.map(|last| ("before".to_owned(), last.to_string())));
        self.dispatch.call(ctx, &self.api, args, None).await
    }

    /// Writes the next page; false if it was the last.
    async fn next(&mut self, bytes: &mut Vec<u8>) -> Result<bool> {
        let ctx = self.dispatch.enter_uncounted(self.who.clone()).await?;
        let answer = self.page(ctx).await?;
        Ok(self.write(&answer, bytes))
    }

    fn head(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.format {
            Format::Csv => cells::line(COLUMNS.iter().map(|name| (*name).to_owned()), &mut bytes),
            Format::Json => bytes.push(b'['),
        }
        bytes
    }

    /// Writes a page's entries, and the end after the last; false if there is nothing more.
    fn write(&mut self, answer: &Answer, bytes: &mut Vec<u8>) -> bool {
        let entries = match &answer.data {
            Data::Json(Json::Array(entries)) | Data::Plain(Json::Array(entries)) => &entries[..],
            _ => &[],
        };
        for entry in entries {
            match self.format {
                Format::Csv => cells::line(COLUMNS.iter().map(|name| cells::plain(&entry[*name])), bytes),
                Format::Json => {
                    bytes.extend_from_slice(if self.last.is_none() { b"\n" } else { b",\n" });
                    bytes.extend_from_slice(entry.to_string().as_bytes());
                }
            }
            self.last = entry["id"].as_i64().or(self.last);
        }
        let more = entries.len() == PAGE;
        if !more && self.format == Format::Json {
            bytes.extend_from_slice(b"\n]\n");
        }
        more
    }
}

/// The connection is cut, which tells the client that the file is not whole.
fn log(error: &Error) {
    tracing::warn!(%error, source = ?error.source, "an export of the audit log could not be finished");
}
