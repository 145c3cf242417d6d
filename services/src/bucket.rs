//! Buckets of files: where their bytes are kept, which object describes them, and what may be uploaded to them.

use sha2::{Digest, Sha256};
use uuid::Uuid;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::{CompanyId, FileId};
use workforceos_core::object::{DataObject, ObjectDef};
use workforceos_core::objects::{CompanyAvatarsFile, EmployeeDocumentsFile, UserAvatarsFile};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;

use crate::App;
use crate::files::FileKey;

/// Bytes of a megabyte.
pub const MB: usize = 1024 * 1024;

/// A bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Pictures of users. Anybody logged in uploads to it, everybody downloads.
    UserAvatars,
    /// Pictures of companies and departments. Admins upload to it, everybody downloads.
    CompanyAvatars,
    /// Documents of employees. Admins and the manager upload to it; who reaches the employee downloads.
    EmployeeDocuments,
}

impl Bucket {
    pub const ALL: [Bucket; 3] = [Bucket::UserAvatars, Bucket::CompanyAvatars, Bucket::EmployeeDocuments];

    /// The bucket of a name, whatever its case.
    pub fn named(name: &str) -> Option<Bucket> {
        Bucket::ALL.into_iter().find(|bucket| bucket.name().eq_ignore_ascii_case(name))
    }

    pub fn name(self) -> &'static str {
        match self {
            Bucket::UserAvatars => "userAvatars",
            Bucket::CompanyAvatars => "companyAvatars",
            Bucket::EmployeeDocuments => "employeeDocuments",
        }
    }

    /// The service under whose prefix it is.
    pub fn service(self) -> &'static str {
        match self {
            Bucket::UserAvatars | Bucket::CompanyAvatars => "auth",
            Bucket::EmployeeDocuments => "employeeProfile",
        }
    }

    /// What an upload is called in the audit log.
    pub fn uploading(self) -> &'static str {
        match self {
            Bucket::UserAvatars => "uploadUserAvatar",
            Bucket::CompanyAvatars => "uploadCompanyAvatar",
            Bucket::EmployeeDocuments => "uploadEmployeeDocument",
        }
    }

    /// The largest file that may be uploaded, in megabytes.
    pub fn max_mb(self) -> usize {
        match self {
            Bucket::UserAvatars | Bucket::CompanyAvatars => 5,
            Bucket::EmployeeDocuments => 20,
        }
    }

    /// How many files there may be: of one user, one company, one employee.
    pub fn max_files(self) -> u64 {
        match self {
            Bucket::UserAvatars => 20,
            Bucket::CompanyAvatars | Bucket::EmployeeDocuments => 200,
        }
    }

    /// 409 where those that `theirs` describes are as many as there may be. Uploads that run at once may be a few more.
    pub async fn has_room(self, app: &App, ctx: &Ctx, theirs: Cond) -> Result<()> {
        let present = app.store.count(&Query::of(self.def(), ctx.company(), theirs)).await?;
        if present < self.max_files() {
            return Ok(());
        }
        let message = format!("There are {present} files already, as many as there may be: delete one first");
        Err(Error::conflict("TooManyFiles", message))
    }

    /// What a form's file should be, for people.
    pub fn wanted(self) -> &'static str {
        match self {
            Bucket::UserAvatars | Bucket::CompanyAvatars => "a picture",
            Bucket::EmployeeDocuments => "a PDF or a picture",
        }
    }

    /// The field of a form, or of the query, that says what its file belongs to.
    pub fn about(self) -> Option<&'static str> {
        match self {
            Bucket::UserAvatars | Bucket::CompanyAvatars => None,
            Bucket::EmployeeDocuments => Some("employeeProfileId"),
        }
    }

    pub fn def(self) -> &'static ObjectDef {
        match self {
            Bucket::UserAvatars => UserAvatarsFile::def(),
            Bucket::CompanyAvatars => CompanyAvatarsFile::def(),
            Bucket::EmployeeDocuments => EmployeeDocumentsFile::def(),
        }
    }

    pub fn key(self, company: CompanyId, id: Uuid) -> FileKey {
        FileKey { company, bucket: self, id: FileId(id) }
    }

    /// 413.
    pub fn too_large(self) -> Error {
        Error::new(Status::TooLarge, "PayloadTooLarge", format!("A file may have {} MB at most", self.max_mb()))
    }

    /// Whether a login may use the bucket at all: its second factor is given, and its API key is good for the service.
    pub fn enter(self, ctx: &Ctx, writing: bool) -> Result<()> {
        let Some(session) = &ctx.session else { return Err(Error::login_required()) };
        ctx.second_factor_done()?;
        if let Some(key) = &session.key {
            if key.read_only && writing {
                return Err(Error::forbidden("This API key only reads"));
            }
            if !key.services.is_empty() && !key.services.iter().any(|service| service == self.service()) {
                return Err(Error::forbidden(format!("This API key has no access to {}", self.service())));
            }
        }
        Ok(())
    }

    /// 404 on the SaaS level, where there is no company to act on.
    pub fn of_a_company(ctx: &Ctx) -> Result<()> {
        if ctx.company().is_root() {
            let message = "Name the company to act on: header mbx-company-codename, or _company";
            return Err(Error::new(Status::NotFound, "CompanyNotFound", message));
        }
        Ok(())
    }
}

/// A file as a client sent it.
#[derive(Debug)]
pub struct Upload {
    /// Whatever the client calls it.
    pub file_name: String,
    pub bytes: Vec<u8>,
    /// What it belongs to, where its bucket wants to know ([`Bucket::about`]).
    pub about: Option<String>,
}

impl Upload {
    /// Tells one upload from another, for idempotency keys.
    pub fn digest(&self) -> String {
        let about = self.about.as_deref().unwrap_or_default();
        let digest = Sha256::new().chain_update(&self.file_name).chain_update([0]).chain_update(about).chain_update([0]);
        digest.chain_update(&self.bytes).finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}
