//! An id in another alphabet: letters and digits that are not taken for each other, 26 of them.

use uuid::Uuid;

const PREFIX: &str = "id_";
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// An id as a name that needs no entry.
pub fn written(id: Uuid) -> String {
    format!("{PREFIX}{}", digits(id))
}

/// The id of such a name.
pub fn read(alias: &str) -> Option<Uuid> {
    of_digits(alias.strip_prefix(PREFIX)?)
}

pub fn digits(id: Uuid) -> String {
    let bits = id.as_u128();
    let digit = |place: usize| char::from(ALPHABET[(bits >> (5 * (LENGTH - 1 - place)) & 31) as usize]);
    (0..LENGTH).map(digit).collect()
}

/// Exactly what [`digits`] writes.
pub fn of_digits(text: &str) -> Option<Uuid> {
    // 26 digits of five bits are 130: of the first one three bits count.
    if text.len() != LENGTH || !text.starts_with(|first: char| first.is_ascii_digit() && first < '8') {
        return None;
    }
    let mut bits: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = bits << 5 | digit as u128;
    }
    Some(Uuid::from_u128(bits))
}
