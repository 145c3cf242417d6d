//! What agents keep of somebody who is forgotten: conversations, the last generated insight, what was asked. Whose company they are in
//! goes with the person; who belongs to the SaaS level has them in every company on which they acted.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event, RowChange};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, ObjectDef};
use workforceos_core::objects::{AgentExecution, Conversation, GeneratedInsight};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Tenant;
use workforceos_core::zone::Zone;

use crate::{App, commit_with, system_ctx};

/// Removes all of it, in whatever companies.
pub async fn forget_everywhere(app: &App, user: UserId) -> Result<()> {
    for def in [Conversation::def(), GeneratedInsight::def(), AgentExecution::def()] {
        let theirs = Query { company: None, ..Query::of(def, CompanyId::ROOT, Cond::eq("userId", user.0)) };
        let mut companies: BTreeMap<CompanyId, Vec<Uuid>> = BTreeMap::new();
        for record in app.store.select(&theirs).await? {
            let company = record.get("companyId").as_id().map_or(CompanyId::ROOT, CompanyId);
            companies.entry(company).or_default().push(record.id());
        }
        for (company, ids) in companies {
            forget(app, def, company, ids).await?;
        }
    }
    Ok(())
}

async fn forget(app: &App, def: &'static ObjectDef, company: CompanyId, ids: Vec<Uuid>) -> Result<()> {
    let ctx = system_ctx(Tenant::of(company, "", Zone::UTC), app.clock.now(), "purge");
    let needs = Needs { rows: ids.iter().map(|id| (def, *id)).collect(), ..Needs::none() };
    let act = ctx.clone();
    let gone = move |changes: Changes, id: &Uuid| {
        let mut changes = changes.event(Event::audit(&act, def.name, *id).extra(json!({"deleted": true})));
        changes.rows.push(RowChange::Purge(def, *id));
        changes
    };
    let decide = move |_: &Facts| Ok((ids.iter().fold(Changes::none(), &gone), ()));
    commit_with(app, &ctx, needs, decide).await
}
