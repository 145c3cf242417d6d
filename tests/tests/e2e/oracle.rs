//! Decisions against brute force: whether shifts overlap, and which of a random roster are accepted.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use workforceos_core::Timestamp;
use workforceos_core::filter::condition;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, UserGroup};
use workforceos_core::query::Cond;
use workforceos_core::time::Date;
use workforceos_core::value::Value;
use workforceos_core::zone::{WallTime, Zone, shift_span};
use workforceos_tests::{Db, Person, TestApp, on_both_databases};

use crate::paths::SHIFTS;
use crate::text;

on_both_databases!(a_random_roster_has_no_overlaps);

/// The minutes that a shift covers, counted in a zone without changes.
fn minutes(day: u32, start: u32, end: u32) -> BTreeSet<u32> {
    let from = day * 1440 + start;
    let to = day * 1440 + end + if end <= start { 1440 } else { 0 };
    (from..to).collect()
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

proptest! {
    #[test]
    fn spans_share_time_where_minutes_do(
        a in (0..4u32, 0..1440u32, 0..1440u32),
        b in (0..4u32, 0..1440u32, 0..1440u32),
    ) {
        prop_assume!(a.1 != a.2 && b.1 != b.2);
        let span = |(day, start, end): (u32, u32, u32)| {
            let date = Date::from_ymd_opt(2026, 6, 10 + day).expect("a date");
            let time = |minute| WallTime::parse(&clock(minute)).expect("a time");
            shift_span(Zone::UTC, date, time(start), time(end)).expect("no gap in UTC")
        };
        let (x, y) = (span(a), span(b));
        let overlap = workforceos_services::schedule::rules::overlap(&shift(x), &shift(y));
        let shared = !minutes(a.0, a.1, a.2).is_disjoint(&minutes(b.0, b.1, b.2));
        prop_assert_eq!(overlap, shared);
    }

    /// Whatever is searched for is bound as it is: it never becomes a part of the statement.
    #[test]
    fn a_text_filter_carries_its_text_unchanged(text in "\\PC{1,40}") {
        let property = UserGroup::def().property("groupName").expect("declared");
        let cond = condition(property, std::slice::from_ref(&text), false, Zone::UTC, Timestamp(0));
        let expected = if text == "null" { Cond::IsNull("groupName") } else { Cond::Contains("groupName", text) };
        prop_assert_eq!(cond, Ok(expected));
    }

    /// A range of dates holds exactly the dates between its bounds.
    #[test]
    fn date_ranges_are_what_they_say(bounds in (0..400i64, 0..400i64), probe in 0..400i64, kinds in (0..2usize, 0..2usize)) {
        let day = |n: i64| Date::from_ymd_opt(2026, 1, 1).expect("a date") + chrono::Duration::days(n);
        let property = Shift::def().property("shiftDate").expect("declared");
        let (low, high) = (["$gte-", "$gt-"][kinds.0], ["$lte-", "$lt-"][kinds.1]);
        let values = [format!("{low}{}", day(bounds.0)), format!("{high}{}", day(bounds.1))];
        let cond = condition(property, &values, false, Zone::UTC, Timestamp(0)).expect("a range");
        let from = if kinds.0 == 0 { probe >= bounds.0 } else { probe > bounds.0 };
        let to = if kinds.1 == 0 { probe <= bounds.1 } else { probe < bounds.1 };
        prop_assert_eq!(holds(&cond, day(probe)), from && to);
    }

    /// A filter that is no date is refused, not ignored.
    #[test]
    fn what_is_no_date_is_refused(text in "[^0-9$n]\\PC{0,12}") {
        let property = Shift::def().property("shiftDate").expect("declared");
        prop_assert!(condition(property, &[text], false, Zone::UTC, Timestamp(0)).is_err());
    }
}

/// Whether a condition on one date holds.
fn holds(cond: &Cond, date: Date) -> bool {
    use workforceos_core::query::Op;
    match cond {
        Cond::All(list) => list.iter().all(|c| holds(c, date)),
        Cond::Any(list) => list.iter().any(|c| holds(c, date)),
        Cond::Cmp(_, op, Value::Date(bound)) => match op {
            Op::Eq => date == *bound,
            Op::Lt => date < *bound,
            Op::Lte => date <= *bound,
            Op::Gt => date > *bound,
            Op::Gte => date >= *bound,
        },
        other => panic!("no condition on a date: {other:?}"),
    }
}

fn shift((starts_at, ends_at): (Timestamp, Timestamp)) -> Shift {
    use workforceos_core::Meta;
    use workforceos_core::id::{CompanyId, UserId};
    let id = uuid::Uuid::from_u128(1);
    Shift {
        meta: Meta::new(id, Timestamp(0), None),
        shift_date: Zone::UTC.date(starts_at),
        start_time: String::new(),
        end_time: String::new(),
        starts_at,
        ends_at,
        location: None,
        department_id: None,
        assigned_user_ids: Vec::new(),
        assigned_department_ids: Vec::new(),
        status: workforceos_core::objects::ShiftStatus::Scheduled,
        break_minutes: 0,
        needed_count: 1,
        is_draft: false,
        shift_template_id: None,
        created_by: UserId(id),
        company_id: CompanyId(id),
    }
}

/// Creates, moves, reassigns, cancels, restores and deletes at random; a table of minutes says what must be refused.
async fn a_random_roster_has_no_overlaps(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let people: [Person; 3] = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await];
    let seed = 20_261_121;
    let mut random = StdRng::seed_from_u64(seed);
    let mut table: HashMap<String, Planned> = HashMap::new();
    let mut refused = 0;
    for step in 0..if workforceos_tests::long() { 2_000 } else { 160 } {
        let known: BTreeSet<&String> = table.keys().collect();
        let chosen = (!known.is_empty()).then(|| (*known.iter().nth(random.random_range(0..known.len())).expect("one")).clone());
        let fresh = Planned::random(&mut random);
        let (path, wanted) = match (random.random_range(0..10), chosen) {
            (0..=5, _) | (_, None) => (None, fresh),
            (6 | 7, Some(id)) => (Some(id.clone()), Planned { on: table[&id].on, ..fresh }),
            (8, Some(id)) => (Some(id.clone()), Planned { on: !table[&id].on, ..table[&id].clone() }),
            (_, Some(id)) => {
                acme.owner.delete(&format!("{SHIFTS}/{id}")).await.ok();
                table.remove(&id);
                continue;
            }
        };
        let clash = wanted.on && table.iter().any(|(id, other)| Some(id) != path.as_ref() && other.clashes(&wanted));
        let body = wanted.body(&people);
        let reply = match &path {
            None => acme.owner.post(SHIFTS, body).await,
            Some(id) => acme.owner.patch(&format!("{SHIFTS}/{id}"), body).await,
        };
        if clash {
            reply.refused(409, "ShiftConflict");
            refused += 1;
        } else {
            assert!(reply.status < 300, "seed {seed}, step {step}: {wanted:?} was refused: {}", reply.text);
            table.insert(text(&reply.body["shift"], "id"), wanted);
        }
    }
    assert!(refused > 10, "the roster is crowded enough: {refused} were refused");
    let total = acme.owner.get(SHIFTS).await.ok()["paging"]["totalRowCount"].as_u64();
    assert_eq!(total, Some(table.len() as u64));
}

#[derive(Clone, Debug)]
struct Planned {
    day: u32,
    start: u32,
    end: u32,
    people: BTreeSet<usize>,
    /// Scheduled, not cancelled.
    on: bool,
}

impl Planned {
    fn random(random: &mut StdRng) -> Planned {
        let start = random.random_range(0..96) * 15;
        let length = random.random_range(1..40) * 15;
        let people = (0..3).filter(|_| random.random_bool(0.4)).collect();
        Planned { day: random.random_range(0..6), start, end: (start + length) % 1440, people, on: true }
    }

    fn clashes(&self, other: &Planned) -> bool {
        self.on
            && !self.people.is_disjoint(&other.people)
            && !minutes(self.day, self.start, self.end).is_disjoint(&minutes(other.day, other.start, other.end))
    }

    fn body(&self, people: &[Person; 3]) -> serde_json::Value {
        let ids: Vec<String> = self.people.iter().map(|i| people[*i].text()).collect();
        json!({
            "shiftDate": format!("2026-06-{:02}", 10 + self.day), "startTime": clock(self.start), "endTime": clock(self.end),
            "assignedUserIds": ids, "status": if self.on { "scheduled" } else { "cancelled" },
        })
    }
}
