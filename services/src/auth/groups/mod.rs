//! Departments and who belongs to them.

pub mod create_user_group;
pub mod create_user_group_member;
pub mod delete_user_group;
pub mod delete_user_group_member;
pub mod get_user_group;
pub mod list_user_group_members;
pub mod list_user_groups;
pub mod reach;
pub mod update_user_group;

use workforceos_core::id::DepartmentId;
use workforceos_core::input;

input! {
    /// A department.
    pub struct ByGroup {
        /// The department.
        group: DepartmentId => "userGroupId" Path,
    }
}
