//! How often something happened, over all and by person, weekday, department and week: pure, and the same for absences, lateness,
//! overtime and tasks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use chrono::Datelike;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::time::Date;
use workforceos_core::zone::week_start;

use super::figures::{or_too_little, rate, rate_shape, rounded, small, tell_little, test, test_shape, trend, trend_shape};
use super::findings::Finding;
use super::stats::family::{Compared, Family, Rule, compare};
use super::stats::mann_kendall::{self, Trend};
use super::stats::{Count, Significance, TooLittle, wilson};
use crate::people::Names;
use crate::shape;

/// The least observations of a person who is compared with the others.
pub const PER_PERSON: u64 = 20;
/// The least weeks of a trend, and the least observations of such a week.
pub const WEEKS: u64 = 8;
pub const PER_WEEK: u64 = 10;

/// One time that it could have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    pub user: UserId,
    pub date: Date,
    pub hit: bool,
}

/// The rates of one measure.
#[derive(Clone, Debug)]
pub struct Rates {
    pub overall: Count,
    pub people: Groups<UserId>,
    pub weekdays: Groups<u32>,
    pub departments: Groups<DepartmentId>,
    /// By Monday.
    pub weeks: Vec<(Date, Count)>,
    pub trend: Result<Trend, TooLittle>,
}

/// Groups in the order of their keys, compared with each other.
#[derive(Clone, Debug)]
pub struct Groups<K> {
    pub keys: Vec<K>,
    pub family: Family,
}

impl<K: Ord + Copy> Groups<K> {
    fn of(units: &[Unit], key: impl Fn(&Unit) -> Option<K>, rule: Rule) -> Groups<K> {
        let mut counts: BTreeMap<K, Count> = BTreeMap::new();
        for unit in units {
            if let Some(key) = key(unit) {
                counts.entry(key).or_default().add(unit.hit);
            }
        }
        let (keys, counts): (Vec<K>, Vec<Count>) = counts.into_iter().unzip();
        Groups { keys, family: compare(&counts, rule) }
    }

    fn iter(&self) -> impl Iterator<Item = (K, &Compared)> {
        self.keys.iter().copied().zip(&self.family.groups)
    }

    /// Those that differ most certainly first, then the others by their rate.
    fn by_importance(&self) -> Vec<(K, &Compared)> {
        let mut all: Vec<(K, &Compared)> = self.iter().collect();
        let q = |c: &Compared| c.outcome.map_or(f64::INFINITY, |s| s.q);
        all.sort_by(|(a, x), (b, y)| {
            let certain = y.significant().cmp(&x.significant());
            let q = if x.significant() && y.significant() { q(x).total_cmp(&q(y)) } else { std::cmp::Ordering::Equal };
            let compared = y.outcome.is_ok().cmp(&x.outcome.is_ok());
            let rate = y.count.rate().unwrap_or(0.0).total_cmp(&x.count.rate().unwrap_or(0.0));
            certain.then(q).then(compared).then(rate).then(Reverse(x.count.n).cmp(&Reverse(y.count.n))).then(a.cmp(b))
        });
        all
    }
}

/// Counts and compares. Whoever is in no department is in none of the departments' groups.
pub fn analyse(units: &[Unit], departments: &HashMap<UserId, DepartmentId>) -> Rates {
    let mut overall = Count::default();
    let mut weeks: BTreeMap<Date, Count> = BTreeMap::new();
    for unit in units {
        overall.add(unit.hit);
        weeks.entry(week_start(unit.date)).or_default().add(unit.hit);
    }
    let weeks: Vec<(Date, Count)> = weeks.into_iter().collect();
    Rates {
        overall,
        people: Groups::of(units, |unit| Some(unit.user), Rule::AtLeast(PER_PERSON)),
        weekdays: Groups::of(units, |unit| Some(unit.date.weekday().number_from_monday()), Rule::Expected),
        departments: Groups::of(units, |unit| departments.get(&unit.user).copied(), Rule::Expected),
        trend: trend_of(&weeks),
        weeks,
    }
}

/// The trend of ISO-weekly rates, over weeks of at least ten observations.
fn trend_of(weeks: &[(Date, Count)]) -> Result<Trend, TooLittle> {
    let whole = weeks.iter().filter(|(_, count)| count.n >= PER_WEEK);
    let points: Vec<(i64, f64)> =
        whole.filter_map(|(monday, count)| Some((i64::from(monday.num_days_from_ce()) / 7, count.rate()?))).collect();
    let little = TooLittle::new(points.len() as u64, WEEKS, "weeks");
    if points.len() < WEEKS as usize {
        return Err(little);
    }
    mann_kendall::trend(&points).ok_or(little)
}

/// Names for what is told.
pub struct Told<'a> {
    pub measure: &'static str,
    pub people: &'a Names,
    pub departments: &'a Names,
    pub limit: usize,
}

impl Rates {
    /// The people and departments that an answer may name.
    pub fn named(&self) -> (Vec<UserId>, Vec<DepartmentId>) {
        (self.people.keys.clone(), self.departments.keys.clone())
    }

    /// The figures, as part of an answer.
    pub fn write(&self, answer: &mut Json, told: &Told<'_>) {
        let Told { people, departments, limit, .. } = told;
        // Who does not work here any more counts in the rest, and is not named.
        let here: Vec<_> = self.people.by_importance().into_iter().filter(|(user, _)| !people.of(*user).is_empty()).collect();
        let known: Vec<_> =
            self.departments.by_importance().into_iter().filter(|(d, _)| !departments.of(*d).is_empty()).collect();
        answer["overall"] = rate(self.overall);
        answer["comparisons"] = json!([
            comparison("person", &self.people.family, &here, *limit, |user| person(people, user)),
            comparison("weekday", &self.weekdays.family, &self.weekdays.iter().collect::<Vec<_>>(), 7, weekday),
            comparison("department", &self.departments.family, &known, *limit, |d| department(departments, d)),
        ]);
        let week = |(monday, count): &(Date, Count)| {
            let mut week = rate(*count);
            week["week"] = json!(monday);
            week
        };
        answer["weekly"] = self.weeks.iter().map(week).collect();
        answer["trend"] = trend(self.trend);
    }

    /// What of the figures stands out.
    pub fn findings(&self, told: &Told<'_>) -> Vec<Finding> {
        let Told { measure, people, departments, .. } = told;
        let mut found = Vec::new();
        for (user, compared) in self.people.iter().filter(|(user, _)| !people.of(*user).is_empty()) {
            found.extend(finding(measure, "person", person(people, user), compared));
        }
        for (day, compared) in self.weekdays.iter() {
            found.extend(finding(measure, "weekday", weekday(day), compared));
        }
        for (id, compared) in self.departments.iter().filter(|(id, _)| !departments.of(*id).is_empty()) {
            found.extend(finding(measure, "department", department(departments, id), compared));
        }
        found.extend(self.trend.ok().and_then(|trend| rising(measure, &trend)));
        found
    }
}

fn finding(measure: &'static str, by: &'static str, about: Map<String, Json>, compared: &Compared) -> Option<Finding> {
    let significance = compared.outcome.ok().filter(|s| s.significant())?;
    Some(Finding {
        measure,
        by,
        about,
        direction: if compared.is_higher() { "higher" } else { "lower" },
        value: compared.count.rate()?,
        compared_with: compared.rest.rate(),
        interval: wilson::interval(compared.count),
        significance: Some(significance),
        score: None,
        n: compared.count.n,
    })
}

/// A trend that is none by chance. It stands alone, so nothing is adjusted.
pub fn rising(measure: &'static str, trend: &Trend) -> Option<Finding> {
    trend.significant().then(|| Finding {
        measure,
        by: "trend",
        about: Map::new(),
        direction: if trend.s > 0 { "rising" } else { "falling" },
        value: trend.slope,
        compared_with: None,
        interval: Some(trend.interval),
        significance: Some(Significance { p: trend.p, q: trend.p }),
        score: None,
        n: trend.n,
    })
}

pub fn person(names: &Names, user: UserId) -> Map<String, Json> {
    map([("userId", json!(user.to_string())), ("fullname", json!(names.of(user)))])
}

pub fn department(names: &Names, id: DepartmentId) -> Map<String, Json> {
    map([("departmentId", json!(id.to_string())), ("departmentName", json!(names.of(Uuid::from(id))))])
}

pub fn weekday(day: u32) -> Map<String, Json> {
    map([("weekday", json!(day))])
}

pub fn map<const N: usize>(entries: [(&str, Json); N]) -> Map<String, Json> {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn comparison<K: Copy>(
    by: &str,
    family: &Family,
    groups: &[(K, &Compared)],
    limit: usize,
    about: impl Fn(K) -> Map<String, Json>,
) -> Json {
    let row = |(key, compared): &(K, &Compared)| {
        let mut row = rate(compared.count);
        for (name, value) in about(*key) {
            row[name] = value;
        }
        if let Some(rest) = compared.rest.rate() {
            row["restRate"] = rounded(rest);
        }
        match compared.outcome {
            Ok(significance) => {
                row["p"] = small(significance.p);
                row["q"] = small(significance.q);
                row["significant"] = json!(significance.significant());
            }
            Err(too_little) => tell_little(&mut row, too_little),
        }
        row
    };
    json!({
        "by": by, "total": groups.len(), "compared": family.groups.iter().filter(|g| g.outcome.is_ok()).count(),
        "test": test(family.test), "rows": groups.iter().take(limit).map(row).collect::<Json>(),
    })
}

/// The schemas of what [`Rates::write`] adds; `hit` says what is counted, of what.
pub fn shapes(hit: &str) -> [(&'static str, Json); 4] {
    let row = [
        ("userId", shape::id("Who.")),
        ("fullname", shape::text("Their full name.")),
        ("weekday", shape::whole("ISO weekday, 1 is Monday.")),
        ("departmentId", shape::id("Which department.")),
        ("departmentName", shape::text("Its name.")),
        ("count", shape::whole("How often.")),
        ("n", shape::whole("Of how many.")),
        ("rate", shape::number("The part, 0 to 1.")),
        ("low", shape::number("Lower end of its 95 % interval (Wilson).")),
        ("high", shape::number("Upper end of it.")),
        ("restRate", shape::number("The rate of all others together.")),
        ("p", shape::number("Against the rest (Fisher, two-sided).")),
        ("q", shape::number("p adjusted for all rows compared (Benjamini–Hochberg).")),
        ("significant", shape::flag("Whether q is 0.05 or less.")),
    ];
    let comparison = [
        ("by", shape::one_of(&["person", "weekday", "department"], "What is compared.")),
        ("total", shape::whole("Groups there are.")),
        ("compared", shape::whole("Groups with enough data to be compared, those of people who have left among them.")),
        ("test", test_shape("Whether all have one rate (Pearson's chi-square).")),
        (
            "rows",
            shape::list(
                or_too_little(shape::object("A group.", row)),
                "People and departments: what stands out first, then the highest rates.",
            ),
        ),
    ];
    let week = [
        ("week", shape::date("Its Monday.")),
        ("count", shape::whole("How often.")),
        ("n", shape::whole("Of how many.")),
        ("rate", shape::number("The part, 0 to 1.")),
        ("low", shape::number("Lower end of its 95 % interval.")),
        ("high", shape::number("Upper end of it.")),
    ];
    [
        ("overall", rate_shape(hit)),
        ("comparisons", shape::list(shape::object("Groups compared.", comparison), "By person, weekday and department.")),
        ("weekly", shape::list(shape::object("An ISO week.", week), "Week by week.")),
        ("trend", trend_shape("How the weekly rate changes.")),
    ]
}
