//! Calendars as programs write them, and as they should not.

use super::*;

fn calendar(entries: &[&str]) -> String {
    let entries: String = entries.iter().map(|e| format!("BEGIN:VEVENT\r\n{e}\r\nEND:VEVENT\r\n")).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{entries}END:VCALENDAR\r\n")
}

fn days(entries: &[&str]) -> Vec<String> {
    let found = read(&calendar(entries), 2026).expect("a calendar");
    assert_eq!(found.problems, [], "{entries:?}");
    found.days.iter().map(|(date, name)| format!("{date} {name}")).collect()
}

fn problem(entry: &str) -> String {
    let found = read(&calendar(&["SUMMARY:Good\r\nDTSTART:20260101", entry]), 2026).expect("a calendar");
    assert_eq!(found.days.len(), 1, "the good entry is read");
    assert_eq!((found.problems.len(), found.problems[0].entry), (1, 2), "{entry}");
    found.problems[0].problem.clone()
}

#[test]
fn all_day_entries_are_read_day_by_day() {
    assert_eq!(days(&["DTSTART;VALUE=DATE:20260101\r\nSUMMARY:New Year"]), ["2026-01-01 New Year"]);
    let christmas = "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nSUMMARY;LANGUAGE=en:Christmas";
    assert_eq!(days(&[christmas]), ["2026-12-25 Christmas", "2026-12-26 Christmas"]);
    assert_eq!(days(&["DTSTART:20260501\r\nDURATION:P2D\r\nSUMMARY:May"]), ["2026-05-01 May", "2026-05-02 May"]);
    assert_eq!(days(&["DTSTART:20260501\r\nDTEND:20260501\r\nSUMMARY:May"]), ["2026-05-01 May"]);
    let twice = "DTSTART:20260501\r\nRDATE;VALUE=DATE:20260503,20260504\r\nSUMMARY:May";
    assert_eq!(days(&[twice]), ["2026-05-01 May", "2026-05-03 May", "2026-05-04 May"]);
}

#[test]
fn yearly_entries_are_expanded_for_three_years() {
    let new_year = "DTSTART;VALUE=DATE:20200101\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:New Year";
    assert_eq!(days(&[new_year]), ["2026-01-01 New Year", "2027-01-01 New Year", "2028-01-01 New Year"]);
    let thanks = "DTSTART:20101125\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\nEXDATE:20271125\r\nSUMMARY:Thanksgiving";
    assert_eq!(days(&[thanks]), ["2026-11-26 Thanksgiving", "2028-11-23 Thanksgiving"]);
    let until = "DTSTART:20200101\r\nRRULE:FREQ=YEARLY;UNTIL=20261231\r\nSUMMARY:Old";
    assert_eq!(days(&[until]), ["2026-01-01 Old"]);
    let leap = "DTSTART:20240229\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Leap day";
    assert_eq!(days(&[leap]), ["2028-02-29 Leap day"]);
    let over = "DTSTART:20201230\r\nDTEND:20210102\r\nRRULE:FREQ=YEARLY;COUNT=7\r\nSUMMARY:Turn";
    assert_eq!(days(&[over]), ["2026-01-01 Turn", "2026-12-30 Turn", "2026-12-31 Turn", "2027-01-01 Turn"]);
}

#[test]
fn lines_are_unfolded_and_text_unescaped() {
    let folded = "DTSTART;VALUE=DATE;X-NOTE=\"a:b;c\":20261003\r\nSUMMARY:Day of\r\n  unity\\, all\\nof it \\\\o/";
    assert_eq!(days(&[folded]), ["2026-10-03 Day of unity, all of it \\o/"]);
    let text = calendar(&["DTSTART:20261003\r\nSUMMARY:Unity\r\nBEGIN:VALARM\r\nSUMMARY:No\r\nEND:VALARM"]);
    let found = read(&format!("\u{feff}{}", text.replace("\r\n", "\n")), 2026).expect("a calendar");
    assert_eq!((found.days.len(), found.problems.len()), (1, 0));
}

#[test]
fn every_bad_entry_is_told_and_keeps_no_other_from_being_read() {
    let bad = [
        ("SUMMARY:Party\r\nDTSTART:20260501T180000Z", "is not an all-day entry: DTSTART is no date"),
        ("SUMMARY:No day", "has no DTSTART"),
        ("DTSTART:20260501", "has no SUMMARY of 1 to 200 characters"),
        ("SUMMARY:Odd\r\nDTSTART:20260231", "is not an all-day entry: DTSTART is no date"),
        ("SUMMARY:Back\r\nDTSTART:20260502\r\nDTEND:20260501", "must last from 1 to 31 days"),
        ("SUMMARY:Long\r\nDTSTART:20260502\r\nDTEND:20260801", "must last from 1 to 31 days"),
        ("SUMMARY:Weekly\r\nDTSTART:20260502\r\nRRULE:FREQ=WEEKLY", "repeats otherwise than yearly"),
        ("SUMMARY:Bad\r\nDTSTART:20260502\r\nRRULE:FREQ=YEARLY;BYDAY=XX", "its RRULE is not understood"),
        ("SUMMARY:Hours\r\nDTSTART:20260502\r\nDURATION:PT8H", "its DURATION is no number of days"),
        ("SUMMARY:Ex\r\nDTSTART:20260502\r\nEXDATE:tomorrow", "its EXDATE is no list of dates"),
    ];
    for (entry, wanted) in bad {
        assert_eq!(problem(entry), wanted);
    }
    assert_eq!(days(&["SUMMARY:Off\r\nDTSTART:20260501\r\nSTATUS:CANCELLED"]), [""; 0]);
}

#[test]
fn what_is_no_calendar_is_refused_as_a_whole() {
    let deep = "BEGIN:A\n".repeat(60_000);
    for text in ["", "hello", "BEGIN:VEVENT\nEND:VEVENT", "BEGIN:VCALENDAR\nEND:VEVENT", "BEGIN:VCALENDAR\n", deep.as_str()] {
        assert!(read(text, 2026).is_err(), "{}", clip(text));
    }
    let dates = ["20260101"; 3].join(",");
    assert_eq!(days(&[&format!("DTSTART:20260101\r\nRDATE:{dates}\r\nSUMMARY:x")]), ["2026-01-01 x"]);
    assert_eq!(
        problem(&format!("DTSTART:20260101\r\nRDATE:{}\r\nSUMMARY:x", listed_dates(1_001))),
        "has more than 1000 dates in RDATE"
    );
    let many = calendar(&vec!["DTSTART:20260101\r\nSUMMARY:x"; 2_001]);
    assert!(read(&many, 2026).is_err());
}

fn listed_dates(count: u64) -> String {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date");
    let dates = (0..count).filter_map(|i| first.checked_add_days(Days::new(i)));
    dates.map(|d| d.format("%Y%m%d").to_string()).collect::<Vec<_>>().join(",")
}
