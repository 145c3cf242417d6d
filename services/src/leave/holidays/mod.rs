//! Public holidays: entered one by one, or imported from an iCalendar file.

mod ical;
mod import;

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::Error;
use workforceos_core::id::HolidayId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::Holiday;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use crate::{Api, App, commit, crud};

pub use import::api as import;

/// The longest name of a holiday.
const MAX_NAME: usize = 200;

input! {
    pub struct CreateHoliday {
        /// Its name, for example New Year.
        name: String => "name" Body,
        /// Its date, company-local.
        holiday_date: Date => "holidayDate" Body,
    }
}

pub fn create() -> Api {
    Api::create("createHoliday")
        .on::<Holiday>()
        .at("/v1/holidays")
        .reach(Reach::Admins)
        .about(
            "Enters a public holiday: nobody's leave is charged for it, leave that is there included. One of that name on that date: \
             409 AlreadyExists.",
        )
        .handler(|app: Arc<App>, ctx: Ctx, input: CreateHoliday| async move {
            let name = tidy(&input.name).ok_or_else(|| Error::field("name", format!("must have 1 to {MAX_NAME} characters")))?;
            let same_day = Query::of(Holiday::def(), ctx.company(), Cond::eq("holidayDate", input.holiday_date));
            let caller = ctx.clone();
            let decide = move |facts: &Facts| {
                let holiday = new(facts, &caller, input.holiday_date, &name);
                if facts.rows::<Holiday>()?.iter().any(|other| key(other) == key(&holiday)) {
                    return Err(taken());
                }
                Ok((created(&caller, &holiday), Answer::object(&caller, &holiday)))
            };
            commit(&app, &ctx, Needs::none().and_query(same_day), decide).await
        })
}

input! {
    pub struct DeleteHoliday {
        /// The holiday.
        holiday_id: HolidayId => "holidayId" Path,
    }
}

pub fn delete() -> Api {
    Api::delete("deleteHoliday")
        .on::<Holiday>()
        .at("/v1/holidays/:holidayId")
        .reach(Reach::Admins)
        .about(
            "Takes a public holiday away (softly). Leave that was granted over it costs that day from then on; nothing granted is \
             taken back.",
        )
        .handler(|app: Arc<App>, ctx: Ctx, input: DeleteHoliday| async move {
            let caller = ctx.clone();
            let decide = move |facts: &Facts| {
                let before: Holiday = facts.row(input.holiday_id)?;
                let holiday = before.clone().deleted(facts.now);
                Ok((deleted(&caller, &holiday, &before), Answer::object(&caller, &holiday)))
            };
            commit(&app, &ctx, Needs::row::<Holiday>(input.holiday_id), decide).await
        })
}

pub fn list() -> Api {
    crud::list::<Holiday>("listHolidays", crud::all_rows)
        .at("/v1/holidays")
        .reach(Reach::Member)
        .about("The company's public holidays by date.")
}

/// A name in one line, without needless space.
fn tidy(name: &str) -> Option<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    (1..=MAX_NAME).contains(&name.chars().count()).then_some(name)
}

/// What a company has once: a name, whatever its case, on a date.
fn key(holiday: &Holiday) -> (Date, String) {
    (holiday.holiday_date, holiday.name.to_lowercase())
}

fn new(facts: &Facts, ctx: &Ctx, date: Date, name: &str) -> Holiday {
    let meta = Meta::new(facts.new_id(), facts.now, Some(ctx.user().0));
    Holiday { meta, name: name.to_owned(), holiday_date: date, company_id: ctx.company() }
}

fn taken() -> Error {
    Error::conflict("AlreadyExists", "There is a holiday of that name on that date")
}

fn created(ctx: &Ctx, holiday: &Holiday) -> Changes {
    let event = Event::of(ctx, "holiday.created", holiday, Audience::everyone()).audited::<Holiday>(None);
    Changes::none().put(holiday).event(event).taken(taken)
}

fn deleted(ctx: &Ctx, holiday: &Holiday, before: &Holiday) -> Changes {
    let event = Event::of(ctx, "holiday.deleted", holiday, Audience::everyone()).audited(Some(before));
    Changes::none().put(holiday).event(event)
}
