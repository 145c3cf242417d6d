//! Passwords: argon2id on a few blocking threads, in the order of arrival, never on the workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use workforceos_core::error::{Error, Result};

/// Hashes computed at a time: each costs some 20 ms of a core and 19 MiB.
const AT_ONCE: usize = 2;
/// Callers who may wait; more are told to come again.
const WAITING: usize = 200;
const MEMORY_KIB: u32 = 19 * 1024;
const ROUNDS: u32 = 2;
/// A hash like any other, of a password that nobody has: what an unknown user's password is compared with.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWF0LWFsbC4uLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
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
    #[expect(clippy::new_without_default, reason = "made once, by the application")]
    pub fn new() -> Passwords {
        Passwords { permits: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default() }
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
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        let work = move || {
            // The permit goes with the work: a caller who goes away frees no core.
            let _held = (permit, place);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
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
        let passwords = Passwords::new();
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
        let passwords = Passwords::new();
        passwords.waiting.store(WAITING, Ordering::Release);
        let error = passwords.verify("x", None).await.expect_err("full");
        assert_eq!(error.status.http(), 429);
        assert_eq!(passwords.waiting.load(Ordering::Acquire), WAITING, "a refused caller leaves no place behind");
    }
}
