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
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::UserId;
use workforceos_services::auth::avatars::{MAX_FILE, Upload};

use crate::caller::header;

/// The name of the field that carries the file.
const FIELD: &str = "file";
/// What a form may have around its file: boundaries, heads, other fields.
const AROUND: usize = 64 * 1024;
/// How long a form may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);
/// How many uploads there may be at once; what waits is not read.
const AT_ONCE: usize = 32;
/// How many of them may be one user's.
const AT_ONCE_PER_USER: usize = 4;
/// How long an upload waits for a place.
const WAIT: Duration = Duration::from_secs(10);

/// Places for uploads that run.
pub struct Uploads {
    all: Arc<Semaphore>,
    users: Arc<Mutex<HashMap<UserId, usize>>>,
    wait: Duration,
}

/// A place for one upload; given back when it ends.
pub struct Place {
    user: UserId,
    users: Arc<Mutex<HashMap<UserId, usize>>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Uploads {
    pub fn new() -> Uploads {
        Uploads { all: Arc::new(Semaphore::new(AT_ONCE)), users: Arc::default(), wait: WAIT }
    }

    /// A place for a user's upload: 429 if that user has enough of them, 503 if none becomes free in time.
    pub async fn place(&self, user: UserId) -> Result<Place> {
        let mut place = self.counted(user)?;
        let permit = timeout(self.wait, self.all.clone().acquire_owned()).await;
        let busy = |_| Error::unavailable("Too many uploads at the moment; try again");
        place.permit = Some(permit.map_err(busy)?.map_err(Error::internal)?);
        Ok(place)
    }

    fn counted(&self, user: UserId) -> Result<Place> {
        let mut users = locked(&self.users);
        let running = users.entry(user).or_default();
        if *running >= AT_ONCE_PER_USER {
            return Err(Error::rate_limited(1, "You have too many uploads running; let them end"));
        }
        *running += 1;
        Ok(Place { user, users: self.users.clone(), permit: None })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut users = locked(&self.users);
        match users.get_mut(&self.user) {
            Some(running) if *running > 1 => *running -= 1,
            _ => drop(users.remove(&self.user)),
        }
    }
}

fn locked(users: &Mutex<HashMap<UserId, usize>>) -> MutexGuard<'_, HashMap<UserId, usize>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses a form that is said to be larger than one may be, before any of it is read.
pub fn announced(headers: &HeaderMap) -> Result<()> {
    let length = header(headers, CONTENT_LENGTH.as_str()).and_then(|n| n.parse::<u64>().ok());
    if length.is_some_and(|n| n > (MAX_FILE + AROUND) as u64) { Err(too_large()) } else { Ok(()) }
}

/// The file of a form, read whole within its bounds of size and time.
pub async fn file(headers: &HeaderMap, payload: web::Payload) -> Result<Upload> {
    in_time(ARRIVAL, Multipart::new(headers, bounded(payload))).await
}

async fn in_time(limit: Duration, form: Multipart) -> Result<Upload> {
    timeout(limit, read(form)).await.map_err(|_| Error::field(FIELD, "took too long to arrive"))?
}

/// A body that fails once it is larger than a form may be.
fn bounded(payload: web::Payload) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let mut arrived = 0;
    payload.map(move |chunk| {
        let chunk = chunk?;
        arrived += chunk.len();
        if arrived > MAX_FILE + AROUND { Err(PayloadError::Overflow) } else { Ok(chunk) }
    })
}

async fn read(mut form: Multipart) -> Result<Upload> {
    let mut found: Option<Upload> = None;
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| told(&error))?;
        if field.name() != Some(FIELD) {
            // Other fields mean nothing here, as in any body.
            while let Some(chunk) = field.next().await {
                chunk.map_err(|error| told(&error))?;
            }
            continue;
        }
        if found.is_some() {
            return Err(Error::field(FIELD, "is there twice: upload one file at a time"));
        }
        let file_name = name(&field);
        let mut bytes = Vec::new();
        while let Some(chunk) = field.next().await {
            let chunk = chunk.map_err(|error| told(&error))?;
            if bytes.len() + chunk.len() > MAX_FILE {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        found = Some(Upload { file_name, bytes });
    }
    match found {
        None => Err(Error::field(FIELD, "is required: a picture as a field of a multipart form")),
        Some(file) if file.bytes.is_empty() => Err(Error::field(FIELD, "is empty")),
        Some(file) => Ok(file),
    }
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

fn too_large() -> Error {
    Error::new(Status::TooLarge, "PayloadTooLarge", format!("A file may have {} MB at most", MAX_FILE / 1024 / 1024))
}

fn told(error: &MultipartError) -> Error {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => too_large(),
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
    use workforceos_core::id::IdSource;
    use workforceos_core::time::Timestamp;

    use super::*;

    fn somebody() -> UserId {
        UserId(IdSource::random().next(Timestamp(0)))
    }

    #[tokio::test]
    async fn a_user_has_so_many_places_and_no_more() {
        let uploads = Uploads::new();
        let (ann, bob) = (somebody(), somebody());
        let mut places = Vec::new();
        for _ in 0..AT_ONCE_PER_USER {
            places.push(uploads.place(ann).await.expect("a place"));
        }
        assert_eq!(uploads.place(ann).await.err().map(|e| e.status), Some(Status::RateLimited));
        assert!(uploads.place(bob).await.is_ok());
        places.pop();
        assert!(uploads.place(ann).await.is_ok());
        places.clear();
        assert!(locked(&uploads.users).is_empty());
        assert_eq!(uploads.all.available_permits(), AT_ONCE);
    }

    #[actix_web::test]
    async fn a_form_that_stops_arriving_is_given_up() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=b"));
        let begin = Bytes::from_static(b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nGIF8");
        let stalled = stream::once(async { Ok(begin) }).chain(stream::pending());
        let error = in_time(Duration::from_millis(1), Multipart::new(&headers, stalled)).await.expect_err("given up");
        assert_eq!((error.status, error.message.as_str()), (Status::Invalid, "file: took too long to arrive"));
    }

    #[tokio::test]
    async fn who_finds_no_place_in_time_is_sent_away() {
        let uploads = Uploads { wait: Duration::ZERO, ..Uploads::new() };
        let mut places = Vec::new();
        for _ in 0..AT_ONCE {
            places.push(uploads.place(somebody()).await.expect("a place"));
        }
        let late = uploads.place(somebody()).await.err().expect("none is free");
        assert_eq!((late.status, late.retry_after.is_some()), (Status::Unavailable, true));
        assert_eq!(locked(&uploads.users).len(), AT_ONCE);
    }
}
