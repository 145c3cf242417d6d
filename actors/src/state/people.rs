//! Who belongs to the company, to which departments, and who manages whom.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;
use workforceos_core::id::{DepartmentId, ProfileId, UserId};
use workforceos_core::objects::{EmployeeProfile, User, UserGroup, UserGroupMember};
use workforceos_core::session::Role;
use workforceos_core::time::Timestamp;

/// The company's people, by id alone: names and addresses stay in the database.
#[derive(Clone, Debug, Default)]
pub struct People {
    users: HashMap<UserId, Role>,
    /// Members, with when they joined.
    departments: HashMap<DepartmentId, BTreeMap<UserId, Timestamp>>,
    known: HashSet<DepartmentId>,
    /// By employee: the profile that says so, and the manager whom it names.
    managers: HashMap<UserId, (Uuid, Option<UserId>)>,
}

impl People {
    pub(crate) fn apply_user(&mut self, user: &User) {
        let id = UserId(user.meta.id);
        if user.meta.is_active && user.archive_date.is_none() {
            self.users.insert(id, user.role);
        } else {
            self.users.remove(&id);
        }
    }

    pub(crate) fn apply_department(&mut self, group: &UserGroup) {
        let id = DepartmentId(group.meta.id);
        if group.meta.is_active {
            self.known.insert(id);
        } else {
            self.known.remove(&id);
        }
    }

    pub(crate) fn apply_member(&mut self, member: &UserGroupMember) {
        let users = self.departments.entry(member.group_id).or_default();
        if member.meta.is_active {
            users.insert(member.user_id, member.meta.created_at);
        } else {
            users.remove(&member.user_id);
        }
    }

    pub(crate) fn apply_profile(&mut self, profile: &EmployeeProfile) {
        if profile.meta.is_active {
            self.managers.insert(profile.user_id, (profile.meta.id, profile.manager_id));
        } else if self.managers.get(&profile.user_id).is_some_and(|(id, _)| *id == profile.meta.id) {
            self.managers.remove(&profile.user_id);
        }
    }

    /// The role of an active user of the company.
    pub fn role(&self, user: UserId) -> Option<Role> {
        self.users.get(&user).copied()
    }

    /// Every active user, in no order.
    pub fn users(&self) -> impl Iterator<Item = UserId> + '_ {
        self.users.keys().copied()
    }

    pub fn has_department(&self, department: DepartmentId) -> bool {
        self.known.contains(&department)
    }

    /// Active members of a department that exists.
    pub fn members(&self, department: DepartmentId) -> impl Iterator<Item = UserId> + '_ {
        let users = self.departments.get(&department).filter(|_| self.known.contains(&department));
        users.into_iter().flatten().map(|(user, _)| *user).filter(|u| self.users.contains_key(u))
    }

    pub fn is_member(&self, department: DepartmentId, user: UserId) -> bool {
        self.has_department(department)
            && self.users.contains_key(&user)
            && self.departments.get(&department).is_some_and(|users| users.contains_key(&user))
    }

    /// When a member joined a department.
    pub fn joined_at(&self, department: DepartmentId, user: UserId) -> Option<Timestamp> {
        self.departments.get(&department).and_then(|users| users.get(&user)).copied()
    }

    pub fn departments_of(&self, user: UserId) -> Vec<DepartmentId> {
        let mut departments: Vec<DepartmentId> = self.known.iter().copied().filter(|d| self.is_member(*d, user)).collect();
        departments.sort();
        departments
    }

    /// The direct manager, if still an active user.
    pub fn manager_of(&self, user: UserId) -> Option<UserId> {
        self.managers.get(&user).and_then(|(_, manager)| *manager).filter(|m| *m != user && self.users.contains_key(m))
    }

    /// Whether anybody's profile names this user as manager.
    pub fn is_manager(&self, user: UserId) -> bool {
        self.managers.values().any(|(_, manager)| *manager == Some(user))
    }

    /// The active profile of an employee.
    pub fn profile_of(&self, user: UserId) -> Option<ProfileId> {
        self.managers.get(&user).map(|(profile, _)| ProfileId(*profile))
    }

    /// The manager whom an employee's profile names, whether still active or not.
    pub fn named_manager(&self, user: UserId) -> Option<UserId> {
        self.managers.get(&user).and_then(|(_, manager)| *manager)
    }

    /// Users of a role, in the order of their ids.
    pub fn with_role(&self, role: Role) -> Vec<UserId> {
        let mut users: Vec<UserId> = self.users.iter().filter(|(_, r)| **r == role).map(|(u, _)| *u).collect();
        users.sort();
        users
    }
}
