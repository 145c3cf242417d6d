//! One run of an agent: whether it may begin, what it begins with, and what is kept of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::objects::{AI_ANALYTICS, ExecutionSource, ExecutionStatus};
use workforceos_core::session::{Ctx, Tenant, Via};
use workforceos_core::time::Timestamp;
use workforceos_core::zone::Zone;
use workforceos_services::agent_hub::{self, AGENTS, Answered};
use workforceos_services::{App, system_ctx};

use crate::Agents;
use crate::design::Design;
use crate::provider::{Chosen, Providers, Usage};

/// The most answers that run at once for one user.
pub const AT_ONCE: u32 = 4;
/// Seconds after which trying again makes sense where too many run.
const AGAIN: u32 = 5;

/// A run that has begun. Where it comes to nothing, it is dropped and leaves no trace.
pub struct Execution {
    pub id: Uuid,
    pub design: Design,
    /// `None`: no provider is configured.
    pub chosen: Option<Chosen>,
    pub began: Timestamp,
    source: ExecutionSource,
    app: Arc<App>,
    ctx: Ctx,
    /// A timer needs none.
    permit: Option<Permit>,
}

/// What became of a run. Texts are as its reader got them.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    pub input: String,
    pub output: String,
    pub tool_calls: u64,
    pub usage: Usage,
    pub status: ExecutionStatus,
    pub error: Option<String>,
}

/// Lets an agent begin for the caller, or says why not: 403 `AgentDisabled`, `SubscriptionRequired` or a key that only reads,
/// 429, 503 where an override names a provider that is not configured.
pub async fn begin(agents: &Agents, ctx: &Ctx, name: &str, source: ExecutionSource) -> Result<Execution> {
    let user = asker(ctx)?;
    let changed = if AGENTS.contains(&name) { agent_hub::override_of(&agents.app, name).await? } else { None };
    let design = Design::of(name, changed.as_ref()).ok_or_else(|| Error::internal(format!("there is no agent {name}")))?;
    if !design.enabled {
        return Err(Error::new(Status::Forbidden, "AgentDisabled", format!("The agent {name} is switched off")));
    }
    if design.analytics {
        ctx.needs_feature(AI_ANALYTICS)?;
    }
    let chosen = choose(&agents.providers, &design)?;
    let permit = user.map(|user| agents.at_once.take(user)).transpose()?;
    user.map_or(Ok(()), |user| agents.app.limits.count_answer(user))?;
    let (app, ctx) = (agents.app.clone(), ctx.clone());
    Ok(Execution { id: ctx.new_id(), design, chosen, began: ctx.now(), source, app, ctx, permit })
}

/// A run that nobody asked for but the clock, in a company: it has a place of its own and counts for nobody.
pub fn by_clock(agents: &Agents, company: CompanyId, design: Design, chosen: Option<Chosen>) -> Execution {
    let ctx = system_ctx(Tenant::of(company, "", Zone::UTC), agents.app.clock.now(), design.name);
    let (app, source) = (agents.app.clone(), ExecutionSource::Agent);
    Execution { id: ctx.new_id(), design, chosen, began: ctx.now(), source, app, ctx, permit: None }
}

/// Who asks; nobody where a timer does.
fn asker(ctx: &Ctx) -> Result<Option<UserId>> {
    let Some(session) = &ctx.session else {
        return if ctx.via == Via::Timer { Ok(None) } else { Err(Error::login_required()) };
    };
    ctx.second_factor_done()?;
    if session.key.as_ref().is_some_and(|key| key.read_only) {
        return Err(Error::forbidden("This API key only reads: agents can change things"));
    }
    Ok(Some(session.user))
}

fn choose(providers: &Providers, design: &Design) -> Result<Option<Chosen>> {
    if providers.names().is_empty() {
        return Ok(None);
    }
    let chosen = providers.choose(design.provider.as_deref(), design.model.as_deref());
    let missing = || {
        let provider = design.provider.as_deref().unwrap_or_default();
        let message = format!("The agent {} is set to the provider {provider}, which is not configured", design.name);
        Error::new(Status::Unavailable, "ProviderUnavailable", message)
    };
    chosen.map(Some).ok_or_else(missing)
}

impl Execution {
    /// Ends the run and keeps what became of it. That it could not be kept is for the log: the answer is given.
    pub async fn end(self, ended: Ended) {
        let Execution { id, design, began, source, app, ctx, permit, .. } = self;
        drop(permit);
        let answered = Answered {
            id,
            agent: design.name.to_owned(),
            agent_type: design.agent_type,
            source,
            input: ended.input,
            output: ended.output,
            tool_calls: ended.tool_calls,
            prompt_tokens: ended.usage.prompt,
            completion_tokens: ended.usage.completion,
            began,
            status: ended.status,
            error: ended.error,
        };
        if let Err(error) = agent_hub::record(&app, &ctx, answered).await {
            tracing::error!(agent = design.name, execution = %id, %error, source = ?error.source, "an answer could not be recorded");
        }
    }
}

/// How many answers run for whom.
pub struct AtOnce {
    /// `None`: as many as one likes.
    most: Option<u32>,
    running: Arc<Mutex<HashMap<UserId, u32>>>,
}

impl AtOnce {
    pub fn new(most: Option<u32>) -> AtOnce {
        AtOnce { most, running: Arc::default() }
    }

    /// A place for one more answer to a user; 429 where there is none.
    pub fn take(&self, user: UserId) -> Result<Permit> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.get(&user).copied().unwrap_or(0);
        if let Some(most) = self.most.filter(|most| count >= *most) {
            return Err(Error::rate_limited(AGAIN, format!("{most} answers to you are running; wait for one to end or stop it")));
        }
        running.insert(user, count + 1);
        Ok(Permit { user, running: self.running.clone() })
    }
}

/// A place that is free again once this is dropped.
pub struct Permit {
    user: UserId,
    running: Arc<Mutex<HashMap<UserId, u32>>>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.get_mut(&self.user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(running.remove(&self.user)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[test]
    fn each_user_has_so_many_places_and_gets_them_back() {
        let places = AtOnce::new(Some(2));
        let first = places.take(user(1)).expect("a place");
        let _second = places.take(user(1)).expect("a place");
        let refused = places.take(user(1)).err().expect("no place is left");
        assert_eq!((refused.status, refused.retry_after), (Status::RateLimited, Some(AGAIN)));
        let other = places.take(user(2)).expect("others have their own");
        drop(first);
        let _third = places.take(user(1)).expect("it was given back");
        drop(other);
        assert_eq!(places.running.lock().expect("the places").len(), 1, "who has none is forgotten");
    }

    #[test]
    fn without_a_limit_there_are_as_many_as_one_likes() {
        let places = AtOnce::new(None);
        let all: Vec<Permit> = (0..100).map(|_| places.take(user(1)).expect("a place")).collect();
        drop(all);
        assert!(places.running.lock().expect("the places").is_empty());
    }
}
