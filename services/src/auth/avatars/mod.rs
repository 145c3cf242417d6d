//! Avatars: pictures that people upload, the files that the data objects `userAvatarsFile` and `companyAvatarsFile` describe,
//! and the generated ones of those who have none.

mod apis;
mod default;
mod download;
mod name;
mod picture;
mod upload;

use uuid::Uuid;
use workforceos_core::id::{CompanyId, FileId, UserId};
use workforceos_core::object::{DataObject, Meta, ObjectDef};
use workforceos_core::objects::{CompanyAvatarsFile, UserAvatarsFile};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;

use crate::files::FileKey;

pub use apis::{company_files, user_files};
pub use default::{drawing, id, or_default, over};
pub use download::{Download, by_id, by_key};
pub use picture::Pictures;
pub use upload::{Upload, described, may_upload, upload};

/// The largest file that may be uploaded, in bytes.
pub const MAX_FILE: usize = 5 * 1024 * 1024;

/// A kind of avatar: where its bytes are kept, and which object describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Of users. Anybody logged in uploads to it.
    UserAvatars,
    /// Of companies and departments. Admins upload to it.
    CompanyAvatars,
}

impl Bucket {
    /// The bucket of a name, whatever its case.
    pub fn named(name: &str) -> Option<Bucket> {
        [Bucket::UserAvatars, Bucket::CompanyAvatars].into_iter().find(|bucket| bucket.name().eq_ignore_ascii_case(name))
    }

    pub fn name(self) -> &'static str {
        match self {
            Bucket::UserAvatars => "userAvatars",
            Bucket::CompanyAvatars => "companyAvatars",
        }
    }

    /// What an upload is called in the audit log.
    pub fn uploading(self) -> &'static str {
        match self {
            Bucket::UserAvatars => "uploadUserAvatar",
            Bucket::CompanyAvatars => "uploadCompanyAvatar",
        }
    }

    pub fn def(self) -> &'static ObjectDef {
        match self {
            Bucket::UserAvatars => UserAvatarsFile::def(),
            Bucket::CompanyAvatars => CompanyAvatarsFile::def(),
        }
    }

    /// The read that finds a user's files, for whoever purges them. Their bytes go with [`crate::App::remove_files_later`].
    pub fn files_of(self, company: CompanyId, user: UserId) -> Query {
        Query::of(self.def(), company, Cond::eq("_owner", user.0))
    }

    pub fn key(self, company: CompanyId, id: Uuid) -> FileKey {
        FileKey { company, bucket: self, id: FileId(id) }
    }
}

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
