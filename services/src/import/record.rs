//! What the journal says of an import: who imported what, how many rows came of it, and which.
//!
//! A short import leaves of every row the entries and events that the APIs would. Of a long one, new rows are named part by part,
//! what became of rows that were there before is told with before and after, and one event tells the streams to look again.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::change::{Audience, Changes, Event, RowChange};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Company;
use workforceos_core::session::Ctx;

use super::report::{Report, What};

/// The changes of a part.
pub fn part(ctx: &Ctx, rows: Vec<(What, Changes)>, quiet: bool) -> Changes {
    let mut all = Changes::none();
    let mut made: BTreeMap<&'static str, Vec<Uuid>> = BTreeMap::new();
    let mut reach = Vec::new();
    for (what, mut changes) in rows {
        if quiet {
            if what == What::Created {
                let untold = changes.events.extract_if(.., |event| event.before.is_none());
                reach.extend(untold.flat_map(|event| event.audience.reach).map(UserId));
                new_rows(&changes).for_each(|(object, id)| made.entry(object).or_default().push(id));
            }
            // Alerts are their recipients' alone, and few.
            changes.events.iter_mut().filter(|event| event.kind != Some("alert.raised")).for_each(hush);
        }
        all = all.join(changes);
    }
    if made.is_empty() {
        return all;
    }
    let mut created = about(ctx, json!({"created": made}));
    created.audience = Audience::none().reaching(reach);
    all.event(created)
}

fn new_rows(changes: &Changes) -> impl Iterator<Item = (&'static str, Uuid)> {
    let new = |row: &RowChange| match row {
        RowChange::Put(record) if record.version() == 1 => Some((record.def.name, record.id())),
        _ => None,
    };
    changes.rows.iter().filter_map(new)
}

/// For the audit log alone, and for those who reach others from now on.
fn hush(event: &mut Event) {
    event.kind = None;
    event.audited = true;
    event.audience = Audience { reach: std::mem::take(&mut event.audience.reach), ..Audience::none() };
}

/// One entry for the whole import, which of a long one is the event that says to look again.
pub fn whole(ctx: &Ctx, report: &Report, quiet: bool, kind: &'static str) -> Changes {
    if report.created + report.updated == 0 {
        return Changes::none();
    }
    let mut event = about(ctx, report.counts());
    if quiet {
        event.kind = Some(kind);
        event.audience = Audience::everyone();
    }
    Changes::none().event(event)
}

fn about(ctx: &Ctx, import: Json) -> Event {
    Event::audit(ctx, Company::def().name, ctx.company()).extra(json!({"import": import}))
}
