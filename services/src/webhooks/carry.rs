//! Sends what is due: many targets at once, none of which can hold up the others.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rand::Rng as _;
use rand::seq::SliceRandom as _;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Webhook;
use workforceos_core::time::Timestamp;
use workforceos_store::{Claim, Claimed, Next, Store, Tried};

use super::body::{self, About};
use super::target::{Reply, Request, System, Target};
use super::{TRIED_FOR, Webhooks, backoff, sign, stop};
use crate::App;

const TICK: Duration = Duration::from_secs(1);
/// What comes within this time is claimed and settled together: each takes a transaction.
const GATHER: Duration = Duration::from_millis(20);
/// How long a claimed delivery is ours, much longer than a try; after that another node, or a restarted one, takes it.
const LEASE: i64 = Timestamp::MINUTE;

/// How many requests are under way at once: in all, to one company's targets, to one target.
const IN_ALL: usize = 64;
const PER_COMPANY: usize = 16;
const PER_TARGET: usize = 4;
/// Of those in all, to targets whose last try failed, each of which gets one at a time: however many are slow, there is a way for
/// those that are not.
const TO_FAILING: usize = 32;

/// Sends deliveries as long as the application lives.
pub async fn run(app: Weak<App>) {
    let Some((hooks, private)) = app.upgrade().map(|app| (app.webhooks.clone(), app.settings.webhook_private_addresses)) else {
        return;
    };
    let target = Arc::new(Target::new(private, Arc::new(System)));
    let mut carrier = Carrier { target, ..Carrier::default() };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = hooks.0.sending.notified() => {}
            Some(ended) = carrier.tries.join_next_with_id() => carrier.note(ended),
        }
        tokio::time::sleep(GATHER).await;
        while let Some(ended) = carrier.tries.try_join_next_with_id() {
            carrier.note(ended);
        }
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = carrier.round(&app).await {
            tracing::warn!(%error, source = ?error.source, "deliveries could not be claimed or settled; trying again");
        }
    }
}

struct Carrier {
    target: Arc<Target>,
    tries: JoinSet<Done>,
    /// Whose the tries are that run.
    running: HashMap<Id, (CompanyId, Uuid)>,
    /// Webhooks whose last try failed.
    failing: HashSet<Uuid>,
    /// Tries that have ended and are not written down yet.
    ended: Vec<Done>,
}

impl Default for Carrier {
    fn default() -> Carrier {
        Carrier {
            target: Arc::new(Target::new(false, Arc::new(System))),
            tries: JoinSet::new(),
            running: HashMap::new(),
            failing: HashSet::new(),
            ended: Vec::new(),
        }
    }
}

/// A try that has ended.
struct Done {
    tried: Tried,
    /// As it was when it was sent to, if it was.
    webhook: Option<Webhook>,
}

impl Carrier {
    /// A try that panicked is taken up again when its lease is over.
    fn note(&mut self, ended: Result<(Id, Done), JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        self.running.remove(&id);
        if let Ok((_, done)) = ended {
            match done.tried.next {
                Next::Delivered => self.failing.remove(&done.tried.delivery.webhook),
                Next::Again(_) | Next::Never => self.failing.insert(done.tried.delivery.webhook),
            };
            self.ended.push(done);
        }
    }

    /// Writes down what has ended and sets out with what is due.
    async fn round(&mut self, app: &Arc<App>) -> Result<()> {
        if !self.ended.is_empty() {
            let tries: Vec<Tried> = self.ended.iter().map(|done| done.tried.clone()).collect();
            app.store.settle_deliveries(&tries, app.clock.now()).await?;
            for done in std::mem::take(&mut self.ended) {
                if let Err(error) = conclude(app, &done).await {
                    tracing::warn!(%error, source = ?error.source, "a webhook could not be disabled; its next delivery tries again");
                }
            }
        }
        let now = app.clock.now();
        let mut due = app.store.webhooks_due(now).await?;
        // Chance is fair where there is not room for all.
        due.shuffle(&mut rand::rng());
        let (claims, left_out) = self.room(&due);
        if claims.is_empty() {
            return Ok(());
        }
        let room: usize = claims.iter().map(|claim| claim.limit as usize).sum();
        let claimed = app.store.claim_deliveries(&claims, now, Timestamp(now.0 + LEASE)).await?;
        if left_out && claimed.len() < room {
            app.webhooks.look();
        }
        for delivery in claimed {
            let owner = (delivery.company, delivery.webhook);
            let attempt = attempt(app.store.clone(), app.webhooks.clone(), self.target.clone(), delivery, now);
            self.running.insert(self.tries.spawn(attempt).id(), owner);
        }
        Ok(())
    }

    /// How much of what is due there is room for, and whether some was left out for want of it.
    fn room(&self, due: &[(CompanyId, Uuid)]) -> (Vec<Claim>, bool) {
        let mut companies: HashMap<CompanyId, usize> = HashMap::new();
        let mut targets: HashMap<Uuid, usize> = HashMap::new();
        for (company, webhook) in self.running.values() {
            *companies.entry(*company).or_default() += 1;
            *targets.entry(*webhook).or_default() += 1;
        }
        let is_failing = |webhook: &Uuid| self.failing.contains(webhook);
        let mut in_all = self.running.len();
        let mut to_failing = self.running.values().filter(|(_, webhook)| is_failing(webhook)).count();
        let (mut claims, mut left_out) = (Vec::new(), false);
        for (company, webhook) in due {
            let (of_company, of_target) = (companies.entry(*company).or_default(), targets.get(webhook).copied().unwrap_or(0));
            let mut free = IN_ALL.saturating_sub(in_all).min(PER_COMPANY.saturating_sub(*of_company));
            left_out |= free == 0;
            free = free.min(if is_failing(webhook) { 1_usize } else { PER_TARGET }.saturating_sub(of_target));
            if is_failing(webhook) {
                free = free.min(TO_FAILING.saturating_sub(to_failing));
                to_failing += free;
            }
            if free > 0 {
                *of_company += free;
                in_all += free;
                claims.push(Claim { webhook: *webhook, limit: free as u32 });
            }
        }
        (claims, left_out)
    }
}

/// What a try means for its webhook: one that is gone, or that has taken nothing for three days, is disabled.
async fn conclude(app: &App, done: &Done) -> Result<()> {
    let (Some(webhook), Next::Never) = (&done.webhook, done.tried.next) else { return Ok(()) };
    if done.tried.status == Some(410) {
        return stop::of_target(app, webhook, "Its target answered 410: it is gone").await;
    }
    let since = Timestamp(app.clock.now().0 - TRIED_FOR);
    if app.store.delivered_since(webhook.company_id, webhook.meta.id, since).await? {
        return Ok(());
    }
    stop::of_target(app, webhook, "Its target has taken nothing for three days").await
}

/// One try.
async fn attempt(store: Store, hooks: Webhooks, target: Arc<Target>, delivery: Claimed, now: Timestamp) -> Done {
    let done = |delivery: Claimed, reply: Reply, next: Next, webhook: Option<Webhook>| Done {
        tried: Tried { delivery, at: now, status: reply.status, error: reply.failure, duration_ms: reply.duration_ms, next },
        webhook,
    };
    let unsent = |reason: String| Reply { status: None, failure: Some(reason), retry_after: None, duration_ms: 0 };
    match prepare(&store, &delivery).await {
        Ok(Ready::Send(webhook, body)) => {
            let (id, timestamp) = (delivery.id.to_string(), now.0.div_euclid(1000));
            let signature = sign::header(&hooks.secrets().of(&webhook, now), &id, timestamp, &body);
            let request = Request { url: &webhook.url, id: &id, timestamp, signature: &signature, body };
            let reply = target.send(request).await;
            let next = follows(&delivery, &reply, now);
            done(delivery, reply, next, Some(*webhook))
        }
        Ok(Ready::Never(reason)) => done(delivery, unsent(reason.to_owned()), Next::Never, None),
        // The database has trouble: the log says so, the target did nothing wrong.
        Err(error) => {
            tracing::warn!(delivery = %delivery.id, %error, source = ?error.source, "a delivery could not be prepared");
            let pause = backoff::pause(delivery.attempts, 0.0);
            let next = match delivery.retry_until {
                end if now >= end => Next::Never,
                end => Next::Again(backoff::next(now, pause, None, end)),
            };
            done(delivery, unsent("The server could not prepare it".to_owned()), next, None)
        }
    }
}

enum Ready {
    Send(Box<Webhook>, String),
    Never(&'static str),
}

/// The webhook and the body as they are at this moment.
async fn prepare(store: &Store, delivery: &Claimed) -> Result<Ready> {
    let row = store.get(Webhook::def(), Some(delivery.company), delivery.webhook).await?;
    let webhook = row.map(Webhook::from_record).transpose()?.filter(|webhook| webhook.is_enabled);
    let Some(webhook) = webhook else { return Ok(Ready::Never("The webhook was disabled or deleted")) };
    let about = About {
        id: delivery.id,
        company: delivery.company,
        webhook: delivery.webhook,
        kind: &delivery.kind,
        seq: delivery.seq,
        made_at: delivery.made_at,
        made_by: delivery.made_by,
    };
    Ok(match body::of(store, about).await? {
        Some(body) => Ready::Send(Box::new(webhook), body),
        None => Ready::Never("The event's content was erased"),
    })
}

fn follows(delivery: &Claimed, reply: &Reply, now: Timestamp) -> Next {
    match reply.status {
        _ if reply.failure.is_none() => Next::Delivered,
        Some(410) => Next::Never,
        _ if now >= delivery.retry_until => Next::Never,
        _ => {
            let pause = backoff::pause(delivery.attempts, rand::rng().random());
            let asked = reply.retry_after.as_deref().and_then(|header| backoff::asked(header, now));
            Next::Again(backoff::next(now, pause, asked, delivery.retry_until))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workforceos_core::id::CompanyId;

    fn company(n: u128) -> CompanyId {
        CompanyId(Uuid::from_u128(n))
    }

    #[test]
    fn room_is_shared_out_among_companies_and_targets() {
        let carrier = Carrier::default();
        // One company with twenty targets and one with one.
        let mut due: Vec<(CompanyId, Uuid)> = (0..20).map(|n| (company(1), Uuid::from_u128(n))).collect();
        due.push((company(2), Uuid::from_u128(100)));
        let (claims, left_out) = carrier.room(&due);
        let of = |claims: &[Claim], n: u128| claims.iter().find(|c| c.webhook == Uuid::from_u128(n)).map(|c| c.limit);
        assert_eq!(claims.iter().map(|c| c.limit as usize).sum::<usize>(), PER_COMPANY + PER_TARGET);
        assert_eq!((of(&claims, 0), of(&claims, 19), of(&claims, 100), left_out), (Some(4), None, Some(4), true));
    }

    #[test]
    fn those_that_fail_leave_room_for_the_others() {
        let carrier = Carrier { failing: (0..100).map(Uuid::from_u128).collect(), ..Carrier::default() };
        let mut due: Vec<(CompanyId, Uuid)> = (0..100).map(|n| (company(n), Uuid::from_u128(n))).collect();
        due.extend((100..200).map(|n| (company(n), Uuid::from_u128(n))));
        let (claims, _) = carrier.room(&due);
        let (failing, fine): (Vec<&Claim>, Vec<&Claim>) =
            claims.iter().partition(|claim| carrier.failing.contains(&claim.webhook));
        assert!(failing.iter().all(|claim| claim.limit == 1));
        assert_eq!((failing.len(), fine.iter().map(|c| c.limit as usize).sum::<usize>()), (TO_FAILING, IN_ALL - TO_FAILING));
    }
}
