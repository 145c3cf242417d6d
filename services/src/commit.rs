//! From a handler to its company's actor.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Idempotency};
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::IdSource;
use workforceos_core::session::{Ctx, Scope, Tenant, Via};
use workforceos_core::time::{ManualClock, Timestamp};

use crate::{App, alerts};

/// Decides a change of the caller's company; its answer is kept for the call's idempotency key in the same commit.
pub async fn commit<F>(app: &App, ctx: &Ctx, needs: Needs, mut decide: F) -> Result<Answer>
where
    F: FnMut(&Facts) -> Result<(Changes, Answer)> + Send + 'static,
{
    let (key, mails) = (ctx.idempotency.clone(), app.settings.smtp_url.is_some());
    let decide = move |facts: &Facts| {
        let (mut changes, answer) = decide(facts)?;
        if mails {
            alerts::queue(&mut changes, facts.now);
        }
        changes.idempotency = key.clone().map(|key| Idempotency { key, answer: answer.to_stored(), at: facts.now });
        Ok((changes, answer))
    };
    app.companies.decide(ctx.company(), needs, decide).await
}

/// As [`commit`], for changes whose decider wants something else than an answer back.
pub async fn commit_with<T, F>(app: &App, ctx: &Ctx, needs: Needs, mut decide: F) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&Facts) -> Result<(Changes, T)> + Send + 'static,
{
    let mails = app.settings.smtp_url.is_some();
    let decide = move |facts: &Facts| {
        let (mut changes, made) = decide(facts)?;
        if mails {
            alerts::queue(&mut changes, facts.now);
        }
        Ok((changes, made))
    };
    app.companies.decide(ctx.company(), needs, decide).await
}

/// What a decision would find wrong with arguments; nothing is decided.
pub async fn problems_in<F>(app: &App, ctx: &Ctx, needs: Needs, mut find: F) -> Result<Vec<Problem>>
where
    F: FnMut(&Facts) -> Result<Vec<Problem>> + Send + 'static,
{
    commit_with(app, ctx, needs, move |facts| Ok((Changes::none(), find(facts)?))).await
}

/// The context of what nobody asked for: timers, the first start, sample data.
pub fn system_ctx(tenant: Tenant, now: Timestamp, action: &'static str) -> Ctx {
    Ctx {
        session: None,
        tenant: Arc::new(tenant),
        scope: Arc::new(Scope::default()),
        via: Via::Timer,
        client: None,
        request_id: format!("{action}-{}", now.0).into(),
        clock: Arc::new(ManualClock::at(now)),
        ids: Arc::new(IdSource::random()),
        api: action,
        address: None,
        idempotency: None,
        progress: Default::default(),
    }
}
