//! The list grammar: filters, order, paging, joins and fields, read from a call's arguments. Anything that does not parse
//! is named; nothing is ignored.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use serde_json::Value as Json;

use crate::input::{Args, FieldDef, Problems};
use crate::object::{Level, ObjectDef, Property};
use crate::query::{Cond, Op, Sort, order};
use crate::session::Ctx;
use crate::time::{Date, Timestamp, parse_date};
use crate::value::{Kind, Value};
use crate::zone::{Zone, next_day, week_start};

/// The most rows that a page holds.
pub const MAX_PAGE: u64 = 500;
/// The rows of a page where the caller names none.
pub const DEFAULT_PAGE: u64 = 25;
/// The most values that one filter takes.
const MAX_VALUES: usize = 200;

/// The parameters that every list takes beside its filters: name, kind, what it does.
pub const LIST_PARAMETERS: &[(&str, Kind, &str)] = &[
    ("pageNumber", Kind::Integer, "Page to return, from 1."),
    ("pageRowCount", Kind::Integer, "Rows per page, 1 to 500 (25)."),
    ("sortBy", Kind::String, "Properties to order by, comma separated; a leading - reverses, for example -createdAt."),
    ("getJoins", Kind::Boolean, "Whether related objects are embedded (true)."),
    ("fields", Kind::String, "Only these properties, comma separated."),
];

/// What a get or a list asks for.
#[derive(Clone, Debug)]
pub struct ListQuery {
    pub cond: Cond,
    pub order: Vec<Sort>,
    pub page_number: u64,
    pub page_row_count: u64,
    pub joins: bool,
    pub fields: Option<Vec<&'static str>>,
    /// As understood, for the envelope.
    pub filters: Vec<(String, Vec<String>)>,
}

impl ListQuery {
    /// Reads the arguments of a list (or, with `list` false, `getJoins` and `fields` of a get).
    pub fn read(
        def: Option<&'static ObjectDef>,
        list: bool,
        ctx: &Ctx,
        args: &Args,
        own: &[FieldDef],
        problems: &mut Problems,
    ) -> ListQuery {
        let mut query = ListQuery {
            cond: Cond::TRUE,
            order: def.map(|d| order(d, d.order)).unwrap_or_default(),
            page_number: 1,
            page_row_count: DEFAULT_PAGE,
            joins: true,
            fields: None,
            filters: Vec::new(),
        };
        let level = if ctx.is_admin() {
            Level::Admin
        } else if ctx.is_manager() {
            Level::Manager
        } else {
            Level::Employee
        };
        if let Some(text) = one(args, "getJoins") {
            match text.to_ascii_lowercase().as_str() {
                "true" | "1" => query.joins = true,
                "false" | "0" => query.joins = false,
                _ => problems.add("getJoins", "must be true or false"),
            }
        }
        let Some(def) = def else { return query };
        query.read_fields(def, level, args, problems);
        if list {
            query.read_page(args, problems);
            query.read_order(def, level, args, problems);
            query.read_filters(def, ctx, args, own, problems);
        }
        query
    }

    pub fn offset(&self) -> u64 {
        (self.page_number - 1).saturating_mul(self.page_row_count)
    }

    fn read_page(&mut self, args: &Args, problems: &mut Problems) {
        if let Some(text) = one(args, "pageNumber") {
            match text.parse() {
                Ok(n) if (1..=1_000_000_000).contains(&n) => self.page_number = n,
                _ => problems.add("pageNumber", "must be a whole number from 1"),
            }
        }
        if let Some(text) = one(args, "pageRowCount") {
            match text.parse() {
                Ok(n) if (1..=MAX_PAGE).contains(&n) => self.page_row_count = n,
                _ => problems.add("pageRowCount", format!("must be a whole number from 1 to {MAX_PAGE}")),
            }
        }
    }

    fn read_fields(&mut self, def: &'static ObjectDef, level: Level, args: &Args, problems: &mut Problems) {
        let texts = args.texts("fields");
        if texts.is_empty() {
            return;
        }
        let mut fields = Vec::new();
        for name in texts.iter().flat_map(|t| t.split(',')).map(str::trim).filter(|n| !n.is_empty()) {
            match def.all().find(|p| p.name.eq_ignore_ascii_case(name) && p.read <= level) {
                Some(property) => fields.push(property.name),
                None => problems.add("fields", format!("{} has no readable property {}", def.name, clip(name))),
            }
        }
        self.fields = Some(fields);
    }

    fn read_order(&mut self, def: &'static ObjectDef, level: Level, args: &Args, problems: &mut Problems) {
        let Some(text) = one(args, "sortBy") else { return };
        // A manager reads less of the own row than of others: order by what is theirs everywhere.
        let level = if level == Level::Admin { level } else { Level::Employee };
        let mut keys = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let name = part.trim_start_matches('-');
            let sortable =
                |p: &&'static Property| p.name.eq_ignore_ascii_case(name) && p.read <= level && !p.secret && !p.kind.is_array();
            match def.all().find(sortable) {
                Some(property) => keys.push(Sort { property: property.name, descending: part.starts_with('-') }),
                None => problems.add("sortBy", format!("{} cannot be ordered by {}", def.name, clip(name))),
            }
        }
        if !keys.is_empty() {
            self.order = keys;
        }
    }

    fn read_filters(&mut self, def: &'static ObjectDef, ctx: &Ctx, args: &Args, own: &[FieldDef], problems: &mut Problems) {
        let level = if ctx.is_admin() { Level::Admin } else { Level::Employee };
        let mut conds = Vec::new();
        for property in def.all().filter(|p| p.filter && !p.secret && p.read <= level) {
            if own.iter().any(|f| f.name == property.name) {
                continue;
            }
            let values = args.texts(property.name);
            if values.is_empty() {
                continue;
            }
            if values.len() > MAX_VALUES {
                problems.add(property.name, format!("takes at most {MAX_VALUES} values"));
                continue;
            }
            if values.iter().any(|v| v.len() > Kind::MAX_STRING || v.contains('\0')) {
                problems.add(property.name, format!("takes values of at most {} bytes, without NUL", Kind::MAX_STRING));
                continue;
            }
            let overlap = match one(args, &format!("{}_op", property.name)).as_deref() {
                None | Some("contains") => false,
                Some("overlap") => true,
                Some(_) => {
                    problems.add(&format!("{}_op", property.name), "must be contains or overlap");
                    false
                }
            };
            match condition(property, &values, overlap, ctx.tenant.zone, ctx.now()) {
                Ok(cond) => conds.push(cond),
                Err(problem) => problems.add(property.name, problem),
            }
            self.filters.push((property.name.to_owned(), values));
        }
        self.cond = Cond::All(conds);
    }
}

fn one(args: &Args, name: &str) -> Option<String> {
    args.texts(name).into_iter().next()
}

/// What of a caller's text an error message repeats.
fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The condition that a property's filter values mean.
pub fn condition(
    property: &'static Property,
    values: &[String],
    overlap: bool,
    zone: Zone,
    now: Timestamp,
) -> Result<Cond, String> {
    let name = property.name;
    match property.kind {
        Kind::String | Kind::Text | Kind::File => Ok(any(values.iter().map(|v| match v.as_str() {
            "null" => Cond::IsNull(name),
            text => Cond::Contains(name, text.to_owned()),
        }))),
        Kind::Date | Kind::Instant => dates(property, values, zone, now),
        Kind::Ids(_) => {
            if values.iter().any(|v| v == "null") {
                return if values.len() == 1 { Ok(Cond::Empty(name)) } else { Err("null stands alone".to_owned()) };
            }
            let ids = values.iter().map(|v| match Kind::Id.read(&Json::String(v.clone()), true)? {
                Value::Id(id) => Ok(id),
                _ => Err("must be a UUID".to_owned()),
            });
            let ids = ids.collect::<Result<Vec<_>, String>>()?;
            Ok(if overlap { Cond::HasAny(name, ids) } else { Cond::HasAll(name, ids) })
        }
        Kind::Object if name == "applicablePeriod" && values.iter().all(|v| parse_date(v).is_some()) => {
            Ok(any(values.iter().filter_map(|v| parse_date(v)).map(|date| Cond::PeriodContains(name, date))))
        }
        Kind::Object | Kind::Objects | Kind::Strings | Kind::Integers => {
            let each = values.iter().map(|v| match v.as_str() {
                "null" => Ok(Cond::IsNull(name)),
                text => match serde_json::from_str::<Json>(text) {
                    Ok(json) => Ok(Cond::JsonEq(name, json.to_string())),
                    Err(_) => Err("must be JSON".to_owned()),
                },
            });
            each.collect::<Result<Vec<_>, _>>().map(any)
        }
        kind => {
            let mut equal = Vec::new();
            let mut or = Vec::new();
            for value in values {
                match value.as_str() {
                    "null" => or.push(Cond::IsNull(name)),
                    text => equal.push(kind.read(&Json::String(text.to_owned()), true)?),
                }
            }
            if !equal.is_empty() {
                or.push(Cond::In(name, equal));
            }
            Ok(any(or))
        }
    }
}

fn any(conds: impl IntoIterator<Item = Cond>) -> Cond {
    let mut conds: Vec<Cond> = conds.into_iter().collect();
    if conds.len() == 1 { conds.remove(0) } else { Cond::Any(conds) }
}

/// Ranges combine with AND; days, `null` and words with OR.
fn dates(property: &'static Property, values: &[String], zone: Zone, now: Timestamp) -> Result<Cond, String> {
    let mut ranges = Vec::new();
    let mut days = Vec::new();
    for value in values {
        let range = [("$gte-", Op::Gte), ("$gt-", Op::Gt), ("$lte-", Op::Lte), ("$lt-", Op::Lt)]
            .into_iter()
            .find_map(|(prefix, op)| value.strip_prefix(prefix).map(|rest| (op, rest)));
        match range {
            Some((op, rest)) => ranges.push(bound(property, op, rest)?),
            None => days.push(day_words(property, value, zone, now)?),
        }
    }
    if !days.is_empty() {
        ranges.push(any(days));
    }
    Ok(if ranges.len() == 1 { ranges.remove(0) } else { Cond::All(ranges) })
}

/// A range's bound: an instant, or a date, which for instants is that whole UTC day.
fn bound(property: &'static Property, op: Op, text: &str) -> Result<Cond, String> {
    let wanted = || format!("{} is no date or instant", clip(text));
    if property.kind == Kind::Date {
        return parse_date(text).map(|date| Cond::Cmp(property.name, op, Value::Date(date))).ok_or_else(wanted);
    }
    if let Some(at) = Timestamp::parse(text) {
        return Ok(Cond::Cmp(property.name, op, Value::Time(at)));
    }
    let date = parse_date(text).filter(|_| text.len() == 10).ok_or_else(wanted)?;
    let (from, to) = Zone::UTC.day(date);
    Ok(match op {
        Op::Gte => Cond::Cmp(property.name, Op::Gte, Value::Time(from)),
        Op::Lt => Cond::Cmp(property.name, Op::Lt, Value::Time(from)),
        Op::Gt => Cond::Cmp(property.name, Op::Gte, Value::Time(to)),
        Op::Lte | Op::Eq => Cond::Cmp(property.name, Op::Lt, Value::Time(to)),
    })
}

fn day_words(property: &'static Property, word: &str, zone: Zone, now: Timestamp) -> Result<Cond, String> {
    let span = |first: Date, end: Date, zone: Zone| between(property, first, end, zone);
    let week = |today: Date| (week_start(today), week_start(today).checked_add_days(Days::new(7)).unwrap_or(today));
    let wanted = || format!("{} is no date", clip(word));
    let local = |text: &str| parse_date(text).map(|d| span(d, next_day(d), zone)).ok_or_else(wanted);
    if let Some(rest) = word.strip_prefix("$leq-") {
        return local(rest);
    }
    if let Some(rest) = word.strip_prefix("$lin-") {
        return rest.split(',').map(|d| local(d.trim())).collect::<Result<Vec<_>, _>>().map(any);
    }
    let (utc_today, local_today) = (Zone::UTC.date(now), zone.date(now));
    Ok(match word {
        "null" => Cond::IsNull(property.name),
        "$today" => span(utc_today, next_day(utc_today), Zone::UTC),
        "$week" => span(week(utc_today).0, week(utc_today).1, Zone::UTC),
        "$month" => {
            let first = utc_today.with_day(1).unwrap_or(utc_today);
            let (year, month) = if first.month() == 12 { (first.year() + 1, 1) } else { (first.year(), first.month() + 1) };
            span(first, NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(first), Zone::UTC)
        }
        "$ltoday" => span(local_today, next_day(local_today), zone),
        "$lweek" => span(week(local_today).0, week(local_today).1, zone),
        text => {
            let date = parse_date(text).ok_or_else(wanted)?;
            span(date, next_day(date), Zone::UTC)
        }
    })
}

/// From the first day to before the end day: dates as they are, instants by the days of `zone`.
fn between(property: &'static Property, first: Date, end: Date, zone: Zone) -> Cond {
    let name = property.name;
    let (from, to) = match property.kind {
        Kind::Date => (Value::Date(first), Value::Date(end)),
        _ => (Value::Time(zone.day(first).0), Value::Time(zone.day(end).0)),
    };
    Cond::All(vec![Cond::Cmp(name, Op::Gte, from), Cond::Cmp(name, Op::Lt, to)])
}

/// For schemas and documents: how a property's filter is written.
pub fn describe(property: &Property) -> &'static str {
    match property.kind {
        Kind::String | Kind::Text | Kind::File => {
            "Contains this text, whatever its case; repeat for any of several; null for none."
        }
        Kind::Date | Kind::Instant => {
            "A day (2026-01-31), $today, $week, $month, $ltoday, $lweek, $leq-DAY, $lin-DAY,DAY, null, or ranges $gte-, $gt-, $lte-, $lt-."
        }
        Kind::Ids(_) => "Contains this id; repeat for all of several.",
        Kind::Object | Kind::Objects | Kind::Strings | Kind::Integers => "Equals this JSON.",
        _ => "Equals this; repeat for any of several; null for none.",
    }
}

/// The filters of a list by name, for documents: own parameters left out.
pub fn filters(def: &'static ObjectDef, own: &[FieldDef]) -> BTreeMap<&'static str, &'static Property> {
    let free = |p: &&'static Property| p.filter && !p.secret && !own.iter().any(|f| f.name == p.name);
    def.all().filter(free).map(|p| (p.name, p)).collect()
}
