//! The sample company's documents: a contract for everybody, a certificate for the kitchen, and permits of which some are
//! about to expire.

use chrono::Days;
use workforceos_core::id::ProfileId;
use workforceos_core::objects::{EmployeeDocument, EmployeeProfile};
use workforceos_core::time::Date;

use super::people::{KITCHEN, Staff};
use crate::employees::planned;

/// Days from today to the last valid day of work permits, person by person: expired, soon, later.
const PERMITS: [i64; 5] = [-12, 5, 20, 200, 500];

/// A person's documents.
pub(super) fn of(staff: &Staff, department: usize, person: usize, profile: &EmployeeProfile) -> Vec<EmployeeDocument> {
    let today = staff.ctx.tenant.zone.date(staff.ctx.now());
    let mut papers = vec![("employment contract", None)];
    if department == KITCHEN {
        papers.push(("food hygiene certificate", days(today, 90 + 20 * person as i64)));
    }
    if person.is_multiple_of(3) {
        papers.push(("work permit", days(today, PERMITS[person / 3 % PERMITS.len()])));
    }
    let document = |(kind, until): (&str, Option<Date>)| EmployeeDocument {
        meta: staff.meta(staff.since),
        employee_profile_id: ProfileId(profile.meta.id),
        user_id: profile.user_id,
        document_type: kind.to_owned(),
        document_url: format!("https://files.babil.example/{person}/{}.pdf", kind.replace(' ', "-")),
        valid_until: until,
        file_id: None,
        alerted_days: None,
        alert_at: None,
        company_id: profile.company_id,
    };
    papers.into_iter().map(document).map(|document| planned(staff.ctx.tenant.zone, today, document)).collect()
}

fn days(today: Date, n: i64) -> Option<Date> {
    let distance = Days::new(n.unsigned_abs());
    if n < 0 { today.checked_sub_days(distance) } else { today.checked_add_days(distance) }
}
