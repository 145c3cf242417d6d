//! The private files behind documents: uploaded by admins and the manager, kept as they are, downloaded by those who reach
//! the employee. What they are is told by their content, never by their name or by what the client says.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use image::ImageFormat;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::{FileId, ProfileId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{EmployeeDocument, EmployeeDocumentsFile, EmployeeProfile};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;

use super::{address, rules};
use crate::auth::avatars::name;
use crate::bucket::{Bucket, MB, Upload};
use crate::{App, commit};

const BUCKET: Bucket = Bucket::EmployeeDocuments;
/// The field that names the employee.
const ABOUT: &str = "employeeProfileId";

/// Whether the caller may upload at all, and for that employee if one is named already: told before the file is read.
pub async fn may_upload(app: &App, ctx: &Ctx, about: Option<&str>) -> Result<()> {
    BUCKET.enter(ctx, true)?;
    Bucket::of_a_company(ctx)?;
    if !ctx.is_admin() && !ctx.is_manager() {
        return Err(Error::forbidden("Documents are uploaded by admins and managers"));
    }
    match about {
        Some(about) => profile(app, ctx, about).await.map(drop),
        None => Ok(()),
    }
}

/// The profile that an upload names.
async fn profile(app: &App, ctx: &Ctx, about: &str) -> Result<EmployeeProfile> {
    let missing = || Error::field(ABOUT, "is no profile within your reach");
    let id = Uuid::try_parse(about).map_err(|_| Error::field(ABOUT, "must be a UUID"))?;
    let record = app.store.get(EmployeeProfile::def(), Some(ctx.company()), id).await?.ok_or_else(missing)?;
    let profile = EmployeeProfile::from_record(record)?;
    if ctx.is_admin() || ctx.manages(profile.user_id) { Ok(profile) } else { Err(missing()) }
}

/// Keeps a file for an employee and answers what describes it.
pub async fn upload(app: &Arc<App>, ctx: &Ctx, upload: Upload) -> Result<Json> {
    may_upload(app, ctx, None).await?;
    let about = upload.about.as_deref().ok_or_else(|| Error::field(ABOUT, "is required: the employee's profile"))?;
    let profile = profile(app, ctx, about).await?;
    if upload.bytes.len() > BUCKET.max_mb() * MB {
        return Err(BUCKET.too_large());
    }
    let (mime_type, endings) = kind(&upload.bytes).ok_or_else(|| {
        let message = "file: must be a PDF, or a picture: PNG, JPEG, WebP or GIF";
        Error::new(Status::UnsupportedMedia, "UnsupportedMediaType", message)
    })?;
    BUCKET.has_room(app, ctx, Cond::eq("employeeProfileId", profile.meta.id)).await?;
    let id = ctx.new_id();
    let file = EmployeeDocumentsFile {
        meta: Meta::new(id, ctx.now(), Some(ctx.user().0)),
        employee_profile_id: ProfileId(profile.meta.id),
        user_id: profile.user_id,
        file_name: name::presentable(&upload.file_name, endings, "document"),
        mime_type: mime_type.to_owned(),
        file_size: i64::try_from(upload.bytes.len()).unwrap_or(i64::MAX),
        company_id: ctx.company(),
    };
    let answer = json!({"file": {
        "id": id.to_string(), "fileName": file.file_name, "mimeType": file.mime_type, "fileSize": file.file_size,
        "employeeProfileId": profile.meta.id.to_string(), "documentUrl": address::of(FileId(id)),
    }});
    // Should the row not come to be, the bytes are left over and tidied up: they may only go if it is certain that it did not.
    app.files.put(&BUCKET.key(ctx.company(), id), Bytes::from(upload.bytes)).await?;
    let (act, told) = (ctx.clone(), answer.clone());
    let decide = move |facts: &Facts| {
        // The file may have taken its time: the employee is looked at as is now.
        let present = facts.any::<EmployeeProfile>(file.employee_profile_id)?.filter(|p| p.meta.is_active);
        if !present.is_some_and(|p| rules::writes(facts, &act, p.user_id)) {
            return Err(Error::field(ABOUT, "is no profile within your reach"));
        }
        let row = EmployeeDocumentsFile { meta: Meta::new(id, facts.now, Some(act.user().0)), ..file.clone() };
        let event = Event::audit(&act, EmployeeDocumentsFile::def().name, id).after(&row);
        Ok((Changes::none().put(&row).event(event), Answer::plain(told.clone())))
    };
    commit(app, ctx, Needs::row::<EmployeeProfile>(profile.meta.id), decide).await?;
    Ok(answer)
}

/// What a file is by its first bytes: its type, and the endings of its name.
fn kind(bytes: &[u8]) -> Option<(&'static str, &'static [&'static str])> {
    if bytes.starts_with(b"%PDF-") {
        return Some(("application/pdf", &["pdf"]));
    }
    match image::guess_format(bytes).ok()? {
        ImageFormat::Png => Some(("image/png", &["png"])),
        ImageFormat::Jpeg => Some(("image/jpeg", &["jpg", "jpeg"])),
        ImageFormat::WebP => Some(("image/webp", &["webp"])),
        ImageFormat::Gif => Some(("image/gif", &["gif"])),
        _ => None,
    }
}

/// A file that the caller may have.
pub struct Download {
    pub file_name: String,
    pub mime_type: String,
    pub size: u64,
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

/// Whoever writes the employee's documents downloads all files of the employee; the employee those that a document names.
/// 404 for everything else, whether it is there or not.
pub async fn download(app: &App, ctx: &Ctx, id: &str) -> Result<Download> {
    BUCKET.enter(ctx, false)?;
    Bucket::of_a_company(ctx)?;
    let missing = || Error::not_found(EmployeeDocumentsFile::def().name);
    let id = Uuid::try_parse(id).map_err(|_| missing())?;
    let record = app.store.get(EmployeeDocumentsFile::def(), Some(ctx.company()), id).await?.ok_or_else(missing)?;
    let file = EmployeeDocumentsFile::from_record(record)?;
    if !ctx.is_admin() && !ctx.manages(file.user_id) {
        let named =
            Query::of(EmployeeDocument::def(), ctx.company(), Cond::eq("fileId", id).and(Cond::eq("userId", ctx.user().0)));
        if file.user_id != ctx.user() || app.store.count(&named).await? == 0 {
            return Err(missing());
        }
    }
    let (size, bytes) = app.files.stream(&BUCKET.key(ctx.company(), id)).await?.ok_or_else(missing)?;
    Ok(Download { file_name: file.file_name, mime_type: file.mime_type, size, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_content() {
        let mime = |bytes: &[u8]| kind(bytes).map(|(mime, _)| mime);
        assert_eq!(mime(b"%PDF-1.7\n..."), Some("application/pdf"));
        assert_eq!(mime(b"GIF89a..."), Some("image/gif"));
        assert_eq!(mime(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(mime(b"\xff\xd8\xff\xe0..."), Some("image/jpeg"));
        assert_eq!(mime(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b"<html>"[..], b" %PDF-1.7", b"<svg xmlns=", b"MZ\x90", b"PK\x03\x04", b"II*\0", b"BM....", b""] {
            assert_eq!(mime(other), None, "{other:?}");
        }
    }
}
