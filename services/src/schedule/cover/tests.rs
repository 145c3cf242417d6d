//! The rules one by one, and plans against a second, naive reckoning of them.

use chrono::Days;
use proptest::prelude::*;
use uuid::Uuid;
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{WallTime, Zone, shift_span};

use super::planning::{Opening, plan};
use super::rules::{Commitment, Limits, MOST_REST, Person, Place, Reason, Reasons, Standing, obstacles};

const HOUR: i64 = Timestamp::HOUR;

fn place(id: u128, zone: &str, date: &str, times: &str) -> Place {
    let (start, end) = times.split_once('-').expect("two times");
    let wall = |text| WallTime::parse(text).expect("a time");
    let date: Date = date.parse().expect("a date");
    let (start, end) = shift_span(Zone::parse(zone).expect("a zone"), date, wall(start), wall(end)).expect("a span");
    Place { id: ShiftId(Uuid::from_u128(id)), date, start, end, net: end.minutes_since(start) }
}

fn karachi(id: u128, date: &str, times: &str) -> Place {
    place(id, "Asia/Karachi", date, times)
}

fn person(shifts: &[Place]) -> Person {
    let commitments = shifts.iter().map(|place| Commitment { place: *place, left: place.end }).collect();
    Person { user: UserId(Uuid::from_u128(1)), commitments, away: Vec::new(), asked: Vec::new() }
}

fn policy() -> Limits {
    Limits { rest: 11 * HOUR, week: Some(40 * 60) }
}

fn why(person: &Person, place: &Place) -> Vec<Reason> {
    obstacles(person, place, &policy()).iter().collect()
}

#[test]
fn rest_is_wanted_on_both_sides_to_the_minute() {
    let late = karachi(9, "2026-06-16", "14:00-22:00");
    for (date, times, fits) in [
        ("2026-06-16", "01:00-03:00", true),
        ("2026-06-16", "01:00-03:01", false),
        ("2026-06-17", "09:00-17:00", true),
        ("2026-06-17", "08:59-16:59", false),
        // Nights of the day before count from when they end.
        ("2026-06-15", "19:00-03:00", true),
        ("2026-06-15", "19:01-03:01", false),
    ] {
        let expected = if fits { vec![] } else { vec![Reason::Rest] };
        assert_eq!(why(&person(&[karachi(1, date, times)]), &late), expected, "{date} {times}");
    }
}

#[test]
fn who_stayed_longer_rests_from_then_on() {
    let late = karachi(9, "2026-06-16", "14:00-22:00");
    let mut ann = person(&[karachi(1, "2026-06-15", "19:00-03:00")]);
    ann.commitments[0].left = ann.commitments[0].place.end.plus_minutes(1);
    assert_eq!(why(&ann, &late), [Reason::Rest]);
    assert_eq!(Standing::of(&ann, &late).rest_minutes, 11 * 60 - 1);
    // Staying into the next shift leaves none, not less than none.
    ann.commitments[0].left = late.start.plus_minutes(30);
    assert_eq!((why(&ann, &late), Standing::of(&ann, &late).rest_minutes), (vec![Reason::Rest], 0));
}

#[test]
fn rest_is_elapsed_time_also_where_clocks_change() {
    // In the night to the 29th of March 2026 an hour is missing in Berlin, in that to the 25th of October there is one more.
    let rest = |evening: &str, morning: &str, times: &str| {
        let before = place(1, "Europe/Berlin", evening, "14:00-22:00");
        why(&person(&[before]), &place(9, "Europe/Berlin", morning, times))
    };
    assert_eq!(rest("2026-03-27", "2026-03-28", "09:00-12:00"), []);
    assert_eq!(rest("2026-03-28", "2026-03-29", "09:00-12:00"), [Reason::Rest]);
    assert_eq!(rest("2026-03-28", "2026-03-29", "10:00-12:00"), []);
    assert_eq!(rest("2026-10-24", "2026-10-25", "08:00-12:00"), []);
    assert_eq!(rest("2026-10-23", "2026-10-24", "08:00-12:00"), [Reason::Rest]);
}

#[test]
fn all_reasons_are_told_and_an_overlap_is_no_lack_of_rest() {
    let late = karachi(9, "2026-06-16", "14:00-22:00");
    let mut ann = person(&[karachi(1, "2026-06-16", "15:00-16:00")]);
    assert_eq!(why(&ann, &late), [Reason::Shift]);
    ann.take(karachi(2, "2026-06-17", "06:00-14:00"));
    ann.take(karachi(3, "2026-06-18", "00:00-23:59"));
    ann.take(karachi(4, "2026-06-20", "20:00-04:00"));
    ann.away.push(("2026-06-16".parse().expect("a date"), "2026-06-16".parse().expect("a date")));
    assert_eq!(why(&ann, &late), [Reason::Leave, Reason::Shift, Reason::Rest, Reason::WeeklyHours]);
    ann.take(late);
    assert_eq!(why(&ann, &late), [Reason::Assigned], "who is there is told that alone");
    // Leave covers the date on which a shift begins, nothing else of it.
    let night = karachi(8, "2026-06-15", "22:00-06:00");
    assert!(!obstacles(&Person { commitments: Vec::new(), ..ann }, &night, &policy()).has(Reason::Leave));
}

#[test]
fn a_week_is_the_shift_dates_from_monday_to_sunday() {
    let mut ann = person(&[]);
    // A night that begins on Sunday is all of that week.
    for (id, date, times) in
        [(1, "2026-06-14", "22:00-06:00"), (2, "2026-06-16", "08:00-16:00"), (3, "2026-06-21", "22:00-06:00")]
    {
        ann.take(karachi(id, date, times));
    }
    let wanted = karachi(9, "2026-06-18", "08:00-16:00");
    let standing = Standing::of(&ann, &wanted);
    assert_eq!((standing.week_minutes, standing.minutes_28), (960, 960), "of four weeks those up to the date");
    let limit = |minutes| Limits { week: Some(minutes), ..policy() };
    assert!(obstacles(&ann, &wanted, &limit(1440)).is_empty());
    assert!(obstacles(&ann, &wanted, &limit(1439)).has(Reason::WeeklyHours));
    assert!(obstacles(&ann, &wanted, &Limits { week: None, ..policy() }).is_empty());
    // 28 days, the shift's own included.
    assert_eq!(Standing::of(&person(&[karachi(1, "2026-05-22", "08:00-16:00")]), &wanted).minutes_28, 480);
    assert_eq!(Standing::of(&person(&[karachi(1, "2026-05-21", "08:00-16:00")]), &wanted).minutes_28, 0);
    let rested = |days| Standing::of(&person(&[karachi(1, days, "00:00-08:00")]), &wanted).rest_minutes;
    assert_eq!(
        [rested("2026-06-17"), rested("2026-06-12"), rested("2026-06-11"), rested("2026-06-10")],
        [1440, 8640, MOST_REST, MOST_REST]
    );
}

#[test]
fn ranks_follow_the_order_of_the_rules() {
    let standing = |user, pending_leave, week_minutes, minutes_28, rest_minutes| Standing {
        user: UserId(Uuid::from_u128(user)),
        pending_leave,
        week_minutes,
        minutes_28,
        rest_minutes,
    };
    let ordered = [
        standing(8, false, 0, 900, 700),
        standing(7, false, 60, 0, 800),
        standing(6, false, 60, 0, 700),
        standing(9, false, 60, 0, 700),
        standing(1, false, 60, 60, MOST_REST),
        standing(2, true, 0, 0, MOST_REST),
    ];
    assert!(ordered.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
}

#[test]
fn a_set_of_reasons_holds_what_was_added() {
    for reason in Reason::ALL {
        assert_eq!(Reasons::from(reason).iter().collect::<Vec<_>>(), [reason]);
    }
    assert!(Reasons::default().is_empty());
}

/// Two hundred shifts and five hundred people: everybody is held against every shift once, and after that only against what
/// they could have taken still.
#[test]
fn planning_does_not_start_over_for_every_place() {
    let monday: Date = "2026-06-15".parse().expect("a date");
    let openings: Vec<Opening> = (0..200)
        .map(|i| {
            let date = monday.checked_add_days(Days::new(i % 7)).expect("a date").to_string();
            let times = ["06:00-14:00", "14:00-22:00", "22:00-06:00"][i as usize % 3];
            Opening { place: karachi(1_000 + u128::from(i), &date, times), free: 5, qualified: (0..500).collect() }
        })
        .collect();
    let mut people: Vec<Person> = (0..500).map(|i| Person { user: UserId(Uuid::from_u128(i)), ..person(&[]) }).collect();
    let made = plan(&openings, &mut people, &policy());
    assert_eq!((made.picks.len(), made.unfilled.len()), (1_000, 0));
    assert!(made.checks <= 200 * 500 + 1_000 * 200, "{}", made.checks);
}

/// What chance comes up with: shifts of two weeks, people with shifts and leave, and how the policy is.
#[derive(Clone, Debug)]
struct Case {
    openings: Vec<Opening>,
    people: Vec<Person>,
    limits: Limits,
}

fn spans() -> impl Strategy<Value = Place> {
    (0i64..14 * 24 * 4, 1i64..80).prop_map(|(start, length)| {
        let monday: Date = "2026-06-15".parse().expect("a date");
        let date = monday.checked_add_days(Days::new(start as u64 / 96)).expect("a date");
        let start = Timestamp(Zone::UTC.day(monday).0.0 + start * 15 * Timestamp::MINUTE);
        Place { id: ShiftId(Uuid::nil()), date, start, end: start.plus_minutes(15 * length), net: 15 * length }
    })
}

fn days() -> impl Strategy<Value = Vec<(Date, Date)>> {
    prop::collection::vec((0u64..14, 0u64..3), 0..3).prop_map(|spans| {
        let monday: Date = "2026-06-15".parse().expect("a date");
        let day = |n| monday.checked_add_days(Days::new(n)).expect("a date");
        spans.into_iter().map(|(from, more)| (day(from), day(from + more))).collect()
    })
}

prop_compose! {
    fn cases()(
        openings in prop::collection::vec((spans(), 1usize..4, any::<u16>()), 1..14),
        people in prop::collection::vec((prop::collection::vec((spans(), 0i64..90), 0..4), days(), days()), 1..10),
        rest in 0i64..16,
        week in prop::option::of(0i64..60),
    ) -> Case {
        let id = |number: usize| ShiftId(Uuid::from_u128(number as u128 + 1));
        let people: Vec<Person> = people.into_iter().enumerate().map(|(i, (shifts, away, asked))| {
            let commitment = |(j, (place, stayed)): (usize, (Place, i64))| Commitment {
                place: Place { id: id(100 + i * 10 + j), ..place },
                left: place.end.plus_minutes(stayed),
            };
            Person { user: UserId(Uuid::from_u128(i as u128)), commitments: shifts.into_iter().enumerate().map(commitment).collect(), away, asked }
        }).collect();
        let openings = openings.into_iter().enumerate().map(|(i, (place, free, mask))| Opening {
            place: Place { id: id(i), ..place },
            free,
            qualified: (0..people.len()).filter(|p| mask & (1 << p) != 0 || mask % 3 == 0).collect(),
        }).collect();
        Case { openings, people, limits: Limits { rest: rest * HOUR, week: week.map(|hours| hours * 60) } }
    }
}

/// The rules once more, as the contract words them and without a thought for speed: whether somebody can take a shift beside
/// these others, each with its end and when it was left.
fn can(person: &Person, others: &[Commitment], place: &Place, limits: &Limits) -> bool {
    let on_leave = person.away.iter().any(|(from, to)| from.iter_days().take_while(|d| d <= to).any(|d| d == place.date));
    let mut minutes = place.net;
    for other in others {
        let apart = other.place.end <= place.start || place.end <= other.place.start;
        let before = other.place.start < place.start;
        let gap = if before { place.start.0 - other.left.0 } else { other.place.start.0 - place.end.0 };
        if !apart || gap < limits.rest || other.place.id == place.id {
            return false;
        }
        if chrono::Datelike::iso_week(&other.place.date) == chrono::Datelike::iso_week(&place.date) {
            minutes += other.place.net;
        }
    }
    !on_leave && limits.week.is_none_or(|most| minutes <= most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    /// No rule is broken by any assignment, each looked at beside all the others of the finished plan; what is unfilled nobody
    /// can take; and every place is accounted for.
    #[test]
    fn plans_break_no_rule_and_leave_nothing_that_somebody_could_take(case in cases()) {
        let mut people = case.people.clone();
        let made = plan(&case.openings, &mut people, &case.limits);
        let mut filled = vec![0; case.openings.len()];
        for pick in &made.picks {
            let (opening, person) = (&case.openings[pick.opening], &people[pick.person]);
            filled[pick.opening] += 1;
            prop_assert!(opening.qualified.contains(&pick.person));
            // Before the plan people may break rules among what they had: only what was taken now is judged, against the rest.
            let others: Vec<Commitment> = person.commitments.iter().filter(|c| c.place.id != opening.place.id).copied().collect();
            prop_assert!(can(person, &others, &opening.place, &case.limits), "{pick:?}");
            let taken = person.commitments.iter().filter(|c| c.place.id == opening.place.id).count();
            prop_assert_eq!(taken, 1, "nobody takes two places of a shift");
        }
        for (i, opening) in case.openings.iter().enumerate() {
            let left = made.unfilled.iter().filter(|(o, _)| *o == i).map(|(_, places)| places).sum::<usize>();
            prop_assert_eq!(filled[i] + left, opening.free);
            let able = opening.qualified.iter().any(|p| can(&people[*p], &people[*p].commitments, &opening.place, &case.limits));
            prop_assert!(left == 0 || !able, "{} stays empty", i);
        }
    }

    /// The same plan as by starting over for every place: the scarcest first, to the best of those who can.
    #[test]
    fn plans_are_those_of_the_plain_procedure(case in cases()) {
        let mut people = case.people.clone();
        let told: Vec<(usize, usize)> = plan(&case.openings, &mut people, &case.limits).picks.iter().map(|p| (p.opening, p.person)).collect();
        let mut people = case.people.clone();
        let mut free: Vec<usize> = case.openings.iter().map(|o| o.free).collect();
        let mut expected = Vec::new();
        loop {
            let who = |people: &[Person], o: &Opening| -> Vec<usize> {
                o.qualified.iter().copied().filter(|p| can(&people[*p], &people[*p].commitments, &o.place, &case.limits)).collect()
            };
            let open = (0..free.len()).filter(|i| free[*i] > 0);
            let key = |i: &usize| (who(&people, &case.openings[*i]).len(), case.openings[*i].place.start, case.openings[*i].place.id);
            let Some(next) = open.min_by_key(key) else { break };
            let place = case.openings[next].place;
            let Some(best) = who(&people, &case.openings[next]).into_iter().min_by_key(|p| Standing::of(&people[*p], &place).rank()) else {
                free[next] = 0;
                continue;
            };
            people[best].take(place);
            free[next] -= 1;
            expected.push((next, best));
        }
        prop_assert_eq!(told, expected);
    }
}
