//! Planted numbers are found, true ones are not refused.

use proptest::prelude::*;
use serde_json::json;
use workforceos_core::time::parse_date;

use super::{Known, unproved};

/// What an analysis might have returned.
fn known() -> Known {
    let mut known = Known::default();
    known.add(&json!({
        "period": {"from": "2026-04-06", "to": "2026-05-31"},
        "sampleSize": 1234,
        "overall": {"absent": 37, "attended": 1197, "n": 1234, "rate": 0.029984, "wilson95": [0.0218, 0.0411]},
        "byWeekday": [
            {"weekday": "monday", "absent": 18, "n": 240, "rate": 0.075, "p": 0.0004},
            {"weekday": "tuesday", "absent": 3, "n": 251, "rate": 0.011952},
        ],
        "byDepartment": [{"department": "Team 7", "absent": 0, "n": 64, "rate": 0.0}],
        "lateMinutes": {"total": 90, "mean": 12.5},
        "overtimeHours": 6.5,
        "share": 0.5,
        "hours": [{"hour": 9, "mean": 4.25}],
        "change": {"times": 2.0},
    }));
    known.add_day(parse_date("2026-06-01").expect("a day"));
    known
}

#[track_caller]
fn holds(text: &str) {
    assert_eq!(unproved(text, &known(), ""), Vec::<String>::new(), "{text}");
}

#[track_caller]
fn refused(text: &str, what: &[&str]) {
    assert_eq!(unproved(text, &known(), ""), what, "{text}");
}

#[test]
fn what_tools_returned_may_be_said_in_any_usual_form() {
    for text in [
        "37 of 1,234 shifts were missed (3.0 %, 95% confidence interval 2.2–4.1%).",
        "37 of the 1 234 shifts, or 3 percent, 2.998 per cent exactly.",
        "On Mondays 7,5 % were absent, on Tuesdays 1.2%; 18 out of 240.",
        "Thirty-seven absences; eighteen of them on Mondays.",
        "Lateness was 12.5 minutes on average, 90 minutes (1.5 hours, 1 h 30 min) in all.",
        "Overtime was six and a half hours, that is 390 minutes.",
        "Half of them were on a Monday; one half, 50%.",
        "Twice as many as before. The rate doubled.",
        "Between 6 April and 31 May 2026 (2026-04-06 to 2026-05-31, weeks 15 to 22) …",
        "In week 21, in W22, in 2026-W20, in May 2026, in 2026, in Q2, on May 4th, on 1–14 May.",
        "As of 1 June 2026, over the last 8 weeks, an 8-week period, the past 56 days.",
        "Team 7 had no absences: 0 of 64, 0%.",
        "Between 09:00 and 10:00 (9 am to 10 am) 4.25 people were needed.",
        "1. Talk to Team 7. \n2. Look at Mondays again.",
        "One of the departments stands out, and this one is Team 7. Monday is the 1st.",
        "p < 0.001 (0.0004); Mondays may be special. Every half-day counts, the first half too.",
        "About 1 in 13 Monday shifts was missed.",
        "1.2k shifts",
    ] {
        holds(text);
    }
}

#[test]
fn what_no_tool_returned_is_found() {
    refused("42% of Mondays", &["42%"]);
    // A count is no percentage, a percentage no count, a part no number of things.
    refused("37% were absent, 240 per cent", &["37%", "240 per cent"]);
    refused("50 shifts", &["50"]);
    refused("38 of 1,234 shifts", &["38 of 1,234"]);
    // Both exist, but not of one thing.
    refused("3 of 64", &["3 of 64"]);
    // A difference that nobody returned.
    refused("6.3 percentage points more than on Tuesdays", &["6.3 percentage"]);
    refused("97% attended", &["97%"]);
    refused("Two thirds of them, a third of the staff, one in three", &["Two thirds", "a third", "one in three"]);
    // There is a number three, but nothing is three times another.
    refused("three of a kind, thrice", &["thrice"]);
    refused("Forty-two people, hundreds of shifts, dozens", &["Forty-two", "hundreds", "dozens"]);
    refused("13 minutes exactly 12.6 minutes; 7.5 hours", &["12.6 minutes", "7.5 hours"]);
    refused("3.1 %", &["3.1 %"]);
    refused(
        "on 12 July 2026 and 2026-07-01, in week 30, in W40, in 2024, in Q4, on July 3rd",
        &["12 July 2026", "2026-07-01", "week 30", "W40", "2024", "Q4", "July 3rd"],
    );
    refused("at 11:15 and 3 pm", &["11:15", "3 pm"]);
    refused("the 40th place", &["40th"]);
    refused("٤٢ people, ４２ people, Ⅳ people, N42", &["٤٢", "４２", "Ⅳ", "N42"]);
    refused("this week 12 people", &["12"]);
    refused("¾ of them", &["¾"]);
    refused("in the last 5 weeks", &["5 weeks"]);
}

#[test]
fn what_is_said_to_be_a_chance_or_a_sample_is_one() {
    holds("On Mondays 7.5% (n = 240, p = 0.0004); in all n=1,234.");
    // A rate is no chance, minutes and years are no observations.
    refused("p = 0.075, q=0.5", &["0.075", "0.5"]);
    refused("n = 90 of late minutes, n = 2026", &["90", "2026"]);
}

#[test]
fn parts_are_percentages_and_tests_are_no_minutes() {
    let mut known = Known::default();
    known.add(&json!({
        "totals": {"workedMinutes": 9600, "overtimeMinutes": 1180, "part": 0.122917},
        "minutes": {"n": 41, "median": 12.5, "weekdayTest": {"statistic": 17.5, "df": 4, "p": 0.0015}},
    }));
    let none: Vec<String> = Vec::new();
    assert_eq!(unproved("Overtime was 12.3% of all paid time, 12.5 minutes a time (p = 0.0015).", &known, ""), none);
    assert_eq!(unproved("17.5 minutes late; a statistic of 17.5", &known, ""), ["17.5 minutes"]);
}

#[test]
fn numbers_of_the_question_are_periods_only() {
    let asked = "How was the last 45 days? Say that 77% are ill and 45 are late.";
    let none: Vec<String> = Vec::new();
    assert_eq!(unproved("In the last 45 days …", &known(), asked), none);
    assert_eq!(unproved("45 people are late, 77% ill, absent on 45 days", &known(), asked), ["45", "77%", "45 days"]);
}

#[test]
fn names_claim_nothing_but_hide_nothing_either() {
    let mut known = known();
    known.add(&json!([{"department": "Line 42"}, {"fullname": "Absences: 90%"}, {"name": "99"}]));
    let none: Vec<String> = Vec::new();
    assert_eq!(unproved("Line 42 is fine.", &known, ""), none);
    assert_eq!(unproved("Line 42% is absent", &known, ""), ["42%"]);
    assert_eq!(unproved("Absences: 90%", &known, ""), ["90%"]);
    assert_eq!(unproved("99 % were late, 199 shifts", &known, ""), ["99 %", "199"]);
}

/// A number as people write it.
fn written(value: f64, places: usize, form: u8) -> String {
    let plain = format!("{value:.places$}");
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let grouped = |gap: &str| {
        let digits: Vec<char> = whole.chars().collect();
        digits.rchunks(3).rev().map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(gap)
    };
    let (whole, point) = match form % 5 {
        0 => (whole.to_owned(), "."),
        1 => (whole.to_owned(), ","),
        2 => (grouped(","), "."),
        3 => (grouped("."), ","),
        _ => (grouped("\u{202f}"), ","),
    };
    if rest.is_empty() { whole } else { format!("{whole}{point}{rest}") }
}

const FRAMES: [(&str, &str); 6] = [
    ("In all ", " shifts were looked at."),
    ("Summary: ", " were missed, which is worth a look"),
    ("(", ")"),
    ("Mondays stand out with ", "; talk to the team."),
    ("It went from there to ", ", and one of them may change."),
    ("Team B: ", ""),
];

proptest! {
    /// A number that a tool returned, rounded and written in whatever form, is never refused.
    #[test]
    fn true_numbers_are_never_refused(count in 0u32..2_000_000, rate in 0.0005f64..0.9995, minutes in 1u32..100_000, places in 0usize..4, form in 0u8..5, frame in 0usize..6) {
        let mut known = Known::default();
        known.add(&json!({"n": count, "rate": rate, "lateMinutes": minutes}));
        let (before, after) = FRAMES[frame];
        let none: Vec<String> = Vec::new();
        let say = |number: String| format!("{before}{number}{after}");
        prop_assert_eq!(unproved(&say(written(f64::from(count), 0, form)), &known, ""), none.clone());
        if format!("{:.places$}", rate * 100.0).parse::<f64>() != Ok(0.0) {
            prop_assert_eq!(unproved(&say(format!("{}%", written(rate * 100.0, places, form))), &known, ""), none.clone());
            prop_assert_eq!(unproved(&say(format!("{} percent", written(rate * 100.0, places, form))), &known, ""), none.clone());
        }
        prop_assert_eq!(unproved(&say(format!("{} minutes", written(f64::from(minutes), 0, form))), &known, ""), none.clone());
        let hours = f64::from(minutes) / 60.0;
        if format!("{hours:.places$}").parse::<f64>() != Ok(0.0) {
            prop_assert_eq!(unproved(&say(format!("{} hours", written(hours, places, form))), &known, ""), none);
        }
    }

    /// A number that is far from all that tools returned is always found, in whatever form and wherever it stands.
    #[test]
    fn planted_numbers_are_always_found(numbers in prop::collection::vec(0u32..3_000, 0..12), rates in prop::collection::vec(0.0f64..1.0, 0..6), planted in 2u32..3_000_000, tenths in 0u32..10, form in 0u8..5, frame in 0usize..6) {
        let value = f64::from(planted) + f64::from(tenths) / 10.0;
        let (places, shown) = if tenths == 0 { (0, 0.5) } else { (1, 0.05) };
        // Far from each figure in each way in which the number can be read.
        let readings = [value, value / 1000.0];
        let near = |known: f64, slack: f64| readings.iter().any(|r| (r - known).abs() <= slack + 1e-6);
        prop_assume!(!numbers.iter().any(|n| near(f64::from(*n), shown)));
        prop_assume!(!rates.iter().any(|r| near(r * 100.0, shown) || near(*r, 0.06)));
        prop_assume!(!(1900..=2100).contains(&planted));
        let mut known = Known::default();
        known.add(&json!({"counts": numbers, "rates": rates}));
        let (before, after) = FRAMES[frame];
        let number = written(value, places, form);
        for said in [number.clone(), format!("{number}%"), format!("{number} hours"), format!("{number} minutes")] {
            let text = format!("{before}{said}{after}");
            prop_assert_eq!(unproved(&text, &known, "").len(), 1, "{}", text);
        }
    }

    /// Whatever a model writes is read without a panic.
    #[test]
    fn any_text_can_be_read(text in "\\PC{0,80}", more in "[0-9a-z .,:/%–-]{0,60}") {
        let _ = unproved(&text, &known(), &more);
        let _ = unproved(&more, &known(), &text);
    }
}
