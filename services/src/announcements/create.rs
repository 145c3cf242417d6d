//! `createAnnouncement`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct CreateAnnouncement {
        /// What it is about: plain text of one line, at most 200 characters.
        title: String => "title" Body,
        /// Markdown or HTML, at most 20,000 characters. Scripts, styles, forms, frames and images are taken out; links lead to
        /// http, https and mailto only.
        body: String => "body" Body .text(),
        /// Departments whose members it is for, as they are when they look. Without any, and with nobody named: everybody.
        target_department_ids: Vec<DepartmentId> => "targetDepartmentIds" Body,
        /// The people it is for: if any are named, only they.
        audience_user_ids: Vec<UserId> => "audienceUserIds" Body,
        /// When it is sent; at once if that is not in the future.
        send_time: Timestamp => "sendTime" Body,
        /// Until when it is shown (the policy's announcementDays after it is sent).
        visible_until: Option<Timestamp> => "visibleUntil" Body,
    }
}

pub fn api() -> Api {
    Api::create("createAnnouncement")
        .on::<Announcement>()
        .at("/v1/announcements")
        .reach(Reach::Managers)
        .about(
            "Tells people something, at once or at a time to come. Admins tell anybody; managers only their reports, by name in \
             audienceUserIds (else 403). The body is made safe before it is stored.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, mut input: CreateAnnouncement) -> Result<Answer> {
    let mut problems = Vec::new();
    input.title = rules::title(&input.title, &mut problems);
    input.body = rules::body(input.body, &mut problems).await?;
    let caller = ctx.clone();
    commit(&app, &ctx, Needs::none(), move |facts| decide(facts, &caller, &input, &problems)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &CreateAnnouncement, problems: &[Problem]) -> Result<(Changes, Answer)> {
    // Who writes of yesterday tells it today: it is shown as long as any other.
    let shown = rules::shown_until(facts.state, input.send_time.max(facts.now));
    let announcement = Announcement {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        creator_id: ctx.user(),
        title: input.title.clone(),
        body: input.body.clone(),
        target_department_ids: input.target_department_ids.clone(),
        audience_user_ids: input.audience_user_ids.clone(),
        send_time: input.send_time,
        visible_until: Some(input.visible_until.unwrap_or(shown)),
        end_given: input.visible_until.is_some(),
        status: AnnouncementStatus::Scheduled,
        company_id: ctx.company(),
    };
    rules::check(facts, None, &announcement, problems.to_vec())?;
    rules::check_reach(facts.state, ctx, &announcement)?;
    let announcement = rules::settled(announcement, facts.now);
    Ok((rules::written(facts.state, ctx, None, &announcement), Answer::object(ctx, &announcement)))
}
