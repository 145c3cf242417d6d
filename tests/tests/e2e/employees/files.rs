//! Private files: uploaded for an employee, kept as they are, downloaded by those who reach the employee.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use workforceos_core::object::{DataObject, ObjectDef};
use workforceos_core::objects::{EmployeeDocument, EmployeeDocumentsFile};
use workforceos_tests::{BOUNDARY, Client, DEADLINE, Db, Reply, TestApp, form_field, on_both_databases};

use super::{Team, hired};
use crate::avatars::DOT;
use crate::paths::{DOCUMENTS, PROFILES};
use crate::text;

on_both_databases!(
    who_uploads_and_who_downloads,
    files_are_kept_as_they_are_and_served_safely,
    what_they_are_is_told_by_their_content,
    too_much_is_cut_off,
    a_file_goes_with_the_last_document_that_names_it,
    the_form_says_whose_it_is,
    a_repeated_upload_is_one,
);

const UPLOAD: &str = "/employeeprofile-api/bucket/employeeDocuments/upload";
pub const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n<script>alert(1)</script>\n%%EOF";
const MB: usize = 1024 * 1024;

pub async fn upload(who: &Client, profile: &str, name: &str, bytes: &[u8]) -> Reply {
    let fields = [form_field("file", name, "text/html", bytes), about(profile)];
    who.submit_to(UPLOAD, &fields).await
}

fn about(profile: &str) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"employeeProfileId\"\r\n\r\n");
    [head.as_bytes(), profile.as_bytes(), b"\r\n"].concat()
}

/// What tells of a person's documents.
pub fn private() -> [&'static ObjectDef; 2] {
    [EmployeeDocument::def(), EmployeeDocumentsFile::def()]
}

/// Where the bytes of an upload are.
pub fn kept(app: &TestApp, team: &Team, uploaded: &Json) -> PathBuf {
    let folder = app.data_dir().join("files").join(team.company.id.to_string());
    folder.join("employeeDocuments").join(text(&uploaded["file"], "id"))
}

fn url(uploaded: &Json) -> String {
    text(&uploaded["file"], "documentUrl")
}

async fn who_uploads_and_who_downloads(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let other = Team::make(&app, "other", "UTC").await;
    for who in [&team.ann, &team.bob] {
        upload(who, &team.profile, "a.pdf", PDF).await.refused(403, "Forbidden");
    }
    for who in [&other.company.owner, &other.mia] {
        assert_eq!(upload(who, &team.profile, "a.pdf", PDF).await.bad_fields(), ["employeeProfileId"]);
    }
    // A manager neither for somebody else nor for herself.
    for person in [&team.mia, &team.bob] {
        let profile = text(&team.eve.post(PROFILES, hired(person, json!({}))).await.ok()["employeeProfile"], "id");
        assert_eq!(upload(&team.mia, &profile, "a.pdf", PDF).await.bad_fields(), ["employeeProfileId"]);
    }
    app.anonymous().submit_to(UPLOAD, &[]).await.refused(401, "LoginRequired");
    upload(&team.eve, &team.profile, "a.pdf", PDF).await.ok();
    let uploaded = upload(&team.mia, &team.profile, "a.pdf", PDF).await.ok();
    let path = url(&uploaded);
    for who in [&team.company.owner, &team.eve, &team.mia] {
        assert_eq!(who.get(&path).await.status, 200);
    }
    // The employee, once a document names it.
    team.ann.get(&path).await.refused(404, "EmployeeDocumentsFileNotFound");
    let body = json!({"employeeProfileId": team.profile, "documentType": "permit", "documentUrl": path});
    let document = text(&team.mia.post(DOCUMENTS, body.clone()).await.ok()["employeeDocument"], "id");
    assert_eq!(team.ann.get(&path).await.status, 200);
    for who in [&team.bob, &other.company.owner, &other.mia, &other.ann] {
        who.get(&path).await.refused(404, "EmployeeDocumentsFileNotFound");
    }
    other.company.owner.claiming(&team.company.codename).get(&path).await.refused(403, "TenantMismatch");
    app.anonymous().get(&path).await.refused(401, "LoginRequired");
    let root = app.super_admin().await;
    assert_eq!(root.claiming(&team.company.codename).get(&path).await.status, 200);
    root.get(&path).await.refused(404, "CompanyNotFound");
    // A key that is good for other services is none for files.
    let key = team.eve.post("/auth-api/v1/apikeys", json!({"name": "k", "services": ["auth"]})).await.ok();
    team.eve.with_token(&text(&key, "key")).get(&path).await.refused(403, "Forbidden");
    // It is Ann's and nobody else's document can name it.
    let bobs = team.eve.get(&format!("{PROFILES}?userId={}", team.bob.text())).await.ok();
    let mut foreign = body;
    foreign["employeeProfileId"] = bobs["employeeProfiles"][0]["id"].clone();
    assert_eq!(team.eve.post(DOCUMENTS, foreign).await.bad_fields(), ["documentUrl"]);
    // Another manager, another reach.
    team.eve.patch(&team.path(), json!({"managerId": team.bob.text()})).await.ok();
    team.mia.get(&path).await.refused(404, "EmployeeDocumentsFileNotFound");
    assert_eq!(team.bob.get(&path).await.status, 200);
    team.eve.delete(&format!("{DOCUMENTS}/{document}")).await.ok();
    for nothing in ["x", "00000000-0000-7000-8000-000000000000"] {
        let path = format!("/employeeprofile-api/bucket/employeeDocuments/download/{nothing}");
        team.eve.get(&path).await.refused(404, "EmployeeDocumentsFileNotFound");
    }
}

async fn files_are_kept_as_they_are_and_served_safely(db: Db) {
    let mut app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let uploaded = upload(&team.mia, &team.profile, "../Permit \u{202e}fdp.html", PDF).await.ok();
    let file = &uploaded["file"];
    assert_eq!((&file["fileName"], &file["mimeType"]), (&json!("Permit fdp.pdf"), &json!("application/pdf")));
    assert_eq!((&file["fileSize"], &file["employeeProfileId"]), (&json!(PDF.len()), &json!(team.profile)));
    assert_eq!(std::fs::read(kept(&app, &team, &uploaded)).expect("bytes"), PDF);
    app.restart().await;
    let got = team.eve.request(Method::GET, &url(&uploaded)).send().await.expect("an answer");
    let header = |name: &str| got.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    assert_eq!(got.status(), 200);
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-disposition", "attachment; filename*=UTF-8''Permit%20fdp.pdf"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "private, no-store"),
        ("cross-origin-resource-policy", "same-site"),
    ] {
        assert_eq!(header(name), value, "{name}");
    }
    assert_eq!(got.bytes().await.expect("bytes"), PDF);
    // The old name of the bucket's prefix, in whatever case; nothing of it is open.
    let id = text(file, "id");
    let camel = format!("/employeeProfile-api/Bucket/EMPLOYEEDOCUMENTS/download/{id}");
    assert_eq!(team.eve.get(&camel).await.status, 200);
    for path in ["key/", "default/"].map(|kind| format!("/employeeprofile-api/bucket/employeeDocuments/download/{kind}{id}")) {
        assert_eq!(team.eve.get(&path).await.status, 404, "{path}");
    }
    for bucket in ["auth-api/bucket/employeeDocuments", "employeeprofile-api/bucket/userAvatars"] {
        assert_eq!(team.eve.get(&format!("/{bucket}/download/{id}")).await.status, 404, "{bucket}");
    }
}

async fn what_they_are_is_told_by_their_content(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    for (bytes, mime) in [
        (PDF, "application/pdf"),
        (DOT, "image/gif"),
        (b"\x89PNG\r\n\x1a\n123", "image/png"),
        (b"\xff\xd8\xff\xe0123", "image/jpeg"),
        (b"RIFF\x08\0\0\0WEBPVP8 ", "image/webp"),
    ] {
        let told = upload(&team.mia, &team.profile, "x.exe", bytes).await.ok();
        assert_eq!(told["file"]["mimeType"], mime);
        let got = team.mia.request(Method::GET, &url(&told)).send().await.expect("an answer");
        assert_eq!(got.headers()["content-type"], mime);
        assert_eq!(got.bytes().await.expect("bytes"), bytes);
    }
    for other in
        [&b"<html><script>alert(1)</script>"[..], b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", b"MZ\x90", b"PK\x03\x04", b"BM"]
    {
        let fields = [form_field("file", "a.pdf", "application/pdf", other), about(&team.profile)];
        team.mia.submit_to(UPLOAD, &fields).await.refused(415, "UnsupportedMediaType");
    }
    let rows = app.services().store.owned(EmployeeDocumentsFile::def(), team.company.id, team.ann.id).await.expect("reads");
    assert_eq!(rows.len(), 5);
}

async fn too_much_is_cut_off(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let padded = |size: usize| [PDF, &vec![b' '; size - PDF.len()]].concat();
    let told = upload(&team.mia, &team.profile, "a.pdf", &padded(20 * MB)).await.ok();
    assert_eq!(told["file"]["fileSize"], 20 * MB);
    upload(&team.mia, &team.profile, "a.pdf", &padded(20 * MB + 1)).await.refused(413, "PayloadTooLarge");
    // One that never ends, and does not say how long it is, is refused while it arrives.
    let base = app.base();
    let address = base.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let head = format!(
        "POST {UPLOAD}?employeeProfileId={} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ntransfer-encoding: chunked\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        team.profile,
        team.mia.token.as_deref().expect("a login"),
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let (mut from, mut to) = stream.into_split();
    let sending = tokio::spawn(async move {
        let mut piece = form_field("file", "a.pdf", "application/pdf", PDF);
        while to.write_all(&[format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat()).await.is_ok() {
            piece = vec![b' '; MB / 2];
        }
    });
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(DEADLINE, from.read(&mut answer)).await.expect("it is cut off").expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    drop(from);
    sending.abort();
    let rows = app.services().store.owned(EmployeeDocumentsFile::def(), team.company.id, team.ann.id).await.expect("reads");
    assert_eq!(rows.len(), 1);
}

async fn a_file_goes_with_the_last_document_that_names_it(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let (one, two) =
        (upload(&team.mia, &team.profile, "1.pdf", PDF).await.ok(), upload(&team.mia, &team.profile, "2.pdf", PDF).await.ok());
    let name = async |kind: &str, uploaded: &Json| {
        let body = json!({"employeeProfileId": team.profile, "documentType": kind, "documentUrl": url(uploaded)});
        let path = text(&team.mia.post(DOCUMENTS, body).await.ok()["employeeDocument"], "id");
        format!("{DOCUMENTS}/{path}")
    };
    let (first, second) = (name("permit", &one).await, name("copy", &one).await);
    let goes = async |uploaded: &Json| {
        let gone = async {
            while kept(&app, &team, uploaded).exists() {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(DEADLINE, gone).await.expect("the bytes go");
        team.eve.get(&url(uploaded)).await.refused(404, "EmployeeDocumentsFileNotFound");
    };
    team.mia.delete(&first).await.ok();
    assert_eq!(team.ann.get(&url(&one)).await.status, 200, "the copy names it still");
    team.mia.patch(&second, json!({"documentUrl": url(&two)})).await.ok();
    goes(&one).await;
    assert_eq!(team.ann.get(&url(&two)).await.status, 200);
    // With the profile goes what no document names, too.
    let three = upload(&team.mia, &team.profile, "3.pdf", PDF).await.ok();
    team.eve.delete(&team.path()).await.ok();
    goes(&two).await;
    goes(&three).await;
}

async fn the_form_says_whose_it_is(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let file = || form_field("file", "a.pdf", "application/pdf", PDF);
    for path in [UPLOAD.to_owned(), format!("{UPLOAD}?employeeProfileId={}", team.profile)] {
        let named = path != UPLOAD;
        let told = team.mia.submit_to(&path, &[file()]).await;
        assert_eq!(told.status == 200, named, "{}", told.text);
    }
    assert_eq!(team.mia.submit_to(UPLOAD, &[file()]).await.bad_fields(), ["employeeProfileId"]);
    // Before the file, after it, and wrong.
    team.mia.submit_to(UPLOAD, &[about(&team.profile), file()]).await.ok();
    team.mia.submit_to(UPLOAD, &[file(), about(&team.profile)]).await.ok();
    for wrong in ["x", "00000000-0000-7000-8000-000000000000", &*"x".repeat(1000)] {
        assert_eq!(team.mia.submit_to(UPLOAD, &[file(), about(wrong)]).await.bad_fields(), ["employeeProfileId"]);
    }
    // What the address names is told before anything of the file is read.
    let path = format!("{UPLOAD}?employeeProfileId=00000000-0000-7000-8000-000000000000");
    assert_eq!(team.mia.submit_to(&path, &[]).await.bad_fields(), ["employeeProfileId"]);
    assert_eq!(team.mia.submit_to(UPLOAD, &[about(&team.profile)]).await.bad_fields(), ["file"]);
}

async fn a_repeated_upload_is_one(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let bobs = text(&team.eve.post(PROFILES, hired(&team.bob, json!({}))).await.ok()["employeeProfile"], "id");
    let once = team.eve.with_key("k");
    let first = upload(&once, &team.profile, "a.pdf", PDF).await.ok();
    assert_eq!(upload(&once, &team.profile, "a.pdf", PDF).await.ok(), first);
    upload(&once, &bobs, "a.pdf", PDF).await.refused(409, "IdempotencyConflict");
    let rows = app.services().store.owned(EmployeeDocumentsFile::def(), team.company.id, team.ann.id).await.expect("reads");
    assert_eq!(rows.len(), 1);
}
