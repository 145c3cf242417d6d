//! The avatar of whoever has none: drawn from the id alone, so that it reveals nothing and needs no database.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use uuid::Uuid;
use workforceos_core::input::Patch;

use super::Bucket;
use crate::auth::names;

/// Squares of the pattern in each direction; the right half mirrors the left one.
const SIDE: usize = 5;
/// Colours that stand out from their light backgrounds.
const HUES: u16 = 360;

/// The avatar that was given, or else the address of a generated one.
pub fn or_default(given: Option<String>, bucket: Bucket, id: Uuid) -> Option<String> {
    names::optional(given).or_else(|| Some(format!("/auth-api/bucket/{}/default/{id}.svg", bucket.name())))
}

/// The avatar after a change: only one that is cleared gives way to a generated one.
pub fn over(change: Patch<String>, before: &Option<String>, bucket: Bucket, id: Uuid) -> Option<String> {
    if change.is_keep() { before.clone() } else { or_default(change.over(None), bucket, id) }
}

/// The id that an address names; `None` if it is none.
pub fn id(text: &str) -> Option<Uuid> {
    text.parse().ok()
}

/// The generated avatar of an id, as SVG: the same at all times.
pub fn drawing(id: Uuid) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let hue = u16::from_be_bytes([digest[0], digest[1]]) % HUES;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 7 7\" shape-rendering=\"crispEdges\">\
         <rect width=\"7\" height=\"7\" fill=\"hsl({hue},45%,90%)\"/><g fill=\"hsl({hue},55%,42%)\">"
    );
    for row in 0..SIDE {
        for column in 0..SIDE {
            let bit = row * SIDE.div_ceil(2) + column.min(SIDE - 1 - column);
            if digest[2 + bit / 8] >> (bit % 8) & 1 == 1 {
                // Writing to a string cannot fail.
                let _ = write!(svg, "<rect x=\"{}\" y=\"{}\" width=\"1\" height=\"1\"/>", column + 1, row + 1);
            }
        }
    }
    svg.push_str("</g></svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_stays() {
        let id = Uuid::from_u128(1);
        let url = "/auth-api/bucket/userAvatars/default/00000000-0000-0000-0000-000000000001.svg";
        for none in [None, Some(String::new()), Some(" ".to_owned())] {
            assert_eq!(or_default(none, Bucket::UserAvatars, id).as_deref(), Some(url));
        }
        assert_eq!(
            or_default(Some("https://a.test/b.png".to_owned()), Bucket::UserAvatars, id).as_deref(),
            Some("https://a.test/b.png")
        );
    }

    #[test]
    fn a_drawing_follows_from_its_id_alone() {
        let (one, two) = (drawing(Uuid::from_u128(1)), drawing(Uuid::from_u128(2)));
        assert_eq!(one, drawing(Uuid::from_u128(1)));
        assert_ne!(one, two);
        for svg in [one, two] {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
            assert!(!svg.contains("<text") && !svg.contains("<script") && !svg.contains("href"), "{svg}");
        }
    }

    #[test]
    fn a_drawing_is_its_own_mirror_image() {
        let svg = drawing(Uuid::from_u128(77));
        let square = |x: usize, y: usize| svg.contains(&format!("<rect x=\"{x}\" y=\"{y}\""));
        for y in 1..=SIDE {
            for x in 1..=SIDE {
                assert_eq!(square(x, y), square(SIDE + 1 - x, y));
            }
        }
    }
}
