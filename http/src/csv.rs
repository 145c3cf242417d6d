//! Whatever is read can be had as a table: `Accept: text/csv` (RFC 4180). A list comes whole, page by page, each page read
//! and written by itself as the client takes it, within the caller's reach of that moment.

pub mod cells;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use futures_util::stream;
use workforceos_core::answer::{Answer, Data, Walked};
use workforceos_core::api::{BusinessApi, Reach};
use workforceos_core::cursor::Cursor;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::filter::MAX_PAGE;
use workforceos_core::object::Level;
use workforceos_core::session::Ctx;
use workforceos_core::{Args, Caller, Dispatch};
use workforceos_services::{App, notes};

use cells::Columns;

/// The most rows of one table.
const MAX_ROWS: u64 = 1_000_000;

/// Whether a client asks for a table: it names `text/csv`, and JSON not before it.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted: Vec<&str> = headers.get_all(ACCEPT).filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).collect();
    let weight = |media: &str| {
        let of = |item: &&str| item.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(media));
        let item = accepted.iter().find(|item| of(item))?;
        let q = item.split(';').skip(1).find_map(|p| p.trim().strip_prefix("q=").or(p.trim().strip_prefix("Q=")));
        Some(q.map_or(1.0, |q| q.trim().parse::<f64>().unwrap_or(0.0)))
    };
    let csv = weight("text/csv").unwrap_or(0.0);
    csv > 0.0 && csv >= weight("application/json").unwrap_or(0.0)
}

/// A list is walked to its end, unless a page of it is asked for.
pub fn walk(api: &BusinessApi<App>, args: &Args) -> Option<Cursor> {
    let one_page = args.query.iter().any(|(name, _)| matches!(name.as_str(), "pageNumber" | "pageRowCount"));
    (api.is_list() && !one_page).then(Cursor::start)
}

/// A call whose answer becomes a table.
pub struct Export {
    pub dispatch: Arc<Dispatch<App>>,
    pub api: Arc<BusinessApi<App>>,
    /// Who asks: asked anew for every page, so that the end of a login or of a reach is the end of the table.
    pub who: Caller,
    pub args: Args,
}

/// What is still to be sent.
struct Rest {
    export: Export,
    columns: Columns,
    /// The next page, where there are page numbers alone.
    page: u64,
    sent: u64,
}

impl Export {
    /// The first page decides: what is wrong with the call is answered as ever.
    pub async fn run(self, ctx: Ctx) -> Result<HttpResponse> {
        let level = match self.api.reach {
            Some(Reach::Public) => Level::Public,
            _ => self.dispatch.with_scope(ctx.clone()).await?.highest_level(),
        };
        let answer = self.dispatch.call(ctx.clone(), &self.api, self.args.clone(), None).await?;
        check_size(&self.args, &answer, MAX_ROWS)?;
        notes::exported(&self.dispatch.state, &ctx, &self.api, &self.args, "csv").await?;
        let def = self.api.object.ok_or_else(|| Error::internal("a table of nothing"))?;
        let joins = !self
            .args
            .query
            .iter()
            .any(|(name, value)| name == "getJoins" && matches!(&*value.to_ascii_lowercase(), "false" | "0"));
        let columns = Columns::of(def, level, answer.fields.as_deref(), joins);
        let mut bytes = columns.header();
        let name =
            HeaderValue::from_str(&format!("attachment; filename=\"{}.csv\"", self.api.data_name)).map_err(Error::internal)?;
        let mut rest = Rest { export: self, columns, page: 1, sent: 0 };
        let more = rest.write(&answer, &mut bytes);
        let first = stream::once(std::future::ready(Ok::<Bytes, Error>(bytes.into())));
        let others = stream::try_unfold(more.then_some(rest), |rest| async move {
            let Some(mut rest) = rest else { return Ok(None) };
            let mut bytes = Vec::new();
            let more = rest.next(&mut bytes).await.inspect_err(log)?;
            Ok(Some((Bytes::from(bytes), more.then_some(rest))))
        });
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")));
        response.insert_header((CONTENT_DISPOSITION, name));
        Ok(response.streaming(futures_util::StreamExt::chain(first, Box::pin(others))))
    }
}

/// Only what a table can hold is begun: one that ends in the middle would look whole.
fn check_size(args: &Args, answer: &Answer, most: u64) -> Result<()> {
    let total = answer.paging.filter(|_| args.walk.is_some()).map_or(0, |paging| paging.total);
    if total > most { Err(too_long(most)) } else { Ok(()) }
}

fn too_long(most: u64) -> Error {
    let message = format!("A table has {most} rows at most, and these are more: narrow the list by its filters");
    Error::new(Status::TooLarge, "PayloadTooLarge", message)
}

/// The connection is cut, which tells the client that the table is not whole.
fn log(error: &Error) {
    tracing::warn!(%error, source = ?error.source, "a table could not be finished");
}

impl Rest {
    /// Writes the next page; false if it was the last.
    async fn next(&mut self, bytes: &mut Vec<u8>) -> Result<bool> {
        let ctx = self.export.dispatch.enter_uncounted(self.export.who.clone()).await?;
        let answer = self.export.dispatch.call(ctx, &self.export.api, self.export.args.clone(), None).await?;
        let more = self.write(&answer, bytes);
        // It may have grown while it was read.
        if self.sent > MAX_ROWS { Err(too_long(MAX_ROWS)) } else { Ok(more) }
    }

    /// Writes a page's rows and sees to what comes next; false if there is nothing more.
    fn write(&mut self, answer: &Answer, bytes: &mut Vec<u8>) -> bool {
        let count = match &answer.data {
            Data::Many(rows) => {
                rows.iter().for_each(|row| self.columns.row(row, bytes));
                rows.len()
            }
            Data::One(row) => {
                self.columns.row(row, bytes);
                1
            }
            Data::Json(serde_json::Value::Array(items)) => {
                items.iter().for_each(|item| self.columns.json(item, bytes));
                items.len()
            }
            Data::Json(json) | Data::Plain(json) => {
                self.columns.json(json, bytes);
                1
            }
        };
        self.sent += count as u64;
        if self.export.args.walk.is_none() && self.page == 1 || count == 0 {
            return false;
        }
        match &answer.walked {
            Walked::End => false,
            Walked::On(cursor) => {
                self.export.args.walk = Some(cursor.clone());
                true
            }
            // This list knows pages alone.
            Walked::Not => {
                let more = answer.paging.is_some_and(|paging| self.sent < paging.total);
                self.page += 1;
                self.export.args.query.retain(|(name, _)| !matches!(name.as_str(), "pageNumber" | "pageRowCount"));
                let query = [("pageNumber", self.page), ("pageRowCount", MAX_PAGE)];
                self.export.args.query.extend(query.map(|(name, value)| (name.to_owned(), value.to_string())));
                more
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;
    use workforceos_core::answer::{Paging, Source};

    use super::*;

    #[test]
    fn a_table_is_for_those_who_name_it() {
        let asks = |texts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            texts.iter().for_each(|t| headers.append(HeaderName::from_static("accept"), HeaderValue::from_static(t)));
            is_wanted(&headers)
        };
        assert!(asks(&["text/csv"]) && asks(&["TEXT/CSV;q=0.5, */*;q=0.1"]) && asks(&["text/csv;header=present;q=0.9"]));
        assert!(asks(&["text/csv, application/json"]) && asks(&["text/html", "text/csv"]));
        assert!(!asks(&[]) && !asks(&["*/*"]) && !asks(&["text/*"]) && !asks(&["application/json"]));
        assert!(!asks(&["text/csv;q=0"]) && !asks(&["text/csv;q=0.5, application/json"]));
    }

    #[test]
    fn a_list_too_long_is_refused_before_it_begins() {
        let walked = Args { walk: Some(Cursor::start()), ..Args::default() };
        let answer = |total| {
            let paging = Some(Paging { page_number: 1, page_row_count: 500, total });
            Answer { paging, ..Answer::new(Data::Many(Vec::new()), Source::Db) }
        };
        assert!(check_size(&walked, &answer(10), 10).is_ok());
        assert_eq!(check_size(&walked, &answer(11), 10).expect_err("too long").status, Status::TooLarge);
        assert!(check_size(&Args::default(), &answer(11), 10).is_ok(), "one page of it is not too long");
    }
}
