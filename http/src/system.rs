//! What operators and tools ask of the server itself: health, metrics, the OpenAPI document.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use workforceos_core::error::{Error, Result};

use crate::reply;
use crate::server::Server;

/// The process runs.
pub fn health(request: &HttpRequest) -> HttpResponse {
    reply::value(request, 200, &json!({"status": "ok"}))
}

/// The process can do its work: the database answers.
pub async fn ready(server: &Server, request: &HttpRequest) -> Result<HttpResponse> {
    if let Err(error) = server.app.store.ping().await {
        return Err(Error::unavailable("The database cannot be reached").because(error));
    }
    Ok(reply::value(request, 200, &json!({"status": "ok"})))
}

/// Everything that is counted, as Prometheus reads it.
pub fn metrics(server: &Server) -> HttpResponse {
    server.observe();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(server.metrics.render())
}

/// The OpenAPI document, written once at the start.
pub fn openapi(server: &Server, request: &HttpRequest) -> HttpResponse {
    let mut response = reply::json_bytes(request, 200, server.openapi.clone());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
