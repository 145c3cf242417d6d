//! What happened: who was at which ended shift, or was not. Read page by page into small facts, so that a large company's year
//! fits into memory.

use std::collections::{BTreeSet, HashMap};

use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, ShiftId, TemplateId, UserId};
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, EmployeeProfile, Shift, UserGroupMember};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};

use super::asked::{Period, Question, Whose};
use super::away::Away;
use super::pages::{PEOPLE, PERIOD, Pages};
use crate::App;

/// How many shifts are looked up at once.
const SHIFTS_AT_ONCE: usize = 5_000;

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

    /// Shifts that were missed on approved leave.
    pub fn on_leave(&self) -> usize {
        self.all.len() - self.counted().count()
    }

    pub fn people(&self) -> BTreeSet<UserId> {
        self.counted().map(|fact| fact.user).collect()
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
    let away = Away::read(app, ctx, whose, question.period, PERIOD).await?;
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
        PERIOD.check(facts.all.len(), "records of attendance")?;
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

/// The one department that people are counted in: the main one of their profile, else the only one they are members of.
pub async fn main_departments(app: &App, ctx: &Ctx, whose: &Whose) -> Result<HashMap<UserId, DepartmentId>> {
    let of = |def| Pages::of(app, Query::of(def, ctx.company(), whose.cond("userId")), whose, "-createdAt,id");
    // `None`: of several.
    let mut only: HashMap<UserId, Option<DepartmentId>> = HashMap::new();
    let member = |record| {
        let UserGroupMember { user_id, group_id, .. } = UserGroupMember::from_record(record)?;
        if whose.includes(user_id) {
            only.entry(user_id).and_modify(|department| *department = None).or_insert(Some(group_id));
        }
        Ok(whose.includes(user_id))
    };
    of(UserGroupMember::def()).each(PEOPLE, "memberships of departments", member).await?;
    let mut main: HashMap<UserId, DepartmentId> = only.into_iter().filter_map(|(user, only)| Some((user, only?))).collect();
    let profile = |profile: Record| {
        let (Some(user), department) = (profile.get("userId").as_id().map(UserId), profile.get("departmentId").as_id()) else {
            return Ok(false);
        };
        if let Some(department) = department.filter(|_| whose.includes(user)) {
            main.insert(user, DepartmentId(department));
        }
        Ok(whose.includes(user))
    };
    of(EmployeeProfile::def()).each(PEOPLE, "profiles", profile).await?;
    Ok(main)
}
