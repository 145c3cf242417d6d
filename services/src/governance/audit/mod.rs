//! The audit log, for admins: `listAuditLogs`, `verifyAuditLog`, and what its export asks before it begins.

pub mod export;
pub mod verify;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};
use workforceos_store::{AuditQuery, Audited};

use crate::{Api, App, shape};

/// The most entries of a page.
const PAGE: i64 = 200;

input! {
    pub struct List {
        /// Only entries before this one: the last id of the page before, or an instant.
        before: Option<String> => "before" Query,
        /// Only entries of this instant or later.
        from: Option<Timestamp> => "from" Query,
        /// Only entries before this instant.
        to: Option<Timestamp> => "to" Query,
        /// Only entries about this kind of object, for example `shift`.
        entity_type: Option<String> => "entity_type" Query,
        /// Only what this user did.
        actor_user_id: Option<UserId> => "actor_user_id" Query,
        /// How many, at most 200, which is the default.
        limit: Option<i64> => "limit" Query,
    }
}

pub fn list() -> Api {
    Api::list("listAuditLogs")
        .named("auditLogs")
        .at("/v1/audit-logs")
        .reach(Reach::Admins)
        .any_tenant()
        .plain()
        .output(|| shape::list(entry_shape(), "Entries, the newest first."))
        .about(
            "The company's audit log: who changed what, the newest 200 entries first; `before` goes on. Entries are never altered or \
             removed; of forgotten people's, the content is gone.",
        )
        .handler(newest)
}

async fn newest(app: Arc<App>, ctx: Ctx, input: List) -> Result<Answer> {
    let limit = input.limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(Error::field("limit", format!("must be from 1 to {PAGE}")));
    }
    let query = input.query(u32::try_from(limit).unwrap_or_default())?;
    let entries = app.store.audit_log(ctx.company(), &query).await?;
    let names = actors(&app, &entries).await?;
    Ok(Answer::json(entries.iter().map(|entry| told(entry, &names)).collect()))
}

impl List {
    fn query(self, limit: u32) -> Result<AuditQuery> {
        let place = self.before.as_deref().and_then(|text| text.parse().ok());
        let mut to = self.to;
        if let Some(text) = self.before.filter(|_| place.is_none()) {
            let wrong = || Error::field("before", "must be the id of an entry, or an instant such as 2026-11-21T09:00:00Z");
            let at = Timestamp::parse(&text).ok_or_else(wrong)?;
            to = Some(to.map_or(at, |to| to.min(at)));
        }
        Ok(AuditQuery { before: place, from: self.from, to, entity: self.entity_type, actor: self.actor_user_id, limit })
    }
}

/// Who did it, also those who left: people of the company and, where it acted there, of the SaaS level.
async fn actors(app: &App, entries: &[Audited]) -> Result<HashMap<Uuid, String>> {
    let ids: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.actor).map(|user| user.0).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let users = if ids.is_empty() { Vec::new() } else { app.store.by_ids(User::def(), None, &ids).await? };
    let name = |user: &Record| user.get("fullname").as_text().filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(users.iter().filter_map(|user| Some((user.id(), name(user)?))).collect())
}

fn told(entry: &Audited, names: &HashMap<Uuid, String>) -> Json {
    let value = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Json::Null);
    let mut extra = match value(&entry.extra) {
        Json::Object(extra) => extra,
        _ => serde_json::Map::new(),
    };
    extra.insert("via".to_owned(), json!(entry.via));
    extra.insert("requestId".to_owned(), json!(entry.request_id));
    if entry.extra.is_none() {
        extra.insert("erased".to_owned(), json!(true));
    }
    json!({
        "id": entry.seq, "actor_user_id": entry.actor.map(|user| user.to_string()),
        "actor_name": entry.actor.and_then(|user| names.get(&user.0)), "action_type": entry.action,
        "entity_type": entry.entity, "entity_id": entry.entity_id.to_string(), "old_value": value(&entry.before),
        "new_value": value(&entry.after), "extra_metadata": extra, "created_at": entry.at.to_string(),
    })
}

fn entry_shape() -> Json {
    let content = |about: &str| json!({"type": ["object", "null"], "description": about});
    shape::object(
        "An entry of the audit log.",
        [
            ("id", shape::whole("Its place in the company's journal: grows, with gaps where the journal has what is no audit.")),
            ("actor_user_id", shape::or_null(shape::id("Who did it; null: the system."))),
            ("actor_name", shape::or_null(shape::text("Their name now; null once they are forgotten."))),
            ("action_type", shape::text("What was done: the Business API's name, or the timer's.")),
            ("entity_type", shape::text("The kind of object that it was done to.")),
            ("entity_id", shape::id("That object.")),
            ("old_value", content("The object before; null if it is new, or erased.")),
            ("new_value", content("The object after, secrets masked; null if there is none, or erased.")),
            (
                "extra_metadata",
                json!({"type": "object", "description": "How: via (rest, mcp, agent, timer), requestId, and more."}),
            ),
            ("created_at", shape::instant("When.")),
        ],
    )
}
