//! What a change of a document takes with it: the alerts about it and about those that it renews, and the files that no
//! document names any more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{CompanyId, FileId, ProfileId, UserId};
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmployeeDocument, EmployeeDocumentsFile};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;

use super::address::{self, Address};
use super::expiry;
use crate::bucket::Bucket;
use crate::files::FileKey;
use crate::reach::manages;
use crate::{App, alerts};

/// Files whose rows a decision took away; their bytes go after the commit.
#[derive(Clone, Default)]
pub struct Gone(Arc<Mutex<Vec<FileKey>>>);

impl Gone {
    /// A decision may run twice: the last one counts.
    fn are(&self, keys: Vec<FileKey>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    pub fn remove(&self, app: &App) {
        let keys = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if !keys.is_empty() {
            app.remove_files_later(keys);
        }
    }
}

/// The documents and files of a profile, and the alerts about them.
pub fn of_profile(company: CompanyId, profile: ProfileId) -> Needs {
    let (documents, files) = reads(company, &[profile.0]);
    Needs::none().and_query(documents).and_query(files).and_follow(alerts_about)
}

/// The documents and files of the profiles whose documents were read.
pub fn of_same_profile(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    by_company(rows, "employeeProfileId").into_iter().flat_map(|(c, ids)| <[Query; 2]>::from(reads(c, &ids))).collect()
}

/// The open alerts about the documents that were read.
pub fn alerts_about(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    let about = |(company, ids): (CompanyId, Vec<Uuid>)| {
        let cond = Cond::id_in("relatedEntityId", &ids)
            .and(Cond::eq("alertType", AlertType::DocumentExpiring.as_str()))
            .and(Cond::eq("status", AlertStatus::Open.as_str()));
        Query::of(Alert::def(), company, cond)
    };
    by_company(rows, "id").into_iter().map(about).collect()
}

fn reads(company: CompanyId, profiles: &[Uuid]) -> (Query, Query) {
    let cond = Cond::id_in("employeeProfileId", profiles);
    (Query::of(EmployeeDocument::def(), company, cond.clone()), Query::of(EmployeeDocumentsFile::def(), company, cond))
}

/// An id of each document that was read.
fn by_company(rows: &HashMap<Uuid, Record>, property: &str) -> BTreeMap<CompanyId, Vec<Uuid>> {
    let mut found: BTreeMap<CompanyId, Vec<Uuid>> = BTreeMap::new();
    for row in rows.values().filter(|row| *row.def == *EmployeeDocument::def()) {
        if let (Some(company), Some(id)) = (row.get("companyId").as_id(), row.get(property).as_id()) {
            found.entry(CompanyId(company)).or_default().push(id);
        }
    }
    found
}

/// Whether the caller may write documents of a user: admins all, a manager the reports'.
pub fn writes(facts: &Facts, ctx: &Ctx, user: UserId) -> bool {
    ctx.is_admin() || manages(facts.state, ctx, user)
}

/// A document's type, and where it is; of a file of ours its id.
pub fn check(facts: &Facts, kind: &str, url: &str, profile: ProfileId) -> Result<Option<FileId>, Vec<Problem>> {
    let mut problems = Vec::new();
    if kind.trim().is_empty() {
        problems.push(Problem::new("documentType", "must not be empty"));
    }
    let files = facts.rows::<EmployeeDocumentsFile>().unwrap_or_default();
    let theirs = |id: &FileId| files.iter().any(|f| f.meta.id == id.0 && f.employee_profile_id == profile);
    let file = match address::read(url) {
        Some(Address::Ours(id)) if theirs(&id) => Some(id),
        Some(Address::Ours(_)) => {
            problems.push(Problem::new("documentUrl", "names no file that was uploaded for this employee"));
            None
        }
        Some(Address::Web(id)) => id.filter(theirs),
        None => {
            problems.push(Problem::new("documentUrl", "must be an https address, or that of a file uploaded here"));
            None
        }
    };
    if problems.is_empty() { Ok(file) } else { Err(problems) }
}

/// Writes a document as it is to be, and all that follows from it. Wants what [`of_profile`] names.
pub fn written(
    facts: &Facts,
    ctx: &Ctx,
    before: Option<&EmployeeDocument>,
    mut after: EmployeeDocument,
    gone: &Gone,
) -> Result<(EmployeeDocument, Changes)> {
    let (zone, today) = today(facts);
    let moved = before.is_some_and(|b| b.valid_until != after.valid_until);
    if moved {
        after.alerted_days = None;
    }
    let others = of(facts, after.employee_profile_id, after.meta.id)?;
    after.alert_at = expiry::alert_at(zone, today, &after, expiry::is_renewed(&after, &others));
    let event = Event::audit(ctx, EmployeeDocument::def().name, after.meta.id).after(&after).audited(before);
    let mut changes = Changes::none().put(&after).event(event).due(after.alert_at);
    if moved || !after.meta.is_active || after.alert_at.is_none() {
        changes = changes.join(settled(facts, ctx, after.meta.id)?);
    }
    for other in &others {
        let rivals = others.iter().chain([&after]);
        let renewed = expiry::is_renewed(other, rivals);
        let at = expiry::alert_at(zone, today, other, renewed);
        if at != other.alert_at {
            let planned = EmployeeDocument { alert_at: at, ..other.clone() }.touched(facts.now);
            changes = changes.put(&planned).due(at);
        }
        if renewed {
            changes = changes.join(settled(facts, ctx, other.meta.id)?);
        }
    }
    let left: Vec<FileId> = others.iter().chain([&after]).filter(|d| d.meta.is_active).filter_map(|d| d.file_id).collect();
    let dropped: Vec<FileId> = before.and_then(|b| b.file_id).into_iter().filter(|id| !left.contains(id)).collect();
    changes = changes.join(without_files(facts, ctx, gone, |file| dropped.contains(&FileId(file.meta.id)))?);
    Ok((after, changes))
}

/// Deletes all of a profile's documents and files. Wants what [`of_profile`] names.
pub fn all_deleted(facts: &Facts, ctx: &Ctx, profile: ProfileId, gone: &Gone) -> Result<Changes> {
    let mut changes = Changes::none();
    for document in of(facts, profile, Uuid::nil())? {
        let deleted = EmployeeDocument { alert_at: None, ..document.clone() }.deleted(facts.now);
        let event = Event::audit(ctx, EmployeeDocument::def().name, document.meta.id).after(&deleted).audited(Some(&document));
        changes = changes.put(&deleted).event(event).join(settled(facts, ctx, document.meta.id)?);
    }
    Ok(changes.join(without_files(facts, ctx, gone, |file| file.employee_profile_id == profile)?))
}

/// The company's zone, and its date.
pub fn today(facts: &Facts) -> (workforceos_core::zone::Zone, workforceos_core::time::Date) {
    let zone = facts.state.zone();
    (zone, zone.date(facts.now))
}

/// The open alerts about a document are settled.
pub fn settled(facts: &Facts, ctx: &Ctx, document: Uuid) -> Result<Changes> {
    alerts::resolve(ctx, facts, AlertType::DocumentExpiring, document)
}

/// The documents of a profile, one left out.
fn of(facts: &Facts, profile: ProfileId, but: Uuid) -> Result<Vec<EmployeeDocument>> {
    let mut documents = facts.rows::<EmployeeDocument>()?;
    documents.retain(|d| d.employee_profile_id == profile && d.meta.id != but);
    Ok(documents)
}

fn without_files(facts: &Facts, ctx: &Ctx, gone: &Gone, which: impl Fn(&EmployeeDocumentsFile) -> bool) -> Result<Changes> {
    let files: Vec<EmployeeDocumentsFile> = facts.rows()?.into_iter().filter(which).collect();
    gone.are(files.iter().map(|f| Bucket::EmployeeDocuments.key(f.company_id, f.meta.id)).collect());
    let removed = |changes: Changes, file: &EmployeeDocumentsFile| {
        let deleted = file.clone().deleted(facts.now);
        let event = Event::audit(ctx, EmployeeDocumentsFile::def().name, file.meta.id).after(&deleted).audited(Some(file));
        changes.put(&deleted).event(event)
    };
    Ok(files.iter().fold(Changes::none(), removed))
}

pub fn missing() -> Error {
    Error::not_found(EmployeeDocument::def().name)
}
