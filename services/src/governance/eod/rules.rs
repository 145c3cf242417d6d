//! Where a report can go from where it stands.

use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::objects::EodStatus;
use workforceos_core::time::Date;

/// How many days back a report can be drawn up.
pub const DAYS_BACK: i64 = 31;
/// The fewest and the most characters of a summary.
const SUMMARY: (usize, usize) = (10, 5_000);
/// The most characters of each other text.
const TEXT: usize = 5_000;

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

/// What somebody writes of a day.
pub fn text_problems(summary: &str, others: [(&str, Option<&str>); 2]) -> Vec<Problem> {
    let length = summary.trim().chars().count();
    let (least, most) = SUMMARY;
    let mut problems = Vec::new();
    if !(least..=most).contains(&length) {
        problems.push(Problem::new("work_summary", format!("must have from {least} to {most} characters")));
    }
    let long = others.into_iter().filter(|(_, text)| text.is_some_and(|text| text.chars().count() > TEXT));
    problems.extend(long.map(|(name, _)| Problem::new(name, format!("must have at most {TEXT} characters"))));
    problems
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
        let named = |summary: &str, blockers: Option<&str>| {
            let found = text_problems(summary, [("blockers", blockers), ("next_day_plan", None)]);
            found.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
        };
        assert_eq!(named("123456789 ", None), ["work_summary"]);
        assert!(named("1234567890", Some("none")).is_empty() && named(&"é".repeat(5_000), None).is_empty());
        assert_eq!(named(&"x".repeat(5_001), Some(&"x".repeat(5_001))), ["work_summary", "blockers"]);
    }

    #[test]
    fn a_report_is_of_a_day_not_long_ago() {
        let date = |text: &str| text.parse::<Date>().expect("a date");
        let today = date("2026-06-30");
        assert!(date_problem(today, today).is_none() && date_problem(date("2026-05-30"), today).is_none());
        assert!(date_problem(date("2026-07-01"), today).is_some() && date_problem(date("2026-05-29"), today).is_some());
    }
}
