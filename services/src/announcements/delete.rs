//! `deleteAnnouncement`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::AnnouncementId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct DeleteAnnouncement {
        /// The announcement.
        announcement_id: AnnouncementId => "announcementId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteAnnouncement")
        .on::<Announcement>()
        .at("/v1/announcements/:announcementId")
        .reach(Reach::Managers)
        .about(
            "Cancels an announcement that is not sent yet: admins any, managers their own. Refused once it is sent (409 \
             InvalidState). Admins and its creator still see it as cancelled, and can schedule it anew with a sendTime.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteAnnouncement) -> Result<Answer> {
    let caller = ctx.clone();
    let needs = Needs::row::<Announcement>(input.announcement_id);
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, input.announcement_id)).await
}

fn decide(facts: &Facts, ctx: &Ctx, id: AnnouncementId) -> Result<(Changes, Answer)> {
    let before: Announcement = facts.row(id)?;
    if !rules::may_change(ctx, &before) {
        return Err(Error::not_found("announcement"));
    }
    let (changes, mut after) = match before.status {
        AnnouncementStatus::Sent => {
            return Err(Error::conflict("InvalidState", "The announcement is sent: people may have read it"));
        }
        AnnouncementStatus::Cancelled => (Changes::none(), before),
        AnnouncementStatus::Scheduled => {
            let cancelled = Announcement { status: AnnouncementStatus::Cancelled, ..before.clone() }.touched(facts.now);
            (rules::written(facts.state, ctx, Some(&before), &cancelled), cancelled)
        }
    };
    // The row stays, so that it can be listed and scheduled anew; to whoever deleted it, it is gone.
    after.meta.is_active = false;
    Ok((changes, Answer::object(ctx, &after)))
}
