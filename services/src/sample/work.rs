//! The sample company's weeks: who works when, and how they came and went up to now.

use chrono::{Datelike, Days, Weekday};
use rand::Rng;
use serde_json::json;
use workforceos_actors::state::default_policy;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, Shift, ShiftStatus};
use workforceos_core::session::Tenant;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{WallTime, shift_span, week_start};

use super::people::{ADMIN, DEPARTMENTS, HOUSEKEEPING, MAINTENANCE, Staff, crew, employee};
use crate::attendance::rules::{Times, assess};

/// So many that the analytics have something to compare.
const PAST_WEEKS: u64 = 12;
const WEEKS: u64 = PAST_WEEKS + 2;

/// The Mondays of the sample: twelve weeks back, this week, the next.
pub(super) fn weeks(tenant: &Tenant, now: Timestamp) -> Vec<Date> {
    let this = week_start(tenant.zone.date(now));
    let first = this.checked_sub_days(Days::new(7 * PAST_WEEKS)).unwrap_or(this);
    (0..WEEKS).filter_map(|w| first.checked_add_days(Days::new(7 * w))).collect()
}

/// A week's shifts with their attendance.
pub(super) fn week(staff: &mut Staff, monday: Date, now: Timestamp) -> Changes {
    let mut changes = Changes::none();
    for day in 0..7 {
        let Some(date) = monday.checked_add_days(Days::new(day)) else { continue };
        for (department, (_, shifts)) in DEPARTMENTS.iter().enumerate() {
            for (slot, plan) in shifts.iter().enumerate() {
                if plan.4.contains("BYDAY") && date.weekday().num_days_from_monday() > 4 {
                    continue;
                }
                let Some(shift) = shift(staff, department, slot, date, now) else { continue };
                for user in shift.assigned_user_ids.clone() {
                    if let Some(record) = attendance(staff, &shift, user, now) {
                        changes = changes.put(&record);
                    }
                }
                let due = (shift.status == ShiftStatus::Scheduled).then(|| shift.ends_at.plus_minutes(30));
                changes = changes.put(&shift).due(due);
            }
        }
    }
    let event = Event::audit(&staff.ctx, "company", staff.ctx.company()).extra(json!({"week": monday.to_string()}));
    changes.event(event)
}

/// One shift; the crew takes turns, so that nobody is planned twice at a time.
fn shift(staff: &mut Staff, department: usize, slot: usize, date: Date, now: Timestamp) -> Option<Shift> {
    let (_, start, end, needed, _) = DEPARTMENTS[department].1[slot];
    let (starts_at, ends_at) = shift_span(staff.ctx.tenant.zone, date, WallTime::parse(start)?, WallTime::parse(end)?).ok()?;
    let crew = crew(department);
    let turn = date.num_days_from_ce() as usize;
    // Slots of a day, and a night and the day after it, take different people of the crew.
    let first = turn * needed + slot * (crew.len() / 2);
    // Next week a place in housekeeping is still free every day.
    let free = usize::from(department == HOUSEKEEPING && week_start(date) > week_start(staff.ctx.tenant.zone.date(now)));
    let assigned: Vec<UserId> = (0..needed - free).map(|i| staff.users[crew[(first + i) % crew.len()]]).collect();
    let planned_at = Timestamp(starts_at.0 - 14 * Timestamp::DAY).max(staff.since).min(now);
    let done = ends_at.plus_minutes(30) <= now;
    Some(Shift {
        meta: staff.meta(planned_at),
        shift_date: date,
        start_time: start.to_owned(),
        end_time: end.to_owned(),
        starts_at,
        ends_at,
        location: Some("Hotel Babil".to_owned()),
        department_id: Some(staff.departments[department]),
        assigned_user_ids: assigned,
        assigned_department_ids: Vec::new(),
        status: if done { ShiftStatus::Completed } else { ShiftStatus::Scheduled },
        break_minutes: 30,
        needed_count: needed as i64,
        is_draft: false,
        shift_template_id: Some(staff.templates[department][slot]),
        created_by: staff.users[ADMIN],
        company_id: staff.ctx.company(),
    })
}

/// Of a hundred times, how often somebody does not come, comes late, or leaves early. Mondays are hard, lateness has become less over
/// the weeks; a housekeeper stretches weekends, and a technician is seldom there at eight.
fn habits(staff: &Staff, user: UserId, date: Date) -> [i64; 3] {
    let is = |department| user == staff.users[employee(department)];
    let (monday, friday) = (date.weekday() == Weekday::Mon, date.weekday() == Weekday::Fri);
    let weeks_ago = (staff.ctx.tenant.zone.date(staff.ctx.now()) - date).num_weeks().max(0);
    let absent = 3 + if monday { 4 } else { 0 } + if is(HOUSEKEEPING) && (monday || friday) { 12 } else { 0 };
    let late = 7 + weeks_ago / 2 + if is(MAINTENANCE) { 20 } else { 0 };
    [absent, late, 5]
}

/// How somebody came and went: mostly on time, some late, some early gone, some not at all, the running shifts open.
fn attendance(staff: &mut Staff, shift: &Shift, user: UserId, now: Timestamp) -> Option<AttendanceRecord> {
    let chance = staff.random.random_range(0..100);
    let jitter = staff.random.random_range(-12..4) * Timestamp::MINUTE;
    let delay = staff.random.random_range(6..45) * Timestamp::MINUTE;
    let early = staff.random.random_range(10..90) * Timestamp::MINUTE;
    let [stays_away, comes_late, leaves_early] = habits(staff, user, shift.shift_date);
    let late = (stays_away..stays_away + comes_late).contains(&chance);
    let leaves = (stays_away + comes_late..stays_away + comes_late + leaves_early).contains(&chance);
    let came = Timestamp(shift.starts_at.0 + if late { delay } else { jitter });
    let left = Timestamp(if leaves { shift.ends_at.0 - early } else { shift.ends_at.0 + jitter.abs() });
    let absent = chance < stays_away && shift.status == ShiftStatus::Completed;
    if came > now || (chance < stays_away && !absent) {
        return None;
    }
    let written = if absent { shift.ends_at.plus_minutes(30) } else { came };
    let mut record = AttendanceRecord {
        meta: staff.meta(written.min(now)),
        user_id: user,
        shift_id: ShiftId(shift.meta.id),
        shift_date: shift.shift_date,
        check_in_time: (!absent).then_some(came),
        check_out_time: (!absent && left <= now).then_some(left),
        status: AttendanceStatus::Pending,
        late_by_minutes: None,
        worked_minutes: None,
        absence_reason: absent.then(|| if chance % 3 > 0 { "Sick" } else { "No call, no show" }.to_owned()),
        manager_note: None,
        checkout_alert_at: None,
        company_id: shift.company_id,
    };
    let policy = default_policy(staff.ctx.company(), staff.since);
    assess(&mut record, &Times::of(shift, &policy, None));
    Some(record)
}
