//! A company's past, written down row by row: shifts that ended, and who was at them.

use serde_json::Value as Json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::{DepartmentId, ShiftId, TaskAssignmentId, TemplateId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{
    AttendanceRecord, AttendanceStatus, DayPart, IndividualTask, LeaveRequest, LeaveStatus, Shift, ShiftStatus, TaskAssignment,
    TaskAssignmentStatus, TaskStatus,
};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{WallTime, shift_span};
use workforceos_tests::time::at;
use workforceos_tests::{Client, Company, Person, TestApp};

use crate::plan::shapes;

/// Rows of one commit.
const AT_ONCE: usize = 1_000;

/// A company that is subscribed to the analyses, whatever the time.
pub async fn company(app: &TestApp, name: &str, zone: &str) -> Company {
    let company = app.company(name, zone).await;
    company.subscribe_until(at("2100-01-01T00:00:00Z")).await;
    company
}

/// What is being written.
pub struct Past<'c> {
    company: &'c Company,
    changes: Changes,
}

impl<'c> Past<'c> {
    pub fn of(company: &'c Company) -> Past<'c> {
        Past { company, changes: Changes::none() }
    }

    async fn put<T: DataObject>(&mut self, object: &T) {
        self.changes = std::mem::replace(&mut self.changes, Changes::none()).put(object);
        if self.changes.rows.len() >= AT_ONCE {
            self.write().await;
        }
    }

    /// Writes what has not been written yet.
    pub async fn write(&mut self) {
        let changes = std::mem::replace(&mut self.changes, Changes::none());
        if !changes.rows.is_empty() {
            self.company.write(changes.event(Event::audit(&self.company.ctx(), "company", self.company.id))).await;
        }
    }

    /// A completed shift of these people; `times` such as `09:00-17:00`.
    pub async fn shift(&mut self, date: Date, times: &str, people: &[&Person]) -> Shift {
        let shift = self.planned(date, times, people);
        self.add(&shift).await;
        shift
    }

    /// A shift that is not written yet.
    pub fn planned(&self, date: Date, times: &str, people: &[&Person]) -> Shift {
        let (start, end) = times.split_once('-').expect("two times");
        let wall = |text: &str| WallTime::parse(text).expect("a time");
        let (starts_at, ends_at) = shift_span(self.company.zone, date, wall(start), wall(end)).expect("a span");
        Shift {
            meta: self.company.meta(),
            shift_date: date,
            start_time: start.to_owned(),
            end_time: end.to_owned(),
            starts_at,
            ends_at,
            location: None,
            department_id: None,
            assigned_user_ids: people.iter().map(|p| p.id).collect(),
            assigned_department_ids: Vec::new(),
            status: ShiftStatus::Completed,
            break_minutes: 0,
            needed_count: people.len().max(1) as i64,
            is_draft: false,
            shift_template_id: None,
            created_by: self.company.owner.id,
            company_id: self.company.id,
        }
    }

    pub async fn add(&mut self, shift: &Shift) {
        self.put(shift).await;
    }

    pub async fn absent(&mut self, shift: &Shift, who: &Person) {
        let record = self.record(shift, who, None, None);
        self.put(&record).await;
    }

    /// Came so many minutes after the start, and left so many after the end; both may be negative.
    pub async fn came(&mut self, shift: &Shift, who: &Person, after_start: i64, after_end: i64) {
        let (came, left) = (shift.starts_at.plus_minutes(after_start), shift.ends_at.plus_minutes(after_end));
        let record = self.record(shift, who, Some(came), Some(left));
        self.put(&record).await;
    }

    /// Came, and has not left.
    pub async fn open(&mut self, shift: &Shift, who: &Person) {
        let record = self.record(shift, who, Some(shift.starts_at), None);
        self.put(&record).await;
    }

    fn record(&self, shift: &Shift, who: &Person, came: Option<Timestamp>, left: Option<Timestamp>) -> AttendanceRecord {
        let late = came.map(|came| came > shift.starts_at.plus_minutes(5));
        let early = left.is_some_and(|left| left < shift.ends_at.plus_minutes(-5));
        let status = match (came, left, late) {
            (None, ..) => AttendanceStatus::Absent,
            _ if early => AttendanceStatus::LeftEarly,
            (_, _, Some(true)) => AttendanceStatus::Late,
            (_, Some(_), _) => AttendanceStatus::Present,
            _ => AttendanceStatus::Pending,
        };
        let after = |came: Timestamp| came.minutes_since(shift.starts_at);
        AttendanceRecord {
            meta: self.company.meta(),
            user_id: who.id,
            shift_id: ShiftId(shift.meta.id),
            shift_date: shift.shift_date,
            check_in_time: came,
            check_out_time: left,
            status,
            late_by_minutes: came.map(|came| if late == Some(true) { after(came) } else { 0 }),
            worked_minutes: came.zip(left).map(|(came, left)| left.minutes_since(came.max(shift.starts_at)).max(0)),
            absence_reason: None,
            manager_note: None,
            checkout_alert_at: None,
            company_id: self.company.id,
        }
    }

    /// Approved leave.
    pub async fn leave(&mut self, who: &Person, (from, to): (Date, Date), kind: &str) {
        let now = self.company.ctx().now();
        let leave = LeaveRequest {
            meta: self.company.meta(),
            user_id: who.id,
            department_id: None,
            request_date: now,
            leave_type: kind.to_owned(),
            start_date: from,
            end_date: to,
            day_part: DayPart::Full,
            reason: None,
            status: LeaveStatus::Approved,
            approver_id: Some(self.company.owner.id),
            approved_date: Some(now),
            decision_note: None,
            delay_alert_at: None,
            company_id: self.company.id,
        };
        self.put(&leave).await;
    }

    /// An assignment to which tasks belong.
    pub async fn assignment(&mut self) -> TaskAssignmentId {
        let assignment = TaskAssignment {
            meta: self.company.meta(),
            title: "Count".to_owned(),
            description: None,
            due_time: None,
            status: TaskAssignmentStatus::Active,
            assigner_id: self.company.owner.id,
            assignee_user_ids: Vec::new(),
            assigned_department_ids: Vec::new(),
            shift_id: None,
            company_id: self.company.id,
        };
        self.put(&assignment).await;
        TaskAssignmentId(assignment.meta.id)
    }

    /// A task given at a moment, due and completed some minutes later, if at all.
    pub async fn task(&mut self, of: TaskAssignmentId, who: &Person, given: Timestamp, due: Option<i64>, done: Option<i64>) {
        let task = IndividualTask {
            meta: Meta::new(self.company.meta().id, given, Some(self.company.owner.id.0)),
            task_assignment_id: of,
            assignee_user_id: who.id,
            title: "Count".to_owned(),
            description: None,
            status: if done.is_some() { TaskStatus::Completed } else { TaskStatus::Pending },
            completed_time: done.map(|minutes| given.plus_minutes(minutes)),
            due_time: due.map(|minutes| given.plus_minutes(minutes)),
            overdue_alert_at: Some(given),
            overdue_alert_id: None,
            company_id: self.company.id,
        };
        self.put(&task).await;
    }
}

pub fn of_department(mut shift: Shift, department: DepartmentId) -> Shift {
    shift.department_id = Some(department);
    shift
}

pub fn of_template(mut shift: Shift, template: &str) -> Shift {
    shift.shift_template_id = Some(TemplateId(template.parse().expect("an id")));
    shift
}

/// The dates from Monday to Friday of so many weeks.
pub fn workdays(monday: Date, weeks: usize) -> Vec<Date> {
    monday.iter_days().take(7 * weeks).filter(|date| chrono::Datelike::weekday(date).number_from_monday() < 6).collect()
}

/// So many people, none of whom ever logs in.
pub async fn people(company: &Company, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..count {
        people.push(company.unseen(&format!("person{number}")).await);
    }
    people
}

/// An analysis, as its API declares it; `query` such as `from=2026-01-01`.
pub async fn ask(who: &Client, api: &str, query: &str) -> Json {
    let (path, name) = address(api);
    let told = who.get(&format!("{path}?{query}")).await.ok()[name].clone();
    shapes::check(api, &told);
    told
}

pub fn address(api: &str) -> (String, &'static str) {
    let (end, name) = match api {
        "analyzeAttendance" => ("attendance", "attendance"),
        "analyzeAbsenteeism" => ("absenteeism", "absenteeism"),
        "analyzeLateness" => ("lateness", "lateness"),
        "analyzeOvertime" => ("overtime", "overtime"),
        "analyzeTaskLoad" => ("taskload", "taskLoad"),
        "predictStaffing" => ("staffing", "staffing"),
        "detectShiftAnomalies" => ("shiftanomalies", "anomalies"),
        other => panic!("{other} is no analysis"),
    };
    (format!("/aiworkforceanalytics-api/v1/analytics/{end}"), name)
}

/// What is compared by person, weekday or department.
#[track_caller]
pub fn comparison<'a>(told: &'a Json, by: &str) -> &'a Json {
    let all = told["comparisons"].as_array().unwrap_or_else(|| panic!("comparisons in {told}"));
    all.iter().find(|c| c["by"] == by).unwrap_or_else(|| panic!("{by} in {told}"))
}

pub fn rows(list: &Json) -> &[Json] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Equal to six digits.
#[track_caller]
pub fn close(found: &Json, wanted: f64) {
    let number = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    let tolerance = if wanted.abs() < 1e-3 { wanted.abs() * 1e-5 } else { 1e-5 * wanted.abs().max(0.1) };
    assert!((number - wanted).abs() <= tolerance + f64::MIN_POSITIVE, "{number} is not {wanted}");
}
