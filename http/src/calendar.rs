//! A person's shifts as a calendar that phones and mail programs subscribe to.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Map;
use workforceos_core::error::Result;
use workforceos_core::session::Via;
use workforceos_services::{notes, schedule};

use crate::request::Incoming;
use crate::server::Server;

/// The caller's shifts as iCalendar.
pub async fn shifts(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    let ctx = server.member(incoming.enter_logged_in(server, caller).await?, "readCalendar", &["scheduleManagement"]).await?;
    let text = schedule::calendar(&server.app, &ctx).await?;
    notes::calendar(&server.app, &ctx).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")));
    Ok(response.body(text))
}
