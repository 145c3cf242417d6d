//! Who archived their profile a month ago is deleted for good.
//!
//! What a company needs to account for stays and tells nothing of the person any more: the user becomes a nameless, inactive
//! one, so that attendance, leave and shifts keep their references. Logins, keys, codes, alerts, conversations and memberships go. The
//! journal's entries about the person lose their content and keep their places in its chain.

use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs, TaskNeed};
use workforceos_core::change::{Changes, Erasure, Event, RowChange};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, ObjectDef, Record};
use workforceos_core::objects::{
    AgentExecution, AiInsight, Alert, ApiKey, AttendanceRecord, Conversation, Duty, EmployeeDocument, EmployeeDocumentsFile,
    EmployeeProfile, EodReport, GeneratedInsight, LeaveRequest, PayrollReport, Shift, ShiftStatus, ShiftSwap, TaskAssignment,
    User, UserAvatarsFile, UserGroupMember, UserSession, Verification,
};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;
use workforceos_core::zone::Zone;

use super::Bucket;
use super::login::is_gone;
use super::names::ARCHIVED_FOR;
use crate::files::FileKey;
use crate::schedule::rules as shifts;
use crate::{App, commit_with, conversations, system_ctx, tasks};

const DAILY: Duration = Duration::from_secs(24 * 60 * 60);
/// Users read at a time.
const BATCH: u32 = 100;
/// How often is looked for what somebody wrote about a person while that one was being forgotten.
const LOOKS: usize = 5;

/// Purges at the start and then daily, until the program ends.
pub async fn daily(app: Weak<App>) {
    let mut tick = tokio::time::interval(DAILY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(app) = app.upgrade() else { return };
        match purge_archived(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "archived users were deleted for good"),
            Err(error) => tracing::warn!(%error, source = ?error.source, "archived users could not be deleted"),
        }
    }
}

/// Purges everybody who archived their profile a month ago, of every company, and says how many.
pub async fn purge_archived(app: &Arc<App>) -> Result<u64> {
    let mut count = 0;
    let mut after = Uuid::nil();
    loop {
        let gone = Timestamp(app.clock.now().0 - ARCHIVED_FOR);
        // Of all tenants: this is the operator's duty, whosever they were, and whoever deleted them meanwhile.
        let users = app.store.archived(gone, after, BATCH).await?;
        for record in &users {
            after = record.id();
            let user = User::from_record(record.clone())?;
            // One that fails keeps nobody else.
            match purge(app, &user).await {
                Ok(forgotten) => count += u64::from(forgotten),
                Err(error) => tracing::warn!(user = %after, %error, source = ?error.source, "an archived user stays"),
            }
        }
        if users.len() < BATCH as usize {
            return Ok(count);
        }
    }
}

/// Deletes an archived user for good, if the month is over, and says whether it did.
pub async fn purge(app: &Arc<App>, user: &User) -> Result<bool> {
    let (company, id) = (user.company_id, UserId(user.meta.id));
    // First, since who is nameless is not looked at again.
    if company.is_root() && is_gone(user, app.clock.now()) {
        conversations::forget_everywhere(app, id).await?;
    }
    let erasure = app.store.traces(company, id).await?;
    let theirs = Theirs::find(app, company, id).await?;
    if !purge_once(app, company, id, theirs, erasure).await? {
        return Ok(false);
    }
    // What was written between the look and the commit.
    for _ in 0..LOOKS {
        let erasure = app.store.traces(company, id).await?;
        let theirs = Theirs::find(app, company, id).await?;
        if theirs.is_empty() || !purge_once(app, company, id, theirs, erasure).await? {
            break;
        }
    }
    Ok(true)
}

/// Forgets what was found, in one commit, and says whether the user is to be forgotten at all.
async fn purge_once(app: &Arc<App>, company: CompanyId, id: UserId, theirs: Theirs, erasure: Erasure) -> Result<bool> {
    let ctx = system_ctx(Tenant::of(company, "", Zone::UTC), app.clock.now(), "purge");
    let mut needs = Needs::row::<User>(id);
    needs.rows.extend(&theirs.emptied);
    let files = theirs.files(company);
    let memberships = Query::of(UserGroupMember::def(), company, Cond::eq("userId", id.0));
    let coming = Cond::Cmp("endsAt", Op::Gt, Value::Time(app.clock.now()))
        .and(Cond::eq("status", ShiftStatus::Scheduled.as_str()))
        .and(Cond::HasAny("assignedUserIds", vec![id.0]));
    let needs = needs.and_query(memberships).and_query(Query::of(Shift::def(), company, coming));
    let needs = needs.and(Needs::tasks(TaskNeed::User(id)));
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let forgotten = forget(&act, facts, id, &theirs, &erasure)?;
        Ok((forgotten.clone().unwrap_or_default(), forgotten.is_some()))
    };
    let forgotten = commit_with(app, &ctx, needs, decide).await?;
    if forgotten {
        app.remove_files_later(files);
    }
    Ok(forgotten)
}

/// What is a user's alone.
#[derive(Default)]
struct Theirs {
    purged: Vec<(&'static ObjectDef, Uuid)>,
    emptied: Vec<(&'static ObjectDef, Uuid)>,
}

impl Theirs {
    async fn find(app: &App, company: CompanyId, id: UserId) -> Result<Theirs> {
        let mut theirs = Theirs::default();
        for def in purged() {
            let rows = app.store.owned(def, company, id).await?;
            theirs.purged.extend(rows.iter().map(|row| (def, row.id())));
            if *def == *EmployeeDocument::def() {
                // What others were told about the documents, the manager above all.
                let documents: Vec<Uuid> = rows.iter().map(Record::id).collect();
                let about = Query::of(Alert::def(), company, Cond::id_in("relatedEntityId", &documents));
                let alerts = app.store.select(&about).await?.into_iter().map(|row| (Alert::def(), row.id()));
                let known: Vec<_> = theirs.purged.iter().map(|(_, id)| *id).collect();
                theirs.purged.extend(alerts.filter(|(_, id)| !known.contains(id)));
            }
        }
        // And of the person: that somebody is planned for too much is told by name.
        let about = Query::of(Alert::def(), company, Cond::eq("subjectUserId", id.0));
        for row in app.store.select(&about).await? {
            if !theirs.purged.iter().any(|(_, known)| *known == row.id()) {
                theirs.purged.push((Alert::def(), row.id()));
            }
        }
        for (def, texts) in emptied() {
            let rows = app.store.owned(def, company, id).await?;
            theirs.emptied.extend(rows.iter().filter(|row| tells(row, texts)).map(|row| (def, row.id())));
        }
        Ok(theirs)
    }

    fn is_empty(&self) -> bool {
        self.purged.is_empty() && self.emptied.is_empty()
    }

    fn files(&self, company: CompanyId) -> Vec<FileKey> {
        let key = |(def, id): &(&'static ObjectDef, Uuid)| {
            let bucket = [Bucket::UserAvatars, Bucket::EmployeeDocuments].into_iter().find(|bucket| **def == *bucket.def());
            bucket.map(|bucket| bucket.key(company, *id))
        };
        self.purged.iter().filter_map(key).collect()
    }
}

/// Whether one of the properties says anything.
fn tells(row: &Record, texts: &[&str]) -> bool {
    texts.iter().any(|name| match row.get(name) {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Text(text) => !text.is_empty(),
        Value::Json(json) => *json != json!({}),
        _ => true,
    })
}

/// What goes.
fn purged() -> [&'static ObjectDef; 13] {
    [
        UserSession::def(),
        ApiKey::def(),
        Verification::def(),
        Alert::def(),
        UserAvatarsFile::def(),
        EmployeeDocument::def(),
        EmployeeDocumentsFile::def(),
        AiInsight::def(),
        GeneratedInsight::def(),
        AgentExecution::def(),
        Duty::def(),
        EodReport::def(),
        Conversation::def(),
    ]
}

/// What stays, and what in it tells of the person.
fn emptied() -> [(&'static ObjectDef, &'static [&'static str]); 5] {
    [
        (EmployeeProfile::def(), &["isActive", "position", "salary", "notes"]),
        (LeaveRequest::def(), &["reason", "decisionNote"]),
        (AttendanceRecord::def(), &["absenceReason", "managerNote"]),
        (PayrollReport::def(), &["notes", "calculatedFrom"]),
        (ShiftSwap::def(), &["reason", "decisionNote"]),
    ]
}

/// `None`: the user came back, or is forgotten already and nothing is left.
fn forget(ctx: &Ctx, facts: &Facts, id: UserId, theirs: &Theirs, erasure: &Erasure) -> Result<Option<Changes>> {
    let due = |user: &User| is_gone(user, facts.now) || is_nameless(user) && !theirs.is_empty();
    let Some(user) = facts.any::<User>(id)?.filter(due) else { return Ok(None) };
    let purged = theirs.purged.iter().map(|(def, id)| RowChange::Purge(def, *id));
    let mut changes = Changes { rows: purged.collect(), ..Changes::none() };
    for (_, row) in &theirs.emptied {
        changes = changes.join(emptied_row(facts, *row)?);
    }
    for member in facts.rows::<UserGroupMember>()?.into_iter().filter(|m| m.user_id == id) {
        changes = changes.put(&member.deleted(facts.now));
    }
    for shift in facts.rows::<Shift>()? {
        changes = changes.join(unassigned(ctx, facts, shift, id));
    }
    changes = changes.join(tasks_left(ctx, facts, id)?);
    let nameless = nameless(user).deleted(facts.now);
    let entry = Event::audit(ctx, User::def().name, id).after(&nameless).extra(json!({"purged": true}));
    let mut changes = changes.put(&nameless).event(entry);
    changes.erasure = Some(erasure.clone());
    Ok(Some(changes))
}

fn nameless(user: User) -> User {
    User {
        email: no_address(&user),
        // No password has this hash.
        password: String::new(),
        fullname: "Deleted user".to_owned(),
        avatar: None,
        email_verified: false,
        archive_date: None,
        ..user
    }
}

fn is_nameless(user: &User) -> bool {
    !user.meta.is_active && user.email == no_address(user)
}

fn no_address(user: &User) -> String {
    format!("{}@deleted.invalid", user.meta.id)
}

/// A row that stays, without what it says about the person.
fn emptied_row(facts: &Facts, id: Uuid) -> Result<Changes> {
    let changes = Changes::none();
    if let Some(profile) = facts.any::<EmployeeProfile>(id)? {
        let empty = EmployeeProfile { position: String::new(), salary: None, notes: None, ..profile };
        return Ok(changes.put(&empty.deleted(facts.now)));
    }
    if let Some(leave) = facts.any::<LeaveRequest>(id)? {
        let empty = LeaveRequest { reason: None, decision_note: None, ..leave };
        return Ok(changes.put(&empty.touched(facts.now)));
    }
    if let Some(record) = facts.any::<AttendanceRecord>(id)? {
        let empty = AttendanceRecord { absence_reason: None, manager_note: None, ..record };
        return Ok(changes.put(&empty.touched(facts.now)));
    }
    if let Some(report) = facts.any::<PayrollReport>(id)? {
        // What was paid stays; what it was calculated from tells of salary and illness.
        let empty = PayrollReport { notes: None, calculated_from: json!({}), ..report };
        return Ok(changes.put(&empty.touched(facts.now)));
    }
    if let Some(swap) = facts.any::<ShiftSwap>(id)? {
        let empty = ShiftSwap { reason: None, decision_note: None, ..swap };
        return Ok(changes.put(&empty.touched(facts.now)));
    }
    Ok(changes)
}

/// Tasks end with the person, without an entry of their own: it would tell of somebody whom the journal forgets just now.
fn tasks_left(ctx: &Ctx, facts: &Facts, user: UserId) -> Result<Changes> {
    let mut changes = tasks::leave(facts, ctx, user)?;
    // The alerts among them are removed for good.
    changes.rows.retain(|row| *row.target().0 != *Alert::def());
    changes.events.retain(|event| event.object == TaskAssignment::def().name);
    Ok(changes)
}

/// A shift to come is somebody else's to do.
fn unassigned(ctx: &Ctx, facts: &Facts, mut shift: Shift, user: UserId) -> Changes {
    if !shift.assigned_user_ids.contains(&user) || shift.ends_at <= facts.now || shift.status != ShiftStatus::Scheduled {
        return Changes::none();
    }
    shift.assigned_user_ids.retain(|assigned| *assigned != user);
    let shift = shift.touched(facts.now);
    let event = Event::of(ctx, "shift.updated", &shift, shifts::audience(facts.state, &shift));
    Changes::none().put(&shift).event(event)
}
