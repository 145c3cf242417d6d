//! The journal's chain: each entry's keyed hash covers the one before it and a salted digest of its content.
//!
//! The content itself is not under the keyed hash, so that a person's data can be erased and the chain still be proved.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Where a company's journal stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    /// Hexadecimal; empty before the first entry.
    pub(crate) chain: String,
    pub(crate) due_at: Option<i64>,
    /// Whether the company has a row yet.
    pub(crate) stored: bool,
}

/// What the keyed hash of an entry covers beside the entry before it; texts as they are stored.
pub(crate) struct Link<'a> {
    pub(crate) company: &'a str,
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: Option<&'a str>,
    pub(crate) action: &'a str,
    pub(crate) object: &'a str,
    pub(crate) object_id: &'a str,
    pub(crate) actor: Option<&'a str>,
    pub(crate) via: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) audited: bool,
    pub(crate) touched: Option<&'a str>,
    pub(crate) digest: &'a str,
}

/// The journal's key, made ready once for many entries.
#[derive(Clone)]
pub(crate) struct Sealer(Hmac<Sha256>);

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Sealer {
        Sealer(Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length"))
    }
}

impl Link<'_> {
    /// The entry's hash, hexadecimal.
    pub(crate) fn chain(&self, sealer: &Sealer, before: &str) -> String {
        let mut bytes = Vec::with_capacity(512);
        field(&mut bytes, Some(before));
        field(&mut bytes, Some(self.company));
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
        field(&mut bytes, self.kind);
        for text in [self.action, self.object, self.object_id] {
            field(&mut bytes, Some(text));
        }
        field(&mut bytes, self.actor);
        for text in [self.via, self.request_id, self.audience] {
            field(&mut bytes, Some(text));
        }
        bytes.push(u8::from(self.audited));
        field(&mut bytes, self.touched);
        field(&mut bytes, Some(self.digest));
        let mut mac = sealer.0.clone();
        mac.update(&bytes);
        hex(&mac.finalize().into_bytes())
    }
}

/// The salted digest of an entry's content.
pub(crate) fn digest(salt: &str, after: &str, before: &str, extra: &str) -> String {
    let mut bytes = Vec::with_capacity(after.len() + before.len() + extra.len() + 64);
    for text in [salt, after, before, extra] {
        field(&mut bytes, Some(text));
    }
    hex(&Sha256::digest(&bytes))
}

/// A text with its length before it, so that no two lists of texts give the same bytes.
fn field(bytes: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => bytes.extend_from_slice(&u32::MAX.to_be_bytes()),
        Some(text) => {
            bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX - 1).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_keep_neighbouring_texts_apart() {
        assert_ne!(digest("s", "ab", "c", ""), digest("s", "a", "bc", ""));
        assert_ne!(digest("s", "null", "null", "null"), digest("t", "null", "null", "null"));
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
    }
}
