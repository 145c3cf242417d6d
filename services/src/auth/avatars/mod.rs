//! Avatars: pictures that people upload, the files that the data objects `userAvatarsFile` and `companyAvatarsFile` describe,
//! and the generated ones of those who have none.

mod apis;
mod default;
mod download;
pub(crate) mod name;
mod picture;
mod upload;

use workforceos_core::id::CompanyId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{CompanyAvatarsFile, UserAvatarsFile};
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;

pub use crate::bucket::Bucket;
pub use apis::{company_files, user_files};
pub use default::{drawing, id, or_default, over};
pub use download::{Download, by_id, by_key};
pub use picture::Pictures;
pub use upload::{described, may_upload, upload};

/// What is known of a file beside its row's own properties.
#[derive(Clone, Debug)]
struct Described {
    file_name: String,
    mime_type: &'static str,
    file_size: i64,
    access_key: String,
}

/// One of the two objects that describe an avatar.
trait AvatarFile: DataObject {
    const BUCKET: Bucket;

    fn new(meta: Meta, company_id: CompanyId, file: Described) -> Self;
}

impl AvatarFile for UserAvatarsFile {
    const BUCKET: Bucket = Bucket::UserAvatars;

    fn new(meta: Meta, company_id: CompanyId, file: Described) -> UserAvatarsFile {
        let Described { file_name, mime_type, file_size, access_key } = file;
        UserAvatarsFile { meta, file_name, mime_type: mime_type.to_owned(), file_size, access_key, company_id }
    }
}

impl AvatarFile for CompanyAvatarsFile {
    const BUCKET: Bucket = Bucket::CompanyAvatars;

    fn new(meta: Meta, company_id: CompanyId, file: Described) -> CompanyAvatarsFile {
        let Described { file_name, mime_type, file_size, access_key } = file;
        CompanyAvatarsFile { meta, file_name, mime_type: mime_type.to_owned(), file_size, access_key, company_id }
    }
}

/// One's own files; admins reach all of the tenant. (Managers do not reach the files of their reports.)
fn own_or_admin(ctx: &Ctx) -> Cond {
    if ctx.is_admin() { Cond::TRUE } else { Cond::eq("_owner", ctx.user().0) }
}
