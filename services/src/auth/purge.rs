//! Who archived their profile a month ago is deleted for good.
//!
//! What a company needs to account for stays and tells nothing of the person any more: the user becomes a nameless, inactive
//! one, so that attendance, leave and shifts keep their references. Logins, keys, codes, alerts and memberships go. The
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
    Alert, ApiKey, AttendanceRecord, EmployeeDocument, EmployeeDocumentsFile, EmployeeProfile, LeaveRequest, PayrollReport,
    Shift, ShiftStatus, ShiftSwap, TaskAssignment, User, UserAvatarsFile, UserGroupMember, UserSession, Verification,
};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;
use workforceos_core::zone::Zone;

use super::Bucket;
use super::login::is_gone;
use super::names::ARCHIVED_FOR;
use crate::schedule::rules as shifts;
use crate::{App, commit_with, system_ctx, tasks};

const DAILY: Duration = Duration::from_secs(24 * 60 * 60);
/// Users read at a time.
const BATCH: u64 = 100;

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
        let gone = Value::Time(Timestamp(app.clock.now().0 - ARCHIVED_FOR));
        let due = Cond::Cmp("archiveDate", Op::Lt, gone).and(Cond::Cmp("id", Op::Gt, Value::Id(after)));
        // Of all tenants: this is the operator's duty, whosever they were.
        let query = Query { company: None, limit: BATCH, ..Query::of(User::def(), CompanyId::ROOT, due) };
        let users = app.store.select(&query).await?;
        for record in &users {
            after = record.id();
            let user = User::from_record(record.clone())?;
            // One that fails keeps nobody else.
            match purge(app, &user).await {
                Ok(()) => count += 1,
                Err(error) => tracing::warn!(user = %after, %error, source = ?error.source, "an archived user stays"),
            }
        }
        if (users.len() as u64) < BATCH {
            return Ok(count);
        }
    }
}

/// Deletes an archived user for good, if the month is over.
pub async fn purge(app: &Arc<App>, user: &User) -> Result<()> {
    let (company, id) = (user.company_id, UserId(user.meta.id));
    let ctx = system_ctx(Tenant { company, codename: "".into(), zone: Zone::UTC }, app.clock.now(), "purge");
    let mut needs = Needs::row::<User>(id);
    let mut theirs = Theirs::default();
    let mut files = Vec::new();
    for def in purged() {
        let rows = app.store.owned(def, company, id).await?;
        theirs.purged.extend(rows.iter().map(|row| RowChange::Purge(def, row.id())));
        for bucket in [Bucket::UserAvatars, Bucket::EmployeeDocuments].into_iter().filter(|bucket| *def == *bucket.def()) {
            files.extend(rows.iter().map(|row| bucket.key(company, row.id())));
        }
        if *def == *EmployeeDocument::def() {
            // What others were told about the documents, the manager above all.
            let documents: Vec<Uuid> = rows.iter().map(Record::id).collect();
            let about = Query::of(Alert::def(), company, Cond::id_in("relatedEntityId", &documents));
            theirs.alerts = app.store.select(&about).await?.iter().map(Record::id).collect();
        }
    }
    for (def, texts) in emptied() {
        let rows = app.store.owned(def, company, id).await?;
        let telling = |row: &&Record| texts.is_empty() || texts.iter().any(|name| !row.get(name).is_null());
        let ids: Vec<Uuid> = rows.iter().filter(telling).map(Record::id).collect();
        needs.rows.extend(ids.iter().map(|id| (def, *id)));
        theirs.emptied.extend(ids);
    }
    let memberships = Query::of(UserGroupMember::def(), company, Cond::eq("userId", id.0));
    let coming = Cond::Cmp("endsAt", Op::Gt, Value::Time(app.clock.now()))
        .and(Cond::eq("status", ShiftStatus::Scheduled.as_str()))
        .and(Cond::HasAny("assignedUserIds", vec![id.0]));
    let needs = needs.and_query(memberships).and_query(Query::of(Shift::def(), company, coming));
    let needs = needs.and(Needs::tasks(TaskNeed::User(id)));
    let erasure = app.store.traces(company, id).await?;
    let act = ctx.clone();
    let decide = move |facts: &Facts| Ok((forget(&act, facts, id, &theirs, &erasure)?, ()));
    commit_with(app, &ctx, needs, decide).await?;
    app.remove_files_later(files);
    Ok(())
}

/// What is a user's alone.
#[derive(Default)]
struct Theirs {
    purged: Vec<RowChange>,
    emptied: Vec<Uuid>,
    /// Alerts about what goes, whoever they are for.
    alerts: Vec<Uuid>,
}

/// What goes.
fn purged() -> [&'static ObjectDef; 7] {
    [
        UserSession::def(),
        ApiKey::def(),
        Verification::def(),
        Alert::def(),
        UserAvatarsFile::def(),
        EmployeeDocument::def(),
        EmployeeDocumentsFile::def(),
    ]
}

/// What stays, and the texts in it that tell of the person; none named: the row is told of as a whole.
fn emptied() -> [(&'static ObjectDef, &'static [&'static str]); 5] {
    [
        (EmployeeProfile::def(), &[]),
        (LeaveRequest::def(), &["reason", "decisionNote"]),
        (AttendanceRecord::def(), &["absenceReason", "managerNote"]),
        (PayrollReport::def(), &["notes", "calculatedFrom"]),
        (ShiftSwap::def(), &["reason", "decisionNote"]),
    ]
}

fn forget(ctx: &Ctx, facts: &Facts, id: UserId, theirs: &Theirs, erasure: &Erasure) -> Result<Changes> {
    let Some(user) = facts.any::<User>(id)?.filter(|u| u.meta.is_active && is_gone(u, facts.now)) else {
        // Somebody else was faster.
        return Ok(Changes::none());
    };
    let mut changes = Changes { rows: theirs.purged.clone(), ..Changes::none() };
    let gone: Vec<Uuid> = changes.rows.iter().map(|row| row.target().1).collect();
    changes = theirs.alerts.iter().filter(|id| !gone.contains(id)).fold(changes, |changes, id| changes.purge::<Alert>(*id));
    for row in &theirs.emptied {
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
    Ok(changes)
}

fn nameless(user: User) -> User {
    User {
        email: format!("{}@deleted.invalid", user.meta.id),
        // No password has this hash.
        password: String::new(),
        fullname: "Deleted user".to_owned(),
        avatar: None,
        email_verified: false,
        ..user
    }
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
