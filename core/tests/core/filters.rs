//! The list grammar: what each filter value means, and that nothing is ignored.

use proptest::prelude::*;
use workforceos_core::filter::{ListQuery, condition};
use workforceos_core::input::{Args, Problems};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AttendanceRecord, Shift};
use workforceos_core::query::{Cond, Op};
use workforceos_core::session::Role;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;

use crate::support::{ctx, zone};

/// Thursday 2026-06-18 in UTC, half past midnight of the 19th in Berlin.
const NOW: &str = "2026-06-18T22:30:00Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("instant")
}

fn cond(property: &str, values: &[&str]) -> Result<Cond, String> {
    let property = AttendanceRecord::def().property(property).expect("declared");
    let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
    condition(property, &values, false, zone(), now())
}

fn day(text: &str) -> Value {
    Value::Date(text.parse().expect("date"))
}

fn at(text: &str) -> Value {
    Value::Time(Timestamp::parse(text).expect("instant"))
}

fn span(property: &'static str, from: Value, to: Value) -> Cond {
    Cond::All(vec![Cond::Cmp(property, Op::Gte, from), Cond::Cmp(property, Op::Lt, to)])
}

#[test]
fn days_of_dates_and_instants() {
    assert_eq!(cond("shiftDate", &["2026-01-31"]), Ok(span("shiftDate", day("2026-01-31"), day("2026-02-01"))));
    assert_eq!(
        cond("checkInTime", &["2026-01-31"]),
        Ok(span("checkInTime", at("2026-01-31T00:00:00Z"), at("2026-02-01T00:00:00Z")))
    );
    assert_eq!(cond("shiftDate", &["$today"]), Ok(span("shiftDate", day("2026-06-18"), day("2026-06-19"))));
    // Berlin has begun the 19th already.
    assert_eq!(cond("shiftDate", &["$ltoday"]), Ok(span("shiftDate", day("2026-06-19"), day("2026-06-20"))));
    assert_eq!(
        cond("checkInTime", &["$ltoday"]),
        Ok(span("checkInTime", at("2026-06-18T22:00:00Z"), at("2026-06-19T22:00:00Z")))
    );
    assert_eq!(cond("shiftDate", &["$week"]), Ok(span("shiftDate", day("2026-06-15"), day("2026-06-22"))));
    assert_eq!(cond("shiftDate", &["$month"]), Ok(span("shiftDate", day("2026-06-01"), day("2026-07-01"))));
    assert_eq!(
        cond("checkInTime", &["$leq-2026-03-29"]),
        Ok(span("checkInTime", at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")))
    );
    let both = Cond::Any(vec![
        span("shiftDate", day("2026-01-01"), day("2026-01-02")),
        span("shiftDate", day("2026-02-01"), day("2026-02-02")),
    ]);
    assert_eq!(cond("shiftDate", &["$lin-2026-01-01,2026-02-01"]), Ok(both));
}

#[test]
fn ranges_combine_with_and() {
    let range = cond("shiftDate", &["$gte-2026-01-01", "$lt-2026-02-01"]);
    let expected = vec![Cond::Cmp("shiftDate", Op::Gte, day("2026-01-01")), Cond::Cmp("shiftDate", Op::Lt, day("2026-02-01"))];
    assert_eq!(range, Ok(Cond::All(expected)));
    assert_eq!(cond("checkInTime", &["$gt-2026-01-31"]), Ok(Cond::Cmp("checkInTime", Op::Gte, at("2026-02-01T00:00:00Z"))));
    assert_eq!(cond("checkInTime", &["$lte-2026-01-31"]), Ok(Cond::Cmp("checkInTime", Op::Lt, at("2026-02-01T00:00:00Z"))));
}

#[test]
fn enums_ids_and_null() {
    assert_eq!(cond("status", &["LATE"]), Ok(Cond::In("status", vec![Value::Text("late".to_owned())])));
    let or_null = Cond::Any(vec![Cond::IsNull("status"), Cond::In("status", vec![Value::Text("late".to_owned())])]);
    assert_eq!(cond("status", &["late", "null"]), Ok(or_null));
    for (property, bad) in
        [("status", "tardy"), ("userId", "ann"), ("shiftDate", "soon"), ("shiftDate", "$gte-x"), ("checkInTime", "$lin-2026")]
    {
        assert!(cond(property, &[bad]).is_err(), "{property}={bad}");
    }
}

fn read(query: &[(&str, &str)], role: Role) -> (ListQuery, Vec<String>) {
    let query = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let mut problems = Problems::default();
    let args = Args { query, ..Args::default() };
    let list = ListQuery::read(Some(Shift::def()), true, &ctx(role, now()), &args, &[], &mut problems);
    (list, problems.0.into_iter().map(|p| p.field).collect())
}

#[test]
fn every_bad_list_parameter_is_named_at_once() {
    let bad = [
        ("pageNumber", "0"),
        ("pageRowCount", "501"),
        ("sortBy", "password"),
        ("fields", "nope"),
        ("getJoins", "maybe"),
        ("status", "x"),
        ("assignedUserIds_op", "some"),
        ("assignedUserIds", "x"),
    ];
    let (_, mut problems) = read(&bad, Role::TenantAdmin);
    problems.sort();
    let expected =
        ["assignedUserIds", "assignedUserIds_op", "fields", "getJoins", "pageNumber", "pageRowCount", "sortBy", "status"];
    assert_eq!(problems, expected);
    assert_eq!(read(&[("unknown", "x")], Role::TenantAdmin).1, Vec::<String>::new());
}

#[test]
fn only_readable_properties_order_and_select() {
    let record = |query: &[(&str, &str)], role| {
        let query = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut problems = Problems::default();
        let args = Args { query, ..Args::default() };
        ListQuery::read(Some(AttendanceRecord::def()), true, &ctx(role, now()), &args, &[], &mut problems);
        problems.0.len()
    };
    for query in [[("sortBy", "managerNote")], [("fields", "absenceReason")]] {
        assert_eq!(record(&query, Role::TenantUser), 1);
        assert_eq!(record(&query, Role::TenantAdmin), 0);
    }
}

proptest! {
    /// Whatever is typed is either a condition on that property with the value bound, or refused; it never panics.
    #[test]
    fn any_text_is_a_condition_or_a_problem(text in "\\PC{0,40}", name in prop::sample::select(vec!["status", "userId", "shiftDate", "checkInTime"])) {
        let _ = cond(name, &[&text]);
    }

    #[test]
    fn dates_round_trip(days in 0i64..200_000) {
        let date = Date::from_ymd_opt(1900, 1, 1).expect("date") + chrono::Duration::days(days);
        let text = date.to_string();
        prop_assert_eq!(workforceos_core::time::parse_date(&text), Some(date));
        let expected = span("shiftDate", Value::Date(date), Value::Date(date.succ_opt().expect("date")));
        prop_assert_eq!(cond("shiftDate", &[&text]), Ok(expected));
    }

    #[test]
    fn instants_in_ranges_round_trip(millis in -30_000_000_000_000i64..100_000_000_000_000) {
        let instant = Timestamp(millis);
        let text = format!("$gte-{instant}");
        prop_assert_eq!(cond("checkInTime", &[&text]), Ok(Cond::Cmp("checkInTime", Op::Gte, Value::Time(instant))));
    }
}
