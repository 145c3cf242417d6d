//! `analyzeAttendance`: how reliably people come, over all and compared.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_core::Reach;
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::session::Ctx;

use super::answer::{Analysis, shape_of};
use super::asked::{Asked, question};
use super::facts::{self, Came, Facts};
use super::figures::{rate, rate_shape, rounded};
use super::rates::{Unit, map};
use super::stats::{Count, robust};
use crate::{Api, App, shape};

const RATE: &str = "Attendance rate: attended ÷ (attended + absent) at ended, published shifts that were not cancelled; approved leave \
                    counts as neither. Intervals are Wilson's, 95 %.";
const ATTENDED: &str = "Of those who came: in time (not later than start + graceMinutes), left early (as the record's status has it), without \
                        check-out. Minutes are the paid ones of n shifts with a check-out: sum, mean and median.";

pub fn api() -> Api {
    Api::get("analyzeAttendance")
        .named("attendance")
        .at("/v1/analytics/attendance")
        .reach(Reach::Own)
        .long_output(output)
        .about(
            "How reliably people come to their shifts. Attendance, punctuality, early leaving and missing check-outs as rates with intervals, \
             hours worked, and who, which weekday or department differs significantly. Employees see themselves, managers their reports, \
             admins all. For questions about attendance in general; refuses more than 366 days.",
        )
        .handler_for(|asked: &Asked| asked.user_id, handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, asked: Asked) -> Result<Answer> {
    let question = question(&app, &ctx, &asked).await?;
    let _place = app.analyses.take(ctx.company()).await?;
    let facts = facts::read(&app, &ctx, &question).await?;
    let units = facts.counted().map(|f| Unit { user: f.user, date: f.date, hit: f.came.attended() }).collect();
    let analysis = Analysis::of((&app, &ctx, &question), "attendanceRate", RATE, units).await?;
    Ok(analysis.answer(map([("attended", attended(&facts)), ("onLeave", json!(facts.on_leave()))]), &[ATTENDED]))
}

/// Of those who came: in time, left early, without check-out, and their hours.
fn attended(facts: &Facts) -> Json {
    let (mut punctual, mut left, mut open) = (Count::default(), Count::default(), Count::default());
    let mut minutes = Vec::new();
    for fact in &facts.all {
        let Came::Attended { late, left_early, worked, .. } = fact.came else { continue };
        punctual.add(!late);
        left.add(left_early);
        open.add(worked.is_none());
        minutes.extend(worked.map(|m| m as f64));
    }
    let mut json = json!({
        "punctual": rate(punctual), "leftEarly": rate(left), "missingCheckOut": rate(open),
        "n": minutes.len(), "workedMinutes": minutes.iter().sum::<f64>() as i64,
    });
    if let (Some(mean), Some(median)) = (robust::mean(&minutes), robust::median(&minutes)) {
        json["meanMinutes"] = rounded(mean);
        json["medianMinutes"] = rounded(median);
    }
    json
}

fn output() -> Json {
    let attended = [
        ("punctual", rate_shape("Came in time.")),
        ("leftEarly", rate_shape("Left before the end.")),
        ("missingCheckOut", rate_shape("Did not check out.")),
        ("n", shape::whole("Shifts with a check-out, of which the minutes are.")),
        ("workedMinutes", shape::whole("Paid minutes in all.")),
        ("meanMinutes", shape::number("Paid minutes per shift, the mean.")),
        ("medianMinutes", shape::number("The same, the median.")),
    ];
    shape_of(
        "Attendance.",
        "Attended, of ended shifts.",
        [
            ("attended", shape::object("Of those who came.", attended)),
            ("onLeave", shape::whole("Shifts missed on approved leave, which count nowhere.")),
        ],
    )
}
