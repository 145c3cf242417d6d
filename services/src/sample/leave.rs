//! The sample company's leave: its types, this year's and the next year's holidays, and requests of every state.

use chrono::{Datelike, Days};
use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{CompanyPolicy, DayPart, Holiday, LeaveRequest, LeaveStatus};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::week_start;

use super::people::{Staff, employee, manager};

/// The holidays of every year: month, day, name.
const HOLIDAYS: [(u32, u32, &str); 5] =
    [(1, 1, "New Year"), (5, 1, "Labour Day"), (8, 14, "Independence Day"), (11, 9, "Iqbal Day"), (12, 25, "Christmas")];

/// Requests: department, weeks from now, first weekday, days, part of the day, type, reason, state.
type Plan = (usize, i64, u64, u64, DayPart, &'static str, Option<&'static str>, LeaveStatus);

/// Approved leave of whole days lies beyond the planned weeks, so that nobody is both away and assigned; half a day goes with work.
/// One person takes both halves of a day, each for itself.
const REQUESTS: [Plan; 10] = [
    (0, 4, 0, 5, DayPart::Full, "annual", Some("Family visit"), LeaveStatus::Pending),
    (1, 3, 2, 2, DayPart::Full, "annual", None, LeaveStatus::Pending),
    (2, 5, 0, 10, DayPart::Full, "annual", Some("Summer holiday"), LeaveStatus::Approved),
    (3, 6, 4, 1, DayPart::Full, "unpaid", Some("Moving house"), LeaveStatus::Approved),
    (4, 3, 0, 3, DayPart::Full, "study", Some("Exams"), LeaveStatus::Rejected),
    (0, 8, 0, 5, DayPart::Full, "annual", None, LeaveStatus::Cancelled),
    (1, 1, 1, 1, DayPart::FirstHalf, "annual", Some("Dentist"), LeaveStatus::Approved),
    (3, 1, 3, 1, DayPart::SecondHalf, "annual", Some("School play"), LeaveStatus::Pending),
    (4, 4, 2, 1, DayPart::FirstHalf, "annual", Some("Driving test"), LeaveStatus::Approved),
    (4, 4, 2, 1, DayPart::SecondHalf, "study", Some("Exam"), LeaveStatus::Approved),
];

/// The policy's leave types, the holidays and the requests.
pub(super) fn everything(staff: &mut Staff, mut policy: CompanyPolicy, now: Timestamp) -> Changes {
    let (company, today) = (staff.ctx.company(), staff.ctx.tenant.zone.date(now));
    policy.leave_types = json!([
        {"name": "annual", "yearlyDays": 24, "carryOverDays": 5},
        {"name": "sick", "yearlyDays": null, "carryOverDays": 0},
        {"name": "study", "yearlyDays": 5, "carryOverDays": 0},
        {"name": "unpaid", "yearlyDays": null, "carryOverDays": 0},
    ]);
    policy.unpaid_leave_types = json!(["unpaid"]);
    let policy = policy.touched(now);
    let event = Event::audit(&staff.ctx, CompanyPolicy::def().name, policy.meta.id).after(&policy);
    let mut changes = Changes::none().put(&policy).event(event);
    for (year, (month, day, name)) in [0, 1].into_iter().flat_map(|more| HOLIDAYS.map(|holiday| (today.year() + more, holiday))) {
        let Some(holiday_date) = Date::from_ymd_opt(year, month, day) else { continue };
        let meta = staff.meta(staff.since);
        changes = changes.put(&Holiday { meta, name: name.to_owned(), holiday_date, company_id: company });
    }
    for plan in REQUESTS {
        let Some(request) = request(staff, plan, today, now) else { continue };
        changes = changes.due((request.status == LeaveStatus::Pending).then_some(now)).put(&request);
    }
    changes
}

fn request(staff: &Staff, plan: Plan, today: Date, now: Timestamp) -> Option<LeaveRequest> {
    let (department, weeks, weekday, days, part, kind, reason, status) = plan;
    let start = week_start(today).checked_add_days(Days::new(weeks as u64 * 7 + weekday))?;
    let asked = Timestamp(now.0 - (department as i64 + 1) * 20 * Timestamp::HOUR);
    let user: UserId = staff.users[employee(department)];
    let decided = matches!(status, LeaveStatus::Approved | LeaveStatus::Rejected);
    Some(LeaveRequest {
        meta: Meta { owner: Some(user.0), ..staff.meta(asked) },
        user_id: user,
        department_id: Some(staff.departments[department]),
        request_date: asked,
        leave_type: kind.to_owned(),
        start_date: start,
        end_date: start.checked_add_days(Days::new(days - 1))?,
        day_part: part,
        reason: reason.map(str::to_owned),
        status,
        approver_id: decided.then(|| staff.users[manager(department)]),
        approved_date: decided.then_some(asked.plus_minutes(90)),
        decision_note: (status == LeaveStatus::Rejected).then(|| "Nobody else is there that week".to_owned()),
        delay_alert_at: None,
        company_id: staff.ctx.company(),
    })
}
