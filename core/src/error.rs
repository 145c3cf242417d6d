//! One error for every layer: a status that maps once to HTTP and MCP, a stable code, a message for people.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value as Json, json};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The class of a failure; each has exactly one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    TooLarge,
    UnsupportedMedia,
    Unprocessable,
    RateLimited,
    Unavailable,
    Internal,
}

impl Status {
    pub const fn http(self) -> u16 {
        match self {
            Status::Invalid => 400,
            Status::Unauthenticated => 401,
            Status::Forbidden => 403,
            Status::NotFound => 404,
            Status::Conflict => 409,
            Status::TooLarge => 413,
            Status::UnsupportedMedia => 415,
            Status::Unprocessable => 422,
            Status::RateLimited => 429,
            Status::Unavailable => 503,
            Status::Internal => 500,
        }
    }
}

crate::wire_enum! {
    /// What kind of failure plain APIs tell of.
    pub enum PlainError {
        Auth => "AUTH_ERROR",
        Permission => "PERMISSION_ERROR",
        NotFound => "NOT_FOUND",
        Validation => "VALIDATION_ERROR",
        Conflict => "CONFLICT",
        RateLimit => "RATE_LIMIT_ERROR",
        Internal => "INTERNAL_ERROR",
    }
}

impl Status {
    /// As plain APIs tell it, with the HTTP status.
    pub const fn plain(self) -> (PlainError, u16) {
        match self {
            Status::Unauthenticated => (PlainError::Auth, 401),
            Status::Forbidden => (PlainError::Permission, 403),
            Status::NotFound => (PlainError::NotFound, 404),
            Status::Invalid | Status::Unprocessable => (PlainError::Validation, 422),
            Status::TooLarge | Status::UnsupportedMedia => (PlainError::Validation, self.http()),
            Status::Conflict => (PlainError::Conflict, 409),
            Status::RateLimited => (PlainError::RateLimit, 429),
            Status::Internal | Status::Unavailable => (PlainError::Internal, self.http()),
        }
    }
}

/// One bad field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub field: String,
    pub problem: String,
}

impl Problem {
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Problem {
        Problem { field: field.into(), problem: problem.into() }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Error {
        Error::invalid(vec![problem])
    }
}

/// What went wrong. Clients see `code`, `message` and `detail`; only the log sees `source`.
#[derive(Debug)]
pub struct Error {
    pub status: Status,
    pub code: Cow<'static, str>,
    pub message: String,
    /// Boxed: errors travel through every layer and should be small.
    pub detail: Option<Box<Json>>,
    /// Seconds after which trying again makes sense (429 and 503).
    pub retry_after: Option<u32>,
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub fn new(status: Status, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Error {
        Error { status, code: code.into(), message: message.into(), detail: None, retry_after: None, source: None }
    }

    /// 400 naming every bad field at once.
    pub fn invalid(problems: Vec<Problem>) -> Error {
        let names: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        let message = match problems.as_slice() {
            [one] => format!("{}: {}", one.field, one.problem),
            _ => format!("{} fields are not valid: {}", problems.len(), names.join(", ")),
        };
        let detail = problems.iter().map(|p| json!({"field": p.field, "problem": p.problem})).collect();
        Error::new(Status::Invalid, "ValidationFailed", message).detail(Json::Array(detail))
    }

    /// As [`Error::invalid`], if there is anything to name.
    pub fn none_of(problems: Vec<Problem>) -> Result<()> {
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
    }

    pub fn field(field: impl Into<String>, problem: impl Into<String>) -> Error {
        Error::invalid(vec![Problem::new(field, problem)])
    }

    pub fn login_required() -> Error {
        Error::new(Status::Unauthenticated, "LoginRequired", "Log in first: no valid access token was sent")
    }

    pub fn forbidden(message: impl Into<String>) -> Error {
        Error::new(Status::Forbidden, "Forbidden", message)
    }

    /// 404 with the code `{Object}NotFound`, for example `ShiftNotFound`.
    pub fn not_found(object: &str) -> Error {
        let mut code = object.trim_start_matches("sys_").to_owned();
        if let Some(first) = code.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        code.push_str("NotFound");
        Error::new(Status::NotFound, code, format!("There is no such {object} within your reach"))
    }

    pub fn conflict(code: &'static str, message: impl Into<String>) -> Error {
        Error::new(Status::Conflict, code, message)
    }

    pub fn unavailable(message: impl Into<String>) -> Error {
        Error { retry_after: Some(1), ..Error::new(Status::Unavailable, "ProviderUnavailable", message) }
    }

    pub fn rate_limited(seconds: u32, message: impl Into<String>) -> Error {
        Error { retry_after: Some(seconds), ..Error::new(Status::RateLimited, "RateLimited", message) }
    }

    /// 500 whose cause is for the log alone.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let message = "An internal error occurred; its requestId finds it in the log";
        Error { source: Some(source.into()), ..Error::new(Status::Internal, "InternalError", message) }
    }

    pub fn detail(mut self, detail: Json) -> Error {
        self.detail = Some(Box::new(detail));
        self
    }

    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_found_is_named_after_the_object() {
        assert_eq!(Error::not_found("shift").code, "ShiftNotFound");
        assert_eq!(Error::not_found("sys_toolCatalog").code, "ToolCatalogNotFound");
    }

    #[test]
    fn every_bad_field_is_listed() {
        let error = Error::invalid(vec![Problem::new("a", "is required"), Problem::new("b", "must be a number")]);
        assert_eq!(error.status.http(), 400);
        assert_eq!(error.detail.expect("detail")[1]["field"], "b");
    }
}
