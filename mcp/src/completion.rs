//! What a client offers while somebody types an argument: people, departments and shifts within reach, dates, choices.
//!
//! The protocol has strings alone. An argument of a prompt is completed as `Jane Doe (id)`, which the prompt understands; a
//! variable of a resource's address as the id, found by the name, whose names come beside it (`_meta`, `workforceos/labels`).

use std::collections::BTreeMap;

use chrono::{Datelike, Duration};
use serde_json::{Value as Json, json};
use workforceos_core::time::Date;
use workforceos_core::zone::week_start;
use workforceos_core::{Ctx, Result};

use crate::prompts::{Kind, Template};
use crate::resources::{DATE, USER, USER_WEEK};
use crate::server::McpServer;

/// The most values that the protocol takes.
pub(crate) const MAX_VALUES: usize = 100;
/// From here on words are searched for by their beginnings.
const WORD: usize = 3;
/// How much of what is typed is looked at.
const TYPED: usize = 100;

/// What is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    kind: Kind,
    /// Ids alone, as an address needs them.
    ids: bool,
}

impl Asked {
    pub fn of_prompt(template: &Template, argument: &str) -> Option<Asked> {
        template.argument(argument).map(|argument| Asked { kind: argument.kind, ids: false })
    }

    pub fn of_template(uri: &str, variable: &str) -> Option<Asked> {
        match variable {
            USER if uri == USER_WEEK => Some(Asked { kind: Kind::Person, ids: true }),
            DATE if uri == USER_WEEK => Some(Asked { kind: Kind::Week, ids: true }),
            _ => None,
        }
    }
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// What is offered, with what an id stands for.
    offers: Vec<(String, Option<String>)>,
    ids: bool,
    pub total: u64,
}

impl Found {
    fn plain(values: Vec<String>) -> Found {
        let total = values.len() as u64;
        Found { offers: values.into_iter().map(|value| (value, None)).collect(), ids: false, total }
    }

    /// The names beside ids, where ids stand alone.
    pub fn labels(&self) -> Option<BTreeMap<String, String>> {
        let labels = self.offers.iter().filter_map(|(id, name)| Some((id.clone(), name.clone()?)));
        self.ids.then(|| labels.collect()).filter(|labels: &BTreeMap<_, _>| !labels.is_empty())
    }

    pub fn into_values(self) -> Vec<String> {
        let value = |(value, name): (String, Option<String>)| match name {
            Some(name) if !self.ids => format!("{name} ({value})"),
            _ => value,
        };
        self.offers.into_iter().map(value).collect()
    }
}

impl<S: Send + Sync + 'static> McpServer<S> {
    /// What begins as `typed`, within the caller's reach; `ctx` has its scope.
    pub(crate) async fn completions(&self, ctx: &Ctx, asked: Asked, typed: &str) -> Result<Found> {
        let typed: String = typed.trim().chars().take(TYPED).collect();
        // One that is completed already keeps its name.
        let name = typed.split_once(" (").map_or(&*typed, |(name, _)| name);
        let today = ctx.tenant.zone.date(ctx.now());
        let dates = |dates: Vec<Date>| {
            let texts = dates.into_iter().map(|date| date.to_string());
            Found::plain(texts.filter(|date| date.starts_with(&*typed)).take(MAX_VALUES).collect())
        };
        let mut found = match asked.kind {
            Kind::Person => self.people(ctx, name).await?,
            Kind::Department => self.departments(ctx, name).await?,
            Kind::Shift => self.shifts(ctx, name, today).await?,
            Kind::Date => dates((0..60).map(|n| today + Duration::days(n)).collect()),
            Kind::Week => dates((-4..9).map(|n| week_start(today) + Duration::weeks(n)).collect()),
            Kind::First => dates(months(today).into_iter().map(|(first, _)| first).collect()),
            Kind::Last => dates(months(today).into_iter().map(|(_, last)| last).collect()),
            Kind::Choice(choices) => {
                let typed = typed.to_lowercase();
                Found::plain(choices.iter().filter(|choice| choice.starts_with(&typed)).map(|c| (*c).to_owned()).collect())
            }
            Kind::Text => Found::default(),
        };
        found.ids = asked.ids;
        Ok(found)
    }

    async fn people(&self, ctx: &Ctx, typed: &str) -> Result<Found> {
        let may = |name| self.dispatch.registry.by_name(name).is_some_and(|api| self.dispatch.allowed(ctx, api).is_ok());
        if !may("listUsers") || !may("searchUsers") {
            // Nobody else is within reach.
            let Some(session) = &ctx.session else { return Ok(Found::default()) };
            let own = (session.user.to_string(), Some(one_line(&session.fullname)));
            let fits = holds(&session.fullname, typed) || own.0.starts_with(typed);
            let offers: Vec<_> = Some(own).filter(|_| fits).into_iter().collect();
            return Ok(Found { total: offers.len() as u64, offers, ids: false });
        }
        let page = json!({"pageRowCount": MAX_VALUES, "sortBy": "fullname", "fields": "fullname"});
        let mut asked = page.clone();
        let name = if typed.chars().count() >= WORD {
            asked["keyword"] = json!(typed);
            "searchUsers"
        } else {
            if !typed.is_empty() {
                asked["fullname"] = json!(typed);
            }
            "listUsers"
        };
        Ok(offers(&self.called(ctx, name, asked).await?, "users", |user| user["fullname"].as_str().map(one_line)))
    }

    async fn departments(&self, ctx: &Ctx, typed: &str) -> Result<Found> {
        let mut asked = json!({"pageRowCount": MAX_VALUES, "sortBy": "groupName", "fields": "groupName"});
        if !typed.is_empty() {
            asked["groupName"] = json!(typed);
        }
        let answer = self.called(ctx, "listUserGroups", asked).await?;
        Ok(offers(&answer, "userGroups", |group| group["groupName"].as_str().map(one_line)))
    }

    /// Shifts from today on, by date, time and place.
    async fn shifts(&self, ctx: &Ctx, typed: &str, today: Date) -> Result<Found> {
        let asked = json!({
            "pageRowCount": 300, "status": "scheduled", "shiftDate": format!("$gte-{today}"), "getJoins": "false",
            "fields": "shiftDate,startTime,endTime,location",
        });
        let answer = self.called(ctx, "listShifts", asked).await?;
        let label = |shift: &Json| {
            let text = |name: &str| shift[name].as_str().unwrap_or_default().to_owned();
            let label = format!("{} {}-{} {}", text("shiftDate"), text("startTime"), text("endTime"), text("location"));
            Some(one_line(label.trim())).filter(|label| holds(label, typed))
        };
        let mut found = offers(&answer, "shifts", label);
        // What is typed is looked for here, in those that are read.
        found.total = found.offers.len() as u64;
        Ok(found)
    }
}

/// Rows as offers: their ids, and what they are called; those without a name are left out.
fn offers(answer: &Json, rows: &str, label: impl Fn(&Json) -> Option<String>) -> Found {
    let row = |row: &Json| Some((row["id"].as_str()?.to_owned(), Some(label(row)?)));
    let offers: Vec<_> = answer[rows].as_array().into_iter().flatten().filter_map(row).collect();
    let total = answer["paging"]["totalRowCount"].as_u64().unwrap_or_default().max(offers.len() as u64);
    Found { offers, ids: false, total }
}

/// This month and the months around it: first and last dates, the latest first.
fn months(today: Date) -> Vec<(Date, Date)> {
    let mut first = today.with_day(1).unwrap_or(today);
    let mut months = Vec::new();
    for _ in 0..12 {
        let next = (first + Duration::days(31)).with_day(1).unwrap_or(first);
        months.push((first, next - Duration::days(1)));
        first = (first - Duration::days(1)).with_day(1).unwrap_or(first);
    }
    months
}

fn holds(text: &str, typed: &str) -> bool {
    text.to_lowercase().contains(&typed.to_lowercase())
}

/// A name without what would make another line of it, or end the list it stands in.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use workforceos_core::time::parse_date;

    use super::*;

    #[test]
    fn months_are_whole() {
        let months = months(parse_date("2026-03-15").expect("a date"));
        let texts: Vec<_> = months.iter().take(3).map(|(first, last)| format!("{first} {last}")).collect();
        assert_eq!(texts, ["2026-03-01 2026-03-31", "2026-02-01 2026-02-28", "2026-01-01 2026-01-31"]);
        assert_eq!(months.len(), 12);
    }

    #[test]
    fn ids_stand_alone_only_in_addresses() {
        let offers = vec![("id-1".to_owned(), Some("Jane".to_owned())), ("x".to_owned(), None)];
        let found = Found { offers: offers.clone(), ids: false, total: 2 };
        assert_eq!((found.labels(), found.into_values()), (None, vec!["Jane (id-1)".to_owned(), "x".to_owned()]));
        let found = Found { offers, ids: true, total: 2 };
        assert_eq!(found.labels().expect("labels")["id-1"], "Jane");
        assert_eq!(found.into_values(), ["id-1", "x"]);
    }

    #[test]
    fn only_the_week_has_variables() {
        assert!(Asked::of_template(USER_WEEK, "userId").is_some() && Asked::of_template(USER_WEEK, "date").is_some());
        assert!(
            Asked::of_template(USER_WEEK, "company").is_none()
                && Asked::of_template("workforce://x/{userId}", "userId").is_none()
        );
    }
}
