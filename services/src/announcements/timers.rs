//! Announcements whose time has come are sent: once, whichever node looks first, since each is sent from its own row's state.

use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use super::rules;

/// The most announcements that one pass sends.
const MAX_ROWS: usize = 500;
/// How soon a pass looks again that cannot know what comes next.
const SOON: i64 = 1_000;

/// What is due, one more than a pass sends, and what is due next.
pub fn needs(company: CompanyId, now: Timestamp) -> Needs {
    let scheduled = |op| {
        let cond = Cond::eq("status", AnnouncementStatus::Scheduled.as_str());
        let query = Query::of(Announcement::def(), company, cond.and(Cond::Cmp("sendTime", op, Value::Time(now))));
        Query { order: order(Announcement::def(), "sendTime,id"), ..query }
    };
    let due = Query { limit: MAX_ROWS as u64 + 1, ..scheduled(Op::Lte) };
    let next = Query { limit: 1, ..scheduled(Op::Gt) };
    Needs::none().and_query(due).and_query(next)
}

/// A pass by the clock.
pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let tenant = Tenant::of(facts.state.company_id, "", facts.state.zone());
    let ctx = crate::system_ctx(tenant, facts.now, "timer");
    let sent = send_due(facts, &ctx)?;
    Ok((sent.changes, sent.next))
}

/// What a pass sent, and when there is more to send.
pub struct Pass {
    pub changes: Changes,
    pub sent: Vec<Announcement>,
    pub next: Option<Timestamp>,
}

/// Sends what is due, the longest waiting first.
pub fn send_due(facts: &Facts, ctx: &Ctx) -> Result<Pass> {
    let mut known = facts.rows::<Announcement>()?;
    known.sort_by_key(|a| (a.send_time, a.meta.id));
    let (mut changes, mut sent, mut next) = (Changes::none(), Vec::new(), None);
    let mut sooner = |at: Timestamp| next = Some(next.map_or(at, |next: Timestamp| next.min(at)));
    for before in &known {
        if before.status != AnnouncementStatus::Scheduled || before.meta.updated_at >= facts.now {
            // A change made along with this pass may have been to the very row that was to come next: what follows it is
            // not at hand.
            sooner(Timestamp(facts.now.0 + SOON));
        }
        if before.status != AnnouncementStatus::Scheduled {
            continue;
        }
        if before.send_time > facts.now {
            sooner(before.send_time);
        } else if sent.len() == MAX_ROWS {
            sooner(facts.now);
        } else {
            let after = rules::settled(before.clone(), facts.now).touched(facts.now);
            changes = changes.join(rules::written(facts.state, ctx, Some(before), &after));
            sent.push(after);
        }
    }
    Ok(Pass { changes, sent, next })
}
