//! The contract's payroll vectors, each through the pure calculation: shifts and check-ins become minutes by the rules of
//! attendance, minutes become pay by the rules of payroll.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use workforceos_core::objects::{DayPart, SalaryBasis};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{WallTime, Zone, shift_span};

use super::compute::{Attended, Inputs, Leave, Terms, calculate};
use super::exact::{exact, hours, to_cents};
use crate::attendance::rules::Times;

pub(super) fn file() -> Json {
    serde_json::from_str(include_str!("../../../tests/fixtures/payroll_vectors.json")).expect("the vectors are JSON")
}

fn date(json: &Json) -> Date {
    json.as_str().and_then(|t| t.parse().ok()).unwrap_or_else(|| panic!("{json} is no date"))
}

pub(super) fn list<'j>(vector: &'j Json, name: &str) -> &'j [Json] {
    vector[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A number of the vector's policy, else of the defaults.
fn policy<'j>(file: &'j Json, vector: &'j Json, name: &str) -> &'j Json {
    vector["policy"].get(name).unwrap_or(&file["defaults"][name])
}

fn records(file: &Json, vector: &Json) -> Vec<(Date, Attended)> {
    let zone = vector["timezone"].as_str().and_then(Zone::parse).expect("a zone");
    let shifts: BTreeMap<&str, &Json> = list(vector, "shifts").iter().map(|s| (s["id"].as_str().expect("id"), s)).collect();
    let record = |record: &Json| {
        let shift = shifts[record["shift"].as_str().expect("a shift")];
        let wall = |name: &str| shift[name].as_str().and_then(WallTime::parse).expect("a time");
        let (start, end) = shift_span(zone, date(&shift["date"]), wall("start"), wall("end")).expect("a span");
        let break_minutes = shift["breakMinutes"].as_i64().unwrap_or(0);
        let grace_minutes = policy(file, vector, "graceMinutes").as_i64().expect("minutes");
        let times = Times { start, end, break_minutes, grace_minutes, half_day: None };
        let at = |name: &str| record[name].as_str().map(|t| Timestamp::parse(t).expect("an instant"));
        let attended = match (at("in"), at("out")) {
            (None, _) => Attended::Absent,
            (Some(_), None) => Attended::Open,
            (Some(came), Some(left)) => Attended::Minutes(times.worked(came, left)),
        };
        (date(&shift["date"]), attended)
    };
    list(vector, "attendance").iter().map(record).collect()
}

pub(super) fn inputs(file: &Json, vector: &Json) -> Inputs {
    let number = |name: &str| policy(file, vector, name).as_f64().expect("a number");
    let approved = |leave: &&Json| leave["status"] == "approved";
    let leave = |leave: &Json| Leave {
        from: date(&leave["start"]),
        to: date(&leave["end"]),
        part: leave["dayPart"].as_str().and_then(DayPart::parse).unwrap_or(DayPart::Full),
        kind: leave["type"].as_str().expect("a type").to_owned(),
    };
    let workdays = policy(file, vector, "workdays").as_array().expect("days");
    let unpaid = policy(file, vector, "unpaidLeaveTypes").as_array().expect("names");
    Inputs {
        from: date(&vector["period"][0]),
        to: date(&vector["period"][1]),
        terms: Terms {
            basis: policy(file, vector, "salaryBasis").as_str().and_then(SalaryBasis::parse).expect("a basis"),
            daily_hours: number("dailyHours"),
            weekly_hours: number("weeklyHours"),
            overtime_multiplier: number("overtimeMultiplier"),
            workdays: workdays.iter().filter_map(Json::as_u64).map(|d| d as u32).collect(),
            unpaid_leave_types: unpaid.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            rounding_minutes: policy(file, vector, "roundingMinutes").as_i64().expect("minutes"),
        },
        salary: vector["profile"]["salary"].as_f64(),
        employed_from: vector["profile"].get("employmentStartDate").map_or(Date::MIN, date),
        records: records(file, vector),
        leave: list(vector, "leave").iter().filter(approved).map(leave).collect(),
        holidays: list(vector, "holidays").iter().map(date).collect::<BTreeSet<_>>(),
    }
}

#[test]
fn every_published_vector_comes_out_as_published() {
    let file = file();
    let vectors = list(&file, "vectors");
    assert!(vectors.len() >= 13);
    for vector in vectors {
        let (id, expected) = (&vector["id"], &vector["expected"]);
        let told = calculate(&inputs(&file, vector));
        let day = |d: &super::compute::Day| serde_json::json!({"date": d.date, "minutes": d.minutes, "dailyOvertime": d.daily_overtime, "weeklyOvertime": d.weekly_overtime});
        assert_eq!(told.days.iter().map(day).collect::<Json>(), expected["breakdown"], "{id}");
        assert_eq!(Some(told.minutes()), expected["totalMinutes"].as_i64(), "{id}");
        assert_eq!(Some(told.overtime()), expected["overtimeMinutes"].as_i64(), "{id}");
        assert_eq!(Some(hours(told.minutes())), expected["totalHoursWorked"].as_f64(), "{id}");
        assert_eq!(Some(hours(told.overtime())), expected["overtimeHours"].as_f64(), "{id}");
        assert_eq!(Some(told.absence_halves() as f64 / 2.0), expected["absenceDaysExact"].as_f64(), "{id}");
        assert_eq!(Some(told.absence_halves() / 2), expected["absenceDays"].as_i64(), "{id}");
        assert_eq!(Some(told.open_records), expected["openRecords"].as_i64(), "{id}");
        let amount = |name: &str| exact(vector[name].as_f64().unwrap_or(0.0));
        let pay = to_cents(&(&told.earned + amount("bonus") - amount("deduction")));
        assert_eq!(pay, expected["salaryCalculated"].as_f64(), "{id}: {}", told.earned);
    }
}

/// What leave costs and what it pays are the same days: workdays that are no holiday, halves as halves.
#[test]
fn leave_is_counted_as_the_leave_vectors_count_it() {
    let file: Json = serde_json::from_str(include_str!("../../../tests/fixtures/leave_vectors.json")).expect("JSON");
    let counted = list(&file, "vectors").iter().filter(|vector| vector["expected"]["days"].is_number());
    let mut count = 0;
    for vector in counted {
        let (request, expected) = (&vector["request"], vector["expected"]["days"].as_f64());
        let (from, to) = (date(&request["start"]), date(&request["end"]));
        let part = request["dayPart"].as_str().and_then(DayPart::parse).unwrap_or(DayPart::Full);
        let leave = |kind: &str| vec![Leave { from, to, part, kind: kind.to_owned() }];
        let inputs = Inputs {
            from,
            to,
            terms: Terms {
                basis: SalaryBasis::Hourly,
                daily_hours: 8.0,
                weekly_hours: 40.0,
                overtime_multiplier: 1.5,
                workdays: list(vector, "workdays").iter().filter_map(Json::as_u64).map(|d| d as u32).collect(),
                unpaid_leave_types: vec!["Unpaid".to_owned()],
                rounding_minutes: 0,
            },
            salary: Some(10.0),
            employed_from: Date::MIN,
            records: Vec::new(),
            leave: leave("annual"),
            holidays: list(vector, "holidays").iter().map(date).collect(),
        };
        let paid = calculate(&inputs);
        assert_eq!(Some(paid.paid_leave_halves as f64 / 2.0), expected, "{}", vector["id"]);
        assert_eq!(to_cents(&paid.earned), expected.map(|days| days * 80.0), "{}", vector["id"]);
        let unpaid = calculate(&Inputs { leave: leave("unpaid"), ..inputs });
        assert_eq!(Some(unpaid.absence_halves() as f64 / 2.0), expected, "{}", vector["id"]);
        count += 1;
    }
    assert!(count >= 5, "{count} vectors name days");
}
