//! Companies, their people and their logins.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::id::{CompanyId, DepartmentId, UserId};
use crate::object::Level;
use crate::session::Role;
use crate::time::Timestamp;
use crate::value::Kind;
use crate::{data_object, wire_enum};

data_object! {
    /// A company: a tenant of the platform.
    pub struct Company {
        object: "company", plural: "companies", table: "company", service: "auth",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// The company's name.
        name: String => "name".filter().read(Level::Public),
        /// Its short name in addresses: derived from the first name, never changed.
        codename: String => "codename".filter().read(Level::Public),
        /// Its full, legal name.
        fullname: Option<String> => "fullname".filter().read(Level::Public),
        /// Address of its picture.
        avatar: Option<String> => "avatar".filter().read(Level::Public),
        /// The user who owns it.
        owner_id: UserId => "ownerId".filter(),
        /// Its line of business.
        industry: Option<String> => "industry",
        /// How many people work there, in words or numbers.
        company_size: Option<String> => "companySize",
        /// IANA time zone of all its local times.
        timezone: String => "timezone",
    }
}

wire_enum! {
    /// What an employee's salary is paid for.
    pub enum SalaryBasis {
        Monthly => "monthly",
        Hourly => "hourly",
    }
}

data_object! {
    /// A company's rules of attendance, hours and leave. One per company; its id is the company's.
    pub struct CompanyPolicy {
        object: "companyPolicy", plural: "companyPolicies", table: "company_policy", service: "auth",
        owned_by: None, order: "id",
        joins: [],
        /// Minutes after the start within which a check-in is still on time.
        grace_minutes: i64 => "graceMinutes",
        /// Minutes before the start from which one may check in.
        early_check_in_minutes: i64 => "earlyCheckInMinutes",
        /// Minutes after the end at which missing people are marked absent.
        auto_absent_minutes: i64 => "autoAbsentMinutes",
        /// Minutes after the end at which an open record raises an alert.
        missing_checkout_minutes: i64 => "missingCheckoutMinutes",
        /// Hours of a normal day.
        daily_hours: f64 => "dailyHours",
        /// Hours of a normal week.
        weekly_hours: f64 => "weeklyHours",
        /// What overtime pays, as a multiple.
        overtime_multiplier: f64 => "overtimeMultiplier",
        /// Whether salaries are per month or per hour.
        salary_basis: SalaryBasis => "salaryBasis",
        /// ISO weekdays (1 Monday to 7 Sunday) that are worked.
        workdays: Json => "workdays".kind(Kind::Integers),
        /// Names of leave types that are not paid.
        unpaid_leave_types: Json => "unpaidLeaveTypes".kind(Kind::Strings),
        /// Leave types with a yearly allowance: name, yearlyDays, carryOverDays.
        leave_types: Json => "leaveTypes".kind(Kind::Objects),
        /// Worked minutes are rounded to a multiple of this; 0 or 1: not at all.
        rounding_minutes: i64 => "roundingMinutes",
        /// Hours of rest wanted between two shifts.
        rest_hours: f64 => "restHours",
        /// Days for which an announcement is shown.
        announcement_days: i64 => "announcementDays",
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// A user of one tenant.
    pub struct User {
        object: "user", plural: "users", table: "users", service: "auth",
        owned_by: Some("id"), order: "-createdAt,id",
        joins: [],
        /// E-mail address, unique in its tenant.
        email: String => "email".filter().search(),
        /// Hash of the password; never in an answer.
        password: String => "password".read(Level::Nobody),
        /// Full name.
        fullname: String => "fullname".filter().search(),
        /// Address of the picture.
        avatar: Option<String> => "avatar",
        /// superAdmin, saasAdmin, saasUser, tenantOwner, tenantAdmin or tenantUser.
        role: Role => "roleId".kind(Kind::String).filter(),
        /// Whether the address was confirmed.
        email_verified: bool => "emailVerified",
        /// When the user archived the own profile.
        archive_date: Option<Timestamp> => "archiveDate",
        /// The company; null on the SaaS level.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// A department of a company.
    pub struct UserGroup {
        object: "userGroup", plural: "userGroups", table: "user_group", service: "auth",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// The department's name.
        group_name: String => "groupName".filter(),
        /// Address of its picture.
        avatar: Option<String> => "avatar".filter(),
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// A user's membership of a department.
    pub struct UserGroupMember {
        object: "userGroupMember", plural: "userGroupMembers", table: "user_group_member", service: "auth",
        owned_by: None, order: "-createdAt,id",
        joins: ["user" by "userId" to User: ["email", "fullname", "avatar"]],
        /// The department.
        group_id: DepartmentId => "groupId",
        /// The member.
        user_id: UserId => "userId".filter(),
        /// Who added the member.
        owner_id: UserId => "ownerId".filter(),
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// A login. It ends at logout, when the password or the role changes, and when its user is archived or deleted.
    pub struct UserSession {
        object: "userSession", plural: "userSessions", table: "user_session", service: "auth",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [],
        /// Whose login it is.
        user_id: UserId => "userId".filter(),
        /// When it expires by itself.
        expires_at: Timestamp => "expiresAt",
        /// Whether the e-mail second factor is still to be given.
        needs_2fa: bool => "sessionNeedsEmail2FA",
        /// Address that logged in.
        ip: Option<String> => "ip",
        /// Program that logged in.
        user_agent: Option<String> => "userAgent",
        /// The company; null on the SaaS level.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// A key with which a program acts as its user.
    pub struct ApiKey {
        object: "apiKey", plural: "apiKeys", table: "api_key", service: "auth",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [],
        /// Whose key it is.
        user_id: UserId => "userId".filter(),
        /// What it is for, in its user's words.
        name: String => "name".filter(),
        /// Its first characters, to tell keys apart.
        prefix: String => "prefix",
        /// Digest of the key; never in an answer.
        digest: String => "digest".read(Level::Nobody),
        /// When it stops working; null: never.
        expires_at: Option<Timestamp> => "expiresAt",
        /// Whether it only reads.
        read_only: bool => "readOnly",
        /// Services that it may call; none: all.
        services: Json => "services".kind(Kind::Strings),
        /// The company; null on the SaaS level.
        company_id: CompanyId => "companyId",
    }
}

wire_enum! {
    /// What a mailed code proves.
    pub enum VerificationKind {
        Email => "email",
        PasswordReset => "passwordReset",
        TwoFactor => "twoFactor",
    }
}

data_object! {
    /// A running verification by a mailed code: one per user and kind.
    pub struct Verification {
        object: "verification", plural: "verifications", table: "verification", service: "auth",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [],
        /// Who is to be verified.
        user_id: UserId => "userId",
        /// What is to be verified.
        kind: VerificationKind => "kind",
        /// Digest of the code; never in an answer.
        digest: String => "digest".read(Level::Nobody),
        /// Which code it is, counted from 1.
        code_index: i64 => "codeIndex",
        /// Wrong tries so far.
        tries: i64 => "tries",
        /// When the code was made.
        started_at: Timestamp => "startedAt",
        /// The login that waits for it (second factor).
        session_id: Option<Uuid> => "sessionId",
        /// The company; null on the SaaS level.
        company_id: CompanyId => "companyId",
    }
}
