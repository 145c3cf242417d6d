//! `analyzeLateness`: how often and by how much people come late.

use std::sync::Arc;

use chrono::Datelike;
use serde_json::Value as Json;
use workforceos_core::Reach;
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::session::Ctx;

use super::answer::{Analysis, shape_of};
use super::asked::{Asked, question};
use super::facts::{self, Came, Facts};
use super::minutes;
use super::rates::{Unit, map};
use crate::{Api, App};

const RATE: &str = "Late rate: came later than start + graceMinutes (with the first half of the day off: than its middle) ÷ attended, at \
                    ended shifts. Intervals are Wilson's, 95 %.";

pub fn api() -> Api {
    Api::get("analyzeLateness")
        .named("lateness")
        .at("/v1/analytics/lateness")
        .reach(Reach::Own)
        .long_output(output)
        .about(
            "How often and by how many minutes people come late. The rate with its interval, the minutes of late arrivals, who, which weekday \
             or department is late significantly more or less often, and the trend. Employees see themselves, managers their reports, \
             admins all. Refuses more than 366 days.",
        )
        .handler_for(|asked: &Asked| asked.user_id, handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, asked: Asked) -> Result<Answer> {
    let question = question(&app, &ctx, &asked).await?;
    let _place = app.analyses.take(ctx.company()).await?;
    let facts = facts::read(&app, &ctx, &question).await?;
    let late = |fact: &facts::Fact| match fact.came {
        Came::Attended { late, .. } => Some(Unit { user: fact.user, date: fact.date, hit: late }),
        _ => None,
    };
    let units = facts.all.iter().filter_map(late).collect();
    let analysis = Analysis::of((&app, &ctx, &question), "lateRate", RATE, units).await?;
    Ok(analysis.answer(map([("minutes", minutes::figures(&late_minutes(&facts)))]), &[minutes::METHOD]))
}

/// Minutes of late arrivals, each with its ISO weekday.
fn late_minutes(facts: &Facts) -> Vec<(u32, f64)> {
    let late = |fact: &facts::Fact| match fact.came {
        Came::Attended { late: true, late_by, .. } => Some((fact.date.weekday().number_from_monday(), late_by as f64)),
        _ => None,
    };
    facts.all.iter().filter_map(late).collect()
}

fn output() -> Json {
    let own = [("minutes", minutes::shape("Minutes after the start, of late arrivals."))];
    shape_of("Lateness.", "Late, of those who came.", own)
}
