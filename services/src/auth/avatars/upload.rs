//! Uploads: a picture is drawn anew, its bytes are kept, then its row is written.

use std::sync::Arc;

use bytes::Bytes;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::object::Meta;
use workforceos_core::objects::{CompanyAvatarsFile, UserAvatarsFile};
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;

use super::{AvatarFile, Bucket, Described, name};
use crate::auth::session::at_home;
use crate::bucket::{MB, Upload};
use crate::{App, commit};

/// Characters of an access key.
const ACCESS_KEY: usize = 12;

/// Whether the caller may upload to a bucket at all: told before anything of the file is read.
pub fn may_upload(ctx: &Ctx, bucket: Bucket) -> Result<()> {
    bucket.enter(ctx, true)?;
    match bucket {
        Bucket::UserAvatars => Ok(()),
        _ if !ctx.is_admin() => Err(Error::forbidden("Avatars of companies are uploaded by admins only")),
        _ => Bucket::of_a_company(ctx),
    }
}

/// Keeps a picture and answers what describes it.
pub async fn upload(app: &Arc<App>, ctx: &Ctx, bucket: Bucket, upload: Upload) -> Result<Json> {
    may_upload(ctx, bucket)?;
    match bucket {
        Bucket::CompanyAvatars => keep::<CompanyAvatarsFile>(app, ctx, upload).await,
        // Their picture is their own wherever they act: it goes when they go.
        _ => keep::<UserAvatarsFile>(app, &at_home(ctx), upload).await,
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
    if upload.bytes.len() > T::BUCKET.max_mb() * MB {
        return Err(T::BUCKET.too_large());
    }
    let theirs = match T::BUCKET {
        Bucket::UserAvatars => Cond::eq("_owner", ctx.user().0),
        _ => Cond::TRUE,
    };
    T::BUCKET.has_room(app, ctx, theirs).await?;
    let picture = app.pictures.draw(upload.bytes).await?;
    let file = Described {
        file_name: name::presentable(&upload.file_name, picture.kind.endings(), "avatar"),
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
