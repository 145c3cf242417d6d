//! Files in S3-compatible storage: all of them, avatars too, and none on the disk.

use workforceos_services::files;
use workforceos_tests::{Db, S3Server, TestApp, on_both_databases};

use super::Team;
use super::files::{PDF, upload};
use crate::avatars::DOT;
use crate::text;

on_both_databases!(files_are_kept_elsewhere, a_broken_storage_breaks_nothing_else);

async fn files_are_kept_elsewhere(db: Db) {
    let storage = S3Server::start().await;
    let mut app = TestApp::start(db).await;
    app.restart_with(|settings| settings.s3 = Some(storage.settings())).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let uploaded = upload(&team.mia, &team.profile, "a.pdf", PDF).await.ok();
    let picture = team.ann.upload("userAvatars", "me.gif", DOT).await.ok();
    let (company, path) = (team.company.id, text(&uploaded["file"], "documentUrl"));
    let key = |bucket: &str, id: &str| format!("{company}/{bucket}/{id}");
    let document = key("employeeDocuments", &text(&uploaded["file"], "id"));
    let avatar = key("userAvatars", &text(&picture["file"], "id"));
    let keys = || storage.objects().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(), [document.clone(), avatar.clone()]);
    assert_eq!(storage.objects()[0].1, PDF.len());
    assert!(!app.data_dir().join("files").join(company.to_string()).exists(), "nothing on the disk");
    app.restart().await;
    assert_eq!(team.eve.get(&path).await.status, 200);
    let id = text(&picture["file"], "id");
    assert_eq!(app.anonymous().get(&format!("/auth-api/bucket/userAvatars/download/{id}")).await.status, 200);
    team.ann.delete(&format!("/auth-api/v1/userAvatarsFiles/{id}")).await.ok();
    assert_eq!(keys(), std::slice::from_ref(&document));
    // Leftovers are found there, too.
    let left_over = key("employeeDocuments", "019e7d00-0000-7000-8000-000000000000");
    storage.keep(&left_over, b"left over");
    app.set("2026-06-10T06:00:00Z");
    assert_eq!(files::tidy(&app.services()).await.expect("tidied"), 1);
    assert_eq!(keys(), [document]);
    assert_eq!(storage.unsigned(), 0);
}

async fn a_broken_storage_breaks_nothing_else(db: Db) {
    let storage = S3Server::start().await;
    let mut app = TestApp::start(db).await;
    app.restart_with(|settings| settings.s3 = Some(storage.settings())).await;
    let team = Team::make(&app, "acme", "UTC").await;
    storage.set_broken(true);
    let told = upload(&team.mia, &team.profile, "a.pdf", PDF).await;
    assert_eq!(told.status, 503, "{}", told.text);
    assert!(!told.text.contains("127.0.0.1") && !told.text.contains("hush"), "{}", told.text);
    team.eve.get(&team.path()).await.ok();
    storage.set_broken(false);
    upload(&team.mia, &team.profile, "a.pdf", PDF).await.ok();
}
