//! What happened: who was at which ended shift, or was not. Read page by page into small facts, so that a large company's year
//! fits into memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::sync::{Semaphore, SemaphorePermit};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{DepartmentId, ShiftId, TemplateId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{
    AttendanceRecord, AttendanceStatus, DayPart, EmployeeProfile, LeaveRequest, LeaveStatus, Shift, UserGroupMember,
};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::{Record, cursor::Cursor};

use super::asked::{Period, Question, Whose};
use crate::App;

/// The most facts that one analysis looks at.
pub const MAX_FACTS: usize = 500_000;
/// How many rows are read at once.
const PAGE: u64 = 10_000;
/// How many shifts are looked up at once.
const SHIFTS_AT_ONCE: usize = 5_000;
/// Analyses that hold facts at the same time: the others wait, so that memory stays bounded.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Somebody at a shift that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    pub user: UserId,
    /// The shift's place in [`Facts::shifts`].
    pub shift: u32,
    pub date: Date,
    pub came: Came,
    /// On approved leave for a part of the day: less is expected than the shift says.
    pub half_day: bool,
}

/// How somebody was at a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Absent,
    /// Absent, and on approved leave all day: no absence.
    OnLeave,
    Attended {
        late: bool,
        late_by: i64,
        left_early: bool,
        /// Minutes from the shift's start to the check-in, negative before it.
        arrived: i64,
        /// Paid minutes; `None` without a check-out.
        worked: Option<i64>,
    },
}

impl Came {
    pub fn attended(self) -> bool {
        matches!(self, Came::Attended { .. })
    }
}

/// What of an ended shift matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedShift {
    pub id: ShiftId,
    pub date: Date,
    pub start_time: String,
    pub minutes: i64,
    pub break_minutes: i64,
    pub department: Option<DepartmentId>,
    pub template: Option<TemplateId>,
}

/// All facts of a question.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub all: Vec<Fact>,
    pub shifts: Vec<EndedShift>,
}

impl Facts {
    /// Facts that count as absent or attended.
    pub fn counted(&self) -> impl Iterator<Item = &Fact> {
        self.all.iter().filter(|fact| fact.came != Came::OnLeave)
    }

    pub fn people(&self) -> BTreeSet<UserId> {
        self.counted().map(|fact| fact.user).collect()
    }
}

/// Waits until there is room for another analysis.
pub async fn room() -> Result<SemaphorePermit<'static>> {
    AT_ONCE.acquire().await.map_err(Error::internal)
}

/// Refuses what is more than one analysis holds.
pub fn check_room(count: usize, what: &str) -> Result<()> {
    if count <= MAX_FACTS {
        return Ok(());
    }
    let message =
        format!("is too early: there are more than {MAX_FACTS} {what} since then; choose a shorter period or a department");
    Err(Error::field("from", message))
}

/// The rows of a query, page by page.
pub struct Pages<'a> {
    app: &'a App,
    query: Query,
    cursor: Cursor,
    over: bool,
}

impl<'a> Pages<'a> {
    /// Of few people all rows at once, found by their names; else in an order that an index has, of which each page goes on.
    pub fn of(app: &'a App, query: Query, whose: &Whose, by: &str) -> Pages<'a> {
        let few = whose.named().is_some();
        let query = if few { query } else { Query { order: order(query.def, by), limit: PAGE, ..query } };
        Pages { app, query, cursor: Cursor::start(), over: false }
    }

    /// The next page; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>> {
        if self.over {
            return Ok(None);
        }
        let cond = self.cursor.cond(self.query.def).and(self.query.cond.clone());
        let rows = self.app.store.select(&Query { cond, ..self.query.clone() }).await?;
        self.over = self.query.order.is_empty() || (rows.len() as u64) < self.query.limit;
        if let Some(last) = rows.last() {
            self.cursor = Cursor::after(&self.query.order, last);
        }
        Ok(Some(rows))
    }
}

/// The records of attendance of a period.
pub fn records<'a>(app: &'a App, ctx: &Ctx, whose: &Whose, period: Period, more: Cond) -> Pages<'a> {
    let cond = period.cond("shiftDate").and(whose.cond("userId")).and(more);
    Pages::of(app, Query::of(AttendanceRecord::def(), ctx.company(), cond), whose, "shiftDate,id")
}

/// The attendance at ended shifts of the period. Drafts, cancelled shifts and those that are not over count nothing.
pub async fn read(app: &App, ctx: &Ctx, question: &Question) -> Result<Facts> {
    let whose = &question.whose;
    let away = leave(app, ctx, whose, question.period).await?;
    let mut facts = Facts::default();
    // A day's records may stand on two pages: its shifts are known by then.
    let mut known: HashMap<ShiftId, Option<(u32, Timestamp)>> = HashMap::new();
    let mut pages = records(app, ctx, whose, question.period, Cond::TRUE);
    while let Some(page) = pages.next().await? {
        let records: Vec<AttendanceRecord> = page.into_iter().map(AttendanceRecord::from_record).collect::<Result<_>>()?;
        let records: Vec<AttendanceRecord> = records.into_iter().filter(|r| whose.includes(r.user_id)).collect();
        let new: BTreeSet<ShiftId> = records.iter().map(|r| r.shift_id).filter(|id| !known.contains_key(id)).collect();
        known.extend(new.iter().map(|id| (*id, None)));
        for shift in ended(app, ctx, new.into_iter().collect()).await? {
            known.insert(ShiftId(shift.meta.id), Some((facts.shifts.len() as u32, shift.starts_at)));
            facts.shifts.push(EndedShift::of(&shift));
        }
        gather(&mut facts, &records, &known, &away);
        check_room(facts.all.len(), "records of attendance")?;
    }
    Ok(facts)
}

/// Those of the shifts that count.
pub async fn ended(app: &App, ctx: &Ctx, ids: Vec<ShiftId>) -> Result<Vec<Shift>> {
    let mut ended = Vec::with_capacity(ids.len());
    for ids in ids.chunks(SHIFTS_AT_ONCE) {
        let shifts = app.store.select(&Query::of(Shift::def(), ctx.company(), Cond::id_in("id", ids))).await?;
        let shifts: Vec<Shift> = shifts.into_iter().map(Shift::from_record).collect::<Result<_>>()?;
        ended.extend(shifts.into_iter().filter(|shift| counts(shift, ctx.now())));
    }
    Ok(ended)
}

/// Whether what happened at a shift counts: it was published, was not cancelled, and is over.
pub fn counts(shift: &Shift, now: Timestamp) -> bool {
    shift.takes_place() && shift.ends_at <= now
}

impl EndedShift {
    fn of(shift: &Shift) -> EndedShift {
        EndedShift {
            id: ShiftId(shift.meta.id),
            date: shift.shift_date,
            start_time: shift.start_time.clone(),
            minutes: shift.ends_at.minutes_since(shift.starts_at),
            break_minutes: shift.break_minutes,
            department: shift.department_id,
            template: shift.shift_template_id,
        }
    }
}

fn gather(facts: &mut Facts, records: &[AttendanceRecord], shifts: &HashMap<ShiftId, Option<(u32, Timestamp)>>, away: &Away) {
    for record in records {
        if let Some(Some((shift, starts_at))) = shifts.get(&record.shift_id) {
            let came = came(record, *starts_at, away);
            let half_day = away.any(record.user_id, record.shift_date);
            facts.all.push(Fact { user: record.user_id, shift: *shift, date: record.shift_date, came, half_day });
        }
    }
}

fn came(record: &AttendanceRecord, starts_at: Timestamp, away: &Away) -> Came {
    match record.check_in_time {
        None if away.all_day(record.user_id, record.shift_date) => Came::OnLeave,
        None => Came::Absent,
        Some(check_in) => {
            let late_by = record.late_by_minutes.unwrap_or(0);
            Came::Attended {
                // Whoever left early after coming late has another status, but the minutes stay.
                late: record.status == AttendanceStatus::Late || late_by > 0,
                late_by,
                left_early: record.status == AttendanceStatus::LeftEarly,
                arrived: check_in.minutes_since(starts_at),
                worked: record.worked_minutes,
            }
        }
    }
}

/// Approved leave by person.
#[derive(Clone, Debug, Default)]
pub struct Away(BTreeMap<UserId, Vec<(Date, Date, DayPart)>>);

impl Away {
    /// Whether somebody was on leave for a day or a part of it.
    pub fn any(&self, user: UserId, date: Date) -> bool {
        self.0.get(&user).is_some_and(|leave| leave.iter().any(|(from, to, _)| (*from..=*to).contains(&date)))
    }

    /// Whether somebody was on leave for a whole day, in one piece or in two halves.
    pub fn all_day(&self, user: UserId, date: Date) -> bool {
        let has =
            |part| self.0.get(&user).is_some_and(|l| l.iter().any(|(from, to, p)| (*from..=*to).contains(&date) && *p == part));
        has(DayPart::Full) || (has(DayPart::FirstHalf) && has(DayPart::SecondHalf))
    }
}

/// The approved leave that falls into the period.
pub async fn leave(app: &App, ctx: &Ctx, whose: &Whose, period: Period) -> Result<Away> {
    let mut away = Away::default();
    for request in approved(app, ctx, whose, period).await? {
        away.0.entry(request.user_id).or_default().push((request.start_date, request.end_date, request.day_part));
    }
    Ok(away)
}

/// The approved requests that fall into the period.
pub async fn approved(app: &App, ctx: &Ctx, whose: &Whose, period: Period) -> Result<Vec<LeaveRequest>> {
    let overlapping = Cond::Cmp("startDate", Op::Lte, period.to.into()).and(Cond::Cmp("endDate", Op::Gte, period.from.into()));
    let cond = overlapping.and(Cond::eq("status", LeaveStatus::Approved.as_str())).and(whose.cond("userId"));
    let found = app.store.select(&Query::of(LeaveRequest::def(), ctx.company(), cond)).await?;
    check_room(found.len(), "requests for leave")?;
    let requests: Vec<LeaveRequest> = found.into_iter().map(LeaveRequest::from_record).collect::<Result<_>>()?;
    Ok(requests.into_iter().filter(|request| whose.includes(request.user_id)).collect())
}

/// The one department that people are counted in: the main one of their profile, else the only one they are members of.
pub async fn main_departments(app: &App, ctx: &Ctx, whose: &Whose) -> Result<HashMap<UserId, DepartmentId>> {
    let of = |def| Query::of(def, ctx.company(), whose.cond("userId"));
    let mut main: HashMap<UserId, DepartmentId> = HashMap::new();
    let mut memberships: HashMap<UserId, Vec<DepartmentId>> = HashMap::new();
    for member in app.store.select(&of(UserGroupMember::def())).await? {
        let member = UserGroupMember::from_record(member)?;
        memberships.entry(member.user_id).or_default().push(member.group_id);
    }
    for (user, departments) in memberships {
        if let [only] = departments[..] {
            main.insert(user, only);
        }
    }
    for profile in app.store.select(&of(EmployeeProfile::def())).await? {
        if let (Some(user), Some(department)) = (profile.get("userId").as_id(), profile.get("departmentId").as_id()) {
            main.insert(UserId(user), DepartmentId(department));
        }
    }
    main.retain(|user, _| whose.includes(*user));
    Ok(main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_opposite_halves_are_a_day() {
        let user = UserId(uuid::Uuid::from_u128(1));
        let day = |d: u32| Date::from_ymd_opt(2026, 6, d).expect("a date");
        let away = Away(BTreeMap::from([(
            user,
            vec![
                (day(1), day(3), DayPart::Full),
                (day(5), day(5), DayPart::FirstHalf),
                (day(5), day(5), DayPart::SecondHalf),
                (day(8), day(8), DayPart::FirstHalf),
            ],
        )]));
        let off: Vec<bool> = [1, 3, 4, 5, 8].into_iter().map(|d| away.all_day(user, day(d))).collect();
        assert_eq!(off, [true, true, false, true, false]);
        assert!(!away.all_day(UserId(uuid::Uuid::from_u128(2)), day(1)));
    }
}
