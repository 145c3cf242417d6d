//! Tools that change something, where the page wants to be asked.

use serde_json::{Value as Json, json};
use workforceos_tests::llm::Turn;
use workforceos_tests::{Db, Live, Seen, on_both_databases};

use super::{APPROVE, all, ask, conversation, named, names, said, start};
use crate::text;

on_both_databases!(a_change_waits_for_approval, without_asking_nothing_waits);

const GROUPS: &str = "/auth-api/v1/usergroups";

async fn until_asked(live: &mut Live) -> Vec<Seen> {
    live.until(|event| event.name.as_deref() == Some("tool_approval")).await
}

fn approval(seen: &[Seen], approve: bool) -> Json {
    json!({"approvalId": text(&seen.last().expect("an approval").data, "approvalId"), "approve": approve})
}

async fn a_change_waits_for_approval(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let admin = acme.admin("ada").await;
    let crew = || Turn::calls([("listUserGroups", json!({})), ("createUserGroup", json!({"groupName": "Crew"}))]);
    let body = json!({"message": "Make a department Crew", "confirmWrites": true});
    llm.script([crew(), Turn::says("You did not want it.")]);
    let mut live = ask(&acme.owner, body.clone()).await;
    let mut seen = until_asked(&mut live).await;
    let asked = &seen.last().expect("an approval").data;
    assert_eq!((&asked["tool"], &asked["args"]), (&json!("createUserGroup"), &json!({"groupName": "Crew"})));
    assert!(asked["toolCallId"].is_string(), "{asked}");
    admin.post(APPROVE, approval(&seen, true)).await.refused(404, "ApprovalNotFound");
    assert_eq!(acme.owner.post(APPROVE, approval(&seen, false)).await.ok(), json!({"success": true}));
    assert_eq!(acme.owner.post(APPROVE, approval(&seen, true)).await.status, 409, "it was decided");
    seen.extend(all(live).await);
    let results = named(&seen, "tool_result");
    let made = results.iter().find(|result| result.data["tool"] == "createUserGroup").expect("a result");
    assert_eq!(made.data["success"], false);
    assert_eq!(said(&seen), "You did not want it.");
    assert_eq!(acme.owner.get(GROUPS).await.ok()["rowCount"], 0);

    llm.script([crew(), Turn::says("It is there.")]);
    let body = json!({"message": "I do want it", "confirmWrites": true, "conversationId": conversation(&seen)});
    let mut live = ask(&acme.owner, body).await;
    let mut seen = until_asked(&mut live).await;
    acme.owner.post(APPROVE, approval(&seen, true)).await.ok();
    seen.extend(all(live).await);
    assert_eq!(said(&seen), "It is there.");
    assert_eq!(acme.owner.get(GROUPS).await.ok()["userGroups"][0]["groupName"], "Crew");
    let unknown = json!({"approvalId": "nothing", "approve": true});
    acme.owner.post(APPROVE, unknown).await.refused(404, "ApprovalNotFound");
}

async fn without_asking_nothing_waits(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    llm.script([Turn::calls([("createUserGroup", json!({"groupName": "Crew"}))]), Turn::says("Done.")]);
    let seen = super::asked(&acme.owner, "Make a department Crew").await;
    assert_eq!(names(&seen), ["start", "tool_start", "tool_executing", "tool_result", "text", "done"]);
    assert_eq!(acme.owner.get(GROUPS).await.ok()["rowCount"], 1);
}
