//! Rows to test with.

use uuid::Uuid;
use workforceos_core::change::{Audience, Changes, Event, Idempotency, IdempotencyKey};
use workforceos_core::id::{CompanyId, DepartmentId, ShiftId, UserId};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, Shift, ShiftStatus, User, UserGroup};
use workforceos_core::{Cond, DataObject, Meta, Query, Role, Timestamp, Via};
use workforceos_store::Store;

use crate::database::{NOW, committed};

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

pub fn company(n: u128) -> CompanyId {
    CompanyId(id(0xc000_0000 + n))
}

pub fn user(company: CompanyId, n: u128) -> User {
    User {
        meta: Meta::new(id(n), Timestamp(NOW.0 + n as i64), None),
        email: format!("user{n}@example.com"),
        password: "$argon2id$secret".to_owned(),
        fullname: format!("User {n}"),
        avatar: None,
        role: Role::TenantUser,
        email_verified: n.is_multiple_of(2),
        archive_date: None,
        company_id: company,
    }
}

pub fn group(company: CompanyId, n: u128) -> UserGroup {
    UserGroup { meta: Meta::new(id(n), NOW, None), group_name: format!("Group {n}"), avatar: None, company_id: company }
}

pub fn shift(company: CompanyId, n: u128, users: &[UserId], departments: &[DepartmentId]) -> Shift {
    let start = Timestamp(NOW.0 + n as i64 * Timestamp::DAY);
    Shift {
        meta: Meta::new(id(n), NOW, None),
        shift_date: start.utc().date_naive(),
        start_time: "09:00".to_owned(),
        end_time: "17:00".to_owned(),
        starts_at: start,
        ends_at: Timestamp(start.0 + 8 * Timestamp::HOUR),
        location: None,
        department_id: None,
        assigned_user_ids: users.to_vec(),
        assigned_department_ids: departments.to_vec(),
        status: ShiftStatus::Scheduled,
        break_minutes: 30,
        needed_count: 1,
        is_draft: false,
        shift_template_id: None,
        created_by: UserId(id(1)),
        company_id: company,
    }
}

pub fn attendance(company: CompanyId, n: u128, shift: &Shift, user: UserId) -> AttendanceRecord {
    AttendanceRecord {
        meta: Meta::new(id(n), Timestamp(NOW.0 + n as i64), None),
        user_id: user,
        shift_id: ShiftId(shift.meta.id),
        shift_date: shift.shift_date,
        check_in_time: Some(NOW),
        check_out_time: None,
        status: AttendanceStatus::Present,
        late_by_minutes: Some(0),
        worked_minutes: None,
        absence_reason: None,
        manager_note: None,
        checkout_alert_at: None,
        company_id: company,
    }
}

pub fn event<T: DataObject>(object: &T) -> Event {
    Event {
        kind: Some("test.changed"),
        action: "testChange",
        object: T::def().name,
        object_id: object.meta().id,
        after: Some(object.to_record()),
        before: None,
        extra: Some(serde_json::json!({"why": "test"})),
        audited: true,
        audience: Audience::everyone(),
        actor: Some(UserId(id(1))),
        via: Via::Rest,
        request_id: "request-1".into(),
    }
}

/// A change that writes one object.
pub fn put<T: DataObject>(object: &T) -> Changes {
    Changes::none().put(object).event(event(object))
}

/// A change that removes one object for good.
pub fn purge<T: DataObject>(object: &T) -> Changes {
    Changes::none().purge::<T>(object.meta().id).event(event(object))
}

pub fn keyed(changes: Changes, company: CompanyId, user: UserId, key: &str, at: Timestamp) -> Changes {
    let key = IdempotencyKey { company, user, key: key.into(), fingerprint: u64::MAX - 3 };
    Changes { idempotency: Some(Idempotency { key, answer: serde_json::json!({"n": 1}), at }), ..changes }
}

/// Users 1 to `n` of a company, stored.
pub async fn people(store: &Store, company: CompanyId, n: u128) -> Vec<User> {
    let users: Vec<User> = (1..=n).map(|i| user(company, i)).collect();
    committed(store, company, users.iter().map(put).collect()).await;
    users
}

pub fn query<T: DataObject>(company: CompanyId, cond: Cond) -> Query {
    Query::of(T::def(), company, cond)
}
