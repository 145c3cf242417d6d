//! Uploads: a picture is drawn anew, its bytes are kept, then its row is written.

use std::sync::Arc;

use bytes::Bytes;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::object::Meta;
use workforceos_core::objects::{CompanyAvatarsFile, UserAvatarsFile};
use workforceos_core::session::Ctx;

use super::{AvatarFile, Bucket, Described, MAX_FILE, name};
use crate::auth::session::at_home;
use crate::{App, commit};

/// Characters of an access key.
const ACCESS_KEY: usize = 12;

/// A file as a client sent it.
#[derive(Debug)]
pub struct Upload {
    /// Whatever the client calls it.
    pub file_name: String,
    pub bytes: Vec<u8>,
}

impl Upload {
    /// Tells one upload from another, for idempotency keys.
    pub fn digest(&self) -> String {
        let digest = Sha256::new().chain_update(&self.file_name).chain_update([0]).chain_update(&self.bytes).finalize();
        digest.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Whether the caller may upload to a bucket at all: told before anything of the file is read.
pub fn may_upload(ctx: &Ctx, bucket: Bucket) -> Result<()> {
    let Some(session) = &ctx.session else { return Err(Error::login_required()) };
    ctx.second_factor_done()?;
    if let Some(key) = &session.key {
        if key.read_only {
            return Err(Error::forbidden("This API key only reads"));
        }
        if !key.services.is_empty() && !key.services.iter().any(|service| service == "auth") {
            return Err(Error::forbidden("This API key has no access to auth"));
        }
    }
    match bucket {
        Bucket::UserAvatars => Ok(()),
        Bucket::CompanyAvatars if !ctx.is_admin() => Err(Error::forbidden("Avatars of companies are uploaded by admins only")),
        Bucket::CompanyAvatars if ctx.company().is_root() => {
            let message = "Name the company to act on: header mbx-company-codename, or _company";
            Err(Error::new(Status::NotFound, "CompanyNotFound", message))
        }
        Bucket::CompanyAvatars => Ok(()),
    }
}

/// Keeps a picture and answers what describes it.
pub async fn upload(app: &Arc<App>, ctx: &Ctx, bucket: Bucket, upload: Upload) -> Result<Json> {
    may_upload(ctx, bucket)?;
    match bucket {
        // Their picture is their own wherever they act: it goes when they go.
        Bucket::UserAvatars => keep::<UserAvatarsFile>(app, &at_home(ctx), upload).await,
        Bucket::CompanyAvatars => keep::<CompanyAvatarsFile>(app, ctx, upload).await,
    }
}

/// What an upload answered that was kept for its idempotency key.
pub fn described(mut kept: Json) -> Json {
    kept["data"].take()
}

async fn keep<T: AvatarFile>(app: &App, ctx: &Ctx, upload: Upload) -> Result<Json> {
    if upload.bytes.is_empty() {
        return Err(Error::field("file", "is empty"));
    }
    if upload.bytes.len() > MAX_FILE {
        return Err(Error::new(Status::TooLarge, "PayloadTooLarge", "A file may have 5 MB at most"));
    }
    let picture = app.pictures.draw(upload.bytes).await?;
    let file = Described {
        file_name: name::presentable(&upload.file_name, picture.kind.endings()),
        mime_type: picture.kind.mime_type(),
        file_size: i64::try_from(picture.bytes.len()).unwrap_or(i64::MAX),
        access_key: Alphanumeric.sample_string(&mut rand::rng(), ACCESS_KEY),
    };
    let id = ctx.new_id();
    let answer = json!({"file": {
        "id": id.to_string(), "accessKey": file.access_key, "fileName": file.file_name, "mimeType": file.mime_type,
        "fileSize": file.file_size,
    }});
    // Should the row not come to be, the bytes are left over and tidied up: they may only go if it is certain that it did not.
    app.files.put(&T::BUCKET.key(ctx.company(), id), Bytes::from(picture.bytes)).await?;
    let (act, told) = (ctx.clone(), answer.clone());
    let decide = move |facts: &Facts| {
        let row = T::new(Meta::new(id, facts.now, Some(act.user().0)), act.company(), file.clone());
        let event = Event::audit(&act, T::def().name, id).after(&row);
        Ok((Changes::none().put(&row).event(event), Answer::plain(told.clone())))
    };
    commit(app, ctx, Needs::none(), decide).await?;
    Ok(answer)
}
