//! `getPayrollReport`, `listPayrollReports`.

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::{self, ListQuery};
use workforceos_core::id::{PayrollId, UserId};
use workforceos_core::input::{Args, FieldDef, Input, Place, Problems};
use workforceos_core::object::{DataObject, Property};
use workforceos_core::objects::{PaymentStatus, PayrollReport, UserGroupMember};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Timestamp, parse_date};
use workforceos_core::value::{Kind, Value};
use workforceos_core::zone::Zone;
use workforceos_core::{Reach, input};

use crate::{Api, App, crud};

input! {
    pub struct Get {
        /// The report.
        payroll_report_id: PayrollId => "payrollReportId" Path,
    }
}

pub fn get() -> Api {
    Api::get("getPayrollReport")
        .on::<PayrollReport>()
        .at("/v1/payrollReports/:payrollReportId")
        .reach(Reach::Own)
        .about("A payroll report with its days. Employees see their own without notes and what it was calculated from.")
        .reader(|app: Arc<App>, ctx: Ctx, input: Get, query: ListQuery| async move {
            let reach = crud::own_rows::<PayrollReport>(&ctx);
            crud::one(&app, &ctx, PayrollReport::def(), input.payroll_report_id.0, reach, query).await
        })
}

pub fn list() -> Api {
    Api::list("listPayrollReports")
        .on::<PayrollReport>()
        .at("/v1/payrollreports")
        .reach(Reach::Own)
        .about("Payroll reports, newest first: the caller's own, for managers also their reports', for admins all.")
        .reader(|app: Arc<App>, ctx: Ctx, asked: Asked, mut query: ListQuery| async move {
            let mut reach = crud::own_rows::<PayrollReport>(&ctx);
            for (name, values) in asked.0 {
                check_reach(&ctx, name, &values)?;
                reach = reach.and(match name {
                    "departmentId" => of_departments(&app, &ctx, &values).await?,
                    name => condition(name, &values, ctx.tenant.zone, ctx.now()).map_err(|p| Error::field(name, p))?,
                });
                query.filters.push((name.to_owned(), values));
            }
            crud::page(&app, &ctx, PayrollReport::def(), reach, query).await
        })
}

/// What a list is narrowed by: the values as given, in the filters' grammar. The periods' ends read a plain date otherwise
/// than filters do, and departments are no property of a report, hence parameters of the API's own.
pub struct Asked(Vec<(&'static str, Vec<String>)>);

impl Input for Asked {
    const FIELDS: &'static [FieldDef] = &[
        FieldDef::new("userId", Place::Query, Kind::Id, false, "Whose; out of reach is 403. Repeat for any of several."),
        FieldDef::new(
            "departmentId",
            Place::Query,
            Kind::Id,
            false,
            "Of the present members of this department. Repeat for any of several.",
        ),
        FieldDef::new(
            "periodStart",
            Place::Query,
            Kind::Date,
            false,
            "The period begins on this day or later; or as filters read.",
        ),
        FieldDef::new("periodEnd", Place::Query, Kind::Date, false, "The period ends on this day or before; or as filters read."),
        FieldDef::new(
            "paymentStatus",
            Place::Query,
            Kind::Enum(PaymentStatus::NAMES),
            false,
            "paid, unpaid, partial or pending. Repeat for any of several.",
        ),
    ];

    fn read(args: &Args, problems: &mut Problems) -> Option<Asked> {
        let mut asked = Vec::new();
        for field in Self::FIELDS {
            let values = args.texts(field.name);
            if values.is_empty() {
                continue;
            }
            // Whatever the day is: this only tells whether the values can be read.
            match condition(field.name, &values, Zone::UTC, Timestamp(0)) {
                Ok(_) => asked.push((field.name, values)),
                Err(problem) => problems.add(field.name, problem),
            }
        }
        Some(Asked(asked))
    }
}

/// The condition that a parameter's values mean.
fn condition(name: &str, values: &[String], zone: Zone, now: Timestamp) -> Result<Cond, String> {
    let bound = match name {
        "periodStart" => Some(("periodStart", Op::Gte)),
        "periodEnd" => Some(("periodEnd", Op::Lte)),
        _ => None,
    };
    if let (Some((property, op)), [one]) = (bound, values)
        && let Some(date) = parse_date(one)
    {
        return Ok(Cond::Cmp(property, op, Value::Date(date)));
    }
    if values.len() > filter::MAX_VALUES {
        return Err(format!("takes at most {} values", filter::MAX_VALUES));
    }
    // A department is named by an id as a user is.
    let property = if name == "departmentId" { "userId" } else { name };
    let property: &'static Property = PayrollReport::def().property(property).ok_or_else(|| "is no filter".to_owned())?;
    filter::condition(property, values, false, zone, now)
}

/// Another user who is named must be within reach.
fn check_reach(ctx: &Ctx, name: &str, values: &[String]) -> Result<()> {
    let reached = |text: &String| text.parse().is_ok_and(|id| ctx.reaches(UserId(id)));
    if name == "userId" && !values.iter().all(reached) && !ctx.is_admin() {
        return Err(Error::forbidden("That user is not within your reach"));
    }
    Ok(())
}

/// The reports of the present members of departments.
async fn of_departments(app: &App, ctx: &Ctx, values: &[String]) -> Result<Cond> {
    let ids = values.iter().filter_map(|text| Kind::Id.read(&Json::String(text.clone()), true).ok());
    let members = Query::of(UserGroupMember::def(), ctx.company(), Cond::In("groupId", ids.collect()));
    let members = app.store.select(&members).await?;
    Ok(Cond::In("userId", members.iter().map(|member| member.get("userId").clone()).collect()))
}
