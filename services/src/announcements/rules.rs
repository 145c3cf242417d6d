//! The rules of announcements, as pure functions of a company's state.

use workforceos_actors::{Facts, State};
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use super::safe_text;
use crate::reach::reaches;

/// The most characters of a title.
const MAX_TITLE: usize = 200;
/// The most characters of a body as stored, so that what was read can be written back.
const MAX_BODY: usize = 20_000;

/// A title as it is stored: plain text of one line, or why it cannot be.
pub fn title(text: &str, problems: &mut Vec<Problem>) -> String {
    let title = safe_text::title(text);
    if title.is_empty() {
        problems.push(Problem::new("title", "must not be empty"));
    } else if title.chars().count() > MAX_TITLE {
        problems.push(Problem::new("title", format!("must have at most {MAX_TITLE} characters")));
    }
    title
}

/// A body as it is stored: made safe, or why it cannot be. Apart from the threads that serve calls: with tags nested a
/// thousand deep it takes its time.
pub async fn body(text: String, problems: &mut Vec<Problem>) -> Result<String> {
    let body = tokio::task::spawn_blocking(move || safe_text::body(&text)).await.map_err(Error::internal)?;
    if body.is_empty() {
        problems.push(Problem::new("body", "has no text that may be shown"));
    } else if body.chars().count() > MAX_BODY {
        problems.push(Problem::new("body", format!("must have at most {MAX_BODY} characters once it is made safe")));
    }
    Ok(body)
}

/// Until when an announcement is shown that does not say so itself, from its sending on.
pub fn shown_until(state: &State, sent: Timestamp) -> Timestamp {
    Timestamp(sent.0.saturating_add(state.policy.announcement_days.saturating_mul(Timestamp::DAY)))
}

/// An announcement as it is to become is in order: whom it newly names is known, and it is shown for some time.
pub fn check(facts: &Facts, before: Option<&Announcement>, after: &Announcement, mut problems: Vec<Problem>) -> Result<()> {
    let state = facts.state;
    let known = |user: &UserId| before.is_some_and(|b| b.audience_user_ids.contains(user)) || state.people.role(*user).is_some();
    let there = |department: &DepartmentId| {
        before.is_some_and(|b| b.target_department_ids.contains(department)) || state.people.has_department(*department)
    };
    let unknown = |field, id| Problem::new(field, format!("{id} is not known here"));
    let users = after.audience_user_ids.iter().filter(|u| !known(u));
    problems.extend(users.map(|u| unknown("audienceUserIds", u.0)));
    let departments = after.target_department_ids.iter().filter(|d| !there(d));
    problems.extend(departments.map(|d| unknown("targetDepartmentIds", d.0)));
    if after.visible_until.is_some_and(|until| until <= after.send_time) {
        problems.push(Problem::new("visibleUntil", "must be after sendTime"));
    } else if after.status == AnnouncementStatus::Scheduled && after.visible_until.is_some_and(|until| until <= facts.now) {
        problems.push(Problem::new("visibleUntil", "is past: nobody would ever see it"));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// Admins tell anybody, managers their reports (and themselves) by name.
pub fn check_reach(state: &State, ctx: &Ctx, announcement: &Announcement) -> Result<()> {
    if ctx.is_admin() {
        return Ok(());
    }
    let named = &announcement.audience_user_ids;
    if named.is_empty() {
        return Err(Error::forbidden("Managers tell their own reports: name them in audienceUserIds"));
    }
    match named.iter().find(|user| !reaches(state, ctx, **user)) {
        None => Ok(()),
        Some(user) => Err(Error::forbidden(format!("audienceUserIds: {user} is not your report"))),
    }
}

/// Whether the caller may change an announcement: admins all, managers their own.
pub fn may_change(ctx: &Ctx, announcement: &Announcement) -> bool {
    ctx.is_admin() || announcement.creator_id == ctx.user()
}

/// What is due is sent.
pub fn settled(mut announcement: Announcement, now: Timestamp) -> Announcement {
    if announcement.status == AnnouncementStatus::Scheduled && announcement.send_time <= now {
        announcement.status = AnnouncementStatus::Sent;
    }
    announcement
}

/// What writing an announcement means: its row, the event of where it stands now, and when it is to be sent.
pub fn written(state: &State, ctx: &Ctx, before: Option<&Announcement>, after: &Announcement) -> Changes {
    let kind = match after.status {
        AnnouncementStatus::Scheduled => "announcement.scheduled",
        AnnouncementStatus::Sent => "announcement.sent",
        AnnouncementStatus::Cancelled => "announcement.cancelled",
    };
    let event = Event::of(ctx, kind, after, audience(state, after)).audited(before);
    let due = (after.status == AnnouncementStatus::Scheduled).then_some(after.send_time);
    Changes::none().put(after).event(event).due(due)
}

/// Who may see an announcement: admins and its creator, and once it is sent those it is for.
pub fn audience(state: &State, announcement: &Announcement) -> Audience {
    let creator = announcement.creator_id;
    if announcement.status != AnnouncementStatus::Sent {
        return Audience::admins().user(creator);
    }
    if !announcement.audience_user_ids.is_empty() {
        let mut audience = Audience::admins().user(creator);
        audience.users.extend(announcement.audience_user_ids.iter().filter(|u| **u != creator).map(|u| u.0));
        return audience;
    }
    if announcement.target_department_ids.is_empty() {
        return Audience::everyone();
    }
    let alive = announcement.target_department_ids.iter().filter(|d| state.people.has_department(**d));
    Audience { departments: alive.map(|d| d.0).collect(), ..Audience::admins().user(creator) }
}
