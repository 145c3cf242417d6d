//! A person's leave as decisions and balances look at it: what is booked, what it costs, and what there is of it.

use std::collections::BTreeMap;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{CompanyPolicy, EmployeeProfile, Holiday, LeaveRequest, LeaveStatus, User};
use workforceos_core::query::{Cond, Query};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;
use workforceos_core::zone::Zone;

use super::balance::{self, ByYear, LeaveType, Workdays, days};
use super::rules::{self, Span};

/// What a book is made of: the person's requests, holidays, profile and user.
pub fn queries(company: CompanyId, user: UserId) -> [Query; 4] {
    let booked = [LeaveStatus::Pending, LeaveStatus::Approved].map(|s| Value::Text(s.as_str().to_owned()));
    let requests = Cond::eq("userId", user.0).and(Cond::In("status", booked.to_vec()));
    [
        Query::of(LeaveRequest::def(), company, requests),
        Query::of(Holiday::def(), company, Cond::TRUE),
        Query::of(EmployeeProfile::def(), company, Cond::eq("userId", user.0)),
        Query::of(User::def(), company, Cond::eq("id", user.0)),
    ]
}

/// The same, for a decision.
pub fn needs(company: CompanyId, user: UserId) -> Needs {
    queries(company, user).into_iter().fold(Needs::none(), Needs::and_query)
}

/// A person's bookings, and the rules that hold for them.
pub struct Book {
    pub types: Vec<LeaveType>,
    pub workdays: Workdays,
    /// From when on leave is earned: the first day of work; without a profile the year in which the account was made.
    pub start: Date,
    /// Pending and approved requests.
    pub requests: Vec<LeaveRequest>,
}

impl Book {
    pub fn new(
        policy: &CompanyPolicy,
        requests: Vec<LeaveRequest>,
        holidays: Vec<Holiday>,
        profile: Option<EmployeeProfile>,
        user: Option<User>,
        (zone, now): (Zone, Timestamp),
    ) -> Book {
        let since = user.map_or(now, |u| u.meta.created_at);
        Book {
            types: balance::leave_types(policy),
            workdays: Workdays::of(policy, holidays.iter().map(|h| h.holiday_date).collect()),
            start: profile.map_or_else(|| new_year(zone.date(since)), |p| p.employment_start_date),
            requests,
        }
    }

    /// Of a user whose rows the decision asked for ([`needs`]).
    pub fn of(facts: &Facts, user: UserId) -> Result<Book> {
        let mut requests: Vec<LeaveRequest> = facts.rows()?;
        requests.retain(|r| r.user_id == user && rules::is_booked(r));
        let profile = facts.rows::<EmployeeProfile>()?.into_iter().find(|p| p.user_id == user);
        let (clock, account) = ((facts.state.zone(), facts.now), facts.any(user)?);
        Ok(Book::new(&facts.state.policy, requests, facts.rows()?, profile, account, clock))
    }

    /// What is booked of a type by year, in one of both states or in either.
    pub fn booked(&self, kind: &str, status: Option<LeaveStatus>) -> ByYear {
        let mut booked = ByYear::new();
        let counted = |r: &&LeaveRequest| rules::same_type(&r.leave_type, kind) && status.is_none_or(|s| r.status == s);
        for request in self.requests.iter().filter(counted) {
            add(&mut booked, &self.workdays.cost(&Span::of(request)));
        }
        booked
    }

    /// A request, new or in place of what it was, overlaps no other and stays within the balance; answers what it costs.
    pub fn check(&self, request: &LeaveRequest) -> Result<ByYear> {
        let span = Span::of(request);
        let others = || self.requests.iter().filter(|r| r.meta.id != request.meta.id);
        if let Some(other) = others().find(|r| Span::of(r).overlaps(&span)) {
            return Err(overlap(other));
        }
        let cost = self.workdays.cost(&span);
        let kind = balance::type_named(&self.types, &request.leave_type);
        let before = self.booked(&kind.name, None);
        let mut after = cost.clone();
        for other in others().filter(|r| rules::same_type(&r.leave_type, &kind.name)) {
            add(&mut after, &self.workdays.cost(&Span::of(other)));
        }
        match balance::exceeded(&kind, self.start, &before, &after, span.first_year()) {
            Some(over) => Err(beyond(&kind, &over)),
            None => Ok(cost),
        }
    }
}

fn add(all: &mut BTreeMap<i32, i64>, more: &BTreeMap<i32, i64>) {
    more.iter().for_each(|(year, halves)| *all.entry(*year).or_default() += halves);
}

fn new_year(date: Date) -> Date {
    use chrono::Datelike;
    date.with_ordinal(1).unwrap_or(date)
}

fn overlap(other: &LeaveRequest) -> Error {
    let (from, to) = (other.start_date.to_string(), other.end_date.to_string());
    let message = format!("It overlaps the {} request from {from} to {to}", other.status.as_str());
    let detail = json!({"leaveRequestId": other.meta.id.to_string(), "startDate": from, "endDate": to,
        "dayPart": other.day_part.as_str(), "status": other.status.as_str()});
    Error::conflict("LeaveOverlap", message).detail(detail)
}

fn beyond(kind: &LeaveType, over: &balance::Exceeded) -> Error {
    let message = format!("{} days of {} are missing in {}", days(over.short_by), kind.name, over.year);
    let detail = json!({"leaveType": kind.name, "year": over.year, "shortBy": days(over.short_by)});
    Error::conflict("LeaveBalanceExceeded", message).detail(detail)
}
