//! `detectShiftAnomalies`: shifts, and people at them, unlike all that are comparable.

mod group;

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workforceos_core::Reach;
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::ShiftTemplate;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;

use self::group::{Figure, Judged, Measured, judge};
use super::answer::computed;
use super::asked::{Asked, period_shape, question};
use super::facts::{self, EndedShift};
use super::figures::{method, method_shape, or_too_little, rounded, tell_little};
use super::findings::{self, Finding};
use super::rates::{department, map, person};
use super::stats::TooLittle;
use super::stats::robust::NEEDED;
use crate::people::{self, Names};
use crate::{Api, App, shape};

/// The most groups that are told; all are judged.
const GROUPS: usize = 40;

const METHOD: [&str; 3] = [
    "Figures of ended, published shifts that were not cancelled: workedVsPlanned (paid minutes less the shift's length without break), \
     arrival (minutes from start to check-in), length (minutes), staffing (people within reach who came). Whoever was on leave for a \
     part of the day is left out of the first two.",
    "Compared within the shift's template; without one, its department; without either, the others without. Staffing is compared apart \
     for Monday to Friday and weekends.",
    "Modified z-score 0.6745 · (x − median) ÷ MAD beyond 3.5, at least 20 values. Where the MAD is 0, (x − median) ÷ (1.2533 · mean \
     distance), and at least 15 minutes.",
];

pub fn api() -> Api {
    Api::get("detectShiftAnomalies")
        .named("anomalies")
        .at("/v1/analytics/shiftanomalies")
        .reach(Reach::Managers)
        .long_output(output)
        .about(
            "Single shifts unlike comparable ones. Far longer or shorter than usual, far more or fewer people, somebody's hours or arrival far \
             from the plan; the most unlike come first, with the median that they differ from. Good for finding mistakes of recording. \
             Managers see their reports' and their own. Refuses more than 366 days.",
        )
        .handler_for(|asked: &Asked| asked.user_id, handle)
}

/// Who and what an answer names.
struct Named {
    people: Names,
    departments: Names,
    templates: Vec<(uuid::Uuid, String)>,
}

async fn handle(app: Arc<App>, ctx: Ctx, asked: Asked) -> Result<Answer> {
    let question = question(&app, &ctx, &asked).await?;
    let _place = app.analyses.take(ctx.company()).await?;
    let facts = facts::read(&app, &ctx, &question).await?;
    let (people, sample) = (facts.people().len(), facts.counted().count());
    let (facts, judged) = computed(move || {
        let judged = judge(&facts);
        (facts, judged)
    })
    .await?;
    let mut beyond: Vec<(&Judged, &Measured, f64)> =
        judged.iter().flat_map(|j| j.beyond.iter().map(move |(measured, score)| (j, measured, *score))).collect();
    beyond.sort_by(|a, b| {
        let key = |x: &(&Judged, &Measured, f64)| (x.0.group.figure, facts.shifts[x.1.shift as usize].id, x.1.user);
        b.2.abs().total_cmp(&a.2.abs()).then_with(|| key(a).cmp(&key(b)))
    });
    let named = named(&app, &ctx, &judged, &beyond).await?;
    let of = |(judged, measured, score): &(&Judged, &Measured, f64)| {
        let shift = &facts.shifts[measured.shift as usize];
        finding(judged, measured, shift, *score, &named)
    };
    let all: Vec<Finding> = beyond.iter().map(of).collect();
    let mut groups: Vec<&Judged> = judged.iter().collect();
    groups.sort_by_key(|j| (std::cmp::Reverse(j.beyond.len()), std::cmp::Reverse(j.n), j.group));
    let mut answer = json!({
        "period": question.period.json(&ctx), "sampleSize": sample, "people": people, "shifts": facts.shifts.len(),
        "method": method(&METHOD), "total": all.len(), "anomalies": all.iter().take(question.limit).map(row).collect::<Json>(),
        "groupCount": groups.len(), "groups": groups.iter().take(GROUPS).map(|j| group_json(j, &named)).collect::<Json>(),
    });
    if let Some(too_little) = too_little(&judged) {
        tell_little(&mut answer, too_little);
    }
    findings::tell(&mut answer, all);
    Ok(Answer::json(answer))
}

/// What the largest group lacks, where none is large enough.
fn too_little(judged: &[Judged]) -> Option<TooLittle> {
    let nothing = TooLittle::new(0, NEEDED, "values");
    let lacking: Result<Vec<TooLittle>, _> = judged.iter().map(|j| j.scale.map_or_else(Ok, Err)).collect();
    lacking.ok().map(|groups| groups.into_iter().max_by_key(|little| little.n).unwrap_or(nothing))
}

async fn named(app: &App, ctx: &Ctx, judged: &[Judged], beyond: &[(&Judged, &Measured, f64)]) -> Result<Named> {
    let users: Vec<UserId> = beyond.iter().filter_map(|(_, measured, _)| measured.user).collect();
    let templates: Vec<uuid::Uuid> = judged.iter().filter_map(|j| j.group.template).map(|t| t.0).collect();
    let names = Query::of(ShiftTemplate::def(), ctx.company(), Cond::id_in("id", &templates));
    let names = if templates.is_empty() { Vec::new() } else { app.store.select(&names).await? };
    let name = |t: &workforceos_core::Record| (t.id(), t.get("name").as_text().unwrap_or_default().to_owned());
    Ok(Named {
        people: people::names(app, ctx, users).await?,
        departments: people::departments(app, ctx, judged.iter().filter_map(|j| j.group.department)).await?,
        templates: names.iter().map(name).collect(),
    })
}

fn finding(judged: &Judged, measured: &Measured, shift: &EndedShift, score: f64, named: &Named) -> Finding {
    let mut about =
        map([("shiftId", json!(shift.id.to_string())), ("shiftDate", json!(shift.date)), ("startTime", json!(shift.start_time))]);
    // Who does not work here any more is not named.
    if let Some(user) = measured.user.filter(|user| !named.people.of(*user).is_empty()) {
        about.extend(person(&named.people, user));
    }
    let median = judged.scale.as_ref().map(|scale| scale.median).ok();
    Finding {
        measure: judged.group.figure.as_str(),
        by: "shift",
        about,
        direction: if score > 0.0 { "higher" } else { "lower" },
        value: measured.value,
        compared_with: median,
        interval: None,
        significance: None,
        score: Some(score),
        n: judged.n as u64,
    }
}

fn row(finding: &Finding) -> Json {
    let mut row = Json::Object(finding.about.clone());
    row["figure"] = json!(finding.measure);
    row["value"] = rounded(finding.value);
    row["score"] = rounded(finding.score.unwrap_or(0.0));
    row["n"] = json!(finding.n);
    if let Some(median) = finding.compared_with {
        row["median"] = rounded(median);
    }
    row
}

fn group_json(judged: &Judged, named: &Named) -> Json {
    let mut json = judged.json();
    let mut about: Map<String, Json> = judged.group.department.map(|d| department(&named.departments, d)).unwrap_or_default();
    if let Some(template) = judged.group.template {
        about.insert("shiftTemplateId".to_owned(), json!(template.to_string()));
        if let Some((_, name)) = named.templates.iter().find(|(id, _)| *id == template.0) {
            about.insert("templateName".to_owned(), json!(name));
        }
    }
    for (name, value) in about {
        json[name] = value;
    }
    json
}

fn output() -> Json {
    let row = [
        ("figure", shape::one_of(Figure::NAMES, "What is unlike.")),
        ("shiftId", shape::id("The shift.")),
        ("shiftDate", shape::date("Its date.")),
        ("startTime", shape::text("Its start, HH:mm local.")),
        ("userId", shape::id("Whose figure it is; left out of figures of the shift, and of people who have left.")),
        ("fullname", shape::text("Their full name.")),
        ("value", shape::number("The figure.")),
        ("median", shape::number("The median of comparable ones.")),
        ("score", shape::number("Modified z-score.")),
        ("n", shape::whole("How many are comparable.")),
    ];
    let group = [
        ("figure", shape::one_of(Figure::NAMES, "What is measured.")),
        ("shiftTemplateId", shape::id("Whose shifts they are.")),
        ("templateName", shape::text("The template's name.")),
        ("departmentId", shape::id("Whose shifts they are, without a template.")),
        ("departmentName", shape::text("The department's name.")),
        ("days", shape::one_of(&["weekdays", "weekend"], "On which days, of staffing.")),
        ("n", shape::whole("How many values.")),
        ("median", shape::number("Their median.")),
        ("mad", shape::number("The median distance from it.")),
        ("meanDistance", shape::number("The mean distance, which measures where mad is 0.")),
        ("anomalies", shape::whole("How many are beyond.")),
    ];
    let mut schema = shape::object(
        "Shifts unlike others.",
        [
            ("period", period_shape()),
            ("sampleSize", shape::whole("People's shifts looked at.")),
            ("people", shape::whole("People they are of.")),
            ("shifts", shape::whole("Shifts they are at.")),
            ("method", method_shape()),
            ("total", shape::whole("Anomalies there are.")),
            ("anomalies", shape::list(shape::object("An anomaly.", row), "The most unlike first.")),
            ("groupCount", shape::whole("Groups of comparable figures.")),
            (
                "groups",
                shape::list(
                    or_too_little(shape::object("A group.", group)),
                    "Those with anomalies first, then the largest; 40 at most.",
                ),
            ),
        ],
    );
    schema = or_too_little(schema);
    for (name, part) in findings::shapes() {
        schema["properties"][name] = part;
    }
    schema
}
