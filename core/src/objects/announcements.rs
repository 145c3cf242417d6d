//! What the company tells its people.

use crate::id::{CompanyId, DepartmentId, UserId};
use crate::object::Level;
use crate::objects::{User, UserGroup};
use crate::time::Timestamp;
use crate::{data_object, wire_enum};

wire_enum! {
    /// Where an announcement stands.
    pub enum AnnouncementStatus {
        Scheduled => "scheduled",
        Sent => "sent",
        Cancelled => "cancelled",
    }
}

data_object! {
    /// An announcement to named people, to the members of departments, or to everybody, sent at its time.
    pub struct Announcement {
        object: "announcement", plural: "announcements", table: "announcement", service: "announcementManagement",
        owned_by: None, order: "-sendTime,id",
        joins: [
            "creator" by "creatorId" to User: ["email", "fullname", "avatar"],
            "departments" by "targetDepartmentIds" to UserGroup: ["groupName", "avatar"]
        ],
        /// Who wrote it.
        creator_id: UserId => "creatorId".filter(),
        /// What it is about: plain text.
        title: String => "title".filter(),
        /// Markdown or HTML, made safe.
        body: String => "body".text(),
        /// Departments whose members it is for; with none, and nobody named, it is for everybody.
        target_department_ids: Vec<DepartmentId> => "targetDepartmentIds".filter().link("announcement_department"),
        /// The people it is for: if any are named, only they.
        audience_user_ids: Vec<UserId> => "audienceUserIds".link("announcement_user"),
        /// When it is sent.
        send_time: Timestamp => "sendTime".filter(),
        /// Until when those it is for see it.
        visible_until: Option<Timestamp> => "visibleUntil",
        /// Whether that was chosen, or follows from the policy.
        end_given: bool => "endGiven".read(Level::Nobody),
        /// scheduled, sent or cancelled.
        status: AnnouncementStatus => "status".filter(),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}
