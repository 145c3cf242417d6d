//! Downloads, which are open to everybody who knows a file's id or its access key.

use bytes::Bytes;
use futures_util::stream::BoxStream;
use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;
use workforceos_core::object::Record;
use workforceos_core::query::{Cond, Query};

use super::Bucket;
use crate::App;

/// A file that exists.
#[derive(Clone, Debug)]
pub struct Download {
    pub id: Uuid,
    pub file_name: String,
    pub mime_type: String,
    bucket: Bucket,
    company: CompanyId,
}

/// The file of an id; 404 whether it never was, was deleted, or the id is none.
pub async fn by_id(app: &App, bucket: Bucket, id: &str) -> Result<Download> {
    let Some(id) = super::id(id) else { return Err(missing(bucket)) };
    let row = app.store.get(bucket.def(), None, id).await?;
    describe(bucket, row)
}

/// The file of an access key.
pub async fn by_key(app: &App, bucket: Bucket, key: &str) -> Result<Download> {
    let query = Query { company: None, limit: 1, ..Query::of(bucket.def(), CompanyId::ROOT, Cond::eq("accessKey", key)) };
    let row = app.store.select(&query).await?.into_iter().next();
    describe(bucket, row)
}

fn describe(bucket: Bucket, row: Option<Record>) -> Result<Download> {
    let row = row.ok_or_else(|| missing(bucket))?;
    let text = |name: &str| row.get(name).as_text().unwrap_or_default().to_owned();
    let company = row.get("companyId").as_id().map(CompanyId).unwrap_or(CompanyId::ROOT);
    Ok(Download { id: row.id(), file_name: text("fileName"), mime_type: text("mimeType"), bucket, company })
}

fn missing(bucket: Bucket) -> Error {
    Error::not_found(bucket.def().name)
}

impl Download {
    /// The file's size and its bytes as they are read; 404 if it was deleted in the meantime.
    pub async fn bytes(&self, app: &App) -> Result<(u64, BoxStream<'static, Result<Bytes>>)> {
        let key = self.bucket.key(self.company, self.id);
        app.files.stream(&key).await?.ok_or_else(|| missing(self.bucket))
    }
}
