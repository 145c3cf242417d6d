//! The OpenAPI document: the registry's part, and the server's own routes beside it.

mod buckets;

use serde_json::{Map, Value as Json, json};
use workforceos_actors::hub::TOPIC_NAMES;
use workforceos_core::Registry;

use crate::{agents, chat, tools};

/// The whole document.
pub fn document<S: Send + Sync + 'static>(registry: &Registry<S>) -> Json {
    let mut document = workforceos_core::openapi::document(registry);
    let mut add = |path: &str, method: &str, operation: Json| {
        document["paths"][path][method] = operation;
    };
    let text = json!({"type": "string"});
    let login =
        json!({"username": {"type": "string", "description": "User name or e-mail address."}, "email": text, "password": text});
    add(
        "/auth-api/login",
        "post",
        public("login", "Log in", "The flat session with its access token.", body(login, &["password"])),
    );
    add("/auth-api/logout", "post", public("logout", "Log out", "Ends the session and clears its cookie.", json!({})));
    for (kind, name, start, complete) in verifications() {
        let path = format!("/auth-api/verification-services/{kind}");
        let about = "Sends a code of six digits by e-mail; good for 24 hours and five tries.";
        add(&format!("{path}/start"), "post", public(&format!("start{name}"), "Send a code", about, start));
        let about = "Redeems the code.";
        add(&format!("{path}/complete"), "post", public(&format!("complete{name}"), "Redeem a code", about, complete));
    }
    let own = "The flat session of the caller.";
    add("/auth-api/currentuser", "get", operation("currentuser", "Current user", own, json!({})));
    let own = "The Business APIs that the caller may call.";
    add("/auth-api/permissions", "get", operation("permissions", "Permissions", own, json!({})));
    let name = json!({"parameters": [parameter("permissionName", "path", true, text.clone(), "service.apiName")]});
    let own = "Whether the caller may call a Business API.";
    add("/auth-api/permissions/{permissionName}", "get", operation("permission", "One permission", own, name));
    for (path, method, operation) in buckets::operations() {
        add(path, method, operation);
    }
    add("/realtime-api/v1/stream", "get", stream());
    add("/schedulemanagement-api/v1/shifts.ics", "get", calendar());
    for (path, method, operation) in agents::operations() {
        add(path, method, operation);
    }
    add("/api/v1/audit-logs/export", "get", audit_export());
    for (path, method, operation) in tools::operations() {
        add(path, method, operation);
    }
    for (path, method, operation) in chat::operations() {
        add(path, method, operation);
    }
    let about = "The process runs.";
    add("/health", "get", public("health", "Health", about, json!({})));
    let about = "The database answers; 503 if not.";
    add("/health/ready", "get", public("healthReady", "Readiness", about, json!({})));
    document
}

/// Each verification: its address, its operations' name, what start and complete take.
fn verifications() -> [(&'static str, &'static str, Json, Json); 3] {
    let text = || json!({"type": "string"});
    let email = || body(json!({"email": text()}), &["email"]);
    let code = || body(json!({"email": text(), "secretCode": text()}), &["email", "secretCode"]);
    let reset = body(json!({"email": text(), "secretCode": text(), "password": text()}), &["email", "secretCode", "password"]);
    let optional = |mut more: Map<String, Json>, required: &[&str]| {
        more.extend([("userId".to_owned(), text()), ("sessionId".to_owned(), text())]);
        body(Json::Object(more), required)
    };
    let second = Map::from_iter([("secretCode".to_owned(), text())]);
    [
        ("email-verification", "EmailVerification", email(), code()),
        ("password-reset-by-email", "PasswordResetByEmail", email(), reset),
        ("email-2factor-verification", "Email2FactorVerification", optional(Map::new(), &[]), optional(second, &["secretCode"])),
    ]
}

fn stream() -> Json {
    let text = json!({"type": "string"});
    let more = json!({"parameters": [
        parameter("topics", "query", false, text.clone(), &format!("A comma list of {}; all if left out.", TOPIC_NAMES.join(", "))),
        parameter("lastEventId", "query", false, text.clone(), "Resumes after this event."),
        parameter("Last-Event-ID", "header", false, text, "Resumes after this event."),
    ]});
    let about = "Live events of the company as text/event-stream: first `snapshot` with today's board, then every event that the \
                 caller may read. An object that is the caller's no longer comes as deleted (or cancelled), with `id`, `isActive` false \
                 and `withdrawn` true alone. A position that is too old, or from before something was taken from the caller, and a \
                 reach over other people than before give `reset` and a new snapshot; `end` says why a stream ends: `logout`, `userGone`, \
                 `roleLost`, `tooMany` (a user has 256 of them, one more ends the oldest) or `shutdown`.";
    of_type(operation("stream", "Live stream", about, more), "text/event-stream")
}

fn calendar() -> Json {
    let token = parameter("access_token", "query", false, json!({"type": "string"}), "For programs that cannot set headers.");
    let about = "The caller's shifts as iCalendar.";
    of_type(operation("shiftsCalendar", "Shift calendar", about, json!({"parameters": [token]})), "text/calendar")
}

fn audit_export() -> Json {
    let text = || json!({"type": "string"});
    let narrow = |name: &str, schema: Json, about: &str| parameter(name, "query", false, schema, about);
    let instant = || json!({"type": "string", "format": "date-time"});
    let more = json!({"parameters": [
        narrow("format", json!({"type": "string", "enum": ["csv", "json"]}), "csv unless said."),
        narrow("from", instant(), "Only entries of this instant or later."),
        narrow("to", instant(), "Only entries before this instant."),
        narrow("entity_type", text(), "Only entries about this kind of object."),
        narrow("actor_user_id", json!({"type": "string", "format": "uuid"}), "Only what this user did."),
    ]});
    let about = "The audit log as a file, the newest entry first, for admins: at most 1,000,000 entries, else 413. The export is an entry \
                 of the log itself. A file that cannot be finished ends with the connection, never as if it were whole.";
    let mut operation =
        of_types(operation("exportAuditLogs", "Export the audit log", about, more), &["text/csv", "application/json"]);
    let schema = json!({"$ref": "#/components/schemas/GovernanceError"});
    operation["responses"]["default"]["content"]["application/json"]["schema"] = schema;
    operation["tags"] = json!(["governance"]);
    operation
}

pub fn operation(id: &str, summary: &str, about: &str, more: Json) -> Json {
    let mut operation = json!({
        "operationId": id,
        "summary": summary,
        "description": about,
        "tags": ["system"],
        "responses": {
            "200": {"description": "Success", "content": {"application/json": {"schema": {}}}},
            "default": {
                "description": "Failure",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    });
    if let (Some(operation), Json::Object(more)) = (operation.as_object_mut(), more) {
        operation.extend(more);
    }
    operation
}

fn public(id: &str, summary: &str, about: &str, more: Json) -> Json {
    let mut operation = operation(id, summary, about, more);
    operation["security"] = json!([]);
    operation
}

pub fn of_type(operation: Json, content_type: &str) -> Json {
    of_types(operation, &[content_type])
}

fn of_types(mut operation: Json, content_types: &[&str]) -> Json {
    let each = content_types.iter().map(|kind| ((*kind).to_owned(), json!({"schema": {"type": "string"}})));
    operation["responses"]["200"]["content"] = Json::Object(each.collect());
    operation
}

/// An operation that answers a JSON object.
pub fn answering(mut operation: Json, properties: Json) -> Json {
    operation["responses"]["200"]["content"]["application/json"]["schema"] = json!({"type": "object", "properties": properties});
    operation
}

/// The `Idempotency-Key` of a route that is no Business API's.
pub fn idempotency_key(about: &str) -> Json {
    let about = format!("{about}, however often it is sent with this key within 24 hours; with another body 409.");
    parameter("Idempotency-Key", "header", false, json!({"type": "string", "maxLength": 255}), &about)
}

pub fn body(properties: Json, required: &[&str]) -> Json {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"requestBody": {"required": !required.is_empty(), "content": {"application/json": {"schema": schema}}}})
}

pub fn parameter(name: &str, place: &str, required: bool, schema: Json, about: &str) -> Json {
    json!({"name": name, "in": place, "required": required, "schema": schema, "description": about})
}
