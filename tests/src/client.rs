//! Calling the server as somebody.

use std::sync::{Arc, PoisonError};

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_core::Clock;

use crate::app::{Shared, TestApp};
use crate::company::PASSWORD;
use crate::stream::Live;

/// An answer, whatever it says.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Json,
    /// The body as it came; of anything that is not JSON all there is.
    pub text: String,
    /// What was asked, for messages of failed tests.
    pub asked: String,
}

impl Reply {
    /// The answer to a request of one's own making; `asked` names it in messages.
    pub async fn of(request: reqwest::RequestBuilder, asked: impl Into<String>) -> reqwest::Result<Reply> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok(Reply { status, body: serde_json::from_str(&text).unwrap_or_default(), text, asked: asked.into() })
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Json {
        assert!((200..300).contains(&self.status), "{} answered {} {}", self.asked, self.status, self.text);
        self.body
    }

    /// The body of a refusal with this status and `errCode`.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Json {
        let told = self.body["errCode"].as_str().unwrap_or_default();
        assert_eq!((self.status, told), (status, code), "{} answered {}", self.asked, self.text);
        self.body
    }

    /// The names of the fields that a 400 complains about.
    #[track_caller]
    pub fn bad_fields(self) -> Vec<String> {
        let body = self.refused(400, "ValidationFailed");
        let problems = body["detail"].as_array().unwrap_or_else(|| panic!("a list of problems in {body}"));
        problems.iter().map(|p| p["field"].as_str().expect("a field's name").to_owned()).collect()
    }
}

/// Somebody with or without a login, acting on their own company or on one that they claim.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    pub token: Option<String>,
    /// The company claimed by header.
    pub claim: Option<String>,
    /// Sent along as `Idempotency-Key`.
    key: Option<String>,
}

impl Client {
    pub(crate) fn new(shared: Arc<Shared>) -> Client {
        Client { shared, token: None, claim: None, key: None }
    }

    /// Logs in with the password that everybody has.
    pub async fn login(&mut self, email: &str, codename: &str) {
        let claim = self.claim.replace(codename.to_owned());
        self.token = None;
        let body = json!({"username": email, "password": PASSWORD});
        let session = self.post("/auth-api/login", body).await.ok();
        self.claim = claim;
        self.token = session["accessToken"].as_str().map(str::to_owned);
        assert!(self.token.is_some(), "a login answers a token: {session}");
    }

    /// Registers a company, and is its owner.
    pub async fn founder(&self, company: &str) -> Client {
        let email = format!("owner@{company}.test");
        let body =
            json!({"email": email, "password": PASSWORD, "fullname": "Owner", "company": {"name": company, "timezone": "UTC"}});
        self.post("/auth-api/v1/registercompanyowner", body).await.ok();
        let mut owner = self.clone();
        owner.login(&email, company).await;
        owner
    }

    /// A key of this caller's, which outlives logins and restarts.
    pub async fn made_key(&self) -> String {
        let made = self.post("/auth-api/v1/apikeys", json!({"name": "key"})).await.ok();
        made["key"].as_str().expect("a key").to_owned()
    }

    /// The same caller at another server.
    pub fn at(&self, other: &TestApp) -> Client {
        Client { shared: other.shared.clone(), ..self.clone() }
    }

    /// The same caller with another token.
    pub fn with_token(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller, claiming a company.
    pub fn claiming(&self, codename: &str) -> Client {
        Client { claim: Some(codename.to_owned()), ..self.clone() }
    }

    /// The same caller, sending an `Idempotency-Key`.
    pub fn with_key(&self, key: &str) -> Client {
        Client { key: Some(key.to_owned()), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Json) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Json) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Calls a tool through the tool layer.
    pub async fn tool(&self, name: &str, args: Json) -> Reply {
        self.post("/mcpbff-api/api/tools/call", json!({"toolName": name, "args": args})).await
    }

    /// Opens a live stream; `topics` may be empty for all.
    pub async fn stream(&self, topics: &str) -> Live {
        self.stream_after(topics, None).await
    }

    /// Opens a live stream where another one ended.
    pub async fn stream_after(&self, topics: &str, last_event_id: Option<i64>) -> Live {
        let request = self.request(Method::GET, &format!("/realtime-api/v1/stream?topics={topics}"));
        let request = match last_event_id {
            Some(id) => request.header("last-event-id", id.to_string()),
            None => request,
        };
        Live::open(request).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Json>) -> Reply {
        let asked = format!("{method} {path} {}", body.as_ref().map(Json::to_string).unwrap_or_default());
        self.try_send(method, path, body).await.unwrap_or_else(|error| panic!("{asked}: {error}"))
    }

    /// As [`Client::send`], where the server may not be there any more.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<Json>) -> reqwest::Result<Reply> {
        let asked = format!("{method} {path} {}", body.as_ref().map(Json::to_string).unwrap_or_default());
        let mut request = self.request(method, path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        Reply::of(request, asked).await
    }

    /// Uploads a file to a bucket, in a form.
    pub async fn upload(&self, bucket: &str, file_name: &str, bytes: &[u8]) -> Reply {
        self.submit(bucket, &[form_field("file", file_name, "application/octet-stream", bytes)]).await
    }

    /// Sends a form with these fields to a bucket.
    pub async fn submit(&self, bucket: &str, fields: &[Vec<u8>]) -> Reply {
        self.submit_to(&format!("/auth-api/bucket/{bucket}/upload"), fields).await
    }

    /// Sends a form with these fields to an address.
    pub async fn submit_to(&self, path: &str, fields: &[Vec<u8>]) -> Reply {
        let mut body = fields.concat();
        body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let request = self.request(Method::POST, path).header("content-type", kind).body(body);
        let asked = format!("POST {path}");
        Reply::of(request, asked.clone()).await.unwrap_or_else(|error| panic!("{asked}: {error}"))
    }

    /// A request with this caller's headers.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let base = self.shared.base.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut request = self.shared.http.request(method, format!("{base}{path}"));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(claim) = &self.claim {
            request = request.header("mbx-company-codename", claim);
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        request
    }

    /// A client of a server that runs as a program of its own.
    pub fn of(base: &str) -> Client {
        let clock = Arc::new(workforceos_core::time::ManualClock::at(workforceos_core::time::SystemClock.now()));
        let (base, app) = (base.to_owned().into(), None.into());
        Client::new(Arc::new(Shared { base, app, http: crate::app::http_client(), clock }))
    }
}

/// Stands between the fields of a form.
pub const BOUNDARY: &str = "a-line-that-no-file-contains";

/// A field of a form that carries a file, with the boundary before it.
pub fn form_field(name: &str, file_name: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// A value as it stands in an address.
pub fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
