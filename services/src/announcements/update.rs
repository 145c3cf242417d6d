//! `updateAnnouncement`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, State};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{AnnouncementId, DepartmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Patch, Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct UpdateAnnouncement {
        /// The announcement.
        announcement_id: AnnouncementId => "announcementId" Path,
        /// What it is about: plain text of one line, at most 200 characters.
        title: Option<String> => "title" Body,
        /// Markdown or HTML, made safe before it is stored.
        body: Option<String> => "body" Body .text(),
        /// Departments whose members it is for: replaces the list; null empties it.
        target_department_ids: Patch<Vec<DepartmentId>> => "targetDepartmentIds" Body,
        /// The people it is for: replaces the list; null empties it.
        audience_user_ids: Patch<Vec<UserId>> => "audienceUserIds" Body,
        /// When it is sent; at once if that is not in the future. A cancelled one is scheduled anew.
        send_time: Option<Timestamp> => "sendTime" Body,
        /// Until when it is shown; null: the policy's announcementDays after it is sent.
        visible_until: Patch<Timestamp> => "visibleUntil" Body,
    }
}

pub fn api() -> Api {
    Api::update("updateAnnouncement")
        .on::<Announcement>()
        .at("/v1/announcements/:announcementId")
        .reach(Reach::Managers)
        .about(
            "Changes an announcement that is not sent yet: admins any, managers their own. Refused once it is sent (409 \
             InvalidState). A cancelled one stays cancelled, unless a sendTime is given: then it is scheduled anew.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, mut input: UpdateAnnouncement) -> Result<Answer> {
    let mut problems = Vec::new();
    input.title = input.title.map(|text| rules::title(&text, &mut problems));
    input.body = match input.body {
        Some(text) => Some(rules::body(text, &mut problems).await?),
        None => None,
    };
    let caller = ctx.clone();
    let needs = Needs::row::<Announcement>(input.announcement_id);
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input, &problems)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &UpdateAnnouncement, problems: &[Problem]) -> Result<(Changes, Answer)> {
    let before: Announcement = facts.row(input.announcement_id)?;
    if !rules::may_change(ctx, &before) {
        return Err(Error::not_found("announcement"));
    }
    if before.status == AnnouncementStatus::Sent {
        return Err(Error::conflict("InvalidState", "The announcement is sent: it stays as people have read it"));
    }
    let after = patched(facts.state, facts.now, &before, input);
    rules::check(facts, Some(&before), &after, problems.to_vec())?;
    rules::check_reach(facts.state, ctx, &after)?;
    let after = rules::settled(after, facts.now).touched(facts.now);
    Ok((rules::written(facts.state, ctx, Some(&before), &after), Answer::object(ctx, &after)))
}

fn patched(state: &State, now: Timestamp, before: &Announcement, input: &UpdateAnnouncement) -> Announcement {
    let mut after = before.clone();
    after.title = input.title.clone().unwrap_or(after.title);
    after.body = input.body.clone().unwrap_or(after.body);
    let departments = input.target_department_ids.clone();
    after.target_department_ids = departments.over(Some(after.target_department_ids)).unwrap_or_default();
    after.audience_user_ids = input.audience_user_ids.clone().over(Some(after.audience_user_ids)).unwrap_or_default();
    after.send_time = input.send_time.unwrap_or(after.send_time);
    let usual = Some(rules::shown_until(state, after.send_time.max(now)));
    (after.visible_until, after.end_given) = match &input.visible_until {
        Patch::Set(until) => (Some(*until), true),
        Patch::Clear => (usual, false),
        // An end that nobody chose moves along with the sending.
        Patch::Keep if input.send_time.is_some() && !before.end_given => (usual, false),
        Patch::Keep => (before.visible_until, before.end_given),
    };
    if input.send_time.is_some() {
        after.status = AnnouncementStatus::Scheduled;
    }
    after
}
