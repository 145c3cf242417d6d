//! Counts that have no denominator, told as shares: whether they fall evenly.

use serde_json::{Map, Value as Json, json};

use super::figures::{rounded, small, test, test_shape};
use super::findings::Finding;
use super::stats::shares::{Share, Shares, compare};
use super::stats::{Count, TooLittle};
use crate::shape as schema;

pub const METHOD: &str = "Counts without denominators: Pearson's chi-square against equal shares (at least 5 expected each), then each by \
                          the exact binomial test, two-sided, Benjamini–Hochberg adjusted.";

/// Counts of groups, each with what tells it to the reader.
pub struct Counts {
    pub measure: &'static str,
    pub by: &'static str,
    pub groups: Vec<(Map<String, Json>, u64)>,
}

impl Counts {
    fn compared(&self) -> Result<Shares, TooLittle> {
        compare(&self.groups.iter().map(|(_, count)| *count).collect::<Vec<_>>())
    }

    /// At most `limit` groups: what differs most certainly first, then the largest. In their own order where all are told.
    pub fn json(&self, limit: usize) -> Json {
        let n: u64 = self.groups.iter().map(|(_, count)| count).sum();
        let mut json = json!({"by": self.by, "n": n, "total": self.groups.len()});
        let compared = self.compared();
        json["test"] = test(compared.as_ref().map(|shares| shares.test).map_err(|e| *e));
        let share = |i: usize| compared.as_ref().ok().map(|shares| &shares.groups[i]);
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        if order.len() > limit {
            let rank = |i: &usize| share(*i).map_or((true, 1.0), |s| (!s.significance.significant(), s.significance.q));
            order.sort_by(|a, b| {
                let (x, y) = (rank(a), rank(b));
                let certain = x.0.cmp(&y.0).then(if x.0 { std::cmp::Ordering::Equal } else { x.1.total_cmp(&y.1) });
                certain.then(self.groups[*b].1.cmp(&self.groups[*a].1)).then(a.cmp(b))
            });
        }
        json["rows"] = order.into_iter().take(limit).map(|i| self.row(i, n, share(i))).collect();
        json
    }

    fn row(&self, index: usize, n: u64, share: Option<&Share>) -> Json {
        let (about, count) = &self.groups[index];
        let mut row = Json::Object(about.clone());
        row["count"] = json!(count);
        if let Some(part) = Count::new(*count, n).rate() {
            row["share"] = rounded(part);
        }
        if let Some(share) = share {
            row["low"] = rounded(share.interval.low);
            row["high"] = rounded(share.interval.high);
            row["p"] = small(share.significance.p);
            row["q"] = small(share.significance.q);
            row["significant"] = json!(share.significance.significant());
        }
        row
    }

    /// Groups with significantly more or less than an equal share.
    pub fn findings(&self) -> Vec<Finding> {
        let Ok(shares) = self.compared() else { return Vec::new() };
        let groups = self.groups.len();
        let found = |((about, _), share): (&(Map<String, Json>, u64), &Share)| {
            share.significance.significant().then(|| Finding {
                measure: self.measure,
                by: self.by,
                about: about.clone(),
                direction: if share.is_higher(groups) { "higher" } else { "lower" },
                value: share.count.rate().unwrap_or(0.0),
                compared_with: Some(1.0 / groups as f64),
                interval: Some(share.interval),
                significance: Some(share.significance),
                score: None,
                n: share.count.n,
            })
        };
        self.groups.iter().zip(&shares.groups).filter_map(found).collect()
    }
}

/// The schema of [`Counts::json`].
pub fn shape(about: &str) -> Json {
    let row = [
        ("userId", schema::id("Who.")),
        ("fullname", schema::text("Their full name.")),
        ("weekday", schema::whole("ISO weekday, 1 is Monday.")),
        ("month", schema::text("Month, YYYY-MM.")),
        ("count", schema::whole("How many.")),
        ("share", schema::number("Their part of all.")),
        ("low", schema::number("Lower end of its 95 % interval (Wilson).")),
        ("high", schema::number("Upper end of it.")),
        ("p", schema::number("Against an equal share (exact binomial, two-sided).")),
        ("q", schema::number("p adjusted for all rows (Benjamini–Hochberg).")),
        ("significant", schema::flag("Whether q is 0.05 or less.")),
    ];
    let properties = [
        ("by", schema::one_of(&["person", "weekday", "month"], "What is compared.")),
        ("n", schema::whole("How many in all.")),
        ("total", schema::whole("Groups there are.")),
        ("test", test_shape("Whether they fall evenly (Pearson's chi-square).")),
        ("rows", schema::list(schema::object("A group.", row), "The groups.")),
    ];
    schema::object(about, properties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::rates::{map, weekday};

    fn counts(of: &[u64]) -> Counts {
        let groups = (1..).zip(of).map(|(day, count)| (weekday(day), *count)).collect();
        Counts { measure: "leaveStarts", by: "weekday", groups }
    }

    #[test]
    fn a_monday_habit_is_found_and_an_even_spread_is_not() {
        let found = counts(&[60, 20, 22, 19, 21]).findings();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].direction, &found[0].about["weekday"], found[0].n), ("higher", &json!(1), 142));
        assert!(counts(&[20, 21, 19, 22, 20]).findings().is_empty());
    }

    #[test]
    fn few_counts_are_told_without_a_test() {
        let json = counts(&[3, 1, 0, 0, 2]).json(7);
        assert_eq!(json["test"], json!({"tooLittleData": true, "n": 1, "needed": 5, "of": "expectedCount"}));
        assert_eq!((&json["rows"][0]["count"], &json["rows"][0]["share"]), (&json!(3), &json!(0.5)));
        assert_eq!(counts(&[]).json(7)["rows"], json!([]));
        assert_eq!(counts(&[0, 0]).json(7)["rows"], json!([{"weekday": 1, "count": 0}, {"weekday": 2, "count": 0}]));
    }

    #[test]
    fn of_many_what_stands_out_is_told_first() {
        let mut counts = counts(&[10; 30]);
        counts.groups[17].1 = 50;
        counts.groups[4].1 = 12;
        counts.groups[5].0 = map([("weekday", json!(6))]);
        let json = counts.json(2);
        let days: Vec<&Json> = json["rows"].as_array().unwrap().iter().map(|row| &row["weekday"]).collect();
        assert_eq!((days, &json["total"]), (vec![&json!(18), &json!(5)], &json!(30)));
    }
}
