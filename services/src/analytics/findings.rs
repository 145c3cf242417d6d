//! What stands out, for whoever puts it into words: significant differences alone, the most certain first.

use std::cmp::Ordering;

use serde_json::{Map, Value as Json, json};

use super::figures::{rounded, small};
use super::stats::{Interval, Significance};
use crate::shape;

/// The most findings that are told; all are counted.
const TOLD: usize = 20;

/// Something that stands out.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was measured, for example `absenceRate`.
    pub measure: &'static str,
    /// What it was compared by: `person`, `weekday`, `department`, `trend`, `month`, `shift`.
    pub by: &'static str,
    /// Who or what it is about: ids and names.
    pub about: Map<String, Json>,
    /// `higher`, `lower`, `rising` or `falling`.
    pub direction: &'static str,
    pub value: f64,
    /// What it differs from.
    pub compared_with: Option<f64>,
    pub interval: Option<Interval>,
    /// How sure it is: none where there is a score instead.
    pub significance: Option<Significance>,
    pub score: Option<f64>,
    pub n: u64,
}

impl Finding {
    fn json(&self) -> Json {
        let mut json = json!({"measure": self.measure, "by": self.by, "direction": self.direction, "n": self.n});
        json["value"] = rounded(self.value);
        for (name, value) in &self.about {
            json[name] = value.clone();
        }
        if let Some(compared_with) = self.compared_with {
            json["comparedWith"] = rounded(compared_with);
        }
        if let Some(interval) = self.interval {
            json["low"] = rounded(interval.low);
            json["high"] = rounded(interval.high);
        }
        if let Some(Significance { p, q }) = self.significance {
            json["p"] = small(p);
            json["q"] = small(q);
        }
        if let Some(score) = self.score {
            json["score"] = rounded(score);
        }
        json
    }

    /// The most certain first, then the largest difference, then as people read it.
    fn order(&self, other: &Finding) -> Ordering {
        let certain = |f: &Finding| f.significance.map_or(0.0, |s| s.q);
        let large = |f: &Finding| f.score.map_or_else(|| (f.value - f.compared_with.unwrap_or(0.0)).abs(), f64::abs);
        let name = |f: &Finding| (f.measure, f.by, Json::Object(f.about.clone()).to_string());
        certain(self)
            .total_cmp(&certain(other))
            .then(large(other).total_cmp(&large(self)))
            .then_with(|| name(self).cmp(&name(other)))
    }
}

/// Adds findings, and how many there are, to an answer.
pub fn tell(answer: &mut Json, mut findings: Vec<Finding>) {
    findings.sort_by(Finding::order);
    answer["findingCount"] = json!(findings.len());
    answer["findings"] = findings.iter().take(TOLD).map(Finding::json).collect();
}

/// The schemas of what [`tell`] adds.
pub fn shapes() -> [(&'static str, Json); 2] {
    let finding = [
        ("measure", shape::text("What was measured, for example absenceRate.")),
        ("by", shape::text("What was compared: person, weekday, department, trend, month or shift.")),
        ("direction", shape::one_of(&["higher", "lower", "rising", "falling"], "How it differs.")),
        ("value", shape::number("The figure; of a trend the change per week.")),
        ("comparedWith", shape::number("The figure of the rest, the equal share or the median.")),
        ("low", shape::number("Lower end of the 95 % interval of value.")),
        ("high", shape::number("Upper end of it.")),
        ("p", shape::number("How probable so large a difference is by chance.")),
        ("q", shape::number("p adjusted for all comparisons of its kind (Benjamini–Hochberg).")),
        ("score", shape::number("Modified z-score, of single shifts.")),
        ("n", shape::whole("Observations behind value.")),
        ("userId", shape::id("Who.")),
        ("fullname", shape::text("Their full name.")),
        ("departmentId", shape::id("Which department.")),
        ("departmentName", shape::text("Its name.")),
        ("weekday", shape::whole("ISO weekday, 1 is Monday.")),
        ("month", shape::text("Month, YYYY-MM.")),
        ("shiftId", shape::id("Which shift.")),
        ("shiftDate", shape::date("Its date.")),
        ("startTime", shape::text("Its start, HH:mm local.")),
    ];
    [
        ("findingCount", shape::whole("How many things stand out.")),
        ("findings", shape::list(shape::object("Something that stands out.", finding), "The most certain first, 20 at most.")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(by: &'static str, value: f64, q: f64) -> Finding {
        let significance = Some(Significance { p: q / 2.0, q });
        Finding {
            measure: "absenceRate",
            by,
            about: Map::new(),
            direction: "higher",
            value,
            compared_with: Some(0.1),
            interval: None,
            significance,
            score: None,
            n: 10,
        }
    }

    #[test]
    fn the_most_certain_comes_first_and_ties_have_an_order() {
        let list = vec![finding("weekday", 0.2, 0.04), finding("person", 0.3, 0.01), finding("department", 0.5, 0.04)];
        let told = |mut list: Vec<Finding>, turn: usize| {
            list.rotate_left(turn);
            let mut answer = json!({});
            tell(&mut answer, list);
            answer
        };
        let first = told(list.clone(), 0);
        let order: Vec<&str> = first["findings"].as_array().unwrap().iter().filter_map(|f| f["by"].as_str()).collect();
        assert_eq!(order, ["person", "department", "weekday"]);
        assert_eq!(first, told(list, 2));
        let many = told(vec![finding("person", 0.3, 0.01); 33], 0);
        assert_eq!((many["findingCount"].as_u64(), many["findings"].as_array().unwrap().len()), (Some(33), 20));
    }
}
