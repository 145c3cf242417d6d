//! Avatars: uploaded, described, downloaded, deleted, and the generated ones.

mod forms;
mod reach;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_core::change::Entry;
use workforceos_core::id::{CompanyId, FileId, IdSource};
use workforceos_core::time::Timestamp;
use workforceos_services::auth::Bucket;
use workforceos_services::files::{self, FileKey};
use workforceos_tests::{Client, Company, Db, TestApp, on_both_databases};

use crate::text;

on_both_databases!(
    pictures_come_and_go,
    downloads_are_safe_to_show_and_cached,
    those_without_a_picture_get_a_generated_one,
    leftovers_are_removed_and_nothing_else,
);

/// The smallest picture there is.
pub const DOT: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const FILES: &str = "/auth-api/v1/userAvatarsFiles";

/// A picture of some size as a file.
fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 128]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(pixels).write_to(&mut out, format).expect("encoded");
    out.into_inner()
}

/// Who downloads: somebody without a login.
async fn fetch(client: &Client, method: Method, path: &str, tag: Option<&str>) -> reqwest::Response {
    let request = client.request(method, path);
    let request = if let Some(tag) = tag { request.header("if-none-match", tag) } else { request };
    request.send().await.expect("an answer")
}

fn by_id(bucket: &str, file: &Json) -> String {
    format!("/auth-api/bucket/{bucket}/download/{}", text(file, "id"))
}

fn by_key(bucket: &str, file: &Json) -> String {
    format!("/auth-api/bucket/{bucket}/download/key/{}", text(file, "accessKey"))
}

/// Where a file's bytes are.
fn kept(app: &TestApp, company: &Company, bucket: &str, file: &Json) -> PathBuf {
    app.data_dir().join("files").join(company.id.to_string()).join(bucket).join(text(file, "id"))
}

async fn entries(app: &TestApp, company: &Company, object: &str) -> Vec<Entry> {
    let all = app.services().store.journal(company.id, 0, 1000).await.expect("a journal");
    all.into_iter().filter(|entry| &*entry.object == object).collect()
}

async fn pictures_come_and_go(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let types = [
        (ImageFormat::Png, "png", "image/png"),
        (ImageFormat::Jpeg, "jpg", "image/jpeg"),
        (ImageFormat::WebP, "webp", "image/webp"),
        (ImageFormat::Gif, "gif", "image/gif"),
    ];
    for (format, ending, mime) in types {
        // Neither the name nor the type that a client states is believed.
        let told = ann.upload("userAvatars", "..\\me.exe", &picture(format, 1200, 300)).await;
        assert_eq!(told.status, 200, "{}", told.text);
        let file = told.ok()["file"].clone();
        assert_eq!((text(&file, "fileName"), text(&file, "mimeType")), (format!("me.{ending}"), mime.to_owned()));
        assert_eq!(text(&file, "accessKey").len(), 12);
        for path in [by_id("userAvatars", &file), by_key("userAvatars", &file)] {
            let got = fetch(&app.anonymous(), Method::GET, &path, None).await;
            assert_eq!((got.status().as_u16(), got.headers()["content-type"].to_str().ok()), (200, Some(mime)));
            let bytes = got.bytes().await.expect("bytes");
            assert_eq!(file["fileSize"], bytes.len());
            assert_eq!(image::guess_format(&bytes).ok(), Some(format));
            let seen = image::load_from_memory(&bytes).expect("a picture");
            assert_eq!((seen.width(), seen.height()), (1024, 256));
        }
    }
    let listed = ann.get(&format!("{FILES}?mimeType=image/webp")).await.ok();
    assert_eq!((&listed["rowCount"], &listed["dataName"]), (&json!(1), &json!("userAvatarsFiles")));
    let file = listed["userAvatarsFiles"][0].clone();
    assert_eq!((text(&file, "_owner"), text(&file, "companyId")), (ann.text(), acme.id.to_string()));
    let one = ann.get(&format!("{FILES}/{}", text(&file, "id"))).await.ok();
    assert_eq!(one["userAvatarsFile"], file);
    app.restart().await;
    assert_eq!(fetch(&app.anonymous(), Method::GET, &by_id("userAvatars", &file), None).await.status(), 200);
    assert!(kept(&app, &acme, "userAvatars", &file).exists());
    let gone = ann.delete(&format!("{FILES}/{}", text(&file, "id"))).await.ok();
    assert_eq!(gone["userAvatarsFile"]["isActive"], false);
    assert!(!kept(&app, &acme, "userAvatars", &file).exists());
    for path in [by_id("userAvatars", &file), by_key("userAvatars", &file)] {
        app.anonymous().get(&path).await.refused(404, "UserAvatarsFileNotFound");
    }
    ann.get(&format!("{FILES}/{}", text(&file, "id"))).await.refused(404, "UserAvatarsFileNotFound");
    ann.delete(&format!("{FILES}/{}", text(&file, "id"))).await.refused(404, "UserAvatarsFileNotFound");
    let told = entries(&app, &acme, "userAvatarsFile").await;
    assert_eq!(told.len(), 5, "four uploads and a deletion");
    assert!(told.iter().all(|entry| entry.actor == Some(ann.id) && entry.kind.is_none()));
}

async fn downloads_are_safe_to_show_and_cached(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let file = acme.owner.upload("companyAvatars", "Ä (1).gif", DOT).await.ok()["file"].clone();
    let (anybody, path) = (app.anonymous(), by_id("companyAvatars", &file));
    let safe = [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("cache-control", "public, max-age=31536000, immutable"),
    ];
    let default = format!("/auth-api/bucket/userAvatars/default/{}.svg", acme.owner.text());
    for path in [&path, &default] {
        let got = fetch(&anybody, Method::GET, path, None).await;
        assert_eq!(got.status(), 200);
        for (name, value) in safe {
            assert_eq!(got.headers()[name].to_str().ok(), Some(value), "{name} of {path}");
        }
        let tag = got.headers()["etag"].to_str().expect("a tag").to_owned();
        let length = got.bytes().await.expect("bytes").len().to_string();
        let head = fetch(&anybody, Method::HEAD, path, None).await;
        assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().ok()), (200, Some(&*length)));
        assert!(head.bytes().await.expect("nothing").is_empty());
        let known = fetch(&anybody, Method::GET, path, Some(&tag)).await;
        assert_eq!((known.status().as_u16(), known.headers()["etag"].to_str().ok()), (304, Some(&*tag)));
        assert!(known.bytes().await.expect("nothing").is_empty());
        assert_eq!(fetch(&anybody, Method::GET, path, Some("\"other\"")).await.status(), 200);
    }
    // Addresses are found in whatever case; ids and keys are what they are.
    let loud = format!("/AUTH-API/BUCKET/COMPANYAVATARS/DOWNLOAD/{}", text(&file, "id"));
    let got = fetch(&anybody, Method::GET, &loud, None).await;
    assert_eq!(got.headers()["content-disposition"], "inline; filename*=UTF-8''%C3%84%20%281%29.gif");
    // A file of one bucket is not in the other, and what is none is nowhere.
    anybody.get(&by_id("userAvatars", &file)).await.refused(404, "UserAvatarsFileNotFound");
    anybody.get(&by_key("userAvatars", &file)).await.refused(404, "UserAvatarsFileNotFound");
    for id in ["nonsense", "..", "%2e%2e%2fsecrets", "00000000-0000-0000-0000-000000000000"] {
        let told = anybody.get(&format!("/auth-api/bucket/companyAvatars/download/{id}")).await;
        assert_eq!((told.status, &told.body["result"]), (404, &json!("ERR")), "{id}");
    }
    let swapped = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let other: String = text(&file, "accessKey").chars().map(swapped).collect();
    let other = format!("/auth-api/bucket/companyAvatars/download/key/{other}");
    anybody.get(&other).await.refused(404, "CompanyAvatarsFileNotFound");
    // A client that has the picture is told when it is gone.
    let tag = format!("\"{}\"", text(&file, "id"));
    acme.owner.delete(&format!("/auth-api/v1/companyAvatarsFiles/{}", text(&file, "id"))).await.ok();
    assert_eq!(fetch(&anybody, Method::GET, &path, Some(&tag)).await.status(), 404);
}

async fn those_without_a_picture_get_a_generated_one(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let address = |bucket: &str, id: &str| format!("/auth-api/bucket/{bucket}/default/{id}.svg");
    let body = json!({"email": "ann@acme.test", "password": workforceos_tests::PASSWORD, "fullname": "Ann"});
    let ann = acme.owner.post("/auth-api/v1/users", body).await.ok()["user"].clone();
    let joins = json!({"email": "bob@acme.test", "password": workforceos_tests::PASSWORD, "fullname": "Bob", "avatar": ""});
    let bob = app.anonymous().claiming("acme").post("/auth-api/v1/registercompanyuser", joins).await.ok()["user"].clone();
    let group = acme.owner.post("/auth-api/v1/usergroups", json!({"groupName": "Crew"})).await.ok()["userGroup"].clone();
    let company = acme.owner.get("/auth-api/v1/companyprofile").await;
    let company = if company.status == 200 { company.body["company"].clone() } else { brief(&app).await };
    let owner = acme.owner.get("/auth-api/currentuser").await.ok();
    assert_eq!(text(&owner, "avatar"), address("userAvatars", &acme.owner.text()));
    assert_eq!(
        text(&app.super_admin().await.get("/auth-api/currentuser").await.ok(), "avatar").split('/').nth(3),
        Some("userAvatars")
    );
    for (object, bucket) in
        [(&ann, "userAvatars"), (&bob, "userAvatars"), (&group, "companyAvatars"), (&company, "companyAvatars")]
    {
        let avatar = text(object, "avatar");
        assert_eq!(avatar, address(bucket, &text(object, "id")));
        let got = fetch(&app.anonymous(), Method::GET, &avatar, None).await;
        assert_eq!((got.status().as_u16(), got.headers()["content-type"].to_str().ok()), (200, Some("image/svg+xml")));
        let svg = got.text().await.expect("text");
        assert!(svg.starts_with("<svg") && !svg.contains("Ann"), "{svg}");
    }
    // One's own picture takes its place, and null brings it back.
    let changes = [
        (format!("/auth-api/v1/users/{}", text(&ann, "id")), "user", text(&ann, "avatar")),
        ("/auth-api/v1/profile".to_owned(), "user", text(&owner, "avatar")),
        (format!("/auth-api/v1/usergroups/{}", text(&group, "id")), "userGroup", text(&group, "avatar")),
        (format!("/auth-api/v1/companies/{}", acme.id), "company", text(&company, "avatar")),
    ];
    for (path, name, generated) in changes {
        let own = acme.owner.patch(&path, json!({"avatar": "https://pictures.test/a.png"})).await.ok();
        assert_eq!(own[name]["avatar"], "https://pictures.test/a.png");
        assert_eq!(acme.owner.patch(&path, json!({"avatar": null})).await.ok()[name]["avatar"], generated);
    }
    for bad in ["x.svg", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001.png", ".svg"] {
        app.anonymous().get(&format!("/auth-api/bucket/userAvatars/default/{bad}")).await.refused(404, "NotFound");
    }
}

async fn brief(app: &TestApp) -> Json {
    let listed = app.anonymous().get("/auth-api/v1/briefcompanies").await.ok();
    listed["companies"][0].clone()
}

async fn leftovers_are_removed_and_nothing_else(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let file = ann.upload("userAvatars", "me.gif", DOT).await.ok()["file"].clone();
    let services = app.services();
    let (ids, now) = (IdSource::random(), services.clock.now());
    // Bytes whose row never came to be; bytes that are just being written; and those of another database's company.
    let key = |company, bucket, at| FileKey { company, bucket, id: FileId(ids.next(at)) };
    let old = Timestamp(now.0 - 2 * Timestamp::DAY);
    let orphans = [
        key(acme.id, Bucket::UserAvatars, old),
        key(acme.id, Bucket::CompanyAvatars, old),
        key(CompanyId::ROOT, Bucket::UserAvatars, old),
    ];
    let young = key(acme.id, Bucket::UserAvatars, now);
    let elsewhere = key(CompanyId(ids.next(old)), Bucket::UserAvatars, old);
    for key in orphans.iter().chain([&young, &elsewhere]) {
        services.files.put(key, DOT.into()).await.expect("written");
    }
    let stranger = app.data_dir().join("files").join("notes.txt");
    std::fs::write(&stranger, "somebody's").expect("written");
    assert_eq!(files::tidy(&services).await.expect("tidied"), 3);
    for key in &orphans {
        assert_eq!(services.files.get(key).await.expect("read"), None);
    }
    assert!(services.files.get(&young).await.expect("read").is_some());
    app.clock.set(Timestamp(now.0 + 2 * Timestamp::DAY));
    assert_eq!(files::tidy(&services).await.expect("tidied"), 1, "the young one has grown old");
    assert_eq!(files::tidy(&services).await.expect("tidied"), 0);
    assert!(Path::exists(&stranger), "what is no file of ours stays");
    assert!(services.files.get(&elsewhere).await.expect("read").is_some());
    assert_eq!(fetch(&app.anonymous(), Method::GET, &by_id("userAvatars", &file), None).await.status(), 200);
}
