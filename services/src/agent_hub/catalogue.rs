//! `listToolCatalog`, `getToolCatalogEntry`: every Business API as a tool, as rows. They are the SaaS level's, and follow the
//! registry: [`refresh`] writes what differs.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::filter::ListQuery;
use workforceos_core::id::{CompanyId, ToolCatalogId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::ToolCatalog;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::{BusinessApi, input};

use super::at_root;
use super::tools::{Tool, tools};
use crate::{Api, App, commit_with, crud, system_ctx};

input! {
    /// An entry.
    pub struct ById {
        /// The entry.
        id: ToolCatalogId => "sys_toolCatalogId" Path,
    }
}

pub fn list() -> Api {
    BusinessApi::list("listToolCatalog")
        .on::<ToolCatalog>()
        .at("/v1/toolcatalog")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Lists the tools that agents can use, one for each Business API, with their arguments, reach and effect.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            crud::page(&app, &at_root(&ctx), ToolCatalog::def(), Cond::TRUE, query).await
        })
}

pub fn get() -> Api {
    BusinessApi::get("getToolCatalogEntry")
        .on::<ToolCatalog>()
        .at("/v1/toolcatalogentry/:sys_toolCatalogId")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Returns an entry of the tool catalogue.")
        .reader(|app: Arc<App>, ctx: Ctx, input: ById, query: ListQuery| async move {
            crud::one(&app, &at_root(&ctx), ToolCatalog::def(), input.id.0, Cond::TRUE, query).await
        })
}

/// Brings the catalogue to what the registry has, and says how many tools that are. What is there already stays as it is.
pub async fn refresh(app: &App) -> Result<usize> {
    let ctx = system_ctx(Tenant::root(), app.clock.now(), "refreshToolCatalog");
    let all = Query::of(ToolCatalog::def(), CompanyId::ROOT, Cond::TRUE);
    let act = ctx.clone();
    let decide = move |facts: &Facts| Ok((changes(facts, &act)?, ()));
    commit_with(app, &ctx, Needs::none().and_query(all), decide).await?;
    Ok(tools().len())
}

fn changes(facts: &Facts, ctx: &Ctx) -> Result<Changes> {
    let rows = facts.rows::<ToolCatalog>()?;
    let mut there: HashMap<String, ToolCatalog> = rows.into_iter().map(|row| (row.tool_name.clone(), row)).collect();
    let (mut changes, mut added, mut changed) = (Changes::none(), 0, 0);
    for tool in tools() {
        let row = match there.remove(&tool.name) {
            Some(row) if says(&row, tool) => continue,
            Some(row) => {
                changed += 1;
                entry(tool, row.touched(facts.now).meta, facts.now)
            }
            None => {
                added += 1;
                entry(tool, Meta::new(facts.new_id(), facts.now, None), facts.now)
            }
        };
        changes = changes.put(&row);
    }
    let gone = there.len();
    for row in there.into_values() {
        changes = changes.put(&row.deleted(facts.now));
    }
    if changes.is_empty() {
        return Ok(changes);
    }
    let entry = Event::audit(ctx, ToolCatalog::def().name, CompanyId::ROOT);
    let entry = Event { audited: false, ..entry }.extra(json!({"added": added, "changed": changed, "gone": gone}));
    Ok(changes.event(entry))
}

fn entry(tool: &Tool, meta: Meta, now: Timestamp) -> ToolCatalog {
    ToolCatalog {
        meta,
        tool_name: tool.name.clone(),
        service_name: tool.service.to_owned(),
        description: Some(tool.about.to_owned()),
        parameters: Some(tool.parameters.clone()),
        last_refreshed: Some(now),
        reach: tool.reach.describe().to_owned(),
        effect: tool.effect,
        company_id: CompanyId::ROOT,
    }
}

/// Whether a row says what the registry says.
fn says(row: &ToolCatalog, tool: &Tool) -> bool {
    let refreshed = row.last_refreshed.unwrap_or(row.meta.created_at);
    *row == ToolCatalog { last_refreshed: row.last_refreshed, ..entry(tool, row.meta.clone(), refreshed) }
}
