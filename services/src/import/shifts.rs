//! Shifts, by the rules of `createShift`. A shift that is there word for word is left alone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftStatus, UserGroup};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, parse_date};
use workforceos_core::zone::{next_day, previous_day};

use super::cells;
use super::engine::{Done, Importer, Problems, named};
use super::report::What;
use super::table::{Cells, Column, Line};
use crate::attendance::rules::check_unlocked;
use crate::auth::names;
use crate::schedule::{self, rules};

/// The most people of one row.
const MAX_PEOPLE: usize = 500;
/// Under which names the file has the fields of `createShift`.
const FIELDS: &[(&str, &str)] = &[
    ("shiftDate", "date"),
    ("startTime", "start"),
    ("endTime", "end"),
    ("assignedUserIds", "people"),
    ("assignedDepartmentIds", "departments"),
    ("breakMinutes", "breakMinutes"),
    ("neededCount", "neededCount"),
];

/// What is known of the company.
pub struct Shifts {
    /// By address, as far as the file has named them.
    users: HashMap<String, UserId>,
    departments: Option<cells::Departments>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Planned {
    date: Date,
    start: String,
    end: String,
    people: Vec<String>,
    departments: Vec<String>,
    location: Option<String>,
    break_minutes: i64,
    needed: i64,
    /// How many rows before this one say the same.
    twins: usize,
}

impl Importer for Shifts {
    type Row = Planned;
    const COLUMNS: &'static [Column] = &[
        Column { name: "date", aliases: &["shiftdate", "day"], required: true },
        Column { name: "start", aliases: &["starttime", "from", "begin"], required: true },
        Column { name: "end", aliases: &["endtime", "to", "until"], required: true },
        Column { name: "people", aliases: &["emails", "assigned", "assignees", "employees"], required: false },
        Column { name: "departments", aliases: &["department", "teams", "groups"], required: false },
        Column { name: "location", aliases: &["place", "where"], required: false },
        Column { name: "breakMinutes", aliases: &["break", "pause"], required: false },
        Column { name: "neededCount", aliases: &["needed", "headcount"], required: false },
    ];
    /// Room for the addresses of everybody; what a column of one value may hold is checked apart.
    const MAX_CELL: usize = 130_000;
    const EVENT: &'static str = "shift.imported";

    fn read(cells: &mut Cells) -> Option<Planned> {
        let date = cells.need("date", cells::DATE, parse_date);
        let start = cells.need("start", cells::TIME, cells::wall);
        let end = cells.need("end", cells::TIME, cells::wall);
        let mut people = Vec::new();
        for text in cells.list("people") {
            match names::email(&text) {
                Some(email) => people.push(email),
                None => {
                    cells.refuse("people", format!("{} is no e-mail address", text.chars().take(100).collect::<String>()));
                }
            }
        }
        people.sort();
        people.dedup();
        let mut departments: Vec<String> = cells.list("departments").iter().map(|name| name.to_lowercase()).collect();
        departments.sort();
        departments.dedup();
        if people.len() > MAX_PEOPLE {
            cells.refuse("people", format!("must name at most {MAX_PEOPLE} people"));
        }
        if departments.len() > MAX_PEOPLE {
            cells.refuse("departments", format!("must name at most {MAX_PEOPLE} departments"));
        }
        let whole = |text: &str| text.parse::<i64>().ok();
        let short = |text: &str| (text.chars().count() <= 1_000).then(|| text.to_owned());
        Some(Planned {
            location: cells.read("location", "must have at most 1000 characters", short),
            break_minutes: cells.read("breakMinutes", "must be a whole number", whole).unwrap_or(0),
            needed: cells.read("neededCount", "must be a whole number", whole).unwrap_or(1),
            people,
            departments,
            twins: 0,
            date: date?,
            start: start?,
            end: end?,
        })
    }

    fn date(row: &Planned) -> Option<Date> {
        Some(row.date)
    }

    fn prepare(rows: &mut [Line<Planned>]) {
        let mut seen: HashMap<Planned, usize> = HashMap::new();
        for line in rows {
            let before = seen.entry(line.row.clone()).or_default();
            line.row.twins = *before;
            *before += 1;
        }
    }

    fn weight(row: &Planned) -> usize {
        1 + row.people.len() + row.departments.len()
    }

    fn begin(_: &[Line<Planned>]) -> Shifts {
        Shifts { users: HashMap::new(), departments: None }
    }

    fn needs(&mut self, ctx: &Ctx, _: usize, rows: &[Line<Planned>]) -> Needs {
        let people = rows.iter().flat_map(|line| &line.row.people).map(String::as_str);
        let mut needs = Needs::none().and_query(named(ctx, people.filter(|email| !self.users.contains_key(*email))));
        if self.departments.is_none() {
            needs = needs.and_query(Query::of(UserGroup::def(), ctx.company(), Cond::TRUE));
        }
        let mut dates: Vec<Date> = rows.iter().map(|line| line.row.date).collect();
        dates.dedup();
        dates.into_iter().fold(needs, Needs::around)
    }

    fn decide(&mut self, facts: &Facts, ctx: &Ctx, _: usize, rows: &[Line<Planned>]) -> Result<Vec<Result<Done, Problems>>> {
        self.users.extend(cells::users(facts)?);
        let departments = match &mut self.departments {
            Some(departments) => departments,
            none => none.insert(cells::departments(facts)?),
        };
        let (there, busy) = (HashMap::new(), HashMap::new());
        let mut batch = Batch { facts, ctx, users: &self.users, departments, there, busy };
        for line in rows {
            batch.look_at(line.row.date);
        }
        Ok(rows.iter().map(|line| batch.row(&line.row)).collect())
    }
}

/// What makes two shifts the same one to an import.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    date: Date,
    start: String,
    end: String,
    users: Vec<UserId>,
    departments: Vec<DepartmentId>,
    location: Option<String>,
    break_minutes: i64,
    needed: i64,
}

impl Same {
    fn of(shift: &Shift) -> Same {
        let (mut users, mut departments) = (shift.assigned_user_ids.clone(), shift.assigned_department_ids.clone());
        users.sort();
        departments.sort();
        Same {
            date: shift.shift_date,
            start: shift.start_time.clone(),
            end: shift.end_time.clone(),
            users,
            departments,
            location: shift.location.clone(),
            break_minutes: shift.break_minutes,
            needed: shift.needed_count,
        }
    }
}

struct Batch<'a, 'f> {
    facts: &'a Facts<'f>,
    ctx: &'a Ctx,
    users: &'a HashMap<String, UserId>,
    departments: &'a cells::Departments,
    /// How many shifts of each kind a date has, for the dates looked at.
    there: HashMap<Date, HashMap<Same, usize>>,
    /// By date, each person's scheduled shifts, for the dates looked at and those beside them; those of this part, too.
    busy: HashMap<Date, HashMap<UserId, Vec<Arc<Shift>>>>,
}

impl Batch<'_, '_> {
    fn look_at(&mut self, date: Date) {
        let facts = self.facts;
        for near in [previous_day(date), date, next_day(date)] {
            if let Entry::Vacant(day) = self.busy.entry(near) {
                day.insert(HashMap::new());
                let shifts = facts.state.schedule.on(near).filter(|shift| shift.status == ShiftStatus::Scheduled);
                shifts.for_each(|shift| self.takes_up(shift));
            }
        }
        self.there.entry(date).or_insert_with(|| {
            let mut kinds = HashMap::new();
            facts.state.schedule.on(date).for_each(|shift| *kinds.entry(Same::of(shift)).or_default() += 1);
            kinds
        });
    }

    /// Its people have this shift.
    fn takes_up(&mut self, shift: &Arc<Shift>) {
        let busy = self.busy.entry(shift.shift_date).or_default();
        for user in self.facts.state.assignees(shift) {
            busy.entry(user).or_default().push(shift.clone());
        }
    }

    fn row(&mut self, row: &Planned) -> Result<Done, Problems> {
        let mut problems = Problems::new();
        let mut users = Vec::with_capacity(row.people.len());
        for email in &row.people {
            match self.users.get(email) {
                Some(user) => users.push(*user),
                None => problems.push((Some("people"), format!("{email} is nobody of the company"))),
            }
        }
        let found = row.departments.iter().filter_map(|name| self.departments.one("departments", name, &mut problems));
        let departments: Vec<DepartmentId> = found.collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let plan = schedule::Plan {
            date: row.date,
            start: &row.start,
            end: &row.end,
            location: row.location.clone(),
            department: None,
            users: &users,
            departments: &departments,
            break_minutes: row.break_minutes,
            needed: row.needed,
            draft: false,
            template: None,
        };
        let shift = plan.into_shift(self.facts, self.ctx).map_err(|error| cells::problems(error, FIELDS))?;
        let there = self.there.get(&row.date).and_then(|kinds| kinds.get(&Same::of(&shift))).copied().unwrap_or(0);
        if there > row.twins {
            return Ok(Done::new(What::Skipped, workforceos_core::change::Changes::none()));
        }
        check_unlocked(self.facts.state, row.date).map_err(|error| cells::problems(error, FIELDS))?;
        self.check_free(row, &shift)?;
        let changes = schedule::created(self.facts, self.ctx, &shift);
        self.takes_up(&Arc::new(shift));
        Ok(Done::new(What::Created, changes))
    }

    /// Everybody assigned is free at that time, also of what this part plans.
    fn check_free(&self, row: &Planned, shift: &Shift) -> Result<(), Problems> {
        let near = [previous_day(row.date), row.date, next_day(row.date)];
        let days: Vec<_> = near.iter().filter_map(|date| self.busy.get(date)).collect();
        let people = self.facts.state.assignees(shift);
        // Who has none of them around that day cannot clash, however many others work then.
        let theirs = people.iter().flat_map(|user| days.iter().filter_map(|day| day.get(user)).flatten());
        let mut theirs: Vec<&Shift> = theirs.map(|shift| &**shift).collect();
        theirs.sort_unstable_by_key(|shift| shift.meta.id);
        theirs.dedup_by_key(|shift| shift.meta.id);
        let conflicts = rules::conflicts_among(self.facts.state, shift, theirs);
        let Some(first) = conflicts.first() else { return Ok(()) };
        let email = row.people.iter().find(|email| self.users.get(*email) == Some(&first.user));
        let who = email.map_or_else(|| format!("the member {} of a department", first.user), String::clone);
        let why = match first.kind {
            rules::ConflictKind::Shift => "has a shift",
            rules::ConflictKind::Leave => "is on leave",
            rules::ConflictKind::Rest => "has too little rest",
        };
        let more = if conflicts.len() > 1 { format!(" ({} conflicts in all)", conflicts.len()) } else { String::new() };
        Err(vec![(Some("people"), format!("{who} {why} from {} to {}{more}", first.from, first.to))])
    }
}
