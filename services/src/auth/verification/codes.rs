//! The mailed codes: six digits, good once, for a day, and for five tries.

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Verification, VerificationKind};
use workforceos_core::time::Timestamp;

use crate::auth::throttle::RESEND;

/// How long a code is good, in milliseconds.
pub const LIFETIME: i64 = 24 * Timestamp::HOUR;
/// Wrong tries that end a code.
const TRIES: i64 = 5;

/// Why a code is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoneRunning,
    Expired,
    /// Too many wrong tries before.
    Ended,
    /// This try was wrong; it is to be counted.
    Wrong,
}

pub fn generate() -> String {
    format!("{:06}", rand::rng().random_range(0..1_000_000))
}

/// The one verification of a kind that a user (for the second factor: a login) can have running.
pub fn row_id(subject: Uuid, kind: VerificationKind) -> Uuid {
    let salt = match kind {
        VerificationKind::Email => 1,
        VerificationKind::PasswordReset => 2,
        VerificationKind::TwoFactor => 3,
    };
    Uuid::from_u128(subject.as_u128() ^ salt)
}

/// What is stored of a code. Keyed: a million codes are tried in no time by whoever has the table alone.
pub fn digest(secret: &[u8], row: Uuid, code: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
    mac.update(b"verification code");
    mac.update(row.as_bytes());
    mac.update(code.as_bytes());
    Ok(mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect())
}

/// Whether the code with this digest is the one that runs.
pub fn judge(row: Option<&Verification>, digest: &str, now: Timestamp) -> Result<(), Refusal> {
    let row = row.filter(|row| row.meta.is_active).ok_or(Refusal::NoneRunning)?;
    if now.0 - row.started_at.0 >= LIFETIME {
        return Err(Refusal::Expired);
    }
    if row.tries >= TRIES {
        return Err(Refusal::Ended);
    }
    let same: bool = row.digest.as_bytes().ct_eq(digest.as_bytes()).into();
    if same { Ok(()) } else { Err(Refusal::Wrong) }
}

/// The row of a new code, in place of the one before; `None` if that one is too young.
pub fn begin(old: Option<Verification>, new: Verification, now: Timestamp) -> Option<Verification> {
    let Some(old) = old else { return Some(new) };
    if old.meta.is_active && now.0 - old.started_at.0 < RESEND {
        return None;
    }
    let meta = Meta { is_active: true, ..old.meta };
    Some(Verification { meta, ..new }.touched(now))
}

/// The row after one more wrong try.
pub fn tried(row: &Verification, now: Timestamp) -> Verification {
    Verification { tries: row.tries + 1, ..row.clone() }.touched(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use workforceos_core::id::{CompanyId, UserId};

    const NOW: Timestamp = Timestamp(1_780_000_000_000);
    const SECRET: &[u8] = b"secret";

    fn row(code: &str) -> Verification {
        let id = row_id(Uuid::from_u128(64), VerificationKind::Email);
        Verification {
            meta: Meta::new(id, NOW, None),
            user_id: UserId(Uuid::from_u128(64)),
            kind: VerificationKind::Email,
            digest: digest(SECRET, id, code).expect("a digest"),
            code_index: 1,
            tries: 0,
            started_at: NOW,
            session_id: None,
            company_id: CompanyId(Uuid::from_u128(3)),
        }
    }

    fn offer(row: &Verification, code: &str, after: i64) -> Result<(), Refusal> {
        judge(Some(row), &digest(SECRET, row.meta.id, code).expect("a digest"), Timestamp(NOW.0 + after))
    }

    #[test]
    fn codes_have_six_digits() {
        for _ in 0..100 {
            let code = generate();
            assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
    }

    #[test]
    fn a_code_is_good_for_a_day() {
        let row = row("123456");
        assert_eq!(offer(&row, "123456", LIFETIME - 1), Ok(()));
        assert_eq!(offer(&row, "123456", LIFETIME), Err(Refusal::Expired));
        assert_eq!(offer(&row, "12345", 0), Err(Refusal::Wrong));
        assert_eq!(judge(None, "", NOW), Err(Refusal::NoneRunning));
        assert_eq!(offer(&row.deleted(NOW), "123456", 0), Err(Refusal::NoneRunning), "single use");
    }

    #[test]
    fn five_wrong_tries_end_a_code() {
        let mut row = row("123456");
        for _ in 0..TRIES {
            assert_eq!(offer(&row, "000000", 0), Err(Refusal::Wrong));
            row = tried(&row, NOW);
        }
        assert_eq!(offer(&row, "123456", 0), Err(Refusal::Ended));
    }

    #[test]
    fn a_new_code_replaces_the_one_before_after_a_minute() {
        let old = tried(&row("123456"), NOW);
        assert_eq!(begin(Some(old.clone()), row("654321"), Timestamp(NOW.0 + RESEND - 1)), None);
        let new = begin(Some(old.clone()), row("654321"), Timestamp(NOW.0 + RESEND)).expect("a new code");
        assert_eq!((new.meta.record_version, new.tries), (old.meta.record_version + 1, 0));
        assert_eq!(offer(&new, "654321", 0), Ok(()));
        assert_eq!(offer(&new, "123456", 0), Err(Refusal::Wrong));
        let used = old.deleted(NOW);
        assert!(begin(Some(used), row("654321"), NOW).is_some_and(|v| v.meta.is_active), "a used one bars nothing");
    }

    #[test]
    fn a_digest_is_bound_to_its_row_and_secret() {
        let one = digest(SECRET, Uuid::from_u128(1), "123456").expect("a digest");
        assert_ne!(one, digest(SECRET, Uuid::from_u128(2), "123456").expect("a digest"));
        assert_ne!(one, digest(b"other", Uuid::from_u128(1), "123456").expect("a digest"));
        assert_eq!(one.len(), 64);
    }
}
