//! Refusals of messages, said in JSON-RPC: that is what clients show to people.

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, EitherBody, MessageBody, to_bytes_limited};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use serde_json::{Value as Json, json};
use workforceos_core::error::{Error, Status};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Kind;
use workforceos_services::bucket::MB;

use crate::caller::MAX_BODY;
use crate::reply;

/// The longest refusal that is read.
const TEXT: usize = 4 * 1024;

/// JSON-RPC's codes; the last is one of those that it leaves to servers.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const REFUSED: i32 = -32000;

/// The body of a failure as every other has it, and as JSON-RPC has it.
pub fn body(error: &Error, now: Timestamp) -> Json {
    let mut body = reply::error_body(error, now);
    body["jsonrpc"] = json!("2.0");
    body["id"] = Json::Null;
    body["error"] = json!({"code": REFUSED, "message": error.message, "data": {"errCode": error.code}});
    body
}

/// What a tool's call may have, a file included, as models read it.
pub fn too_large() -> Error {
    let (kib, mb) = (MAX_BODY / 1024, Kind::MAX_FILE / MB);
    let message =
        format!("A tool's call may have {kib} KiB at most. Send a larger file over REST: importing APIs take {mb} MB there");
    Error::new(Status::TooLarge, "PayloadTooLarge", message)
}

/// A response of the transport as it is, or a refusal said properly.
pub async fn spoken<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    now: Timestamp,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if response.status().as_u16() < 400 || kind.starts_with("application/json") {
        return response.map_into_left_body();
    }
    let (request, refused) = response.into_parts();
    if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let answer = HttpResponse::PayloadTooLarge().json(body(&too_large(), now));
        return ServiceResponse::new(request, answer).map_into_right_body();
    }
    let allow = refused.headers().get(ALLOW).cloned();
    let status = refused.status();
    let text = to_bytes_limited(refused.into_body(), TEXT).await.ok().and_then(Result::ok).unwrap_or_default();
    let (status, code, message) = meaning(status, &String::from_utf8_lossy(&text));
    let mut answer =
        HttpResponse::build(status).json(json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}}));
    if let Some(allow) = allow {
        answer.headers_mut().insert(ALLOW, allow);
    }
    ServiceResponse::new(request, answer).map_into_right_body()
}

fn meaning(status: StatusCode, text: &str) -> (StatusCode, i32, String) {
    if let Some(problem) = text.strip_prefix("fail to deserialize request body ") {
        let message = "Send one JSON-RPC 2.0 message at a time: MCP has no batches";
        return if problem.contains("JSON-RPC message") {
            (StatusCode::BAD_REQUEST, INVALID_REQUEST, message.to_owned())
        } else {
            (StatusCode::BAD_REQUEST, PARSE_ERROR, format!("The body is no JSON: {problem}"))
        };
    }
    if status.is_server_error() {
        return (status, REFUSED, "Something went wrong; the log has the request's id".to_owned());
    }
    (status, REFUSED, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_message_is_a_bad_request() {
        let told = |text: &str| meaning(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
        let (status, code, message) = told("fail to deserialize request body unrecognized JSON-RPC message");
        assert_eq!((status.as_u16(), code), (400, INVALID_REQUEST));
        assert!(message.contains("batches"), "{message}");
        let (status, code, message) = told("fail to deserialize request body EOF while parsing an object at line 1 column 1");
        assert_eq!((status.as_u16(), code), (400, PARSE_ERROR));
        assert!(message.contains("line 1"), "{message}");
        let plain = "Unsupported Media Type: Content-Type must be application/json";
        assert_eq!(told(plain), (StatusCode::UNSUPPORTED_MEDIA_TYPE, REFUSED, plain.to_owned()));
    }

    #[test]
    fn the_servers_own_failures_are_not_told() {
        let (status, _, message) = meaning(StatusCode::INTERNAL_SERVER_ERROR, "Encounter an error when get session: secret");
        assert!(status == 500 && !message.contains("secret"), "{message}");
    }
}
