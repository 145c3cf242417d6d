//! The text of API keys: `sk_mbx_`, forty random characters, and a checksum by which scanners recognise a leaked one.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

/// How every key begins.
pub const PREFIX: &str = "sk_mbx_";
const RANDOM: usize = 40;
const CHECKSUM: usize = 6;
/// How much of a key is kept in clear, to tell keys apart.
const SHOWN: usize = PREFIX.len() + 5;

/// A new key.
pub fn generate() -> String {
    let body = format!("{PREFIX}{}", Alphanumeric.sample_string(&mut rand::rng(), RANDOM));
    let checksum = checksum(&body);
    body + &checksum
}

/// Whether a text is a key by its form and checksum: anything else is refused without a look at the database.
pub fn well_formed(key: &str) -> bool {
    let length = PREFIX.len() + RANDOM + CHECKSUM;
    let plain = key.len() == length && key.starts_with(PREFIX) && key[PREFIX.len()..].bytes().all(|b| b.is_ascii_alphanumeric());
    plain && checksum(&key[..length - CHECKSUM]) == key[length - CHECKSUM..]
}

/// What is stored of a key. (240 random bits need no slow hash.)
pub fn digest(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// A key's first characters.
pub fn shown(key: &str) -> String {
    key.chars().take(SHOWN).collect()
}

/// CRC-32 in base 62.
fn checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|d| char::from(*d)).collect()
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, b| (0..8).fold(crc ^ u32::from(*b), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum("").len(), CHECKSUM);
    }

    #[test]
    fn keys_are_recognised_and_changed_ones_are_not() {
        let key = generate();
        assert!(well_formed(&key), "{key}");
        assert_ne!(key, generate());
        for i in 0..key.len() {
            let other = if &key[i..=i] == "a" { "b" } else { "a" };
            let changed = format!("{}{other}{}", &key[..i], &key[i + 1..]);
            assert!(!well_formed(&changed), "{changed}");
        }
        for bad in ["", "sk_mbx_", &key[1..], &key[..key.len() - 1], "sk_mbx_äääääääääääääääääääääää"] {
            assert!(!well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn digests_are_hexadecimal_and_little_is_shown() {
        assert_eq!(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(shown("sk_mbx_abcdefgh"), "sk_mbx_abcde");
    }
}
