//! `processScheduledAnnouncements`.

use std::sync::Arc;

use workforceos_core::Reach;
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Announcement;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;

use super::timers;
use crate::{Api, App, commit_with, crud};

/// The most passes of one call; what is left then, the timer sends.
const MAX_PASSES: usize = 20;

pub fn api() -> Api {
    let mut api = Api::list("processScheduledAnnouncements")
        .on::<Announcement>()
        .at("/v1/processscheduledannouncements")
        .reach(Reach::Admins)
        .about(
            "Sends every announcement of the company whose time has come, without waiting for the timer, and lists those that \
             this call sent. Filters, order and paging choose among them.",
        )
        .reader(|app: Arc<App>, ctx: Ctx, (): (), query: ListQuery| async move { handle(&app, &ctx, query).await });
    // By its verb it only reads; by its effect it sends.
    api.effect.read_only = false;
    api
}

async fn handle(app: &App, ctx: &Ctx, query: ListQuery) -> Result<Answer> {
    let mut sent = Vec::new();
    for _ in 0..MAX_PASSES {
        let caller = ctx.clone();
        let (ids, more) = commit_with(app, ctx, timers::needs(ctx.company(), ctx.now()), move |facts| {
            let pass = timers::send_due(facts, &caller)?;
            let more = pass.next.is_some_and(|next| next <= facts.now);
            let ids: Vec<_> = pass.sent.iter().map(|a| a.meta.id).collect();
            Ok((pass.changes, (ids, more)))
        })
        .await?;
        sent.extend(ids);
        if !more {
            break;
        }
        ctx.progress.tell(sent.len() as u64, 0);
    }
    crud::page(app, ctx, Announcement::def(), Cond::id_in("id", &sent), query).await
}
