//! Who somebody is, whose they are and what they may do: proved through the server's doors.

mod archive;
mod codes;
mod endings;
mod mail;
mod mint;
mod roles;
mod tokens;

use workforceos_tests::{Client, Reply, TestApp};

use crate::paths::RECORDS;

/// Addresses of people, logins and keys.
mod at {
    pub const CURRENT_USER: &str = "/auth-api/currentuser";
    pub const LOGIN: &str = "/auth-api/login";
    pub const LOGOUT: &str = "/auth-api/logout";
    pub const USERS: &str = "/auth-api/v1/users";
    pub const KEYS: &str = "/auth-api/v1/apikeys";
    pub const SESSIONS: &str = "/auth-api/v1/usersessions";
    pub const PROFILE: &str = "/auth-api/v1/profile";
    pub const STREAM: &str = "/realtime-api/v1/stream";
    pub const MCP: &str = "/mcpbff-api/mcp";
}

/// A token that nobody has: refused at every door, in the shape that each door has for it, and never by a failure of the
/// server's own.
async fn is_nobodys(app: &TestApp, token: &str) {
    let caller = app.anonymous().with_token(token);
    let body = caller.get(RECORDS).await.refused(401, "LoginRequired");
    assert_eq!((&body["result"], &body["status"]), (&"ERR".into(), &401.into()), "{body}");
    assert!(body["message"].is_string() && body["date"].is_string(), "{body}");
    for path in [at::CURRENT_USER, "/auth-api/permissions", "/schedulemanagement-api/permissions/auth.getUser"] {
        no_login_found(&caller.get(path).await);
    }
    for path in [at::STREAM, at::MCP, "/mcpbff-api/mcp/sse", "/mcpbff-api/api/tools", "/schedulemanagement-api/v1/shifts.ics"] {
        caller.get(path).await.refused(401, "LoginRequired");
    }
    caller.tool("currentuser", serde_json::json!({})).await.refused(401, "LoginRequired");
}

#[track_caller]
fn no_login_found(reply: &Reply) {
    assert_eq!((reply.status, reply.text.as_str()), (401, r#"{"status":"ERR","message":"No login found"}"#));
}

/// The login behind a token works.
async fn works(caller: &Client) {
    caller.get(at::CURRENT_USER).await.ok();
    caller.get(RECORDS).await.ok();
}
