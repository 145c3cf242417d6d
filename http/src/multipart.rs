//! The one file of an upload, read from a form as it arrives: never more of it than it may have, and never for long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, DispositionParam, HeaderMap};
use actix_web::web::{self, Bytes};
use futures_util::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_services::bucket::{Bucket, MB, Upload};

use crate::caller::header;

/// The name of the field that carries the file.
const FIELD: &str = "file";
/// What a form may have around its file: boundaries, heads, other fields.
const AROUND: usize = 64 * 1024;
/// How long a form may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);
/// How long it may pause meanwhile.
const PAUSE: Duration = Duration::from_secs(10);
/// What a field beside the file may have.
const MAX_TEXT: usize = 256;
/// How many megabytes of uploads there may be at once; what waits is not read.
const MB_AT_ONCE: usize = 160;
/// How many of them may be one company's, so that no company takes all.
const MB_PER_COMPANY: usize = 80;
/// How many uploads may be one user's.
const AT_ONCE_PER_USER: usize = 4;
/// How long an upload waits for a place.
const WAIT: Duration = Duration::from_secs(10);

/// Places for uploads that run.
pub struct Uploads {
    all: Arc<Semaphore>,
    running: Arc<Mutex<Running>>,
    wait: Duration,
}

/// What runs: uploads by user, megabytes by company.
#[derive(Default)]
struct Running {
    users: HashMap<UserId, usize>,
    companies: HashMap<CompanyId, usize>,
}

/// A place for one upload; given back when it ends.
pub struct Place {
    user: UserId,
    company: CompanyId,
    mb: usize,
    running: Arc<Mutex<Running>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Uploads {
    pub fn new() -> Uploads {
        Uploads { all: Arc::new(Semaphore::new(MB_AT_ONCE)), running: Arc::default(), wait: WAIT }
    }

    /// A place for a user's upload of so many megabytes, as large as it may become: 429 if that user or company has enough of them, 503 if there is
    /// no room in time.
    pub async fn place(&self, user: UserId, company: CompanyId, mb: usize) -> Result<Place> {
        let mut place = self.counted(user, company, mb)?;
        let size = u32::try_from(mb).map_err(Error::internal)?;
        let permit = timeout(self.wait, self.all.clone().acquire_many_owned(size)).await;
        let busy = |_| Error::unavailable("Too many uploads at the moment; try again");
        place.permit = Some(permit.map_err(busy)?.map_err(Error::internal)?);
        Ok(place)
    }

    fn counted(&self, user: UserId, company: CompanyId, mb: usize) -> Result<Place> {
        let mut running = locked(&self.running);
        if running.users.get(&user).is_some_and(|n| *n >= AT_ONCE_PER_USER) {
            return Err(Error::rate_limited(1, "You have too many uploads running; let them end"));
        }
        if running.companies.get(&company).is_some_and(|present| present + mb > MB_PER_COMPANY) {
            return Err(Error::rate_limited(1, "Your company has too many uploads running; let them end"));
        }
        *running.users.entry(user).or_default() += 1;
        *running.companies.entry(company).or_default() += mb;
        Ok(Place { user, company, mb, running: self.running.clone(), permit: None })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut running = locked(&self.running);
        less(&mut running.users, self.user, 1);
        less(&mut running.companies, self.company, self.mb);
    }
}

/// Takes off what has ended; who has nothing running is forgotten.
fn less<K: Eq + std::hash::Hash>(counts: &mut HashMap<K, usize>, key: K, ended: usize) {
    match counts.get_mut(&key) {
        Some(count) if *count > ended => *count -= ended,
        _ => drop(counts.remove(&key)),
    }
}

fn locked(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses a form that is said to be larger than one may be, before any of it is read.
pub fn announced(headers: &HeaderMap, bucket: Bucket) -> Result<()> {
    if length(headers).is_some_and(|n| n > most(bucket)) { Err(bucket.too_large()) } else { Ok(()) }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    header(headers, CONTENT_LENGTH.as_str()).and_then(|n| n.parse().ok())
}

/// The most bytes of a form.
fn most(bucket: Bucket) -> usize {
    bucket.max_mb() * MB + AROUND
}

/// The file of a form, read whole within its bounds of size and time.
pub async fn file(headers: &HeaderMap, payload: web::Payload, bucket: Bucket) -> Result<Upload> {
    let room = length(headers).unwrap_or_default().min(bucket.max_mb() * MB);
    in_time(ARRIVAL, Multipart::new(headers, bounded(payload, most(bucket))), bucket, room).await
}

async fn in_time(limit: Duration, form: Multipart, bucket: Bucket, room: usize) -> Result<Upload> {
    timeout(limit, read(form, bucket, room)).await.map_err(|_| Error::field(FIELD, "took too long to arrive"))?
}

/// A body that fails once it is larger than a form may be.
fn bounded(payload: web::Payload, most: usize) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let mut arrived = 0;
    payload.map(move |chunk| {
        let chunk = chunk?;
        arrived += chunk.len();
        if arrived > most { Err(PayloadError::Overflow) } else { Ok(chunk) }
    })
}

/// `room`: how many bytes are said to come. A file is in memory once, never copied to a larger place.
async fn read(mut form: Multipart, bucket: Bucket, room: usize) -> Result<Upload> {
    let (mut found, mut about): (Option<(String, Vec<u8>)>, Option<String>) = (None, None);
    while let Some(field) = arriving(form.next()).await? {
        let mut field = field.map_err(|error| told(&error, bucket))?;
        match field.name() {
            Some(FIELD) if found.is_some() => return Err(Error::field(FIELD, "is there twice: upload one file at a time")),
            Some(FIELD) => {
                let file_name = name(&field);
                let bytes = all(&mut field, bucket, bucket.max_mb() * MB, room).await?;
                found = Some((file_name, bytes.ok_or_else(|| bucket.too_large())?));
            }
            Some(name) if Some(name) == bucket.about() => {
                let name = name.to_owned();
                let bytes = all(&mut field, bucket, MAX_TEXT, 0).await?;
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                about = Some(text.ok_or_else(|| Error::field(name, "must be a short text"))?);
            }
            // Other fields mean nothing here, as in any body.
            _ => {
                while let Some(chunk) = arriving(field.next()).await? {
                    chunk.map_err(|error| told(&error, bucket))?;
                }
            }
        }
    }
    match found {
        None => Err(Error::field(FIELD, format!("is required: {} as a field of a multipart form", bucket.wanted()))),
        Some((_, bytes)) if bytes.is_empty() => Err(Error::field(FIELD, "is empty")),
        Some((file_name, bytes)) => Ok(Upload { file_name, bytes, about }),
    }
}

/// What comes next, unless nothing comes for too long: whoever only holds a place gives it up.
async fn arriving<T>(next: impl Future<Output = T>) -> Result<T> {
    timeout(PAUSE, next).await.map_err(|_| Error::field(FIELD, "took too long to arrive"))
}

/// The whole of a field; `None` if it has more than `most` bytes.
async fn all(field: &mut Field, bucket: Bucket, most: usize, room: usize) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(room);
    while let Some(chunk) = arriving(field.next()).await? {
        let chunk = chunk.map_err(|error| told(&error, bucket))?;
        if bytes.len() + chunk.len() > most {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// What the client calls its file: the name in UTF-8 where there is one.
fn name(field: &Field) -> String {
    let Some(disposition) = field.content_disposition() else { return String::new() };
    let extended = disposition.parameters.iter().find_map(|parameter| match parameter {
        DispositionParam::FilenameExt(name) => std::str::from_utf8(&name.value).ok(),
        _ => None,
    });
    extended.or_else(|| disposition.get_filename()).unwrap_or_default().to_owned()
}

fn told(error: &MultipartError, bucket: Bucket) -> Error {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => bucket.too_large(),
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible
        | MultipartError::BoundaryMissing => Error::field(FIELD, "must come as a field of a form, multipart/form-data"),
        _ => Error::field(FIELD, "did not arrive whole, or the form around it is malformed"),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
    use futures_util::stream;
    use workforceos_core::error::Status;
    use workforceos_core::id::IdSource;
    use workforceos_core::time::Timestamp;

    use super::*;

    fn somebody() -> UserId {
        UserId(IdSource::random().next(Timestamp(0)))
    }

    fn company() -> CompanyId {
        CompanyId(IdSource::random().next(Timestamp(0)))
    }

    #[tokio::test]
    async fn no_company_takes_all_places() {
        let (uploads, one) = (Uploads::new(), company());
        let mut places = Vec::new();
        for _ in 0..4 {
            places.push(uploads.place(somebody(), one, Bucket::EmployeeDocuments.max_mb()).await.expect("a place"));
        }
        let refused = uploads.place(somebody(), one, Bucket::UserAvatars.max_mb()).await.err().expect("enough");
        assert_eq!(refused.status, Status::RateLimited);
        assert!(uploads.place(somebody(), company(), Bucket::UserAvatars.max_mb()).await.is_ok(), "another company's");
        drop(places.pop());
        assert!(uploads.place(somebody(), one, Bucket::UserAvatars.max_mb()).await.is_ok(), "one has ended");
    }

    #[tokio::test]
    async fn a_user_has_so_many_places_and_no_more() {
        let uploads = Uploads::new();
        let (ann, bob) = (somebody(), somebody());
        let mut places = Vec::new();
        for _ in 0..AT_ONCE_PER_USER {
            places.push(uploads.place(ann, CompanyId::ROOT, Bucket::UserAvatars.max_mb()).await.expect("a place"));
        }
        assert_eq!(
            uploads.place(ann, CompanyId::ROOT, Bucket::UserAvatars.max_mb()).await.err().map(|e| e.status),
            Some(Status::RateLimited)
        );
        assert!(uploads.place(bob, CompanyId::ROOT, Bucket::UserAvatars.max_mb()).await.is_ok());
        places.pop();
        assert!(uploads.place(ann, CompanyId::ROOT, Bucket::UserAvatars.max_mb()).await.is_ok());
        places.clear();
        let running = locked(&uploads.running);
        assert!(running.users.is_empty() && running.companies.is_empty());
        assert_eq!(uploads.all.available_permits(), MB_AT_ONCE);
    }

    #[actix_web::test]
    async fn a_form_that_stops_arriving_is_given_up() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
        let begin = Bytes::from_static(b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nGIF8");
        let stalled = stream::once(async { Ok(begin) }).chain(stream::pending());
        let error = in_time(Duration::from_millis(1), Multipart::new(&headers, stalled), Bucket::UserAvatars, 0)
            .await
            .expect_err("given up");
        assert_eq!((error.status, error.message.as_str()), (Status::Invalid, "file: took too long to arrive"));
    }

    #[tokio::test]
    async fn who_finds_no_place_in_time_is_sent_away() {
        let uploads = Uploads { wait: Duration::ZERO, ..Uploads::new() };
        let mut places = Vec::new();
        // Eight documents take the room of thirty-two pictures.
        for _ in 0..7 {
            places.push(uploads.place(somebody(), company(), Bucket::EmployeeDocuments.max_mb()).await.expect("a place"));
        }
        for _ in 0..4 {
            places.push(uploads.place(somebody(), company(), Bucket::UserAvatars.max_mb()).await.expect("a place"));
        }
        for bucket in Bucket::ALL {
            let late = uploads.place(somebody(), company(), bucket.max_mb()).await.err().expect("none is free");
            assert_eq!((late.status, late.retry_after.is_some()), (Status::Unavailable, true));
        }
        assert_eq!(locked(&uploads.running).users.len(), 11);
    }
}
