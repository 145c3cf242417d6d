//! What queries find, compared with a search by hand.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;
use workforceos_core::answer::Join;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::{ApiKey, AttendanceRecord, Shift, ShiftStatus, User, UserGroup};
use workforceos_core::query::{Op, Sort, order};
use workforceos_core::{Cond, DataObject, Meta, Query, Record, Timestamp, Value};

use crate::database::{Fresh, NOW, committed};
use crate::objects::{attendance, company, group, id, people, put, query, shift, user};
use crate::on_both;

const PLACES: [Option<&str>; 8] =
    [None, Some("Ömer's Café"), Some("50%_off\\x"), Some("north"), Some("NORTH"), Some("ÖMER"), Some("a\"b"), Some("")];

async fn shifts(fresh: &Fresh) -> Vec<Record> {
    let users: Vec<UserId> = people(&fresh.store, company(1), 6).await.iter().map(|u| UserId(u.meta.id)).collect();
    let team = group(company(1), 60);
    let mut batch = vec![put(&team)];
    let mut rows = Vec::new();
    for n in 0..48_usize {
        let chosen: Vec<UserId> = users.iter().enumerate().filter(|(i, _)| n >> i & 1 == 1).map(|(_, u)| *u).collect();
        let teams = if n % 5 == 0 { vec![DepartmentId(team.meta.id)] } else { Vec::new() };
        let mut row = shift(company(1), 100 + n as u128, &chosen, &teams);
        row.location = PLACES[n % PLACES.len()].map(str::to_owned);
        row.department_id = (n % 3 == 0).then_some(DepartmentId(team.meta.id));
        row.status = if n % 4 == 0 { ShiftStatus::Completed } else { ShiftStatus::Scheduled };
        row.needed_count = (n % 7) as i64;
        if n == 11 {
            row = Shift { meta: Meta { is_active: false, ..row.meta }, ..row };
        }
        batch.push(put(&row));
        rows.push(row.to_record());
    }
    let mut foreign = shift(company(2), 999, &[], &[]);
    foreign.location = Some("north".to_owned());
    committed(&fresh.store, company(1), batch).await;
    committed(&fresh.store, company(2), vec![put(&foreign)]).await;
    rows
}

fn holds(row: &Record, cond: &Cond) -> bool {
    let ids = |name: &str| match row.get(name) {
        Value::Ids(ids) => ids.clone(),
        other => panic!("{other:?} is no list"),
    };
    match cond {
        Cond::All(list) => list.iter().all(|c| holds(row, c)),
        Cond::Any(list) => list.iter().any(|c| holds(row, c)),
        Cond::Cmp(name, op, value) => compares(row.get(name), *op, value),
        Cond::In(name, values) => values.contains(row.get(name)),
        Cond::IsNull(name) => row.get(name).is_null(),
        Cond::Contains(name, text) => row.get(name).as_text().is_some_and(|t| t.to_lowercase().contains(&text.to_lowercase())),
        Cond::HasAll(name, wanted) => wanted.iter().all(|id| ids(name).contains(id)),
        Cond::HasAny(name, wanted) => wanted.iter().any(|id| ids(name).contains(id)),
        Cond::Empty(name) => ids(name).is_empty(),
        Cond::Within(name, allowed) => ids(name).iter().all(|id| allowed.contains(id)),
        Cond::JsonEq(..) | Cond::PeriodContains(..) | Cond::Words(..) | Cond::Named(..) | Cond::Outside(..) => {
            unreachable!("shifts have neither JSON nor words, and nothing here names them")
        }
    }
}

fn compares(value: &Value, op: Op, with: &Value) -> bool {
    let ordering = match (value, with) {
        (Value::Null, Value::Null) => return op == Op::Eq,
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Id(a), Value::Id(b)) => a.cmp(b),
        _ => return false,
    };
    match op {
        Op::Eq => ordering.is_eq(),
        Op::Lt => ordering.is_lt(),
        Op::Lte => ordering.is_le(),
        Op::Gt => ordering.is_gt(),
        Op::Gte => ordering.is_ge(),
    }
}

fn any_op() -> impl Strategy<Value = Op> {
    prop::sample::select(vec![Op::Eq, Op::Lt, Op::Lte, Op::Gt, Op::Gte])
}

fn any_users() -> impl Strategy<Value = Vec<Uuid>> {
    prop::collection::vec((1..8_u128).prop_map(id), 0..5)
}

fn any_text() -> impl Strategy<Value = String> {
    let known =
        vec!["ömer", "Ömer's", "CAFÉ", "%", "_", "\\", "off\\", "North", "'", "\"", "; DROP TABLE shift; --", "", ".*", "é"];
    prop_oneof![prop::sample::select(known).prop_map(str::to_owned), "[ -~]{0,3}", "[a-zö%_'\\\\()*+.?]{0,3}"]
}

fn any_cond() -> impl Strategy<Value = Cond> {
    let date = (0..50_i64).prop_map(|n| Timestamp(NOW.0 + (100 + n) * Timestamp::DAY));
    let place = prop::sample::select(PLACES.to_vec());
    let text_value = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let leaf = prop_oneof![
        (any_op(), -1..8_i64).prop_map(|(op, n)| Cond::Cmp("neededCount", op, Value::Int(n))),
        (any_op(), date.clone()).prop_map(|(op, at)| Cond::Cmp("startsAt", op, Value::Time(at))),
        (any_op(), date).prop_map(|(op, at)| Cond::Cmp("shiftDate", op, Value::Date(at.utc().date_naive()))),
        (any_op(), place.clone()).prop_map(move |(op, text)| Cond::Cmp("location", op, text_value(text))),
        prop::collection::vec(place, 0..4).prop_map(move |l| Cond::In("location", l.into_iter().map(text_value).collect())),
        prop::collection::vec(100..150_u128, 0..9).prop_map(|l| Cond::id_in("id", &l.into_iter().map(id).collect::<Vec<_>>())),
        Just(Cond::eq("status", "completed")),
        Just(Cond::IsNull("location")),
        Just(Cond::IsNull("departmentId")),
        any_text().prop_map(|text| Cond::Contains("location", text)),
        any_users().prop_map(|ids| Cond::HasAll("assignedUserIds", ids)),
        any_users().prop_map(|ids| Cond::HasAny("assignedUserIds", ids)),
        any_users().prop_map(|ids| Cond::Within("assignedUserIds", ids)),
        Just(Cond::Empty("assignedDepartmentIds")),
        Just(Cond::Empty("assignedUserIds")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Cond::All),
            prop::collection::vec(inner, 0..4).prop_map(Cond::Any),
        ]
    })
}

on_both!(every_condition_finds_what_a_search_by_hand_finds);
async fn every_condition_finds_what_a_search_by_hand_finds(fresh: &mut Fresh) {
    let rows = shifts(fresh).await;
    let store = fresh.store.clone();
    let handle = tokio::runtime::Handle::current();
    let check = move || {
        let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
        runner.run(&any_cond(), |cond| {
            let list = query::<Shift>(company(1), cond.clone());
            let mut found = handle.block_on(store.select(&list)).map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
            let count = handle.block_on(store.count(&list)).map_err(|e| TestCaseError::fail(format!("{e:?}")))?;
            found.sort_by_key(Record::id);
            let wanted: Vec<Record> = rows.iter().filter(|r| r.is_active() && holds(r, &cond)).cloned().collect();
            prop_assert_eq!(count, wanted.len() as u64);
            prop_assert_eq!(found, wanted);
            Ok(())
        })
    };
    tokio::task::spawn_blocking(check).await.expect("runs").expect("holds");
}

on_both!(long_lists_are_no_trouble);
async fn long_lists_are_no_trouble(fresh: &mut Fresh) {
    shifts(fresh).await;
    let ids: Vec<Uuid> = (0..20_000).map(id).collect();
    let count = async |cond| fresh.store.count(&query::<Shift>(company(1), cond)).await.expect("counts");
    assert_eq!(count(Cond::id_in("id", &ids)).await, 47);
    assert_eq!(count(Cond::HasAll("assignedUserIds", ids.clone())).await, 0);
    assert_eq!(count(Cond::HasAny("assignedUserIds", ids.clone())).await, 46);
    assert_eq!(count(Cond::Within("assignedUserIds", ids)).await, 47);
    let each = |n: i64| Cond::Cmp("neededCount", Op::Eq, Value::Int(n));
    assert_eq!(count(Cond::Any((0..3_000).map(each).collect())).await, 47);
}

on_both!(json_is_compared_as_a_value);
async fn json_is_compared_as_a_value(fresh: &mut Fresh) {
    let key = |n: u128, services: serde_json::Value| ApiKey {
        meta: Meta::new(id(n), NOW, None),
        user_id: UserId(id(1)),
        name: "key".to_owned(),
        prefix: "p".to_owned(),
        digest: format!("digest {n}"),
        expires_at: None,
        read_only: true,
        services,
        company_id: company(1),
    };
    let (one, two) = (key(1, serde_json::json!(["a", "b"])), key(2, serde_json::json!([])));
    committed(&fresh.store, company(1), vec![put(&one), put(&two)]).await;
    let found = fresh.store.select(&query::<ApiKey>(company(1), Cond::JsonEq("services", "[ \"a\",\"b\"]".to_owned()))).await;
    assert_eq!(found.expect("reads"), [one.to_record()]);
    // No object has a period yet: the column is any JSON.
    let sql = "UPDATE api_key SET services = '{\"from\":\"2026-01-01\",\"to\":\"2026-01-31\"}' WHERE digest = 'digest 1'; \
               UPDATE api_key SET services = '{\"start\":\"2026-02-01T00:00:00Z\",\"end\":\"2026-02-02\"}' WHERE digest = 'digest 2'";
    fresh.raw(sql).await.expect("updates");
    for (day, hits) in [("2025-12-31", 0), ("2026-01-01", 1), ("2026-01-31", 1), ("2026-02-01", 1), ("2026-02-03", 0)] {
        let date = workforceos_core::time::parse_date(day).expect("a date");
        let found = fresh.store.count(&query::<ApiKey>(company(1), Cond::PeriodContains("services", date))).await;
        assert_eq!(found.expect("counts"), hits, "{day}");
    }
}

on_both!(joins_are_fetched_along);
async fn joins_are_fetched_along(fresh: &mut Fresh) {
    let users = people(&fresh.store, company(1), 3).await;
    let team = group(company(1), 60);
    let (ann, bob) = (UserId(users[0].meta.id), UserId(users[1].meta.id));
    let mut work = shift(company(1), 100, &[bob, ann], &[DepartmentId(team.meta.id)]);
    work.created_by = bob;
    let empty = shift(company(1), 101, &[], &[]);
    let record = attendance(company(1), 200, &work, ann);
    committed(&fresh.store, company(1), vec![put(&team), put(&work), put(&empty), put(&record)]).await;
    // A deleted object is still named.
    committed(&fresh.store, company(1), vec![put(&users[1].clone().deleted(NOW))]).await;

    let mut list = query::<Shift>(company(1), Cond::TRUE);
    list.joins = vec!["assignedUsers", "createdByUser", "department", "assignedDepartments"];
    let page = fresh.store.page(&list).await.expect("reads");
    let first = &page.rows[0];
    let names = |join: &Join| match join {
        Join::Many(many) => many.iter().map(|j| j.fields[0].1.as_text().unwrap_or("").to_owned()).collect(),
        Join::One(one) => one.iter().map(|j| j.fields[0].1.as_text().unwrap_or("").to_owned()).collect::<Vec<_>>(),
    };
    let shown: Vec<_> = first.joins.iter().map(|(name, join)| (*name, names(join))).collect();
    let expected = [
        ("assignedUsers", vec!["User 2".to_owned(), "User 1".to_owned()]),
        ("createdByUser", vec!["User 2".to_owned()]),
        ("department", vec![]),
        ("assignedDepartments", vec!["Group 60".to_owned()]),
    ];
    assert_eq!(shown, expected);
    assert_eq!(first.record, work.to_record());
    assert_eq!(names(&page.rows[1].joins[0].1), Vec::<String>::new());

    let mut list = query::<AttendanceRecord>(company(1), Cond::TRUE);
    list.joins = vec!["user", "shift"];
    let (seq, lists) = fresh.store.snapshot(company(1), &[list]).await.expect("reads");
    assert_eq!(seq, 8);
    let Join::One(Some(joined)) = &lists[0][0].joins[1].1 else { panic!("no shift") };
    assert_eq!((joined.id, &joined.fields[0].1), (work.meta.id, &Value::Date(work.shift_date)));
}

on_both!(totals_stay_exact);
async fn totals_stay_exact(fresh: &mut Fresh) {
    let mut list = query::<User>(company(1), Cond::eq("roleId", "tenantUser"));
    (list.limit, list.total) = (3, true);
    let mut users = people(&fresh.store, company(1), 10).await;
    let page = async |store: &workforceos_store::Store| {
        let page = store.page(&list).await.expect("reads");
        (page.rows.len(), page.total, page.total_cached)
    };
    assert_eq!(page(&fresh.store).await, (3, 10, false));
    assert_eq!(page(&fresh.store).await, (3, 10, true));
    let last = users.pop().expect("a user");
    committed(&fresh.store, company(1), vec![put(&last.deleted(NOW))]).await;
    assert_eq!(page(&fresh.store).await, (3, 9, false));
    committed(&fresh.store, company(1), vec![put(&user(company(1), 77)), put(&user(company(1), 78))]).await;
    assert_eq!(page(&fresh.store).await, (3, 11, false));
    assert_eq!(fresh.store.count(&list).await.expect("counts"), 11);
    let mut beyond = list.clone();
    beyond.offset = 100;
    let beyond = fresh.store.page(&beyond).await.expect("reads");
    assert_eq!((beyond.rows.len(), beyond.total), (0, 11));
}

on_both!(nulls_stand_last_and_pages_never_overlap);
async fn nulls_stand_last_and_pages_never_overlap(fresh: &mut Fresh) {
    shifts(fresh).await;
    for descending in [false, true] {
        let mut list = query::<Shift>(company(1), Cond::TRUE);
        list.order = vec![Sort { property: "location", descending }];
        let whole = fresh.store.select(&list).await.expect("reads");
        let keys: Vec<Option<&str>> = whole.iter().map(|r| r.get("location").as_text()).collect();
        let mut sorted = keys.clone();
        sorted.sort_by_key(|k| (k.is_none(), *k));
        if descending {
            sorted.reverse();
        }
        assert_eq!(keys, sorted);
        let mut pages = Vec::new();
        list.limit = 7;
        for n in 0..7 {
            list.offset = n * 7;
            pages.extend(fresh.store.select(&list).await.expect("reads"));
        }
        assert_eq!(pages, whole);
    }
}

on_both!(reads_keep_to_the_company);
async fn reads_keep_to_the_company(fresh: &mut Fresh) {
    let one = group(company(1), 1);
    committed(&fresh.store, company(1), vec![put(&one)]).await;
    let (store, def) = (&fresh.store, UserGroup::def());
    assert!(store.get(def, Some(company(1)), one.meta.id).await.expect("reads").is_some());
    assert!(store.get(def, None, one.meta.id).await.expect("reads").is_some());
    assert!(store.get(def, Some(company(2)), one.meta.id).await.expect("reads").is_none());
    assert_eq!(store.count(&query::<UserGroup>(company(2), Cond::TRUE)).await.expect("counts"), 0);
    let all = Query { company: None, order: order(def, "id"), ..query::<UserGroup>(company(2), Cond::TRUE) };
    assert_eq!(store.count(&all).await.expect("counts"), 1);
    let mut turn = store.turn(company(2)).await.expect("a turn");
    assert!(turn.get(def, one.meta.id).await.expect("reads").is_none());
}

on_both!(joins_keep_to_the_company);
async fn joins_keep_to_the_company(fresh: &mut Fresh) {
    let store = &fresh.store;
    let stranger = user(company(2), 1);
    committed(store, company(2), vec![put(&stranger)]).await;
    // Made by somebody of another tenant, as root admins do.
    let made = Shift { created_by: UserId(stranger.meta.id), ..shift(company(1), 10, &[UserId(stranger.meta.id)], &[]) };
    committed(store, company(1), vec![put(&made)]).await;
    let mut list = query::<Shift>(company(1), Cond::TRUE);
    list.joins = vec!["createdByUser", "assignedUsers"];
    let page = store.page(&list).await.expect("reads");
    let [(_, Join::One(None)), (_, Join::Many(many))] = &page.rows[0].joins[..] else { panic!("{:?}", page.rows[0].joins) };
    assert_eq!(many.len(), 0);
}

on_both!(all_rows_are_handed_over_one_by_one);
async fn all_rows_are_handed_over_one_by_one(fresh: &mut Fresh) {
    let users = people(&fresh.store, company(1), 40).await;
    committed(&fresh.store, company(2), vec![put(&user(company(2), 77))]).await;
    committed(&fresh.store, company(1), vec![put(&users[0].clone().deleted(NOW))]).await;
    let mut turn = fresh.store.turn(company(1)).await.expect("a turn");
    let mut seen = Vec::new();
    let mut take = |record: &Record| {
        seen.push(record.clone());
        Ok(())
    };
    turn.each(User::def(), &mut take).await.expect("reads");
    seen.sort_by_key(Record::id);
    let mut all = turn.select(&query::<User>(company(1), Cond::TRUE)).await.expect("reads");
    all.sort_by_key(Record::id);
    assert_eq!((seen.len(), seen == all), (39, true));
    let refused = turn.each(User::def(), |_| Err(workforceos_core::Error::internal("enough"))).await;
    assert_eq!(refused.expect_err("told").code, "InternalError");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_looks_at_what_was_written() {
    let Some(fresh) = Fresh::postgres().await else { return };
    people(&fresh.store, company(1), 40).await;
    let known = "SELECT reltuples::bigint FROM pg_class WHERE oid = 'users'::regclass";
    assert!(fresh.number(known).await <= 0);
    fresh.store.analyze().await.expect("looks");
    assert_eq!(fresh.number(known).await, 40);
    fresh.end().await;
}
