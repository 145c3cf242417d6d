//! What the sample company tells its people: to all, to departments, to a team, and something to come.

use workforceos_core::change::{Changes, Event};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::time::Timestamp;

use super::people::{ADMIN, Staff, crew, manager};
use crate::announcements::settled;

/// Hours from now, title and body.
type Text = (i64, &'static str, &'static str);

const TO_ALL: Text = (
    -26,
    "Fire drill on Friday",
    "We practise on **Friday at 10:00**.\n\n- Leave by the nearest exit.\n- Meet at the fountain.\n\nIt takes fifteen minutes.",
);
const TO_COME: Text = (48, "Summer party", "The garden is ours from six o'clock. *Bring your family.*");
const TO_DEPARTMENTS: Text =
    (-5, "New key cards", "<p>Hand in the old cards at the <b>front desk</b> by Sunday.</p><ul><li>One card each</li></ul>");
const TO_A_TEAM: Text = (-2, "Menu tasting", "The new dinner menu is tasted at 16:00 in the kitchen. > 12 dishes, < 1 hour.");

/// The announcements, as of now.
pub(super) fn all(staff: &Staff, now: Timestamp) -> Changes {
    let desks = vec![staff.departments[0], staff.departments[2]];
    let cooks = crew(1).into_iter().map(|person| staff.users[person]).collect();
    [
        announcement(staff, now, TO_ALL, ADMIN, Vec::new(), Vec::new()),
        announcement(staff, now, TO_DEPARTMENTS, ADMIN, desks, Vec::new()),
        announcement(staff, now, TO_A_TEAM, manager(1), Vec::new(), cooks),
        announcement(staff, now, TO_COME, ADMIN, Vec::new(), Vec::new()),
    ]
    .iter()
    .fold(Changes::none(), |changes, announcement| {
        let due = (announcement.status == AnnouncementStatus::Scheduled).then_some(announcement.send_time);
        let event = Event::audit(&staff.ctx, "announcement", announcement.meta.id).after(announcement);
        changes.put(announcement).event(event).due(due)
    })
}

fn announcement(
    staff: &Staff,
    now: Timestamp,
    (hours, title, body): Text,
    creator: usize,
    departments: Vec<DepartmentId>,
    users: Vec<UserId>,
) -> Announcement {
    let send_time = Timestamp(now.0 + hours * Timestamp::HOUR);
    let announcement = Announcement {
        meta: staff.meta(send_time.min(now)),
        creator_id: staff.users[creator],
        title: title.to_owned(),
        body: body.to_owned(),
        target_department_ids: departments,
        audience_user_ids: users,
        send_time,
        visible_until: Some(Timestamp(send_time.0 + 30 * Timestamp::DAY)),
        end_given: true,
        status: AnnouncementStatus::Scheduled,
        company_id: staff.ctx.company(),
    };
    settled(announcement, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcements::safe_text;

    #[test]
    fn the_texts_are_as_they_would_be_stored() {
        for (_, title, body) in [TO_ALL, TO_DEPARTMENTS, TO_A_TEAM, TO_COME] {
            assert_eq!((safe_text::title(title).as_str(), safe_text::body(body).as_str()), (title, body));
        }
    }
}
