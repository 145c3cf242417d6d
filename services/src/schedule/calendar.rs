//! The caller's shifts as iCalendar (RFC 5545), for calendar programs that subscribe to an address.

use chrono::Days;
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};
use workforceos_core::error::Result;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftStatus};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::value::Value;

use super::my_shifts;
use crate::{App, outside};

/// How far the feed reaches back, in days; it reaches all coming shifts.
const BACK: u64 = 90;
/// The most shifts of a feed.
const MAX_EVENTS: u64 = 5_000;

/// The feed of the caller's own shifts.
pub async fn calendar(app: &App, ctx: &Ctx) -> Result<String> {
    // An admin's own departments, too: elsewhere admins need none, since they reach everybody.
    let scope = outside::scope(&app.store, &app.caches, ctx.company(), ctx.user()).await?;
    let ctx = &Ctx { scope, ..ctx.clone() };
    let today = ctx.tenant.zone.date(ctx.now());
    let first = today.checked_sub_days(Days::new(BACK)).unwrap_or(today);
    let cond = my_shifts(ctx).and(Cond::Cmp("shiftDate", Op::Gte, Value::Date(first)));
    let query = Query {
        order: order(Shift::def(), Shift::def().order),
        limit: MAX_EVENTS,
        ..Query::of(Shift::def(), ctx.company(), cond)
    };
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0")).append_property(("PRODID", "-//WorkforceOS//Shifts//EN"));
    calendar
        .append_property(("CALSCALE", "GREGORIAN"))
        .name("Shifts")
        .append_property(("REFRESH-INTERVAL;VALUE=DURATION", "PT1H"));
    for record in app.store.select(&query).await? {
        calendar.push(event(&Shift::from_record(record)?));
    }
    Ok(calendar.done().to_string())
}

fn event(shift: &Shift) -> Event {
    let mut event = Event::new();
    event
        .uid(&format!("{}@workforceos", shift.meta.id))
        .summary(&format!("Shift {}–{}", shift.start_time, shift.end_time))
        .starts(shift.starts_at.utc())
        .ends(shift.ends_at.utc())
        .timestamp(shift.meta.updated_at.utc())
        .sequence(u32::try_from(shift.meta.record_version - 1).unwrap_or(u32::MAX))
        .status(if shift.status == ShiftStatus::Cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
    if let Some(location) = &shift.location {
        event.location(location);
    }
    event.done()
}
