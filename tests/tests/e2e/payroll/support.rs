//! What payroll is worked out from, written down for people: profiles, shifts that were worked, leave and holidays.

use serde_json::{Value as Json, json};
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{ContractType, DayPart, EmployeeProfile, Holiday, LeaveRequest, LeaveStatus};
use workforceos_tests::time::day;
use workforceos_tests::{Company, Person, Reply};

use crate::paths::{CHECK_IN, MARK_ABSENT, PAYROLL, RECORDS, SHIFTS};
use crate::text;

async fn write<T: DataObject>(company: &Company, object: &T) {
    let event = Event::audit(&company.ctx(), T::def().name, object.meta().id).after(object);
    company.write(Changes::none().put(object).event(event)).await;
}

/// Hires somebody: salary and first day.
pub async fn hire(company: &Company, who: &Person, salary: Option<f64>, from: &str) {
    hire_under(company, who, salary, from, None).await;
}

pub async fn hire_under(company: &Company, who: &Person, salary: Option<f64>, from: &str, manager: Option<&Person>) {
    let profile = EmployeeProfile {
        meta: company.meta(),
        user_id: who.id,
        employment_start_date: day(from),
        position: "Nurse".to_owned(),
        contract_type: ContractType::Permanent,
        salary,
        department_id: None,
        manager_id: manager.map(|m| m.id),
        notes: None,
        company_id: company.id,
    };
    write(company, &profile).await;
}

pub async fn holiday(company: &Company, date: &str) {
    let holiday =
        Holiday { meta: company.meta(), name: format!("Holiday of {date}"), holiday_date: day(date), company_id: company.id };
    write(company, &holiday).await;
}

/// Leave as it was asked for, whatever became of it.
pub async fn leave(company: &Company, who: &Person, kind: &str, days: (&str, &str), part: DayPart, status: LeaveStatus) {
    let now = company.ctx().now();
    let leave = LeaveRequest {
        meta: company.meta(),
        user_id: who.id,
        department_id: None,
        request_date: now,
        leave_type: kind.to_owned(),
        start_date: day(days.0),
        end_date: day(days.1),
        day_part: part,
        reason: None,
        status,
        approver_id: None,
        approved_date: None,
        decision_note: None,
        delay_alert_at: None,
        company_id: company.id,
    };
    write(company, &leave).await;
}

/// A shift of one person: `times` such as `09:00-17:00`.
pub async fn shift(company: &Company, who: &Person, date: &str, times: &str, break_minutes: i64) -> Json {
    let (start, end) = times.split_once('-').expect("two times");
    let body = json!({"shiftDate": date, "startTime": start, "endTime": end, "breakMinutes": break_minutes,
        "assignedUserIds": [who.text()]});
    company.owner.post(SHIFTS, body).await.ok()["shift"].clone()
}

/// A shift worked from its start to its end.
pub async fn worked(company: &Company, who: &Person, date: &str, times: &str) -> Json {
    let shift = shift(company, who, date, times, 0).await;
    came(company, who, &shift, &text(&shift, "startsAt"), Some(&text(&shift, "endsAt"))).await
}

/// Somebody came to a shift and, if it is told when, left; written down by the owner.
pub async fn came(company: &Company, who: &Person, shift: &Json, at: &str, left: Option<&str>) -> Json {
    let mut body = json!({"shiftId": shift["id"], "userId": who.text(), "checkInTime": at});
    if let Some(left) = left {
        body["checkOutTime"] = json!(left);
    }
    let told = company.owner.post(CHECK_IN, body.clone()).await;
    if told.body["errCode"] != "MarkedAbsent" {
        return told.ok()["attendanceRecord"].clone();
    }
    // The shift lies in the past, and the clock's own round was faster: what it wrote down is corrected.
    let list = format!("{RECORDS}?shiftId={}&userId={}", text(shift, "id"), who.text());
    let record = text(&company.owner.get(&list).await.ok()["attendanceRecords"][0], "id");
    company.owner.patch(&format!("{RECORDS}/{record}"), body).await.ok()["attendanceRecord"].clone()
}

/// A shift that somebody missed.
pub async fn missed(company: &Company, who: &Person, date: &str, times: &str) {
    let shift = shift(company, who, date, times, 0).await;
    company.owner.post(MARK_ABSENT, json!({"shiftId": shift["id"], "userId": who.text()})).await.ok();
}

/// The request for a report, as the owner; `more` is added to its body.
pub async fn request(company: &Company, who: &Person, period: (&str, &str), more: Json) -> Reply {
    let mut body = json!({"userId": who.text(), "periodStart": period.0, "periodEnd": period.1});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    company.owner.post(PAYROLL, body).await
}

/// A report as the owner gets it.
pub async fn report(company: &Company, who: &Person, period: (&str, &str)) -> Json {
    request(company, who, period, json!({})).await.ok()["payrollReport"].clone()
}

pub async fn policy(company: &Company, change: Json) {
    company.owner.patch("/auth-api/v1/companypolicy", change).await.ok();
}
