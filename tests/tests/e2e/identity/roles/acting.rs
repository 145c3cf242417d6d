//! Root admins acting on a company: the powers of its owner, and a trace of each act in its journal.

use serde_json::json;
use workforceos_core::session::Role;
use workforceos_tests::{Client, Company, DEADLINE, Db, TestApp, on_both_databases};

use super::Whom::{Admin, SaasUser, User};
use super::rules;
use crate::identity::at;
use crate::paths::SHIFTS;
use crate::text;

rules!(
    the_super_admin_makes_an_admin: SuperThere Create(Some("tenantAdmin")) => Done,
    the_super_admin_makes_a_user: SuperThere Create(None) => Done,
    the_super_admin_makes_no_owner: SuperThere Create(Some("tenantOwner")) => Forbidden,
    the_super_admin_makes_no_saas_admin_there: SuperThere Create(Some("saasAdmin")) => WrongRole,
    the_super_admin_raises_a_user: SuperThere Role(User, "tenantAdmin") => Done,
    the_super_admin_lowers_an_admin: SuperThere Role(Admin, "tenantUser") => Done,
    the_super_admin_gives_no_role_of_the_saas_level: SuperThere Role(User, "saasAdmin") => WrongRole,
    the_super_admin_gives_nobody_the_owners_role: SuperThere Role(Admin, "tenantOwner") => Forbidden,
    the_super_admin_resets_an_admin: SuperThere Password(Admin) => Done,
    the_super_admin_deletes_an_admin: SuperThere Delete(Admin) => Done,
    the_super_admin_renames_an_admin: SuperThere Rename(Admin) => Done,

    a_saas_admin_makes_an_admin: SaasAdminThere Create(Some("tenantAdmin")) => Done,
    a_saas_admin_makes_no_owner: SaasAdminThere Create(Some("tenantOwner")) => Forbidden,
    a_saas_admin_raises_a_user: SaasAdminThere Role(User, "tenantAdmin") => Done,
    a_saas_admin_lowers_an_admin: SaasAdminThere Role(Admin, "tenantUser") => Done,
    a_saas_admin_resets_an_admin: SaasAdminThere Password(Admin) => Done,
    a_saas_admin_deletes_an_admin: SaasAdminThere Delete(Admin) => Done,
    a_saas_admin_archives_oneself_though_claiming_a_company: SaasAdminThere Archive => Done,
    those_of_the_saas_level_are_not_there_in_a_company: SuperThere Delete(SaasUser) => NotFound,

    a_saas_user_makes_nobody: SaasUserThere Create(None) => Mismatch,
    a_saas_user_raises_nobody: SaasUserThere Role(User, "tenantAdmin") => Mismatch,
    a_saas_user_resets_nobody: SaasUserThere Password(User) => Mismatch,
    a_saas_user_deletes_nobody: SaasUserThere Delete(User) => Mismatch,
);

on_both_databases!(
    every_act_leaves_a_trace_in_the_companys_journal,
    reading_leaves_a_trace_a_minute,
    an_act_on_one_company_is_none_on_another,
);

/// The root admin's entries in a company's journal: about what, and whom.
async fn traces(app: &TestApp, company: &Company, actor: &str) -> Vec<(String, String)> {
    let entries = app.services().store.journal(company.id, 0, 1_000).await.expect("the journal");
    let theirs = entries.into_iter().filter(|e| e.actor.is_some_and(|a| a.to_string() == actor));
    theirs.map(|e| (e.object.to_string(), e.object_id.to_string())).collect()
}

async fn id(client: &Client) -> String {
    text(&client.get(at::CURRENT_USER).await.ok(), "userId")
}

async fn every_act_leaves_a_trace_in_the_companys_journal(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for root in [app.super_admin().await, app.root_person("sam", Role::SaasAdmin).await.client] {
        let (root, me) = (root.claiming("acme"), id(&root).await);
        let ann = acme.unseen(&format!("ann{}", &me[30..])).await;
        let of = |path: &str| format!("{path}/{}", ann.text());
        let mut expected = Vec::new();
        let mut acted = async |name: &str, id: String| {
            expected.push((name.to_owned(), id));
            assert_eq!(traces(&app, &acme, &me).await, expected);
        };
        root.patch(&of(at::USERS), json!({"fullname": "Ann"})).await.ok();
        acted("user", ann.text()).await;
        root.patch(&of("/auth-api/v1/userrole"), json!({"roleId": "tenantAdmin"})).await.ok();
        acted("user", ann.text()).await;
        root.patch(&of("/auth-api/v1/userpasswordbyadmin"), json!({"password": "an entirely new one"})).await.ok();
        acted("user", ann.text()).await;
        let group = root.post("/auth-api/v1/usergroups", json!({"groupName": "crew"})).await.ok();
        acted("userGroup", text(&group["userGroup"], "id")).await;
        let shift = json!({"shiftDate": format!("2026-07-0{}", 1 + me.len() % 2), "startTime": "08:00", "endTime": "09:00"});
        let shift = root.post(SHIFTS, shift).await.ok();
        acted("shift", text(&shift["shift"], "id")).await;
        root.patch(&format!("/auth-api/v1/companies/{}", acme.id), json!({"industry": "care"})).await.ok();
        acted("company", acme.id.to_string()).await;
        root.delete(&of(at::USERS)).await.ok();
        acted("user", ann.text()).await;
        // What is one's own stays at home; what is refused is noted as that.
        root.patch(at::PROFILE, json!({"fullname": "Root"})).await.ok();
        assert_eq!(traces(&app, &acme, &me).await, expected);
        root.delete(&format!("{}/{}", at::USERS, acme.owner.text())).await.refused(403, "Forbidden");
        expected.push(("access".to_owned(), acme.id.to_string()));
        let noted = async {
            while traces(&app, &acme, &me).await != expected {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, noted).await.expect("the refusal is noted");
    }
    assert_eq!(app.services().store.verify(acme.id).await.expect("read").first_bad, None, "the chain holds");
}

/// Waits until so many reads of a root admin are noted: that happens behind the answer.
async fn noted(app: &TestApp, company: &Company, actor: &str, count: usize) {
    let noted = async {
        while traces(app, company, actor).await.len() < count {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, noted).await.expect("the reads are noted");
    let all = traces(app, company, actor).await;
    assert_eq!((all.len(), all.iter().all(|(object, id)| object == "access" && *id == company.id.to_string())), (count, true));
}

async fn reading_leaves_a_trace_a_minute(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let root = app.super_admin().await.claiming("acme");
    let me = id(&root).await;
    let before = app.services().caches.epoch(acme.id);
    root.get(SHIFTS).await.ok();
    noted(&app, &acme, &me, 1).await;
    assert_eq!(app.services().caches.epoch(acme.id), before, "nothing that is cached of the company is dropped");
    for _ in 0..5 {
        root.get(SHIFTS).await.ok();
    }
    root.get(at::USERS).await.ok();
    root.stream("").await.snapshot().await;
    noted(&app, &acme, &me, 3).await;
    app.clock.advance_minutes(1);
    root.get(SHIFTS).await.ok();
    noted(&app, &acme, &me, 4).await;
    // What members read, and what is open to everybody, is no act of anybody else's.
    acme.owner.get(SHIFTS).await.ok();
    root.get("/auth-api/v1/listbriefcompanies").await;
    noted(&app, &acme, &me, 4).await;
}

async fn an_act_on_one_company_is_none_on_another(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let ann = acme.unseen("ann").await;
    let root = app.super_admin().await;
    let me = id(&root).await;
    let path = format!("{}/{}", at::USERS, ann.text());
    root.claiming("other").get(&path).await.refused(404, "UserNotFound");
    root.claiming("other").patch(&path, json!({"fullname": "x"})).await.refused(404, "UserNotFound");
    root.get(&path).await.refused(404, "UserNotFound");
    root.get(SHIFTS).await.refused(404, "CompanyNotFound");
    root.claiming("acme").patch(&path, json!({"fullname": "Ann"})).await.ok();
    assert_eq!(traces(&app, &acme, &me).await, [("user".to_owned(), ann.text())]);
    // The look at the other one, found or not, is noted there.
    noted(&app, &other, &me, 1).await;
}
