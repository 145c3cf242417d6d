//! Writing a plan on a world that went on meanwhile: all of it is written or nothing.

use std::sync::Arc;

use uuid::Uuid;
use workforceos_actors::State;
use workforceos_core::change::{Changes, RowChange};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, DepartmentId, SessionId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{
    ContractType, DayPart, EmployeeProfile, LeaveRequest, LeaveStatus, Shift, ShiftStatus, User, UserGroup, UserGroupMember,
};
use workforceos_core::session::{Ctx, Role, Scope, Session, Tenant};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::Zone;

use super::apply::{Filled, assign};
use crate::schedule::rules::span;
use crate::system_ctx;

const COMPANY: CompanyId = CompanyId(Uuid::from_u128(1));
const CREW: DepartmentId = DepartmentId(Uuid::from_u128(2));
const MIA: UserId = UserId(Uuid::from_u128(10));
const ANN: UserId = UserId(Uuid::from_u128(11));
const BOB: UserId = UserId(Uuid::from_u128(12));

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn now() -> Timestamp {
    Timestamp::parse("2026-06-01T06:00:00Z").expect("an instant")
}

fn meta(id: u128) -> Meta {
    Meta::new(Uuid::from_u128(id), now(), None)
}

fn put<T: DataObject>(state: &mut State, object: &T) {
    state.apply(&object.to_record()).expect("it fits its declaration");
}

fn user(id: UserId) -> User {
    User {
        meta: Meta::new(id, now(), None),
        email: format!("{id}@acme.test"),
        password: String::new(),
        fullname: "Somebody".to_owned(),
        avatar: None,
        role: Role::TenantUser,
        email_verified: true,
        archive_date: None,
        company_id: COMPANY,
    }
}

fn profile(user: UserId, manager: UserId) -> EmployeeProfile {
    EmployeeProfile {
        meta: meta(user.0.as_u128() + 100),
        user_id: user,
        employment_start_date: date("2020-01-01"),
        position: "Nurse".to_owned(),
        contract_type: ContractType::Permanent,
        salary: None,
        department_id: None,
        manager_id: Some(manager),
        notes: None,
        company_id: COMPANY,
    }
}

fn member(user: UserId) -> UserGroupMember {
    UserGroupMember { meta: meta(user.0.as_u128() + 200), group_id: CREW, user_id: user, owner_id: MIA, company_id: COMPANY }
}

fn shift(id: u128, day: &str, start: &str, end: &str) -> Shift {
    let (starts_at, ends_at) = span(Zone::UTC, date(day), start, end).expect("a span");
    Shift {
        meta: meta(id),
        shift_date: date(day),
        start_time: start.to_owned(),
        end_time: end.to_owned(),
        starts_at,
        ends_at,
        location: None,
        department_id: Some(CREW),
        assigned_user_ids: Vec::new(),
        assigned_department_ids: Vec::new(),
        status: ShiftStatus::Scheduled,
        break_minutes: 0,
        needed_count: 2,
        is_draft: false,
        shift_template_id: None,
        created_by: MIA,
        company_id: COMPANY,
    }
}

/// Mia's reports Ann and Bob, both of the crew, and two shifts of it.
fn world() -> (State, Shift, Shift) {
    let mut state = State::empty(COMPANY, 1).aside(date("2026-06-12"), date("2026-06-24"));
    put(
        &mut state,
        &UserGroup { meta: Meta::new(CREW, now(), None), group_name: "crew".to_owned(), avatar: None, company_id: COMPANY },
    );
    put(&mut state, &user(MIA));
    for who in [ANN, BOB] {
        put(&mut state, &user(who));
        put(&mut state, &profile(who, MIA));
        put(&mut state, &member(who));
    }
    let (early, late) = (shift(1001, "2026-06-15", "08:00", "16:00"), shift(1002, "2026-06-17", "08:00", "16:00"));
    put(&mut state, &early);
    put(&mut state, &late);
    (state, early, late)
}

fn caller(user: UserId, role: Role) -> Ctx {
    let tenant = Tenant::of(COMPANY, "acme", Zone::UTC);
    let session = Session {
        id: SessionId(Uuid::from_u128(5)),
        user,
        company: COMPANY,
        codename: "acme".into(),
        role,
        email: String::new(),
        fullname: String::new(),
        avatar: None,
        needs_2fa: false,
        key: None,
        expires_at: None,
    };
    // Whose manager the caller was when the call came; who is so now, the state says.
    let scope = Scope { reports: vec![ANN, BOB], ..Scope::default() };
    Ctx { session: Some(Arc::new(session)), scope: Arc::new(scope), ..system_ctx(tenant, now(), "planWeek") }
}

/// Ann and Bob take the early shift, Ann the late one, as it was planned on the world above.
fn write(state: &State, at: Timestamp, overtime: bool) -> Result<Changes> {
    let (_, early, late) = world();
    let plan = [Filled { shift: Arc::new(early), users: vec![ANN, BOB] }, Filled { shift: Arc::new(late), users: vec![ANN] }];
    assign(state, at, &caller(MIA, Role::TenantUser), &plan, overtime)
}

fn assigned(changes: &Changes) -> Vec<(i64, Vec<UserId>)> {
    let shift = |row: &RowChange| match row {
        RowChange::Put(record) => Shift::from_record(record.clone()).expect("a shift"),
        RowChange::Purge(..) => panic!("nothing is removed"),
    };
    changes.rows.iter().map(shift).map(|s| (s.meta.record_version, s.assigned_user_ids)).collect()
}

#[test]
fn a_plan_is_written_with_its_events_and_versions() {
    let (state, ..) = world();
    let changes = write(&state, now(), false).unwrap_or_else(|error| panic!("it is written: {error}"));
    assert_eq!(assigned(&changes), [(2, vec![ANN, BOB]), (2, vec![ANN])]);
    assert_eq!(changes.events.iter().map(|e| (e.kind, e.audited)).collect::<Vec<_>>(), [(Some("shift.updated"), true); 2]);
}

/// What went on meanwhile, and how the state shows it.
type Change = (&'static str, Box<dyn Fn(&mut State)>);

#[test]
fn a_world_that_went_on_refuses_the_whole_plan() {
    let leave = |status, part| LeaveRequest {
        meta: meta(3001),
        user_id: ANN,
        department_id: None,
        request_date: now(),
        leave_type: "annual".to_owned(),
        start_date: date("2026-06-17"),
        end_date: date("2026-06-17"),
        day_part: part,
        reason: None,
        status,
        approver_id: None,
        approved_date: None,
        decision_note: None,
        delay_alert_at: None,
        company_id: COMPANY,
    };
    let named = |shift: Shift, user| Shift { assigned_user_ids: vec![user], ..shift };
    let (_, early, late) = world();
    let changes: Vec<Change> = vec![
        ("the shift has another version", Box::new(move |s| put(s, &early.clone().touched(now())))),
        (
            "it is gone",
            Box::new({
                let late = late.clone();
                move |s| put(s, &late.clone().deleted(now()))
            }),
        ),
        // The same version, as if nobody had counted: the rules are asked again all the same.
        ("a place was taken", Box::new(|s| put(s, &Shift { needed_count: 1, ..shift(1001, "2026-06-15", "08:00", "16:00") }))),
        (
            "it is cancelled",
            Box::new(|s| put(s, &Shift { status: ShiftStatus::Cancelled, ..shift(1002, "2026-06-17", "08:00", "16:00") })),
        ),
        ("it is a draft again", Box::new(|s| put(s, &Shift { is_draft: true, ..shift(1002, "2026-06-17", "08:00", "16:00") }))),
        ("leave was approved", Box::new(move |s| put(s, &leave(LeaveStatus::Approved, DayPart::Full)))),
        ("half a day was approved", Box::new(move |s| put(s, &leave(LeaveStatus::Approved, DayPart::FirstHalf)))),
        ("another shift at that time", Box::new(move |s| put(s, &named(shift(1003, "2026-06-17", "15:00", "18:00"), ANN)))),
        ("too little rest", Box::new(move |s| put(s, &named(shift(1003, "2026-06-16", "22:00", "02:00"), ANN)))),
        (
            "the week is full",
            Box::new(move |s| {
                for (i, day) in ["2026-06-18", "2026-06-19", "2026-06-20", "2026-06-21"].into_iter().enumerate() {
                    put(s, &named(shift(1010 + i as u128, day, "09:00", "17:00"), ANN));
                }
            }),
        ),
        ("somebody left the department", Box::new(|s| put(s, &member(BOB).deleted(now())))),
        ("somebody lost the profile", Box::new(|s| put(s, &profile(BOB, MIA).deleted(now())))),
        ("somebody has another manager", Box::new(|s| put(s, &profile(BOB, ANN)))),
        ("somebody left the company", Box::new(|s| put(s, &user(BOB).deleted(now())))),
    ];
    for (what, change) in changes {
        let (mut state, ..) = world();
        change(&mut state);
        let refused = write(&state, now(), false).err().map(|error| (error.status.http(), error.code.into_owned()));
        assert_eq!(refused, Some((409, "ConcurrentChange".to_owned())), "{what}");
    }
    let begun = Timestamp::parse("2026-06-15T08:00:00Z").expect("an instant");
    assert!(write(&world().0, begun, false).is_err_and(|error| error.code == "ConcurrentChange"), "it has begun");
}

#[test]
fn what_forbids_nothing_changes_nothing() {
    let (mut state, ..) = world();
    for (i, day) in ["2026-06-18", "2026-06-19", "2026-06-20", "2026-06-21"].into_iter().enumerate() {
        put(&mut state, &Shift { assigned_user_ids: vec![ANN], ..shift(1010 + i as u128, day, "09:00", "17:00") });
    }
    assert!(write(&state, now(), false).is_err());
    assert_eq!(assigned(&write(&state, now(), true).expect("overtime is allowed")).len(), 2);
}
