//! `lockPayPeriod`, `unlockPayPeriod`, `listPayPeriodLocks`: days whose attendance is settled.

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::PayLockId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, PayPeriodLock};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::value::Value;
use workforceos_core::{Reach, input};

use crate::{Api, App, commit, crud};

/// The longest span that is locked at once, in days.
const MAX_DAYS: i64 = 366;
/// The most open records that an answer lists.
const MAX_OPEN: usize = 200;

input! {
    pub struct Lock {
        /// The first day to lock, company-local.
        from: Date => "from" Body,
        /// The last day to lock, at most 366 days on.
        to: Date => "to" Body,
        /// Why, or for which pay run.
        reason: Option<String> => "reason" Body,
    }
}

pub fn lock() -> Api {
    Api::create("lockPayPeriod")
        .on::<PayPeriodLock>()
        .at("/v1/payperiodlocks")
        .reach(Reach::Admins)
        .about(
            "Locks the shifts whose shiftDate lies in a span of days: checking in and out, marking absent and correcting, and planning \
             them, be it by hand, from a template, a draft or a file, by a claim or with a colleague, then answer 409 PeriodLocked. \
             The clock still marks absences. openRecords lists the records of these days without a check-out, with a warning. Refused \
             where another lock overlaps (409 PeriodOverlap).",
        )
        .extra(&["openRecords", "warnings"])
        .carries(|| {
            let id = json!({"type": "string", "format": "uuid"});
            let record = json!({"id": id, "userId": id, "shiftDate": {"type": "string", "format": "date"}});
            let record = json!({"type": "object", "properties": record});
            let open = json!({"type": "array", "items": record, "description": "The first of the records without a check-out."});
            json!({"openRecords": open, "warnings": {"type": "array", "items": {"type": "string"}, "description": "What to look at."}})
        })
        .handler(|app: Arc<App>, ctx: Ctx, input: Lock| async move {
            let caller = ctx.clone();
            let needs = Needs::none().and_query(open_records(&ctx, input.from, input.to));
            commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
        })
}

/// People who came on these days and have not left.
fn open_records(ctx: &Ctx, from: Date, to: Date) -> Query {
    let here = [AttendanceStatus::Pending, AttendanceStatus::Late].map(|s| Value::from(s.as_str()));
    let open = Cond::All(vec![
        Cond::Cmp("shiftDate", Op::Gte, from.into()),
        Cond::Cmp("shiftDate", Op::Lte, to.into()),
        Cond::In("status", here.to_vec()),
        Cond::IsNull("checkOutTime"),
    ]);
    Query::of(AttendanceRecord::def(), ctx.company(), open)
}

fn decide(facts: &Facts, ctx: &Ctx, input: &Lock) -> Result<(Changes, Answer)> {
    if input.to < input.from {
        return Err(Error::field("to", "must not be before from"));
    }
    if (input.to - input.from).num_days() >= MAX_DAYS {
        return Err(Error::field("to", format!("must be within {MAX_DAYS} days from from")));
    }
    if let Some(other) = facts.state.locks.overlapping(input.from, input.to) {
        let message = format!("{} to {} is locked already", other.from, other.to);
        let detail = json!({"payPeriodLock": {"id": other.id, "from": other.from, "to": other.to}});
        return Err(Error::conflict("PeriodOverlap", message).detail(detail));
    }
    let lock = PayPeriodLock {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        from_date: input.from,
        to_date: input.to,
        reason: input.reason.clone(),
        company_id: ctx.company(),
    };
    let days = input.from..=input.to;
    let mut open = facts.rows::<AttendanceRecord>()?;
    open.retain(|r| days.contains(&r.shift_date) && r.check_in_time.is_some() && r.check_out_time.is_none());
    let warnings = match open.len() {
        0 => json!([]),
        n => json!([format!("{n} records of these days have no check-out: they stay open until the period is unlocked.")]),
    };
    let listed = open.iter().take(MAX_OPEN).map(|r| json!({"id": r.meta.id, "userId": r.user_id.0, "shiftDate": r.shift_date}));
    let answer = Answer::object(ctx, &lock).with("openRecords", listed.collect()).with("warnings", warnings);
    let event = Event::of(ctx, "payroll.locked", &lock, Audience::admins()).audited::<PayPeriodLock>(None);
    Ok((Changes::none().put(&lock).event(event), answer))
}

input! {
    pub struct Unlock {
        /// The lock to lift.
        pay_period_lock_id: PayLockId => "payPeriodLockId" Path,
    }
}

pub fn unlock() -> Api {
    Api::delete("unlockPayPeriod")
        .on::<PayPeriodLock>()
        .at("/v1/payperiodlocks/:payPeriodLockId")
        .reach(Reach::Admins)
        .about("Lifts a lock: attendance and shifts of its days can be changed again. The audit log keeps who locked and who unlocked.")
        .handler(|app: Arc<App>, ctx: Ctx, input: Unlock| async move {
            let caller = ctx.clone();
            let decide = move |facts: &Facts| {
                let before: PayPeriodLock = facts.row(input.pay_period_lock_id)?;
                let lifted = before.clone().deleted(facts.now);
                let event = Event::of(&caller, "payroll.unlocked", &lifted, Audience::admins()).audited(Some(&before));
                Ok((Changes::none().put(&lifted).event(event), Answer::object(&caller, &lifted)))
            };
            commit(&app, &ctx, Needs::row::<PayPeriodLock>(input.pay_period_lock_id), decide).await
        })
}

pub fn list() -> Api {
    crud::list::<PayPeriodLock>("listPayPeriodLocks", crud::all_rows)
        .at("/v1/payperiodlocks")
        .reach(Reach::Admins)
        .about("The locked pay periods, latest first.")
}
