//! What every analysis of rates answers: what it is about, its figures with their method, what stands out.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::DepartmentId;
use workforceos_core::id::UserId;
use workforceos_core::session::Ctx;

use super::asked::{Question, period_shape};
use super::facts::main_departments;
use super::figures::{method, method_shape};
use super::findings::{self, Finding};
use super::rates::{self, Rates, Told, Unit};
use crate::people::{self, Names};
use crate::{App, shape};

/// How rates are compared, in words; after what the rate itself is.
const COMPARED: [&str; 3] = [
    "Weekdays and departments: Pearson's chi-square without continuity correction, groups with fewer than 5 expected hits or misses \
     left out; then each against the rest by Fisher's exact test, two-sided. People with at least 20 observations likewise.",
    "Benjamini–Hochberg adjustment within people, weekdays and departments each; significant is q ≤ 0.05.",
    "Trend: weekly rates of at least 8 ISO weeks with at least 10 observations each, Mann–Kendall corrected for ties and continuity, \
     Theil–Sen slope per week.",
];

/// An analysis of a rate.
pub struct Analysis<'a> {
    pub ctx: &'a Ctx,
    pub question: &'a Question,
    pub measure: &'static str,
    /// What the rate is, in words.
    pub rate: &'static str,
    pub rates: Rates,
    pub people: Names,
    pub departments: Names,
    pub findings: Vec<Finding>,
}

impl<'a> Analysis<'a> {
    /// Compares, and looks up the names of whom it compares.
    pub async fn of(
        (app, ctx, question): (&'a App, &'a Ctx, &'a Question),
        measure: &'static str,
        rate: &'static str,
        units: Vec<Unit>,
    ) -> Result<Analysis<'a>> {
        // Parts of a department are no departments: its members are compared with each other.
        let grouped = question.department.is_none() && !question.is_about_one();
        let departments = if grouped { main_departments(app, ctx, &question.whose).await? } else { HashMap::new() };
        let rates = computed(move || rates::analyse(&units, &departments)).await?;
        let (people, departments) = rates.named();
        let people = people::names::<UserId>(app, ctx, people).await?;
        let departments = people::departments::<DepartmentId>(app, ctx, departments).await?;
        let mut analysis = Analysis { ctx, question, measure, rate, rates, people, departments, findings: Vec::new() };
        analysis.findings = analysis.rates.findings(&analysis.told());
        Ok(analysis)
    }

    fn told(&self) -> Told<'_> {
        Told { measure: self.measure, people: &self.people, departments: &self.departments, limit: self.question.limit }
    }

    /// The answer, with figures of the measure's own and the methods behind those.
    pub fn answer(self, own: Map<String, Json>, own_methods: &[&str]) -> Answer {
        let words: Vec<&str> = std::iter::once(self.rate).chain(COMPARED).chain(own_methods.iter().copied()).collect();
        let mut answer = json!({
            "period": self.question.period.json(self.ctx), "sampleSize": self.rates.overall.n,
            "people": self.rates.people.keys.len(), "measure": self.measure, "method": method(&words),
        });
        self.rates.write(&mut answer, &self.told());
        for (name, figures) in own {
            answer[name] = figures;
        }
        findings::tell(&mut answer, self.findings);
        Answer::json(answer)
    }
}

/// Runs a computation aside, so that long ones do not hold up other calls.
pub async fn computed<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(compute).await.map_err(workforceos_core::error::Error::internal)
}

/// The schema of an analysis; `hit` says what is counted of what, `own` what it has beyond the others.
pub fn shape_of<const N: usize>(about: &str, hit: &str, own: [(&str, Json); N]) -> Json {
    let mut schema = shape::object(
        about,
        [
            ("period", period_shape()),
            ("sampleSize", shape::whole("Observations in all.")),
            ("people", shape::whole("People they are of.")),
            ("measure", shape::text("The rate's name, as findings have it.")),
            ("method", method_shape()),
        ],
    );
    for (name, part) in rates::shapes(hit).into_iter().chain(own).chain(findings::shapes()) {
        schema["properties"][name] = part;
    }
    schema
}
