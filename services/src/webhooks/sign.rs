//! Secrets and signatures, as the Standard Webhooks specification has them: `v1,` and the base64 of HMAC-SHA256 over
//! `id.timestamp.body`, with the secret whose text is `whsec_` and its base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore as _;
use sha2::Sha256;
use workforceos_core::objects::Webhook;
use workforceos_core::time::Timestamp;

/// How every secret begins.
pub const PREFIX: &str = "whsec_";
/// Keeps this use of the journal's key apart from its others.
const PURPOSE: &[u8] = b"webhook secrets\n";
const SALT_BYTES: usize = 32;

/// Makes secrets of salts. A secret is kept nowhere: the database has its salt, this server the key, and neither tells anything
/// without the other.
pub struct Secrets {
    key: [u8; 32],
}

impl Secrets {
    pub fn new(journal_key: &[u8; 32]) -> Secrets {
        Secrets { key: mac(journal_key, &[PURPOSE]) }
    }

    pub fn secret(&self, salt: &str) -> Secret {
        Secret(mac(&self.key, &[salt.as_bytes()]))
    }

    /// The secrets that sign at this moment: the present one first.
    pub fn of(&self, webhook: &Webhook, now: Timestamp) -> Vec<Secret> {
        let before = webhook.previous_salt.as_deref().filter(|_| webhook.previous_secret_until.is_some_and(|until| now < until));
        [Some(webhook.secret_salt.as_str()), before].into_iter().flatten().map(|salt| self.secret(salt)).collect()
    }
}

/// A new salt.
pub fn salt() -> String {
    let mut bytes = [0_u8; SALT_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    STANDARD.encode(bytes)
}

/// What signs.
pub struct Secret([u8; 32]);

impl Secret {
    /// As its owner is told, once.
    pub fn shown(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }

    fn signature(&self, id: &str, at: i64, body: &str) -> String {
        signature(&self.0, id, at, body)
    }
}

/// The value of `webhook-signature`: one signature of each secret.
pub fn header(secrets: &[Secret], id: &str, at: i64, body: &str) -> String {
    secrets.iter().map(|secret| secret.signature(id, at, body)).collect::<Vec<_>>().join(" ")
}

/// `at` in seconds.
fn signature(secret: &[u8], id: &str, at: i64, body: &str) -> String {
    let signed = mac(secret, &[id.as_bytes(), b".", at.to_string().as_bytes(), b".", body.as_bytes()]);
    format!("v1,{}", STANDARD.encode(signed))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length of key will do");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's own libraries are tested with.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let made = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_follows_from_its_salt_and_the_servers_key() {
        let (one, other) = (Secrets::new(&[7; 32]), Secrets::new(&[8; 32]));
        let (salt, another) = (salt(), salt());
        assert_ne!(salt, another);
        let shown = one.secret(&salt).shown();
        assert_eq!((shown.len(), shown.starts_with(PREFIX)), (PREFIX.len() + 44, true));
        assert_eq!(shown, one.secret(&salt).shown());
        assert!(shown != one.secret(&another).shown() && shown != other.secret(&salt).shown());
        assert!(!shown.contains(&salt));
    }
}
