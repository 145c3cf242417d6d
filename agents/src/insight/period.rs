//! Which days a question is about.

use chrono::{Days, Months, NaiveDate};
use workforceos_core::time::Date;

use super::figures;

/// The longest period that analyses take, in days.
const LONGEST: i64 = 366;

/// The days that a question names: two dates, or the last so many days, weeks or months. `None`: the analyses' own period.
pub fn asked(prompt: &str, today: Date) -> Option<(Date, Date)> {
    let sensible = |(from, to): (Date, Date)| {
        (from <= to && (to - from).num_days() < LONGEST && from <= today).then_some((from, to.min(today)))
    };
    let days = figures::days(prompt);
    if let [from, to] = days.as_slice() {
        return sensible((*from, *to));
    }
    if let Some((first, last)) = figures::months(prompt).first().copied() {
        return sensible((first, last));
    }
    let (count, unit) = figures::spans(prompt).into_iter().next()?;
    let from = match unit {
        30 => today.checked_sub_months(Months::new(count))?.succ_opt()?,
        91 => today.checked_sub_months(Months::new(count.checked_mul(3)?))?.succ_opt()?,
        365 => today.checked_sub_months(Months::new(count.checked_mul(12)?))?.succ_opt()?,
        days => today.checked_sub_days(Days::new(u64::from(count) * u64::from(days)))?.succ_opt()?,
    };
    sensible((from, today))
}

/// A period as people read it.
pub fn in_words((from, to): (NaiveDate, NaiveDate)) -> String {
    if from == to { from.to_string() } else { format!("{from} to {to}") }
}

#[cfg(test)]
mod tests {
    use workforceos_core::time::parse_date;

    use super::*;

    #[test]
    fn a_question_may_name_its_days() {
        let day = |text: &str| parse_date(text).expect("a day");
        let asked = |prompt: &str| asked(prompt, day("2026-06-15")).map(in_words);
        assert_eq!(asked("Why were people late?"), None);
        assert_eq!(asked("Lateness from 2026-04-01 to 2026-04-30").as_deref(), Some("2026-04-01 to 2026-04-30"));
        assert_eq!(asked("How was May 2026?").as_deref(), Some("2026-05-01 to 2026-05-31"));
        assert_eq!(asked("How was June 2026?").as_deref(), Some("2026-06-01 to 2026-06-15"), "what is to come is not looked at");
        assert_eq!(asked("the last 30 days").as_deref(), Some("2026-05-17 to 2026-06-15"));
        assert_eq!(asked("over the past two weeks").as_deref(), Some("2026-06-02 to 2026-06-15"));
        assert_eq!(asked("the last 3 months").as_deref(), Some("2026-03-16 to 2026-06-15"));
        assert_eq!(asked("the last 99999999999 days, the last 9 years"), None);
        assert_eq!(asked("between 2027-01-01 and 2027-02-01"), None);
    }
}
