//! Where a report can go from where it stands, and what may be written in it.

use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::UserId;
use workforceos_core::objects::{EodReport, EodStatus};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::wire_enum;

/// How many days back a report can be drawn up.
pub const DAYS_BACK: i64 = 31;
/// The fewest and the most characters of a summary.
const SUMMARY: (usize, usize) = (10, 5_000);
/// The most characters of each other text.
const TEXT: usize = 5_000;

wire_enum! {
    /// What a manager makes of a report.
    pub enum Review {
        Approved => "Approved",
        Rejected => "Rejected",
        NeedsRevision => "Needs Revision",
    }
}

/// What its author says of a day.
#[derive(Clone, Debug)]
pub struct Words {
    pub summary: String,
    pub blockers: Option<String>,
    pub next_day_plan: Option<String>,
}

/// The report as it goes to whoever reviews it.
pub fn submitted(report: EodReport, words: Words, at: Timestamp) -> EodReport {
    EodReport {
        status: EodStatus::PendingApproval,
        work_summary: Some(words.summary.trim().to_owned()),
        blockers: words.blockers,
        next_day_plan: words.next_day_plan,
        submitted_at: Some(at),
        delay_alert_at: None,
        ..report
    }
}

/// The report as its review leaves it.
pub fn reviewed(report: EodReport, review: Review, comments: Option<String>, by: UserId, at: Timestamp) -> EodReport {
    let status = match review {
        Review::Approved => EodStatus::Approved,
        Review::Rejected => EodStatus::Rejected,
        Review::NeedsRevision => EodStatus::NeedsRevision,
    };
    EodReport { status, manager_comments: comments, reviewed_by: Some(by), reviewed_at: Some(at), ..report }
}

/// Whether figures and words of a report are still its author's.
pub fn is_open(status: EodStatus) -> bool {
    matches!(status, EodStatus::Generated | EodStatus::NeedsRevision)
}

/// 409 unless the report is still its author's.
pub fn check_open(status: EodStatus) -> Result<()> {
    if is_open(status) {
        return Ok(());
    }
    let why = match status {
        EodStatus::PendingApproval => "waits for approval",
        _ => "is decided",
    };
    Err(Error::conflict("InvalidState", format!("The report of this day {why}: it is {}", status.as_str())))
}

/// 409 unless the report waits for its review.
pub fn check_waits(status: EodStatus) -> Result<()> {
    match status {
        EodStatus::PendingApproval => Ok(()),
        other => Err(Error::conflict(
            "InvalidState",
            format!("Only a report that waits for approval is reviewed; it is {}", other.as_str()),
        )),
    }
}

/// A report is of today or of a day not long ago.
pub fn date_problem(date: Date, today: Date) -> Option<Problem> {
    let back = (today - date).num_days();
    if back < 0 {
        return Some(Problem::new("report_date", "must not be in the future"));
    }
    (back > DAYS_BACK).then(|| Problem::new("report_date", format!("must be within the last {DAYS_BACK} days")))
}

/// A summary has so many characters.
pub fn summary_problem(summary: &str) -> Option<Problem> {
    let (least, most) = SUMMARY;
    let fits = (least..=most).contains(&summary.trim().chars().count());
    (!fits).then(|| Problem::new("work_summary", format!("must have from {least} to {most} characters")))
}

/// Every other text, if there is one, is not too long.
pub fn text_problem(field: &str, text: Option<&str>) -> Option<Problem> {
    let long = text.is_some_and(|text| text.chars().count() > TEXT);
    long.then(|| Problem::new(field, format!("must have at most {TEXT} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waits_is_reviewed_and_only_what_is_open_is_drawn_up_again() {
        for name in EodStatus::NAMES {
            let status = EodStatus::parse(name).expect("a status");
            assert_eq!(check_open(status).is_ok(), matches!(*name, "Generated" | "Needs Revision"), "{name}");
            assert_eq!(check_waits(status).is_ok(), *name == "Pending Approval", "{name}");
        }
    }

    #[test]
    fn texts_have_their_lengths() {
        let summary = |text: &str| summary_problem(text).map(|problem| problem.field);
        assert_eq!(summary("123456789 ").as_deref(), Some("work_summary"));
        assert_eq!(summary(&"x".repeat(5_001)).as_deref(), Some("work_summary"));
        assert!(summary("1234567890").is_none() && summary(&"é".repeat(5_000)).is_none());
        let named = text_problem("blockers", Some(&"x".repeat(5_001))).map(|problem| problem.field);
        assert_eq!(named.as_deref(), Some("blockers"));
        assert!(text_problem("blockers", None).is_none() && text_problem("blockers", Some(&"é".repeat(5_000))).is_none());
    }

    #[test]
    fn a_report_is_of_a_day_not_long_ago() {
        let date = |text: &str| text.parse::<Date>().expect("a date");
        let today = date("2026-06-30");
        assert!(date_problem(today, today).is_none() && date_problem(date("2026-05-30"), today).is_none());
        assert!(date_problem(date("2026-07-01"), today).is_some() && date_problem(date("2026-05-29"), today).is_some());
    }
}
