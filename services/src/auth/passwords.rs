//! Passwords: argon2id on a few threads of their own, in the order of arrival, never on the workers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::oneshot;
use workforceos_core::error::{Error, Result};

/// The most threads that hash: each hash costs some 20 ms of a core and 19 MiB. Half of the cores stay for other work.
const MAX_THREADS: usize = 4;
/// Callers who may wait; more are told to come again.
const WAITING: usize = 200;
const MEMORY_KIB: u32 = 19 * 1024;
const ROUNDS: u32 = 2;
/// A hash like any other, of a password that nobody has: what an unknown user's password is compared with.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWF0LWFsbC4uLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and verifies passwords. Its threads keep their memory and end with it; a pool whose threads come and go would
/// leave 19 MiB behind in each.
#[derive(Clone)]
pub struct Passwords {
    jobs: mpsc::Sender<Job>,
    waiting: Arc<AtomicUsize>,
}

/// A place in the queue; given back when its caller goes.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Passwords {
    pub fn new() -> Result<Passwords> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..(cores / 2).clamp(1, MAX_THREADS) {
            let queue = queue.clone();
            let work = move || {
                // The lock is held while waiting for a job, not while doing it.
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(job) = next() {
                    job();
                }
            };
            std::thread::Builder::new().name("passwords".to_owned()).spawn(work).map_err(Error::internal)?;
        }
        Ok(Passwords { jobs, waiting: Arc::default() })
    }

    /// The hash of a password, with a salt of its own. 429 if too many wait.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        let hash = move || {
            let hash = argon()?.hash_password(password.as_bytes()).map_err(|e| Error::internal(e.to_string()))?;
            Ok(hash.to_string())
        };
        self.run(hash).await?
    }

    /// Whether a password has this hash. `None`, an unknown user, takes as long and is never right.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let (password, known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let verify = move || Ok(argon()?.verify_password(password.as_bytes(), hash.as_str()).is_ok());
        let right: Result<bool> = self.run(verify).await?;
        Ok(right? && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Place(self.waiting.clone());
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= WAITING {
            return Err(Error::rate_limited(2, "Too many logins at the moment; try again"));
        }
        let (reply, answer) = oneshot::channel();
        let job = move || {
            // A caller who went away does not matter.
            let _ = reply.send(work());
            drop(place);
        };
        self.jobs.send(Box::new(job)).map_err(|_| Error::internal("the threads that hash have ended"))?;
        answer.await.map_err(Error::internal)
    }
}

fn argon() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, ROUNDS, 1, None).map_err(|e| Error::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_right() {
        let passwords = Passwords::new().expect("threads");
        let hash = passwords.hash("correct horse").await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse", Some(&hash)).await.expect("verified"));
        assert!(!passwords.verify("correct horsf", Some(&hash)).await.expect("verified"));
        assert!(!passwords.verify("anything", None).await.expect("verified"));
        assert_ne!(hash, passwords.hash("correct horse").await.expect("hashed"));
    }

    #[test]
    fn an_unknown_users_hash_is_really_computed() {
        use argon2::password_hash::phc::PasswordHash;
        let hash = PasswordHash::new(NOBODY).expect("a hash");
        assert!(hash.salt.is_some() && hash.hash.is_some());
        let error = argon().expect("argon").verify_password(b"x", NOBODY).expect_err("nobody's");
        assert!(matches!(error, argon2::password_hash::Error::PasswordInvalid), "{error:?}");
    }

    #[tokio::test]
    async fn a_full_queue_is_refused() {
        let passwords = Passwords::new().expect("threads");
        passwords.waiting.store(WAITING, Ordering::Release);
        let error = passwords.verify("x", None).await.expect_err("full");
        assert_eq!(error.status.http(), 429);
        assert_eq!(passwords.waiting.load(Ordering::Acquire), WAITING, "a refused caller leaves no place behind");
    }
}
