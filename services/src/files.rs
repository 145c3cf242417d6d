//! The bytes of uploaded files: kept outside the database, each under its tenant, its bucket and its row's id.
//!
//! Bytes are written before their row and removed after it, so that a crash leaves bytes without a row, never a row without
//! bytes. What is left over is removed by [`tidy`].

use std::path::{Path as Folder, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig};
use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, FileId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::Company;
use workforceos_core::query::{Cond, Query};
use workforceos_core::time::Timestamp;

use crate::App;
use crate::bucket::Bucket;

/// How old bytes without a row must be before they are removed: younger ones may be about to get theirs.
const LEFT_OVER: i64 = Timestamp::DAY;
/// How often leftovers are looked for.
const TIDY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a broken call to S3-compatible storage is tried again.
const RETRY: Duration = Duration::from_secs(20);
/// How many files are compared with their rows at a time.
const BATCH: usize = 500;

/// Where a file's bytes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKey {
    pub company: CompanyId,
    pub bucket: Bucket,
    pub id: FileId,
}

impl FileKey {
    fn path(&self) -> Path {
        Path::from_iter([self.company.to_string(), self.bucket.name().to_owned(), self.id.to_string()])
    }

    /// `None` for what is no file of ours.
    fn read(path: &Path) -> Option<FileKey> {
        let text = path.to_string();
        let [company, bucket, id] = text.split('/').collect::<Vec<_>>().try_into().ok()?;
        let (company, id) = (company.parse::<Uuid>().ok()?, id.parse::<Uuid>().ok()?);
        Some(FileKey { company: CompanyId(company), bucket: Bucket::named(bucket)?, id: FileId(id) })
    }

    /// When the file was made, as its id tells.
    fn made_at(&self) -> Timestamp {
        let (seconds, nanos) = self.id.0.get_timestamp().map_or((0, 0), |t| t.to_unix());
        Timestamp(i64::try_from(seconds).unwrap_or(0) * 1000 + i64::from(nanos) / 1_000_000)
    }
}

/// S3-compatible storage for files. Its keys are secret: no `Debug`.
#[derive(Clone)]
pub struct S3 {
    /// The server's address; `None`: Amazon's of the region.
    pub endpoint: Option<String>,
    pub bucket: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Whether the bucket stands in the path, not in the host's name.
    pub path_style: bool,
}

/// The store of all files' bytes.
#[derive(Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// Where a broken-off write may have left its draft; elsewhere than on the disk none is left.
    drafts: Option<PathBuf>,
}

impl Files {
    /// Keeps files in S3-compatible storage if that is given, else on the disk.
    pub fn of(data_dir: &Folder, s3: Option<&S3>) -> Result<Files> {
        match s3 {
            Some(s3) => Files::s3(s3),
            None => Files::open(data_dir),
        }
    }

    /// Keeps files in the folder `files` of the data directory, which only the server's user may enter.
    pub fn open(data_dir: &Folder) -> Result<Files> {
        let root = data_dir.join("files");
        private_directory(&root)?;
        let store = LocalFileSystem::new_with_prefix(&root).map_err(Error::internal)?.with_fsync(true);
        Ok(Files { store: Arc::new(store), drafts: Some(root) })
    }

    fn s3(s3: &S3) -> Result<Files> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&s3.bucket)
            .with_region(&s3.region)
            .with_access_key_id(&s3.access_key_id)
            .with_secret_access_key(&s3.secret_access_key)
            .with_virtual_hosted_style_request(!s3.path_style);
        if let Some(endpoint) = &s3.endpoint {
            let host = match endpoint.split_once("://") {
                // Where the bucket stands in the host's name, it is said there.
                Some((scheme, host)) if !s3.path_style => format!("{scheme}://{}.{host}", s3.bucket),
                _ => endpoint.clone(),
            };
            // A server of one's own may be without TLS.
            builder = builder.with_endpoint(host).with_allow_http(endpoint.starts_with("http://"));
        }
        // A caller waits for it: rather fail than try for minutes.
        let retry = RetryConfig { max_retries: 3, retry_timeout: RETRY, ..RetryConfig::default() };
        // Not every such storage deletes many at once.
        let store = builder.with_retry(retry).with_disable_bulk_delete(true).build().map_err(Error::internal)?;
        Ok(Files { store: Arc::new(store), drafts: None })
    }

    /// Keeps a file; once it answers, all of it is where it is kept.
    pub async fn put(&self, key: &FileKey, bytes: Bytes) -> Result<()> {
        self.store.put(&key.path(), bytes.into()).await.map(drop).map_err(|error| self.failed(error))
    }

    /// A file's bytes; `None` if there are none.
    pub async fn get(&self, key: &FileKey) -> Result<Option<Bytes>> {
        match self.store.get(&key.path()).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|error| self.failed(error)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// A file's size and its bytes as they are read, so that a large one is never in memory whole; `None` if there is none.
    pub async fn stream(&self, key: &FileKey) -> Result<Option<(u64, BoxStream<'static, Result<Bytes>>)>> {
        match self.store.get(&key.path()).await {
            Ok(found) => Ok(Some((found.meta.size, found.into_stream().map_err(Error::internal).boxed()))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Removes a file; that it is gone already is no failure.
    pub async fn remove(&self, key: &FileKey) -> Result<()> {
        match self.store.delete(&key.path()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The disk is ours; another storage is somebody whom we did not reach.
    fn failed(&self, error: object_store::Error) -> Error {
        match self.drafts {
            Some(_) => Error::internal(error),
            None => Error::unavailable("The storage of files is not reachable; try again").because(error),
        }
    }

    /// Removes files whose rows are gone. What cannot be removed now is left to [`tidy`].
    pub async fn remove_all(&self, keys: &[FileKey]) {
        for key in keys {
            if let Err(error) = self.remove(key).await {
                tracing::warn!(%error, source = ?error.source, ?key, "a file's bytes are still there; they are removed later");
            }
        }
    }
}

impl App {
    /// Removes files in the background, after the commit that took their rows away.
    pub fn remove_files_later(&self, keys: Vec<FileKey>) {
        let files = self.files.clone();
        self.companies.spawn_task(async move { files.remove_all(&keys).await });
    }
}

/// Makes a directory that only its owner may enter; an existing one is left as it is.
pub fn private_directory(path: &Folder) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| Error::internal(format!("{}: {e}", path.display())))
}

/// Removes leftovers at the start and once a day, as long as the application lives.
pub async fn tidy_daily(app: Weak<App>) {
    let mut tick = tokio::time::interval(TIDY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(app) = app.upgrade() else { return };
        match tidy(&app).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "removed files that belonged to nothing"),
            Err(error) => tracing::warn!(%error, source = ?error.source, "leftover files could not be looked for"),
        }
    }
}

/// Removes bytes older than a day that no active row belongs to, and says how many files they were.
pub async fn tidy(app: &App) -> Result<usize> {
    let before = Timestamp(app.clock.now().0 - LEFT_OVER);
    let mut removed = match &app.files.drafts {
        Some(drafts) => remove_drafts(drafts.clone(), before).await?,
        None => 0,
    };
    let mut found = app.files.store.list(None);
    let mut batch: Vec<FileKey> = Vec::new();
    while let Some(meta) = found.try_next().await.map_err(Error::internal)? {
        let Some(key) = FileKey::read(&meta.location).filter(|key| key.made_at() < before) else { continue };
        let other = batch.first().is_some_and(|first| (first.company, first.bucket) != (key.company, key.bucket));
        if other || batch.len() == BATCH {
            removed += remove_left_over(app, &batch).await?;
            batch.clear();
        }
        batch.push(key);
    }
    Ok(removed + remove_left_over(app, &batch).await?)
}

/// Removes those of a batch, all of one company and bucket, that have no row. Of a company that is not in the database nothing
/// is removed: it may be the wrong database, and companies are never deleted.
async fn remove_left_over(app: &App, batch: &[FileKey]) -> Result<usize> {
    let Some(first) = batch.first() else { return Ok(0) };
    let company = first.company;
    if !company.is_root() && app.store.get(Company::def(), None, company.0).await?.is_none() {
        return Ok(0);
    }
    let ids: Vec<FileId> = batch.iter().map(|key| key.id).collect();
    let rows = app.store.select(&Query::of(first.bucket.def(), company, Cond::id_in("id", &ids))).await?;
    let left_over: Vec<FileKey> = batch.iter().filter(|key| !rows.iter().any(|row| row.id() == key.id.0)).copied().collect();
    app.files.remove_all(&left_over).await;
    Ok(left_over.len())
}

/// Removes drafts of writes that a crash broke off: the store names them after their file and a number, and never shows them.
async fn remove_drafts(root: PathBuf, before: Timestamp) -> Result<usize> {
    let walk = move || {
        let mut removed = 0;
        for folder in folders(&root).iter().flat_map(|tenant| folders(tenant)) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let draft = entry.file_name().to_str().is_some_and(|name| name.contains('#'));
                if draft && changed_at(&entry).is_some_and(|at| at < before) {
                    removed += usize::from(std::fs::remove_file(entry.path()).is_ok());
                }
            }
        }
        removed
    };
    tokio::task::spawn_blocking(walk).await.map_err(Error::internal)
}

fn folders(of: &Folder) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

fn changed_at(entry: &std::fs::DirEntry) -> Option<Timestamp> {
    let since = entry.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use workforceos_core::id::IdSource;

    use super::*;

    fn key(at: i64) -> FileKey {
        let id = FileId(IdSource::random().next(Timestamp(at)));
        FileKey { company: CompanyId(Uuid::from_u128(7)), bucket: Bucket::CompanyAvatars, id }
    }

    #[test]
    fn a_key_is_read_from_its_path() {
        let key = key(1_780_000_000_123);
        assert_eq!(FileKey::read(&key.path()), Some(key));
        assert_eq!(key.made_at(), Timestamp(1_780_000_000_123));
        for other in ["a", "a/userAvatars/b", "00000000-0000-0000-0000-000000000007/other/00000000-0000-0000-0000-000000000007"] {
            assert_eq!(FileKey::read(&Path::from(other)), None, "{other}");
        }
    }

    #[tokio::test]
    async fn bytes_come_and_go() {
        let id = IdSource::random().next(Timestamp(1_780_000_000_000));
        let folder = std::env::temp_dir().join(format!("workforceos-files-{id}"));
        let files = Files::open(&folder).expect("a store");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.join("files")).expect("a folder").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        let key = key(0);
        assert_eq!(files.get(&key).await.expect("read"), None);
        files.put(&key, Bytes::from_static(b"one")).await.expect("written");
        files.put(&key, Bytes::from_static(b"two")).await.expect("written over");
        assert_eq!(files.get(&key).await.expect("read").as_deref(), Some(&b"two"[..]));
        files.remove(&key).await.expect("removed");
        files.remove(&key).await.expect("gone already");
        assert_eq!(files.get(&key).await.expect("read"), None);
        std::fs::remove_dir_all(folder).expect("tidied up");
    }

    #[tokio::test]
    async fn drafts_of_broken_writes_go() {
        let id = IdSource::random().next(Timestamp(1_780_000_000_000));
        let root = std::env::temp_dir().join(format!("workforceos-drafts-{id}"));
        let folder = root.join("tenant").join("userAvatars");
        std::fs::create_dir_all(&folder).expect("a folder");
        for name in ["file", "file#1"] {
            std::fs::write(folder.join(name), b"bytes").expect("written");
        }
        assert_eq!(remove_drafts(root.clone(), Timestamp(0)).await.expect("too young"), 0);
        assert_eq!(remove_drafts(root.clone(), Timestamp(i64::MAX)).await.expect("old"), 1);
        assert!(folder.join("file").exists());
        std::fs::remove_dir_all(root).expect("tidied up");
    }
}
