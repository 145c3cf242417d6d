//! `getAnnouncement`, `listAnnouncements`: people see what was sent to them and is not over; creators also their own, admins all.

use std::sync::Arc;

use workforceos_core::filter::ListQuery;
use workforceos_core::id::AnnouncementId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::query::{Cond, Op};
use workforceos_core::session::Ctx;
use workforceos_core::value::Value;
use workforceos_core::{Reach, input};

use crate::{Api, App, crud};

input! {
    pub struct GetAnnouncement {
        /// The announcement.
        announcement_id: AnnouncementId => "announcementId" Path,
    }
}

pub fn get() -> Api {
    Api::get("getAnnouncement")
        .on::<Announcement>()
        .at("/v1/announcements/:announcementId")
        .reach(Reach::Own)
        .about("An announcement that was sent to the caller and is not over; creators also see their own, admins all.")
        .reader(|app: Arc<App>, ctx: Ctx, input: GetAnnouncement, query: ListQuery| async move {
            crud::one(&app, &ctx, Announcement::def(), input.announcement_id.0, rows(&ctx), query).await
        })
}

pub fn list() -> Api {
    crud::list::<Announcement>("listAnnouncements", rows).at("/v1/announcements").reach(Reach::Own).about(
        "Announcements, the newest first: those sent to the caller that are not over; creators also see their own, admins \
             all, cancelled ones too.",
    )
}

/// The announcements that the caller may see.
fn rows(ctx: &Ctx) -> Cond {
    if ctx.is_admin() {
        return Cond::TRUE;
    }
    Cond::Any(vec![Cond::eq("creatorId", ctx.user().0), for_caller(ctx)])
}

/// What was sent, is not over, and is for the caller; for admins whomever it is for.
pub fn for_caller(ctx: &Ctx) -> Cond {
    let now = Value::Time(ctx.now());
    let shown = Cond::Any(vec![Cond::IsNull("visibleUntil"), Cond::Cmp("visibleUntil", Op::Gt, now)]);
    let sent = Cond::eq("status", AnnouncementStatus::Sent.as_str()).and(shown);
    if ctx.is_admin() {
        return sent;
    }
    let departments = ctx.scope.departments.iter().map(|d| d.0).collect();
    let theirs = Cond::Any(vec![Cond::HasAny("targetDepartmentIds", departments), Cond::Empty("targetDepartmentIds")]);
    let unnamed = Cond::All(vec![Cond::Empty("audienceUserIds"), theirs]);
    sent.and(Cond::Any(vec![Cond::HasAny("audienceUserIds", vec![ctx.user().0]), unnamed]))
}
