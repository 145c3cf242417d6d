//! What resources say, read list by list.

use std::collections::HashSet;

use serde_json::{Map, Value as Json, json};
use workforceos_core::answer::{Answer, Data};
use workforceos_core::api::BusinessApi;
use workforceos_core::error::Status;
use workforceos_core::id::UserId;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::tool::{self, Reader};
use workforceos_core::zone::{next_day, previous_day, week_start};
use workforceos_core::{Args, Ctx, Error, Result};

use super::Parts;
use crate::server::McpServer;

/// The most rows of each kind: what is left out is told.
const MAX_ROWS: u64 = 100;

const SHIFT: &str = "shiftDate,startTime,endTime,startsAt,endsAt,location,departmentId,assignedUserIds,assignedDepartmentIds,status,\
                     breakMinutes,neededCount";
const RECORD: &str = "userId,shiftId,shiftDate,checkInTime,checkOutTime,status,lateByMinutes,workedMinutes";
const LEAVE: &str = "userId,leaveType,startDate,endDate,dayPart,status";

/// Rows of one list, and how many there are in all.
struct Rows {
    rows: Vec<Json>,
    total: u64,
}

/// A resource on the way to its reader.
struct Content {
    json: Map<String, Json>,
    left_out: Map<String, Json>,
}

impl<S: Send + Sync + 'static> McpServer<S> {
    pub(super) async fn board(&self, ctx: &Ctx, parts: Parts) -> Result<Json> {
        let today = ctx.tenant.zone.date(ctx.now());
        let days = json!([previous_day(today).to_string(), today.to_string()]);
        let mut content = Content::begin(ctx);
        content.put("date", json!(today.to_string()));
        let mut shown = None;
        if parts.shifts {
            let mut shifts =
                self.rows(ctx, "listShifts", json!({"shiftDate": days, "isDraft": "false", "fields": SHIFT})).await?;
            // Of yesterday only what still runs.
            shifts.keep(|shift| on(shift, today) || ends_after(shift, ctx.now()));
            shown = Some(shifts.rows.iter().filter_map(|s| s["id"].as_str().map(str::to_owned)).collect::<HashSet<_>>());
            content.take("shifts", "listShifts", shifts);
        }
        let mut records = self.rows(ctx, "listAttendanceRecords", json!({"shiftDate": days, "fields": RECORD})).await?;
        let runs = |id: Option<&str>| shown.as_ref().zip(id).is_some_and(|(shown, id)| shown.contains(id));
        records.keep(|record| on(record, today) || runs(record["shiftId"].as_str()));
        content.take("attendanceRecords", "listAttendanceRecords", records);
        if parts.leave {
            let (from, to) = (format!("$lte-{today}"), format!("$gte-{today}"));
            let asked = json!({"status": "approved", "startDate": from, "endDate": to, "fields": LEAVE});
            content.take("leaveRequests", "listLeaveRequests", self.rows(ctx, "listLeaveRequests", asked).await?);
        }
        Ok(content.end())
    }

    pub(super) async fn week(&self, ctx: &Ctx, parts: Parts, user: Option<UserId>, date: Option<Date>) -> Result<Json> {
        let (user, name) = match user.filter(|user| *user != ctx.user()) {
            Some(user) => (user, self.person(ctx, user).await?),
            None => (ctx.user(), ctx.session.as_ref().map(|s| s.fullname.clone()).unwrap_or_default()),
        };
        let from = week_start(date.unwrap_or_else(|| ctx.tenant.zone.date(ctx.now())));
        let to = (0..6).fold(from, |day, _| next_day(day));
        let days = json!([format!("$gte-{from}"), format!("$lte-{to}")]);
        let mut content = Content::begin(ctx);
        content.put("user", json!({"id": user.to_string(), "fullname": name}));
        content.put("from", json!(from.to_string()));
        content.put("to", json!(to.to_string()));
        content.take("shifts", "listShifts", self.shifts_of(ctx, user, &days).await?);
        if parts.attendance {
            let asked = json!({"userId": user.to_string(), "shiftDate": days, "sortBy": "shiftDate", "fields": RECORD});
            content.take("attendanceRecords", "listAttendanceRecords", self.rows(ctx, "listAttendanceRecords", asked).await?);
        }
        if parts.leave {
            let (first, last) = (format!("$lte-{to}"), format!("$gte-{from}"));
            let asked = json!({
                "userId": user.to_string(), "status": ["pending", "approved"], "startDate": first, "endDate": last, "fields": LEAVE,
            });
            content.take("leaveRequests", "listLeaveRequests", self.rows(ctx, "listLeaveRequests", asked).await?);
        }
        Ok(content.end())
    }

    /// A person's shifts: by name, and through their departments.
    async fn shifts_of(&self, ctx: &Ctx, user: UserId, days: &Json) -> Result<Rows> {
        let by_name = json!({"shiftDate": days, "isDraft": "false", "assignedUserIds": [user.to_string()], "fields": SHIFT});
        let mut shifts = self.rows(ctx, "listShifts", by_name).await?;
        let departments = self.dispatch.outside.scope(ctx.company(), user).await?.departments.clone();
        if departments.is_empty() {
            return Ok(shifts);
        }
        let ids: Vec<String> = departments.iter().map(ToString::to_string).collect();
        let by_department = json!({
            "shiftDate": days, "isDraft": "false", "assignedDepartmentIds": ids, "assignedDepartmentIds_op": "overlap", "fields": SHIFT,
        });
        let more = self.rows(ctx, "listShifts", by_department).await?;
        let known: HashSet<String> = shifts.rows.iter().map(|s| s["id"].to_string()).collect();
        let (more_rows, twice): (Vec<Json>, Vec<Json>) =
            more.rows.into_iter().partition(|s| !known.contains(&s["id"].to_string()));
        shifts.total += more.total.saturating_sub(twice.len() as u64);
        shifts.rows.extend(more_rows);
        shifts.rows.sort_by_key(|s| s["startsAt"].as_str().map(str::to_owned));
        Ok(shifts)
    }

    pub(super) async fn policy(&self, ctx: &Ctx) -> Result<Json> {
        let (api, answer) = self.answered(ctx, "getCompanyPolicy", json!({})).await?;
        let Data::One(row) = &answer.data else { return Err(Error::internal("a policy that is no row")) };
        let changed = row.record.get("updatedAt").to_json();
        let policy = self.masked(ctx, api, &answer)?;
        let object = policy.as_object().and_then(|answer| answer.values().next()).cloned().unwrap_or_default();
        let (company, zone) = (&*ctx.tenant.codename, ctx.tenant.zone.name());
        Ok(json!({"company": company, "timezone": zone, "changedAt": changed, "policy": object}))
    }

    /// A person's name; 404 for one who is not there or not within reach.
    pub(super) async fn person(&self, ctx: &Ctx, user: UserId) -> Result<String> {
        let unknown = |error: Error| match error.status {
            Status::Forbidden => Error::not_found("resource"),
            _ => error,
        };
        let answer = self.called(ctx, "getUser", json!({"userId": user.to_string()})).await.map_err(unknown)?;
        Ok(answer["user"]["fullname"].as_str().unwrap_or_default().to_owned())
    }

    async fn rows(&self, ctx: &Ctx, name: &'static str, mut asked: Json) -> Result<Rows> {
        asked["pageRowCount"] = json!(MAX_ROWS);
        let mut answer = self.called(ctx, name, asked).await?;
        let total = answer["paging"]["totalRowCount"].as_u64().unwrap_or_default();
        let api = self.dispatch.registry.by_name(name);
        let rows = api.and_then(|api| answer.get_mut(api.data_name)).map(Json::take);
        Ok(Rows { rows: rows.and_then(|rows| rows.as_array().cloned()).unwrap_or_default(), total })
    }

    /// The answer of an API, masked as a tool's.
    pub(crate) async fn called(&self, ctx: &Ctx, name: &'static str, asked: Json) -> Result<Json> {
        let (api, answer) = self.answered(ctx, name, asked).await?;
        self.masked(ctx, api, &answer)
    }

    async fn answered(&self, ctx: &Ctx, name: &'static str, asked: Json) -> Result<(&BusinessApi<S>, Answer)> {
        let api = self.dispatch.registry.by_name(name).ok_or_else(|| Error::not_found("resource"))?;
        let asked = asked.as_object().cloned().unwrap_or_default();
        let answer = self.dispatch.call(ctx.clone(), api, Args::tool(asked), None).await?;
        Ok((api, answer))
    }

    fn masked(&self, ctx: &Ctx, api: &BusinessApi<S>, answer: &Answer) -> Result<Json> {
        let told = tool::result(api, answer, &Reader { ctx, outside: &*self.dispatch.outside })?;
        serde_json::from_str(&told.text).map_err(Error::internal)
    }
}

impl Rows {
    /// Leaves rows out that do not belong; they no longer count.
    fn keep(&mut self, wanted: impl Fn(&Json) -> bool) {
        let before = self.rows.len();
        self.rows.retain(wanted);
        self.total = self.total.saturating_sub((before - self.rows.len()) as u64);
    }
}

impl Content {
    fn begin(ctx: &Ctx) -> Content {
        let mut content = Content { json: Map::new(), left_out: Map::new() };
        content.put("timezone", json!(ctx.tenant.zone.name()));
        content.put("at", json!(ctx.now().to_string()));
        content
    }

    fn put(&mut self, name: &str, value: Json) {
        self.json.insert(name.to_owned(), value);
    }

    fn take(&mut self, name: &str, list: &str, Rows { rows, total }: Rows) {
        if (rows.len() as u64) < total {
            let told = format!("{} of {total}: ask {list} for the others", rows.len());
            self.left_out.insert(name.to_owned(), json!(told));
        }
        self.put(name, Json::Array(rows));
    }

    fn end(mut self) -> Json {
        if !self.left_out.is_empty() {
            let left_out = Json::Object(std::mem::take(&mut self.left_out));
            self.put("truncated", left_out);
        }
        Json::Object(self.json)
    }
}

fn on(row: &Json, date: Date) -> bool {
    row["shiftDate"].as_str() == Some(&*date.to_string())
}

fn ends_after(shift: &Json, now: Timestamp) -> bool {
    shift["endsAt"].as_str().and_then(Timestamp::parse).is_some_and(|end| end > now)
}
