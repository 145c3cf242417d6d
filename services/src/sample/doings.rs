//! What the sample company's people do, its administrator above all, on the day on which it is filled, by the APIs themselves: plans the week after next
//! as drafts, imports a wedding, offers places, lets shifts change hands, calls an announcement off, and closes last month.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value as Json, json};
use workforceos_core::Dispatch;
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::input::Args;
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::week_start;

use super::people::{self, Staff, crew, employee};
use super::reports;
use crate::App;
use crate::sample::pay::month_before;

/// Calls APIs as somebody.
pub(super) struct Caller {
    pub dispatch: Arc<Dispatch<App>>,
    pub ctx: Ctx,
}

impl Caller {
    pub async fn call(&self, name: &str, args: Json) -> Result<Answer> {
        let api = self.dispatch.registry.by_name(name);
        let api = api.ok_or_else(|| Error::internal(format!("{name} is not registered")))?;
        let Json::Object(args) = args else { return Err(Error::internal("arguments are an object")) };
        self.dispatch.call(self.ctx.clone(), api, Args::tool(args), None).await
    }

    /// The data of an answer.
    pub async fn data(&self, name: &str, args: Json) -> Result<Json> {
        let answer = self.call(name, args).await?;
        Ok(serde_json::to_value(answer.view(false)).unwrap_or_default())
    }
}

/// All of it. What the rules refuse on this very day is left out, and said in the log: a demo without a swap is one, too.
pub(super) async fn all(app: &Arc<App>, admin: &Caller, staff: &Staff, now: Timestamp) {
    let today = staff.ctx.tenant.zone.date(now);
    let later = week_start(today).checked_add_days(Days::new(14)).unwrap_or(today);
    let done = [
        ("drafts", drafts(admin, staff, later).await),
        ("an import and open shifts", wedding(admin, staff, later).await),
        ("swaps", swaps(admin, staff, week_start(later - chrono::Duration::days(7))).await),
        ("a cancelled announcement", called_off(admin, now).await),
        ("a locked pay period", locked(admin, today).await),
        ("reports of today", reports::of_today(app, admin).await),
    ];
    for (what, result) in done {
        if let Err(error) = result {
            tracing::warn!(%error, detail = ?error.detail, "the sample company goes without {what}");
        }
    }
}

/// The kitchen's week after next, not published yet.
async fn drafts(admin: &Caller, staff: &Staff, monday: Date) -> Result<()> {
    let sunday = monday.checked_add_days(Days::new(6)).unwrap_or(monday);
    let cooks: Vec<String> = crew(1).into_iter().map(|person| staff.users[person].to_string()).collect();
    for (template, cooks) in staff.templates[1].iter().zip(cooks.chunks(2)) {
        let args = json!({"shiftTemplateId": template.to_string(), "from": monday.to_string(), "to": sunday.to_string(),
            "assignedUserIds": cooks, "draft": true});
        admin.call("generateShifts", args).await?;
    }
    Ok(())
}

/// Shifts of a wedding, imported; some places are open, and one was taken since.
async fn wedding(admin: &Caller, staff: &Staff, monday: Date) -> Result<()> {
    let day = |n: u64| monday.checked_add_days(Days::new(n)).unwrap_or(monday);
    let (waiters, guards) = (crew(0), crew(4));
    let mail = |person: &usize| people::email(*person);
    let csv = format!(
        "date,start,end,people,location,neededCount\n{friday},14:00,20:00,{one},Garden,3\n{saturday},10:00,18:00,{one};{two},Garden,4\n\
         {saturday},18:00,23:30,{three},Gate,1\n",
        friday = day(4),
        saturday = day(5),
        one = mail(&waiters[1]),
        two = mail(&waiters[2]),
        three = mail(&guards[1]),
    );
    admin.call("importShifts", json!({"csv": csv})).await?;
    let open = admin.data("listOpenShifts", json!({"from": day(4).to_string(), "to": day(5).to_string()})).await?;
    let open = open.as_array().into_iter().flatten().find(|shift| shift["location"] == "Garden");
    if let Some(shift) = open {
        admin.call("claimShift", json!({"shiftId": shift["id"], "userId": staff.users[waiters[3]].to_string()})).await?;
    }
    Ok(())
}

/// One request that waits, one that was granted, one that was not.
async fn swaps(admin: &Caller, staff: &Staff, monday: Date) -> Result<()> {
    let pending = ("Sister's graduation", None);
    let granted = ("The bus does not go that early", Some(("approved", "Thank you both")));
    let refused = ("Concert", Some(("rejected", "There would be nobody at the desk who knows the system")));
    for (department, (reason, decision)) in [(0, pending), (2, granted), (3, refused)] {
        let asks = staff.users[employee(department)];
        let range = format!("$gte-{monday}");
        let coming = json!({"assignedUserIds": asks.to_string(), "shiftDate": range, "status": "scheduled"});
        let coming = admin.data("listShifts", coming).await?;
        let free =
            |shift: &Json, user: &str| !shift["assignedUserIds"].as_array().is_some_and(|ids| ids.iter().any(|id| id == user));
        let mut swapped = false;
        for shift in coming.as_array().into_iter().flatten() {
            for colleague in crew(department).into_iter().skip(1).map(|person| staff.users[person].to_string()) {
                if swapped || !free(shift, &colleague) {
                    continue;
                }
                let ask = json!({"userId": asks.to_string(), "shiftId": shift["id"], "colleagueId": colleague, "reason": reason});
                let swap = admin.data("requestShiftSwap", ask).await?;
                swapped = decided(admin, &swap, decision).await?;
            }
        }
        if !swapped {
            return Err(Error::not_found("shift"));
        }
    }
    Ok(())
}

/// Whether a request stands as it is to: one that cannot be granted is taken back, and another is tried.
async fn decided(admin: &Caller, swap: &Json, decision: Option<(&str, &str)>) -> Result<bool> {
    let Some((status, note)) = decision else { return Ok(true) };
    let decide = json!({"shiftSwapId": swap["id"], "status": status, "decisionNote": note});
    match admin.call("decideShiftSwap", decide).await {
        Ok(_) => Ok(true),
        Err(error) if error.status.http() == 409 => {
            admin.call("cancelShiftSwap", json!({"shiftSwapId": swap["id"]})).await.map(|_| false)
        }
        Err(error) => Err(error),
    }
}

async fn called_off(admin: &Caller, now: Timestamp) -> Result<()> {
    let at = Timestamp(now.0 + 3 * Timestamp::DAY);
    let text = json!({"title": "Roof terrace closed", "body": "The painters come on Monday.", "sendTime": at.to_string()});
    let made = admin.data("createAnnouncement", text).await?;
    admin.call("deleteAnnouncement", json!({"announcementId": made["id"]})).await.map(drop)
}

/// Last month's attendance, whose pay is paid, stays as it is. Who still works the night of its last day is let finish.
async fn locked(admin: &Caller, today: NaiveDate) -> Result<()> {
    let (from, to) = month_before(today);
    let to = to.min(today.checked_sub_days(Days::new(2)).unwrap_or(to));
    admin.call("lockPayPeriod", json!({"from": from.to_string(), "to": to.to_string()})).await.map(drop)
}

/// No arguments.
pub(super) fn none() -> Json {
    Json::Object(Map::new())
}
