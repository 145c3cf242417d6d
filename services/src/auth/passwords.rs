//! Passwords: argon2id on a few threads of their own, never on the workers; whoever floods them waits for themselves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::oneshot;
use workforceos_core::error::{Error, Result};

use crate::auth::lines::{Line, Lines};

/// The most threads that hash: each hash costs some 20 ms of a core and 19 MiB. Half of the cores stay for other work.
const MAX_THREADS: usize = 4;
const MEMORY_KIB: u32 = 19 * 1024;
const ROUNDS: u32 = 2;
/// A hash like any other, of a password that nobody has: what an unknown user's password is compared with.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWF0LWFsbC4uLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// One password to hash or verify.
struct Job {
    work: Box<dyn FnOnce() + Send>,
    /// Gone once the caller is.
    caller: Weak<()>,
}

/// What the threads share with the callers.
struct Shared {
    queue: Mutex<Queue>,
    more: Condvar,
}

struct Queue {
    lines: Lines<Job>,
    closed: bool,
}

/// Hashes and verifies passwords. Its threads keep their memory and end with it; a pool whose threads come and go would
/// leave 19 MiB behind in each.
pub struct Passwords(Arc<Shared>);

impl Drop for Passwords {
    fn drop(&mut self) {
        self.0.queue().closed = true;
        self.0.more.notify_all();
    }
}

impl Passwords {
    pub fn new() -> Result<Passwords> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Passwords::on((cores / 2).clamp(1, MAX_THREADS))
    }

    fn on(threads: usize) -> Result<Passwords> {
        let queue = Mutex::new(Queue { lines: Lines::new(), closed: false });
        let passwords = Passwords(Arc::new(Shared { queue, more: Condvar::new() }));
        for _ in 0..threads {
            let shared = passwords.0.clone();
            let work = move || {
                while let Some(job) = shared.next() {
                    // A panic is its caller's failure; the thread goes on.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            };
            std::thread::Builder::new().name("passwords".to_owned()).spawn(work).map_err(Error::internal)?;
        }
        Ok(passwords)
    }

    /// The hash of a password of the program's own, with a salt of its own.
    pub async fn hash(&self, password: &str) -> Result<String> {
        self.hash_for(Line::Own, password).await
    }

    /// The hash of a password, with a salt of its own. 429 if too many wait.
    pub async fn hash_for(&self, line: Line, password: &str) -> Result<String> {
        let password = password.to_owned();
        let hash = move || {
            let hash = argon()?.hash_password(password.as_bytes()).map_err(|e| Error::internal(e.to_string()))?;
            Ok(hash.to_string())
        };
        self.run(line, hash).await?
    }

    /// Whether a password has this hash. `None`, an unknown user, takes as long and is never right. 429 if too many wait.
    pub async fn verify(&self, line: Line, password: &str, hash: Option<&str>) -> Result<bool> {
        let (password, known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let verify = move || Ok(argon()?.verify_password(password.as_bytes(), hash.as_str()).is_ok());
        let right: Result<bool> = self.run(line, verify).await?;
        Ok(right? && known)
    }

    async fn run<T: Send + 'static>(&self, line: Line, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let here = Arc::new(());
        let (reply, answer) = oneshot::channel();
        let work = move || {
            // A caller who went away does not matter.
            let _ = reply.send(work());
        };
        let left_out = self.0.queue().lines.push(line, Job { work: Box::new(work), caller: Arc::downgrade(&here) });
        self.0.more.notify_one();
        // Dropping a job tells its caller, who may be another one than this.
        drop(left_out);
        let answer = answer.await.map_err(|_| Error::rate_limited(2, "Too many logins at the moment; try again"));
        drop(here);
        answer
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next job whose caller still waits; `None` at the end.
    fn next(&self) -> Option<Box<dyn FnOnce() + Send>> {
        let mut queue = self.queue();
        loop {
            if queue.closed {
                return None;
            }
            match queue.lines.pop() {
                Some(job) if job.caller.strong_count() > 0 => return Some(job.work),
                Some(_) => {}
                None => queue = self.more.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

fn argon() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, ROUNDS, 1, None).map_err(|e| Error::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_right() {
        let passwords = Passwords::new().expect("threads");
        let hash = passwords.hash("correct horse").await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(Line::Own, "correct horse", Some(&hash)).await.expect("verified"));
        assert!(!passwords.verify(Line::Own, "correct horsf", Some(&hash)).await.expect("verified"));
        assert!(!passwords.verify(Line::Own, "anything", None).await.expect("verified"));
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

    /// A pool of one thread, which is kept busy until the sender is dropped, and what it did in which order.
    async fn busy() -> (Arc<Passwords>, mpsc::Sender<()>, Arc<Mutex<Vec<String>>>) {
        let passwords = Arc::new(Passwords::on(1).expect("a thread"));
        let (hold, held) = mpsc::channel::<()>();
        let (began, begun) = oneshot::channel();
        let first = passwords.clone();
        tokio::spawn(async move {
            let work = move || {
                let _ = began.send(());
                let _ = held.recv();
            };
            first.run(Line::Own, work).await
        });
        begun.await.expect("the thread is busy");
        (passwords, hold, Arc::default())
    }

    /// Starts to wait in a line; resolves when the work is queued.
    async fn wait(
        passwords: &Arc<Passwords>,
        line: Line,
        name: &str,
        done: &Arc<Mutex<Vec<String>>>,
    ) -> tokio::task::JoinHandle<Result<()>> {
        let (passwords, done, name) = (passwords.clone(), done.clone(), name.to_owned());
        let waiting = tokio::spawn(async move { passwords.run(line, move || done.lock().expect("a lock").push(name)).await });
        // On a runtime of one thread the task runs until it waits for its answer.
        tokio::task::yield_now().await;
        waiting
    }

    fn from(last: u8) -> Line {
        Line::login(Some([10, 0, 0, last].into()))
    }

    #[tokio::test]
    async fn a_flood_from_one_address_makes_no_other_wait() {
        let (passwords, hold, done) = busy().await;
        let mut all = Vec::new();
        for n in 0..20 {
            all.push(wait(&passwords, from(1), &format!("flood {n}"), &done).await);
        }
        all.push(wait(&passwords, from(2), "ann", &done).await);
        all.push(wait(&passwords, Line::User(workforceos_core::id::UserId(uuid::Uuid::nil())), "changes", &done).await);
        drop(hold);
        for one in all {
            one.await.expect("joined").expect("done");
        }
        let order = done.lock().expect("a lock").clone();
        let turn = |name: &str| order.iter().position(|n| n == name).expect("done");
        assert!(turn("ann") <= 2 && turn("changes") <= 2, "{order:?}");
        assert_eq!(order.last().map(String::as_str), Some("flood 19"));
    }

    #[tokio::test]
    async fn a_full_line_is_refused_and_who_left_is_not_served() {
        let (passwords, hold, done) = busy().await;
        let mut waiting = Vec::new();
        let refused = loop {
            assert!(waiting.len() < 1_000, "lines are bounded");
            let one = wait(&passwords, from(1), "flood", &done).await;
            if one.is_finished() {
                break one.await.expect("joined").expect_err("refused");
            }
            waiting.push(one);
        };
        assert_eq!((refused.status.http(), refused.retry_after), (429, Some(2)));
        let left = wait(&passwords, from(2), "left", &done).await;
        left.abort();
        assert!(left.await.is_err_and(|e| e.is_cancelled()));
        let last = wait(&passwords, from(3), "last", &done).await;
        drop(hold);
        last.await.expect("joined").expect("done");
        let count = waiting.len();
        for one in waiting {
            one.await.expect("joined").expect("done");
        }
        let order = done.lock().expect("a lock").clone();
        assert!(!order.contains(&"left".to_owned()) && order.len() == count + 1, "{order:?}");
    }
}
