//! A week's plan as `planWeek` answers it: who takes what, and why the rest stays free.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workforceos_core::error::Result;
use workforceos_core::session::Ctx;

use super::plan_week::{Asked, Made};
use super::words::{self, Numbers, Tally};
use crate::people::{self, Names};
use crate::{App, shape};

/// What is the same in a dry run and in what was written, but for the versions.
pub async fn told(app: &App, ctx: &Ctx, asked: &Asked, made: &Made, dry: bool) -> Result<Json> {
    let names = people::names(app, ctx, made.plan.picks.iter().map(|pick| made.people[pick.person].user)).await?;
    let departments = people::departments(app, ctx, asked.open.iter().filter_map(|(shift, _)| shift.department_id)).await?;
    let mut by_shift: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (i, pick) in made.plan.picks.iter().enumerate() {
        let place = &made.openings[pick.opening].place;
        by_shift.entry((place.start, place.id, pick.opening)).or_default().push(i);
    }
    let assignments = by_shift.iter().map(|((_, _, opening), picks)| {
        let shift = &asked.open[*opening].0;
        let mut json = words::shift_json(shift, &departments);
        let people = picks.iter().map(|i| taken_json(made, *i, &names)).collect();
        json.insert("people".to_owned(), Json::Array(people));
        json.insert("recordVersion".to_owned(), json!(shift.meta.record_version + i64::from(!dry)));
        Json::Object(json)
    });
    let policy = &asked.state.policy;
    let numbers = Numbers { rest_hours: policy.rest_hours, weekly_hours: policy.weekly_hours };
    let mut unfilled = made.plan.unfilled.clone();
    unfilled.sort_by_key(|(opening, _)| (made.openings[*opening].place.start, made.openings[*opening].place.id));
    let places: usize = made.openings.iter().map(|o| o.free).sum();
    Ok(json!({
        "places": places, "filled": made.plan.picks.len(), "unfilledPlaces": places - made.plan.picks.len(),
        "assignments": assignments.collect::<Json>(),
        "unfilled": unfilled.iter().map(|(opening, places)| {
            let mut json = words::shift_json(&asked.open[*opening].0, &departments);
            let tally = &made.kept[opening];
            json.insert("places".to_owned(), json!(places));
            json.insert("excludedByReason".to_owned(), tally.to_json());
            json.insert("why".to_owned(), json!(numbers.nobody(tally)));
            Json::Object(json)
        }).collect::<Json>(),
    }))
}

fn taken_json(made: &Made, pick: usize, names: &Names) -> Json {
    let pick = &made.plan.picks[pick];
    let (person, place) = (&made.people[pick.person], &made.openings[pick.opening].place);
    json!({
        "userId": person.user.to_string(), "name": names.of(person.user), "pendingLeave": pick.standing.pending_leave,
        "weekMinutes": person.week_minutes(place) + place.net,
    })
}

pub fn output() -> Json {
    let taken = [
        ("userId", shape::id("Who.")),
        ("name", shape::text("Their full name.")),
        ("pendingLeave", shape::flag("Whether they have asked for leave on that day.")),
        ("weekMinutes", shape::whole("Their planned minutes of that week, the whole plan included.")),
    ];
    let assigned = [
        ("people", shape::list(shape::object("Somebody.", taken), "Who takes a place, in order.")),
        ("recordVersion", shape::whole("The shift's version, once it is written the new one.")),
    ];
    let unfilled = [
        ("places", shape::whole("How many places stay free.")),
        ("excludedByReason", Tally::shape("How many people within reach each reason keeps away, the plan included.")),
        ("why", shape::text("The same in words.")),
    ];
    shape::object(
        "A week's plan.",
        [
            ("week", shape::date("The week's Monday.")),
            ("lastDay", shape::date("Its Sunday.")),
            ("departmentId", shape::id("The department.")),
            ("department", shape::text("Its name.")),
            ("dryRun", shape::flag("Whether nothing was written.")),
            ("planId", shape::id("Names this very plan: send it along to have it written, and no other.")),
            ("places", shape::whole("Free places before.")),
            ("filled", shape::whole("Of these, places that somebody takes.")),
            ("unfilledPlaces", shape::whole("Places that nobody can take.")),
            ("assignments", shape::list(words::shift_shape("A shift.", assigned), "Who takes which shifts, by start.")),
            ("unfilled", shape::list(words::shift_shape("A shift.", unfilled), "Shifts with places that stay free.")),
        ],
    )
}
