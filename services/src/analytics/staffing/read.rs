//! Who is planned, or was there, hour by hour.

use std::collections::{BTreeSet, HashMap, HashSet};

use workforceos_core::Record;
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, ShiftId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AttendanceRecord, Shift, UserGroupMember};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;

use super::Basis;
use super::week::Week;
use crate::App;
use crate::analytics::asked::{Period, Whose, earlier, later};
use crate::analytics::away::Away;
use crate::analytics::facts;
use crate::analytics::pages::{ALWAYS, Pages, WEEKS};

/// Whose presence is counted, and at which shifts.
pub struct Counted<'a> {
    pub app: &'a App,
    pub ctx: &'a Ctx,
    pub whose: &'a Whose,
    pub department: Option<DepartmentId>,
}

/// Weeks from a Monday on, and how many shifts (planned) or records (attended) they are of.
pub struct Weeks {
    pub weeks: Vec<Week>,
    pub sample: usize,
}

impl Counted<'_> {
    /// Counts so many weeks, week by week; a shift of the Sunday before reaches into the first.
    pub async fn weeks(&self, basis: Basis, monday: Date, weeks: u64) -> Result<Weeks> {
        let zone = self.ctx.tenant.zone;
        let mut all = Weeks { weeks: (0..weeks).map(|w| Week::new(zone, later(monday, 7 * w))).collect(), sample: 0 };
        if weeks == 0 {
            return Ok(all);
        }
        let span = Period { from: earlier(monday, 1), to: later(monday, 7 * weeks - 1) };
        let people = match basis {
            Basis::Planned => Some(self.people(span).await?),
            Basis::Attended => None,
        };
        let mut pages = match &people {
            Some(people) => self.shifts(span, people),
            None => {
                let came = Cond::Cmp("checkInTime", Op::Gt, Value::Time(Timestamp(0)));
                facts::records(self.app, self.ctx, self.whose, span, came)
            }
        };
        while let Some(page) = pages.next().await? {
            let found = match &people {
                Some(people) => self.planned(page, people)?,
                None => self.attended(page).await?,
            };
            all.sample += found.len();
            WEEKS.check(all.sample, "shifts")?;
            for (from, to, count) in found {
                add(&mut all.weeks, from, to, count);
            }
        }
        Ok(all)
    }

    fn is_of_department(&self, shift: &Shift) -> bool {
        self.department.is_none_or(|d| shift.department_id == Some(d) || shift.assigned_department_ids.contains(&d))
    }

    fn shifts(&self, span: Period, people: &People) -> Pages<'_> {
        let cond = span.cond("shiftDate").and(self.assigned(people));
        Pages::of(self.app, Query::of(Shift::def(), self.ctx.company(), cond), self.whose, "shiftDate,startTime,id")
    }

    /// The published shifts with how many of the people within reach are assigned.
    fn planned(&self, page: Vec<Record>, people: &People) -> Result<Vec<(Timestamp, Timestamp, i64)>> {
        let mut spans = Vec::new();
        for shift in page {
            let shift = Shift::from_record(shift)?;
            let counts = shift.takes_place() && self.is_of_department(&shift);
            let assigned = if counts { people.assigned(&shift, self.whose) } else { 0 };
            if assigned > 0 {
                spans.push((shift.starts_at, shift.ends_at, assigned));
            }
        }
        Ok(spans)
    }

    /// Shifts that name one of the people, or a department to which one belongs.
    fn assigned(&self, people: &People) -> Cond {
        let Some(users) = self.whose.named() else { return Cond::TRUE };
        let departments = people.members.keys().map(|d| d.0).collect();
        let named = Cond::HasAny("assignedUserIds", users.iter().map(|user| user.0).collect());
        Cond::Any(vec![named, Cond::HasAny("assignedDepartmentIds", departments)])
    }

    async fn people(&self, span: Period) -> Result<People> {
        let away = Away::read(self.app, self.ctx, self.whose, span, WEEKS).await?;
        let mut members: HashMap<DepartmentId, Vec<(UserId, Timestamp)>> = HashMap::new();
        let query = Query::of(UserGroupMember::def(), self.ctx.company(), self.whose.cond("userId"));
        let keep = |record| {
            let member = UserGroupMember::from_record(record)?;
            let kept = self.whose.includes(member.user_id);
            if kept {
                members.entry(member.group_id).or_default().push((member.user_id, member.meta.created_at));
            }
            Ok(kept)
        };
        Pages::of(self.app, query, self.whose, "-createdAt,id").each(ALWAYS, "memberships of departments", keep).await?;
        Ok(People { members, away })
    }

    /// Who came to ended shifts: from the start, or later, to the check-out; without one to the end.
    async fn attended(&self, page: Vec<Record>) -> Result<Vec<(Timestamp, Timestamp, i64)>> {
        let records: Vec<AttendanceRecord> = page.into_iter().map(AttendanceRecord::from_record).collect::<Result<_>>()?;
        let ids: BTreeSet<ShiftId> = records.iter().map(|record| record.shift_id).collect();
        let ended = facts::ended(self.app, self.ctx, ids.into_iter().collect()).await?;
        let ended = ended.iter().filter(|shift| self.is_of_department(shift));
        let shifts: HashMap<ShiftId, (Timestamp, Timestamp)> =
            ended.map(|shift| (ShiftId(shift.meta.id), (shift.starts_at, shift.ends_at))).collect();
        let span = |record: &AttendanceRecord| {
            let (starts, ends) = *shifts.get(&record.shift_id).filter(|_| self.whose.includes(record.user_id))?;
            let (from, to) = (record.check_in_time?.max(starts), record.check_out_time.unwrap_or(ends));
            (from < to).then_some((from, to, 1))
        };
        Ok(records.iter().filter_map(span).collect())
    }
}

/// Adds to the weeks that somebody's presence touches.
fn add(weeks: &mut [Week], from: Timestamp, to: Timestamp, people: i64) {
    let first = weeks.partition_point(|week| week.until() <= from);
    for week in weeks[first..].iter_mut().take_while(|week| week.since() < to) {
        week.add(from, to, people);
    }
}

/// Who is assigned by being a member of a department.
struct People {
    members: HashMap<DepartmentId, Vec<(UserId, Timestamp)>>,
    away: Away,
}

impl People {
    /// Those named, and members who had joined by then and are not off that day.
    fn assigned(&self, shift: &Shift, whose: &Whose) -> i64 {
        let mut people: HashSet<UserId> = shift.assigned_user_ids.iter().copied().collect();
        for department in &shift.assigned_department_ids {
            let members = self.members.get(department).into_iter().flatten();
            let there =
                members.filter(|(user, joined)| *joined <= shift.starts_at && !self.away.all_day(*user, shift.shift_date));
            people.extend(there.map(|(user, _)| *user));
        }
        people.iter().filter(|user| whose.includes(**user)).count() as i64
    }
}
