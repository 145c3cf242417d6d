//! Two servers on one PostgreSQL database: what one does, the other knows.

use serde_json::json;
use workforceos_tests::time::at;
use workforceos_tests::{Client, Company, DEADLINE, Db, Person, Reply, TestApp};

use crate::paths::{CHECK_IN, RECORDS, SHIFTS};
use crate::text;

struct Two {
    one: TestApp,
    other: TestApp,
    ward: Company,
    ann: Person,
    mia: Person,
}

/// Two servers and a ward; `None` where there is no PostgreSQL.
async fn two() -> Option<Two> {
    if !Db::Postgres.is_here() {
        return None;
    }
    let one = TestApp::start(Db::Postgres).await;
    let other = one.twin().await;
    let ward = one.company("ward", "Europe/Berlin").await;
    let (ann, mia) = (ward.employee("ann").await, ward.employee("mia").await);
    ward.manager_of(&mia, &[&ann]).await;
    Some(Two { one, other, ward, ann, mia })
}

/// Asks until the answer has a status: what another node did takes a moment to arrive.
async fn eventually(client: &Client, path: &str, status: u16) -> Reply {
    let asking = async {
        loop {
            let reply = client.get(path).await;
            if reply.status == status {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("{path} never answered {status}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_reach_the_streams_of_both() {
    let Some(Two { one, other, ward, ann, mia }) = two().await else { return };
    let mut streams = Vec::new();
    for (who, server) in [(&ann, &one), (&ann, &other), (&mia, &one), (&mia, &other)] {
        let mut live = who.at(server).stream("").await;
        live.snapshot().await;
        streams.push(live);
    }
    let mut made = Vec::new();
    for i in 0..40u32 {
        let owner = ward.owner.at(if i % 3 == 0 { &one } else { &other });
        let body = json!({"shiftDate": format!("2026-07-{:02}", 1 + i % 28), "startTime": format!("{:02}:00", 6 + i / 28 * 2),
            "endTime": format!("{:02}:30", 6 + i / 28 * 2), "assignedUserIds": [ann.text()]});
        made.push(text(&owner.post(SHIFTS, body).await.ok()["shift"], "id"));
    }
    let last = made.last().expect("one").clone();
    for live in &mut streams {
        let seen = live.until_object(&last).await;
        let told: Vec<&str> = seen.iter().map(|e| e.object_id()).collect();
        assert_eq!(told, made, "all of them, in order, once");
        assert!(seen.windows(2).all(|w| w[0].id < w[1].id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_moves_from_one_to_the_other() {
    let Some(Two { mut one, other, ward, ann, .. }) = two().await else { return };
    let mut live = ann.stream("").await;
    live.snapshot().await;
    let first = ward.shift("2026-07-01", "08:00-09:00", &[&ann]).await;
    let position = live.until_object(&first).await.pop().and_then(|e| e.id);
    let missed = ward.shift("2026-07-01", "09:00-10:00", &[&ann]).await;
    one.stop().await;
    let mut live = ann.at(&other).stream_after("", position).await;
    assert_eq!(live.told().await.object_id(), missed);
    let body = json!({"shiftDate": "2026-07-02", "startTime": "08:00", "endTime": "09:00", "assignedUserIds": [ann.text()]});
    let next = text(&ward.owner.at(&other).post(SHIFTS, body).await.ok()["shift"], "id");
    assert_eq!(live.told().await.object_id(), next);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_ends_on_both() {
    let Some(Two { one, other, ann, .. }) = two().await else { return };
    ann.at(&one).get(RECORDS).await.ok();
    ann.at(&other).get(RECORDS).await.ok();
    let mut live = ann.at(&other).stream("").await;
    live.snapshot().await;
    ann.at(&one).post("/auth-api/logout", json!({})).await.ok();
    assert_eq!(live.ended().await, "logout");
    eventually(&ann.at(&other), RECORDS, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reach_follows_on_both() {
    let Some(Two { one, other, ward, ann, .. }) = two().await else { return };
    let crew = ward.department("crew", &[]).await;
    let body =
        json!({"shiftDate": "2026-07-01", "startTime": "08:00", "endTime": "09:00", "assignedDepartmentIds": [crew.to_string()]});
    let shift = text(&ward.owner.at(&one).post(SHIFTS, body).await.ok()["shift"], "id");
    let path = format!("{SHIFTS}/{shift}");
    for server in [&one, &other] {
        ann.at(server).get(&path).await.refused(404, "ShiftNotFound");
    }
    let mut live = ann.at(&other).stream("schedule").await;
    live.snapshot().await;
    let member = json!({"groupId": crew.to_string(), "userId": ann.text()});
    ward.owner.at(&one).post("/auth-api/v1/usergroupmembers", member).await.ok();
    eventually(&ann.at(&other), &path, 200).await;
    live.begins_anew().await;
    ward.owner.at(&one).patch(&path, json!({"location": "Ward 3"})).await.ok();
    assert_eq!(live.told().await.object_id(), shift, "the stream's reach grew along");
    // The actor of the other server knows the member too.
    one.clock.set(at("2026-07-01T06:00:00Z"));
    let mut ann = Person { client: ann.at(&other), ..ann };
    ann.log_in().await;
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_of_both_do_a_thing_once() {
    let Some(Two { one, other, ward, ann, .. }) = two().await else { return };
    let mut live = ward.owner.stream("").await;
    live.snapshot().await;
    let mut shifts = Vec::new();
    for hour in 8..18 {
        shifts.push(ward.shift("2026-06-01", &format!("{hour:02}:00-{hour:02}:50"), &[&ann]).await);
    }
    one.clock.set(at("2026-06-01T22:00:00Z"));
    tokio::join!(one.sweep(), other.sweep(), one.sweep(), other.sweep());
    let end = ward.shift("2026-07-01", "08:00-09:00", &[&ann]).await;
    let seen = live.until_object(&end).await;
    let of = |kind: &str| seen.iter().filter(|e| e.kind() == kind).count();
    assert_eq!((of("shift.created"), of("shift.completed"), of("attendance.markedAbsent")), (11, 10, 10));
    assert_eq!(ann.at(&other).get(RECORDS).await.ok()["paging"]["totalRowCount"], 10);
    for server in [&one, &other] {
        let verified = server.services().store.verify(ward.id).await.expect("the journal is read");
        assert_eq!(verified.first_bad, None, "one chain, whoever wrote");
    }
}

/// A node that has only read so far hears of the last entry of a commit; what it has cached hangs on the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_only_read_learns_of_a_whole_commit() {
    let Some(Two { one, ward, ann, .. }) = two().await else { return };
    let crew = ward.department("crew", &[]).await;
    ward.shift("2026-07-01", "08:00-16:00", &[&ann]).await;
    let body =
        json!({"shiftDate": "2026-07-01", "startTime": "12:00", "endTime": "20:00", "assignedDepartmentIds": [crew.to_string()]});
    let shift = text(&ward.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    let late = one.twin().await;
    let (path, reader) = (format!("{SHIFTS}/{shift}"), ann.at(&late));
    reader.get(&path).await.refused(404, "ShiftNotFound");
    // The membership, and behind it in the same commit the alert of the clash.
    let member = json!({"groupId": crew.to_string(), "userId": ann.text()});
    ward.owner.post("/auth-api/v1/usergroupmembers", member).await.ok();
    eventually(&reader, &path, 200).await;
}
