//! Responses: JSON bytes with the headers that every answer carries, and the one shape of a failure.

use std::io::Write;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::{Value as Json, json};
use workforceos_core::error::Error;
use workforceos_core::time::Timestamp;

/// Bodies below it are not worth compressing.
const COMPRESS_FROM: usize = 1024;

/// A JSON response, compressed where the client asks for it and it pays.
pub fn json<T: Serialize + ?Sized>(request: &HttpRequest, status: u16, body: &T, capacity: usize) -> HttpResponse {
    let mut bytes = Vec::with_capacity(capacity);
    if let Err(error) = serde_json::to_writer(&mut bytes, body) {
        tracing::error!(%error, path = request.path(), "an answer could not be written");
        return HttpResponse::InternalServerError().finish();
    }
    json_bytes(request, status, bytes.into())
}

/// A small JSON value.
pub fn value(request: &HttpRequest, status: u16, body: &Json) -> HttpResponse {
    json(request, status, body, 512)
}

/// JSON that is written already.
pub fn json_bytes(request: &HttpRequest, status: u16, bytes: Bytes) -> HttpResponse {
    let mut response = builder(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    if bytes.len() < COMPRESS_FROM {
        return response.body(bytes);
    }
    response.insert_header((VARY, HeaderValue::from_static("accept-encoding")));
    match accepts_gzip(request.headers()).then(|| gzip(&bytes)).flatten() {
        Some(packed) => response.insert_header((CONTENT_ENCODING, HeaderValue::from_static("gzip"))).body(packed),
        None => response.body(bytes),
    }
}

fn builder(status: u16) -> HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let Some(accepted) = headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()) else { return false };
    accepted.split(',').any(|item| {
        let (coding, parameter) = item.split_once(';').unwrap_or((item, ""));
        let refused =
            matches!(parameter.trim().trim_start_matches("q=").trim_end_matches('0'), "" | "0." if !parameter.is_empty());
        coding.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// At the fastest level: answers are made once and read once.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// A failure's response, in the shape of the address. What the client may not know is logged, here and nowhere else.
pub fn error(request: &HttpRequest, request_id: &str, now: Timestamp, error: &Error) -> HttpResponse {
    if is_plain(request.path()) {
        let (status, body) = plain_error(error);
        return failure(request, request_id, error, status, &body);
    }
    error_as(request, request_id, error, &error_body(error, now))
}

/// As [`error`], with a body of one's own making.
pub fn error_as(request: &HttpRequest, request_id: &str, error: &Error, body: &Json) -> HttpResponse {
    failure(request, request_id, error, error.status.http(), body)
}

/// Whether an address is governance's, whose answers have no envelope.
pub fn is_plain(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    parts.next().is_some_and(|part| part.eq_ignore_ascii_case("api"))
        && parts.next().is_some_and(|part| part.eq_ignore_ascii_case("v1"))
}

/// Status and body of a failure as governance tells it.
pub fn plain_error(error: &Error) -> (u16, Json) {
    let (code, status) = error.status.plain();
    let details = match error.detail.as_deref() {
        Some(Json::Array(details)) => details.clone(),
        Some(detail) => vec![detail.clone()],
        None => Vec::new(),
    };
    (status, json!({"error": {"code": code.as_str(), "message": error.message, "details": details}}))
}

fn failure(request: &HttpRequest, request_id: &str, error: &Error, status: u16, body: &Json) -> HttpResponse {
    if status >= 500 {
        let source = error.source.as_deref().map(causes);
        tracing::error!(requestId = request_id, status, errCode = %error.code, message = %error.message, source, "request failed");
    }
    let mut response = value(request, status, body);
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The body of a failure, as clients see it.
pub fn error_body(error: &Error, now: Timestamp) -> Json {
    let mut body = json!({
        "result": "ERR", "status": error.status.http(), "message": error.message, "errCode": error.code, "date": now.to_string(),
    });
    if let Some(detail) = &error.detail {
        body["detail"] = Json::clone(detail);
    }
    body
}

/// An error and all that led to it, for the log.
fn causes(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use workforceos_core::error::Status;

    use super::*;

    #[test]
    fn a_failure_has_one_shape_and_hides_its_source() {
        let error = Error::internal("the disk is full");
        let body = error_body(&error, Timestamp(0));
        assert_eq!(body["result"], "ERR");
        assert_eq!((&body["status"], &body["errCode"]), (&json!(500), &json!("InternalError")));
        assert_eq!(body["date"], "1970-01-01T00:00:00.000Z");
        assert!(body.get("detail").is_none());
        assert!(!body.to_string().contains("disk"));
    }

    #[test]
    fn bad_fields_are_in_the_detail() {
        let body = error_body(&Error::field("name", "is required"), Timestamp(0));
        assert_eq!(body["detail"], json!([{"field": "name", "problem": "is required"}]));
    }

    #[test]
    fn retry_after_is_a_header() {
        let request = TestRequest::get().to_http_request();
        let limited = Error::rate_limited(30, "Slow down");
        assert_eq!(limited.status, Status::RateLimited);
        let response = error(&request, "r", Timestamp(0), &limited);
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers().get(RETRY_AFTER).expect("header"), "30");
    }

    #[test]
    fn gzip_is_for_those_who_ask() {
        let asks = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
            accepts_gzip(&headers)
        };
        assert!(asks("gzip") && asks("br, gzip;q=0.5"));
        assert!(!asks("br") && !asks("gzip;q=0") && !asks("gzip; q=0.00"));
    }
}
