//! What leave costs and what is left of it, as pure functions. Days are counted in halves, so that everything is exact.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_core::objects::{CompanyPolicy, DayPart};
use workforceos_core::time::Date;

use super::rules::{Span, same_type};

/// Half days.
pub type Halves = i64;

/// Half days by calendar year.
pub type ByYear = BTreeMap<i32, Halves>;

/// Days as people write them: whole ones without a fraction.
pub fn days(halves: Halves) -> Json {
    if halves % 2 == 0 { json!(halves / 2) } else { json!(halves as f64 / 2.0) }
}

/// Which days leave is charged for: workdays that are no holiday.
#[derive(Clone, Debug)]
pub struct Workdays {
    /// ISO weekdays.
    worked: BTreeSet<i64>,
    holidays: BTreeSet<Date>,
}

impl Workdays {
    pub fn of(policy: &CompanyPolicy, holidays: BTreeSet<Date>) -> Workdays {
        let worked = policy.workdays.as_array().into_iter().flatten().filter_map(Json::as_i64).collect();
        Workdays { worked, holidays }
    }

    fn counts(&self, date: Date) -> bool {
        self.worked.contains(&i64::from(date.weekday().number_from_monday())) && !self.holidays.contains(&date)
    }

    /// What a leave costs, charged to each date's year; years that it costs nothing in are left out.
    pub fn cost(&self, span: &Span) -> ByYear {
        let each = if span.part == DayPart::Full { 2 } else { 1 };
        let mut cost = ByYear::new();
        for date in span.dates().filter(|date| self.counts(*date)) {
            *cost.entry(date.year()).or_default() += each;
        }
        cost
    }
}

/// A leave type of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveType {
    pub name: String,
    /// `None`: as much as one likes.
    pub yearly: Option<Halves>,
    pub carry_over: Halves,
}

/// The policy's leave types, in its order.
pub fn leave_types(policy: &CompanyPolicy) -> Vec<LeaveType> {
    let halves = |value: &Json| value.as_f64().map(|days| (days * 2.0).round() as Halves);
    let read = |kind: &Json| LeaveType {
        name: kind["name"].as_str().unwrap_or_default().to_owned(),
        yearly: halves(&kind["yearlyDays"]),
        carry_over: halves(&kind["carryOverDays"]).unwrap_or(0),
    };
    policy.leave_types.as_array().into_iter().flatten().map(read).collect()
}

/// The type of a name; one that the policy does not list is unlimited.
pub fn type_named(types: &[LeaveType], name: &str) -> LeaveType {
    let unlisted = || LeaveType { name: name.to_owned(), yearly: None, carry_over: 0 };
    types.iter().find(|t| same_type(&t.name, name)).cloned().unwrap_or_else(unlisted)
}

/// How a person stands with a limited leave type in one year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub year: i32,
    pub allowance: Halves,
    pub carried_over: Halves,
    pub available: Halves,
}

/// The allowance of the year in which somebody starts: by whole months from the start's on, to the nearest half day, ties up.
fn first_allowance(yearly: Halves, start: Date) -> Halves {
    let months = 13 - i64::from(start.month());
    (yearly * months * 2 + 12).div_euclid(24)
}

/// How a person who started on `start` stands in each year from `from` to `to`, with what is booked.
pub fn standings(yearly: Halves, carry_over: Halves, start: Date, booked: &ByYear, from: i32, to: i32) -> Vec<Standing> {
    let mut carried_over = 0;
    let mut standings = Vec::new();
    for year in start.year().min(from)..=to {
        let allowance = match year.cmp(&start.year()) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => first_allowance(yearly, start),
            std::cmp::Ordering::Greater => yearly,
        };
        let available = allowance + carried_over - booked.get(&year).copied().unwrap_or(0);
        if year >= from {
            standings.push(Standing { year, allowance, carried_over, available });
        }
        carried_over = carry_over.min(available.max(0));
    }
    standings
}

/// A year that a request would put below 0, and by how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    pub year: i32,
    pub short_by: Halves,
}

/// The first year, from the request's first to the last booked, that `after` leaves below 0 and further below than `before`
/// did: what a new rule or a holiday taken away has overdrawn is no reason to refuse something else.
pub fn exceeded(kind: &LeaveType, start: Date, before: &ByYear, after: &ByYear, first: i32) -> Option<Exceeded> {
    let yearly = kind.yearly?;
    let last = after.keys().next_back().copied().unwrap_or(first).max(first);
    let standings = |booked| standings(yearly, kind.carry_over, start, booked, first, last);
    let mut years = standings(before).into_iter().zip(standings(after));
    let (_, over) = years.find(|(was, is)| is.available < 0 && is.available < was.available)?;
    Some(Exceeded { year: over.year, short_by: -over.available })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Date {
        text.parse().expect("date")
    }

    fn workdays(vector: &Json) -> Workdays {
        let holidays = vector["holidays"].as_array().expect("a list").iter().map(|h| d(h.as_str().expect("a date"))).collect();
        let worked = vector["workdays"].as_array().expect("a list").iter().filter_map(Json::as_i64).collect();
        Workdays { worked, holidays }
    }

    fn span(json: &Json) -> Span {
        let date = |name: &str| d(json[name].as_str().expect("a date"));
        let part = json["dayPart"].as_str().map_or(DayPart::Full, |p| DayPart::parse(p).expect("a part"));
        Span { from: date("start"), to: date("end"), part }
    }

    fn halves(json: &Json) -> Halves {
        (json.as_f64().expect("days") * 2.0) as Halves
    }

    fn add(all: &mut ByYear, more: &ByYear) {
        more.iter().for_each(|(year, halves)| *all.entry(*year).or_default() += halves);
    }

    /// The contract's vectors, those that end in a balance or beyond it.
    #[test]
    fn balances_are_as_published() {
        let vectors: Json = serde_json::from_str(include_str!("../../../tests/fixtures/leave_vectors.json")).expect("JSON");
        let mut compared = 0;
        for vector in vectors["vectors"].as_array().expect("a list") {
            let (id, expected, request) = (&vector["id"], &vector["expected"], &vector["request"]);
            if expected["days"].is_null() {
                continue;
            }
            let workdays = workdays(vector);
            let kind = LeaveType {
                name: vector["type"]["name"].as_str().expect("a name").to_owned(),
                yearly: Some(halves(&vector["type"]["yearlyDays"])),
                carry_over: halves(&vector["type"]["carryOverDays"]),
            };
            let start = d(vector["employmentStartDate"].as_str().expect("a date"));
            let mut before = ByYear::new();
            let existing = vector["existing"].as_array().expect("a list");
            existing.iter().filter(|e| e["type"] == request["type"]).for_each(|e| add(&mut before, &workdays.cost(&span(e))));
            let cost = workdays.cost(&span(request));
            let by_year: ByYear = expected["byYear"]
                .as_object()
                .expect("by year")
                .iter()
                .map(|(year, days)| (year.parse().expect("a year"), halves(days)))
                .collect();
            assert_eq!(cost, by_year, "{id}");
            assert_eq!(cost.values().sum::<Halves>(), halves(&expected["days"]), "{id}");
            let mut after = before.clone();
            add(&mut after, &cost);
            let over = exceeded(&kind, start, &before, &after, span(request).first_year());
            let wanted = expected["shortBy"].as_f64().map(|days| Exceeded {
                year: expected["year"].as_i64().expect("a year") as i32,
                short_by: (days * 2.0) as Halves,
            });
            assert_eq!(over, wanted, "{id}");
            for balance in expected["balances"].as_array().into_iter().flatten() {
                let year = balance["year"].as_i64().expect("a year") as i32;
                let is = standings(kind.yearly.expect("limited"), kind.carry_over, start, &after, year, year)[0];
                let wanted = Standing {
                    year,
                    allowance: halves(&balance["allowance"]),
                    carried_over: halves(&balance["carriedOver"]),
                    available: halves(&balance["available"]),
                };
                assert_eq!(is, wanted, "{id}");
            }
            compared += 1;
        }
        assert!(compared >= 5);
    }

    #[test]
    fn the_first_year_counts_its_months() {
        assert_eq!(first_allowance(50, d("2026-04-15")), 38, "18.75 days are 19");
        assert_eq!(first_allowance(48, d("2026-01-31")), 48);
        assert_eq!(first_allowance(48, d("2026-12-01")), 4);
        assert_eq!(first_allowance(1, d("2026-07-01")), 1, "a quarter of a day is half of one");
        assert_eq!(first_allowance(1, d("2026-08-01")), 0);
    }

    #[test]
    fn a_leave_over_new_year_is_charged_to_both_years() {
        let workdays = Workdays { worked: (1..=5).collect(), holidays: [d("2026-12-25"), d("2027-01-01")].into() };
        let span = Span { from: d("2026-12-24"), to: d("2027-01-04"), part: DayPart::Full };
        assert_eq!(workdays.cost(&span), ByYear::from([(2026, 10), (2027, 2)]));
        let half = Span { from: d("2026-12-24"), to: d("2026-12-24"), part: DayPart::SecondHalf };
        assert_eq!(workdays.cost(&half), ByYear::from([(2026, 1)]));
    }

    #[test]
    fn nothing_is_there_before_the_start_and_what_was_overdrawn_before_counts_not_again() {
        let kind = LeaveType { name: "annual".to_owned(), yearly: Some(48), carry_over: 10 };
        let start = d("2027-01-01");
        let early = exceeded(&kind, start, &ByYear::new(), &ByYear::from([(2026, 2)]), 2026);
        assert_eq!(early, Some(Exceeded { year: 2026, short_by: 2 }));
        let (over, same) = (ByYear::from([(2028, 70)]), ByYear::from([(2027, 1), (2028, 70)]));
        assert_eq!(exceeded(&kind, start, &over, &same, 2027), None, "the carry of 2027 is still whole");
        let more = ByYear::from([(2028, 71)]);
        assert_eq!(exceeded(&kind, start, &over, &more, 2028), Some(Exceeded { year: 2028, short_by: 13 }));
    }
}
