//! The way to a provider: one request, its answer's head, and what a refusal means.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect};
use serde_json::Value as Json;

use super::{Failure, Patience};

const USER_AGENT: &str = concat!("WorkforceOS/", env!("CARGO_PKG_VERSION"));
/// How much of a refusal is read, and how much of its words is kept.
const REFUSAL: usize = 16 * 1024;
const MESSAGE: usize = 300;
/// How long a connection that nobody uses is kept.
const KEPT: Duration = Duration::from_secs(60);

/// Where and as whom to ask.
pub(super) struct Wire {
    url: String,
    /// `None`: the key cannot stand in a header.
    headers: Option<HeaderMap>,
    key: String,
    patience: Patience,
    /// Made when something is asked for the first time: only then are the system's certificates needed.
    client: OnceLock<Client>,
}

impl Wire {
    /// `headers` never reach a log.
    pub fn new(url: String, headers: &[(&'static str, String)], key: &str, patience: Patience) -> Wire {
        let header = |(name, value): &(&'static str, String)| {
            let mut value = HeaderValue::from_str(value).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::from_static(name), value))
        };
        let headers = headers.iter().map(header).collect();
        Wire { url, headers, key: key.to_owned(), patience, client: OnceLock::new() }
    }

    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Asks, and answers once an answer begins that is an event stream.
    pub async fn ask(&self, body: Vec<u8>) -> Result<Response, Failure> {
        let headers = self.headers.clone().ok_or_else(|| refused(0, "the key cannot be sent"))?;
        let asking = self.client()?.post(&self.url).headers(headers).header(CONTENT_TYPE, "application/json").body(body);
        let answering = tokio::time::timeout(self.patience.first, asking.send()).await.map_err(|_| Failure::TimedOut)?;
        let response = answering.map_err(|error| self.broken(error))?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // Some servers name no type, or a plain one; but these are never streams.
        if kind.starts_with("application/json") || kind.starts_with("text/html") {
            let kind = told(&Json::Null, kind.as_bytes(), &self.key);
            return Err(Failure::Malformed(format!("the answer is no event stream but {kind}")));
        }
        Ok(response)
    }

    /// What it means that a connection broke.
    pub fn broken(&self, error: reqwest::Error) -> Failure {
        broken(error, &self.key)
    }

    pub fn breaks(&self) -> impl Fn(reqwest::Error) -> Failure + Send + 'static {
        let key = self.key.clone();
        move |error| broken(error, &key)
    }

    async fn refusal(&self, mut response: Response) -> Failure {
        let status = response.status().as_u16();
        let retry_after = wish(response.headers());
        let mut body = Vec::new();
        let reading = async {
            while body.len() < REFUSAL {
                // The status has decided: whatever happens to the rest changes nothing.
                let Ok(Some(chunk)) = response.chunk().await else { break };
                body.extend_from_slice(&chunk);
            }
        };
        let _ = tokio::time::timeout(self.patience.connect, reading).await;
        meaning(status, retry_after, &body, &self.key)
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut building = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.patience.connect)
            .pool_idle_timeout(KEPT);
        if is_here(&self.url) {
            building = building.no_proxy();
        }
        let client = building.build().map_err(|error| self.broken(error))?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// Whether a URL leads to this machine, where no proxy of the environment is asked.
fn is_here(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Why a text cannot be a provider's address; `None`: it can.
pub fn url_problem(text: &str) -> Option<&'static str> {
    match Url::parse(text) {
        Ok(url) if !["http", "https"].contains(&url.scheme()) => Some("must begin with https:// or http://"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => Some("must not carry a user or a password"),
        Ok(url) if url.query().is_some() || url.fragment().is_some() => Some("must end with its path: no ? and no #"),
        Ok(_) => None,
        Err(_) => Some("must be a URL, such as https://llm.example.com/v1"),
    }
}

/// Whether the key, and all that is asked, goes there through a network as plain text.
pub fn is_unencrypted(url: &str) -> bool {
    Url::parse(url).is_ok_and(|parsed| parsed.scheme() == "http") && !is_here(url)
}

/// What a status that is no success means.
fn meaning(status: u16, retry_after: Option<Duration>, body: &[u8], key: &str) -> Failure {
    let json: Json = serde_json::from_slice(body).unwrap_or_default();
    // It says 429, too, when the account has no credit: that does not pass by itself.
    let spent = json["error"]["code"] == "insufficient_quota" || json["error"]["type"] == "insufficient_quota";
    match status {
        300..=399 => refused(status, "redirects are not followed"),
        // Some quote a part of the key.
        401 => refused(status, "the key is refused"),
        429 if spent => refused(status, "the account has no credit left"),
        408 | 429 | 500.. => Failure::Overloaded { status, retry_after },
        _ => refused(status, &told(&json, body, key)),
    }
}

/// What an error inside a stream means; its type or code says it, in either provider's words.
pub(super) fn error_event(error: &Json, key: &str) -> Failure {
    let word = |json: &Json| json.as_str().map(str::to_owned);
    let kind = word(&error["type"]).or_else(|| word(&error["code"])).unwrap_or_default();
    let status = match kind.as_str() {
        "overloaded_error" => 529,
        "rate_limit_error" | "rate_limit_exceeded" | "requests" | "tokens" => 429,
        "timeout_error" => 504,
        "insufficient_quota" => 402,
        "authentication_error" => 401,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "invalid_request_error" | "BadRequestError" => 400,
        _ => error["code"].as_u64().and_then(|code| u16::try_from(code).ok()).filter(|code| *code >= 400).unwrap_or(500),
    };
    meaning(status, None, error.to_string().as_bytes(), key)
}

/// What cannot be read of an answer, and where. The error's own words would quote what the model said.
pub(super) fn unreadable(what: &str, error: &serde_json::Error) -> Failure {
    Failure::Malformed(format!("{what} cannot be read: {:?} at its byte {}", error.classify(), error.column()))
}

fn refused(status: u16, message: &str) -> Failure {
    Failure::Refused { status, message: message.to_owned() }
}

/// The provider's own words, for the log.
fn told(json: &Json, body: &[u8], key: &str) -> String {
    let places = [&json["error"]["message"], &json["error"], &json["message"], &json["detail"]];
    let said = places.into_iter().find_map(Json::as_str).map(str::to_owned);
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let said = said.trim().replace(|c: char| c.is_control(), " ");
    let said = if key.is_empty() { said } else { said.replace(key, "…") };
    said.chars().take(MESSAGE).collect()
}

/// How long the provider wants to be left alone: `Retry-After`, in seconds or as a date.
fn wish(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |name| text(name)?.parse::<f64>().ok();
    // A date counts from the answer's own: the provider's clock need not be ours.
    let date = |name| DateTime::parse_from_rfc2822(text(name)?).ok();
    let until = || Some((date(RETRY_AFTER)? - date(DATE)?).as_seconds_f64().max(0.0));
    let seconds = number(HeaderName::from_static("retry-after-ms")).map(|ms| ms / 1_000.0);
    Duration::try_from_secs_f64(seconds.or_else(|| number(RETRY_AFTER)).or_else(until)?).ok()
}

/// What went wrong on the way, without the address and the key.
fn broken(error: reqwest::Error, key: &str) -> Failure {
    let error = error.without_url();
    if error.is_timeout() && !error.is_connect() {
        return Failure::TimedOut;
    }
    let last = std::iter::successors(error.source(), |error| (*error).source()).last();
    let cause = last.map_or_else(|| error.to_string(), ToString::to_string);
    let what = if error.is_connect() { "no connection" } else { "the connection broke" };
    Failure::Unreachable(format!("{what}: {}", told(&Json::Null, cause.as_bytes(), key)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "sk-secret";

    #[test]
    fn a_status_means_one_thing() {
        let of = |status: u16, body: &Json| meaning(status, None, body.to_string().as_bytes(), KEY);
        for status in [408, 429, 500, 502, 503, 504, 529] {
            assert_eq!(of(status, &json!({})), Failure::Overloaded { status, retry_after: None });
        }
        let spent = json!({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}});
        assert!(matches!(of(429, &spent), Failure::Refused { status: 429, .. }), "no pause helps an empty account");
        assert!(matches!(of(302, &json!({})), Failure::Refused { status: 302, .. }));
        let wrong = json!({"error": {"message": "no such model: gpt-x"}});
        assert_eq!(of(404, &wrong), Failure::Refused { status: 404, message: "no such model: gpt-x".to_owned() });
        assert_eq!(of(422, &json!({"detail": "bad"})), Failure::Refused { status: 422, message: "bad".to_owned() });
    }

    #[test]
    fn no_message_carries_the_key() {
        for status in [400, 401, 403, 418] {
            let body = json!({"error": {"message": format!("Incorrect API key provided: {KEY}.\n{}", "x".repeat(1_000))}});
            let Failure::Refused { message, .. } = meaning(status, None, body.to_string().as_bytes(), KEY) else {
                panic!("a refusal")
            };
            assert!(!message.contains(KEY) && message.chars().count() <= MESSAGE && !message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn errors_in_a_stream_mean_what_a_status_means() {
        let of = |kind: &str| error_event(&json!({"type": kind, "message": "told"}), KEY);
        assert_eq!(of("overloaded_error"), Failure::Overloaded { status: 529, retry_after: None });
        assert_eq!(of("rate_limit_error"), Failure::Overloaded { status: 429, retry_after: None });
        assert_eq!(of("server_error"), Failure::Overloaded { status: 500, retry_after: None });
        assert!(matches!(of("invalid_request_error"), Failure::Refused { status: 400, message } if message == "told"));
        assert!(matches!(error_event(&json!({"message": "told", "code": 404}), KEY), Failure::Refused { status: 404, .. }));
        assert!(matches!(error_event(&json!("told"), KEY), Failure::Overloaded { status: 500, .. }));
    }

    #[test]
    fn a_wish_is_read_in_seconds() {
        let of = |name: &'static str, value: &'static str| {
            wish(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]))
        };
        assert_eq!(of("retry-after", "2"), Some(Duration::from_secs(2)));
        assert_eq!(of("retry-after", "0.5"), Some(Duration::from_millis(500)));
        assert_eq!(of("retry-after-ms", "20"), Some(Duration::from_millis(20)));
        for nonsense in ["soon", "-1", "NaN", "inf", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(of("retry-after", nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_wish_may_be_a_date() {
        let of = |until: &'static str| {
            let headers = [(DATE, "Wed, 21 Oct 2026 07:28:00 GMT"), (RETRY_AFTER, until)];
            wish(&headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect())
        };
        assert_eq!(of("Wed, 21 Oct 2026 07:28:07 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(of("Thu, 22 Oct 2026 07:28:00 GMT"), Some(Duration::from_secs(24 * 60 * 60)));
        assert_eq!(of("Wed, 21 Oct 2026 07:27:00 GMT"), Some(Duration::ZERO), "it is over");
        assert_eq!(of("21 October"), None);
    }

    #[test]
    fn what_is_here_needs_no_proxy() {
        for here in ["http://localhost:11434/v1", "http://127.0.0.1/", "http://[::1]:80/v1", "http://ollama.localhost/v1"] {
            assert!(is_here(here), "{here}");
        }
        for away in ["https://api.openai.com/v1", "http://10.0.0.7:8000/v1", "http://localhost.example.com/"] {
            assert!(!is_here(away), "{away}");
        }
    }
}
