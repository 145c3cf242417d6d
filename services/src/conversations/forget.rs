//! Conversations of somebody who is forgotten. Whose company they are in goes with the person; who belongs to the SaaS level has them
//! in every company on which they acted.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event, RowChange};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AgentExecution, Conversation, GeneratedInsight};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Tenant;
use workforceos_core::zone::Zone;

use super::write::removed;
use crate::{App, commit_with, system_ctx};

/// Removes all conversations of a person, in whatever companies.
pub async fn forget_everywhere(app: &App, user: UserId) -> Result<()> {
    let theirs = Query { company: None, ..Query::of(Conversation::def(), CompanyId::ROOT, Cond::eq("userId", user.0)) };
    let mut companies: BTreeMap<CompanyId, Vec<Uuid>> = BTreeMap::new();
    for record in app.store.select(&theirs).await? {
        let conversation = Conversation::from_record(record)?;
        companies.entry(conversation.company_id).or_default().push(conversation.meta.id);
    }
    for (company, ids) in companies {
        let ctx = system_ctx(Tenant::of(company, "", Zone::UTC), app.clock.now(), "purge");
        let needs = Needs { rows: ids.iter().map(|id| (Conversation::def(), *id)).collect(), ..Needs::none() };
        let act = ctx.clone();
        let decide = move |facts: &Facts| {
            let mut changes = Changes::none();
            for id in &ids {
                if let Some(conversation) = facts.any::<Conversation>(*id)? {
                    changes = changes.join(removed(&act, &conversation, json!({"deleted": true})));
                }
            }
            Ok((changes, ()))
        };
        commit_with(app, &ctx, needs, decide).await?;
    }
    Ok(())
}

/// Removes what else agents keep of a person, in whatever companies: their last generated insight, and what they asked.
pub async fn forget_answers_everywhere(app: &App, user: UserId) -> Result<()> {
    for def in [GeneratedInsight::def(), AgentExecution::def()] {
        let theirs = Query { company: None, ..Query::of(def, CompanyId::ROOT, Cond::eq("userId", user.0)) };
        let mut companies: BTreeMap<CompanyId, Vec<Uuid>> = BTreeMap::new();
        for record in app.store.select(&theirs).await? {
            let company = record.get("companyId").as_id().map_or(CompanyId::ROOT, CompanyId);
            companies.entry(company).or_default().push(record.id());
        }
        for (company, ids) in companies {
            let ctx = system_ctx(Tenant::of(company, "", Zone::UTC), app.clock.now(), "purge");
            let needs = Needs { rows: ids.iter().map(|id| (def, *id)).collect(), ..Needs::none() };
            let act = ctx.clone();
            let decide = move |_: &Facts| {
                let gone = |changes: Changes, id: &Uuid| {
                    let entry = Event::audit(&act, def.name, *id).extra(json!({"deleted": true}));
                    let mut changes = changes.event(entry);
                    changes.rows.push(RowChange::Purge(def, *id));
                    changes
                };
                Ok((ids.iter().fold(Changes::none(), gone), ()))
            };
            commit_with(app, &ctx, needs, decide).await?;
        }
    }
    Ok(())
}
