//! Attendance, by the rules of an admin's `checkInAttendance` and `markAttendanceAbsent`: one record per person and shift.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDateTime, NaiveTime};
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp, parse_date};
use workforceos_core::zone::{Zone, next_day, previous_day};

use super::cells;
use super::engine::{Done, Importer, Problems, named};
use super::report::What;
use super::table::{Cells, Column, Line};
use crate::attendance::{self, rules};
use crate::auth::names;

const WHEN: &str = "must be a time like 09:05, a date and time like 2026-01-31 09:05, or an instant like 2026-01-31T09:05:00Z";
/// Under which names the file has the fields of the APIs.
const FIELDS: &[(&str, &str)] = &[("checkInTime", "checkIn"), ("checkOutTime", "checkOut"), ("status", "status")];

/// What is known of the company.
pub struct Attendance {
    /// By address, as far as the file has named them.
    users: HashMap<String, UserId>,
}

/// A moment as a file tells it: local times are the company's.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    At(Timestamp),
    Local(NaiveDateTime),
    Clock(NaiveTime),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attended {
    date: Date,
    email: String,
    start: String,
    came: Option<When>,
    left: Option<When>,
    status: Option<AttendanceStatus>,
    reason: Option<String>,
}

impl Importer for Attendance {
    type Row = Attended;
    const COLUMNS: &'static [Column] = &[
        Column { name: "date", aliases: &["shiftdate", "day"], required: true },
        Column { name: "email", aliases: &["mail", "employee", "emailaddress"], required: true },
        Column { name: "shiftStart", aliases: &["start", "starttime", "shift"], required: true },
        Column { name: "checkIn", aliases: &["checkintime", "in", "came"], required: false },
        Column { name: "checkOut", aliases: &["checkouttime", "out", "left"], required: false },
        Column { name: "status", aliases: &[], required: false },
        Column { name: "absenceReason", aliases: &["reason"], required: false },
    ];
    const EVENT: &'static str = "attendance.imported";

    fn read(cells: &mut Cells) -> Option<Attended> {
        let date = cells.need("date", cells::DATE, parse_date);
        let email = cells.need("email", "must be an e-mail address", names::email);
        let start = cells.need("shiftStart", cells::TIME, cells::wall);
        let named = |t: &str| {
            AttendanceStatus::NAMES.iter().find(|name| name.eq_ignore_ascii_case(t)).and_then(|n| AttendanceStatus::parse(n))
        };
        let wanted = format!("must be one of {}", AttendanceStatus::NAMES.join(", "));
        let (status, came, left) =
            (cells.read("status", &wanted, named), cells.read("checkIn", WHEN, when), cells.read("checkOut", WHEN, when));
        if status == Some(AttendanceStatus::Absent) {
            for column in ["checkIn", "checkOut"] {
                if cells.get(column).is_some() {
                    cells.refuse(column, "must be empty: somebody absent has no times");
                }
            }
        } else if cells.get("checkIn").is_none() {
            cells.refuse("checkIn", "must not be empty, unless the status is absent");
        }
        let reason = cells.get("absenceReason").map(str::to_owned);
        Some(Attended { came, left, status, reason, date: date?, email: email?, start: start? })
    }

    fn key(row: &Attended) -> Option<String> {
        Some(format!("{} {} {}", row.date, row.start, row.email))
    }

    fn date(row: &Attended) -> Option<Date> {
        Some(row.date)
    }

    fn weight(_: &Attended) -> usize {
        1
    }

    fn begin(_: &[Line<Attended>]) -> Attendance {
        Attendance { users: HashMap::new() }
    }

    fn needs(&mut self, ctx: &Ctx, _: usize, rows: &[Line<Attended>]) -> Needs {
        let people = rows.iter().map(|line| line.row.email.as_str());
        let needs = Needs::none().and_query(named(ctx, people.filter(|email| !self.users.contains_key(*email))));
        let mut dates: Vec<Date> = rows.iter().map(|line| line.row.date).collect();
        dates.dedup();
        dates.into_iter().fold(needs, Needs::around)
    }

    fn decide(&mut self, facts: &Facts, ctx: &Ctx, _: usize, rows: &[Line<Attended>]) -> Result<Vec<Result<Done, Problems>>> {
        self.users.extend(cells::users(facts)?);
        let users = &self.users;
        let mut starts: HashMap<(Date, &str), Vec<&Arc<Shift>>> = HashMap::new();
        for Line { row, .. } in rows {
            starts
                .entry((row.date, &row.start))
                .or_insert_with(|| facts.state.schedule.on(row.date).filter(|shift| shift.start_time == row.start).collect());
        }
        let none = Vec::new();
        let of = |row: &Attended| {
            let shifts = starts.get(&(row.date, row.start.as_str())).unwrap_or(&none);
            decide(facts, ctx, row, users.get(&row.email).copied(), shifts)
        };
        Ok(rows.iter().map(|line| of(&line.row)).collect())
    }
}

fn when(text: &str) -> Option<When> {
    if let Some(time) = cells::clock(text) {
        return Some(When::Clock(time));
    }
    if let Some(at) = Timestamp::parse(text) {
        return Some(When::At(at));
    }
    let (date, time) = text.split_once([' ', 'T'])?;
    Some(When::Local(parse_date(date)?.and_time(cells::clock(time.trim())?)))
}

fn decide(facts: &Facts, ctx: &Ctx, row: &Attended, user: Option<UserId>, shifts: &[&Arc<Shift>]) -> Result<Done, Problems> {
    let Some(user) = user else {
        return Err(vec![(Some("email"), format!("{} is nobody of the company", row.email))]);
    };
    let mine = shifts.iter().filter(|shift| facts.state.is_assigned(shift, user));
    let Some(shift) = mine.min_by_key(|shift| (shift.status == ShiftStatus::Cancelled, shift.meta.id)) else {
        let problem = match shifts.is_empty() {
            true => format!("no shift of {} begins at {}", row.date, row.start),
            false => format!("{} is not assigned to a shift of {} at {}", row.email, row.date, row.start),
        };
        return Err(vec![(Some("shiftStart"), problem)]);
    };
    let before = facts.state.attendance.of(ShiftId(shift.meta.id), user);
    let record = match record(facts, ctx, row, user, shift) {
        Ok(record) => record,
        Err(error) => return Err(cells::problems(error, FIELDS)),
    };
    if before.is_some_and(|before| same(before, &record, row)) {
        return Ok(Done::new(What::Skipped, Changes::none()));
    }
    rules::check_unlocked(facts.state, shift.shift_date).map_err(|error| cells::problems(error, FIELDS))?;
    match before {
        Some(before) if before.check_in_time.is_none() && before.meta.owner.is_none() => {
            correct(facts, ctx, before, record, shift)
        }
        Some(_) => Err(vec![(None, "there is a record already that says otherwise: correct it there".to_owned())]),
        None => {
            let absent = record.check_in_time.is_none();
            let kind = if absent { "attendance.markedAbsent" } else { "attendance.checkedIn" };
            let event = rules::event(facts.state, ctx, kind, &record).audited::<AttendanceRecord>(None);
            Ok(Done::new(What::Created, Changes::none().put(&record).event(event).due(due(facts, shift, &record))))
        }
    }
}

/// Nobody knew of the person when the system marked the absence by itself: the file does.
fn correct(
    facts: &Facts,
    ctx: &Ctx,
    before: &AttendanceRecord,
    record: AttendanceRecord,
    shift: &Shift,
) -> Result<Done, Problems> {
    if before.user_id == ctx.user() {
        return Err(vec![(Some("email"), "Nobody corrects the own attendance".to_owned())]);
    }
    let reason = record.absence_reason.or_else(|| before.absence_reason.clone());
    let record = AttendanceRecord {
        meta: Meta { owner: Some(ctx.user().0), ..before.meta.clone() },
        manager_note: before.manager_note.clone(),
        checkout_alert_at: before.checkout_alert_at,
        absence_reason: reason,
        ..record
    };
    let record = record.touched(facts.now);
    let event = rules::event(facts.state, ctx, "attendance.corrected", &record).audited(Some(before));
    Ok(Done::new(What::Updated, Changes::none().put(&record).event(event).due(due(facts, shift, &record))))
}

/// When the timers are to look for a missing check-out.
fn due(facts: &Facts, shift: &Shift, record: &AttendanceRecord) -> Option<Timestamp> {
    let open = record.check_in_time.is_some() && record.check_out_time.is_none();
    open.then(|| shift.ends_at.plus_minutes(facts.state.policy.missing_checkout_minutes))
}

/// Whether a record says what the row says.
fn same(before: &AttendanceRecord, record: &AttendanceRecord, row: &Attended) -> bool {
    let reason = row.reason.is_none() || before.absence_reason == row.reason;
    let status = row.status.is_none_or(|status| status == before.status);
    (before.check_in_time, before.check_out_time) == (record.check_in_time, record.check_out_time) && reason && status
}

/// The record that a row makes, by the rules of the APIs.
fn record(facts: &Facts, ctx: &Ctx, row: &Attended, user: UserId, shift: &Shift) -> Result<AttendanceRecord> {
    let state = facts.state;
    let mut record = attendance::absent(Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)), shift, user);
    record.absence_reason = row.reason.clone();
    let Some(came) = row.came else {
        if shift.status == ShiftStatus::Cancelled {
            return Err(workforceos_core::error::Error::conflict("InvalidState", "The shift is cancelled"));
        }
        return Ok(record);
    };
    let came = arrival(state.zone(), came, shift);
    let left = row.left.map(|left| departure(state.zone(), left, came));
    attendance::check_times(facts.now, came, left)?;
    attendance::check_shift(facts, shift, user, came, true)?;
    (record.check_in_time, record.check_out_time) = (Some(came), left);
    let times = rules::times(state, shift, user);
    rules::assess(&mut record, &times);
    attendance::impose(&mut record, row.status, &times)?;
    Ok(record)
}

/// When somebody came: a time alone is the one nearest to the shift's start.
fn arrival(zone: Zone, when: When, shift: &Shift) -> Timestamp {
    match when {
        When::At(at) => at,
        When::Local(local) => zone.resolve(local),
        When::Clock(time) => {
            let days = [previous_day(shift.shift_date), shift.shift_date, next_day(shift.shift_date)];
            let tries = days.map(|date| zone.resolve(date.and_time(time)));
            tries.into_iter().min_by_key(|at| (at.0 - shift.starts_at.0).abs()).unwrap_or(shift.starts_at)
        }
    }
}

/// When somebody left: a time alone is the first one after the arrival.
fn departure(zone: Zone, when: When, came: Timestamp) -> Timestamp {
    match when {
        When::At(at) => at,
        When::Local(local) => zone.resolve(local),
        When::Clock(time) => {
            let date = zone.date(came);
            let same_day = zone.resolve(date.and_time(time));
            if same_day > came { same_day } else { zone.resolve(next_day(date).and_time(time)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_files_tell_them() {
        let time = |text: &str| cells::clock(text).expect("a time");
        assert_eq!(when("9:05"), Some(When::Clock(time("09:05"))));
        assert_eq!(when("09:05:30"), Some(When::Clock(time("09:05:30"))));
        let date = parse_date("2026-06-15").expect("a date");
        assert_eq!(when("2026-06-15 22:05"), Some(When::Local(date.and_time(time("22:05")))));
        assert_eq!(when("2026-06-15T22:05:00+02:00"), Timestamp::parse("2026-06-15T20:05:00Z").map(When::At));
        for bad in ["", "noon", "2026-06-15", "2026-06-31 09:00", "25:00", "15.06.2026 09:00"] {
            assert_eq!(when(bad), None, "{bad}");
        }
    }
}
