//! Tokens of a wrong form: cut, lengthened, re-encoded, enormous.

use serde_json::json;

use super::nobodys;
use crate::identity::mint::{Mint, write};
use crate::identity::{at, no_login_found};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A token whose signature has both characters that the URL-safe alphabet has for its own.
fn with_special_characters(m: &Mint) -> String {
    let tokens = (0..10_000).map(|n| m.signed_with("n", json!(n)));
    let special = |token: &String| token.rsplit('.').next().is_some_and(|part| part.contains('-') && part.contains('_'));
    tokens.into_iter().find(special).expect("one of ten thousand")
}

/// The token with the last character of a part replaced by one that differs only in the bits that count for nothing.
fn trailing_bits_altered(token: &str) -> String {
    let last = token.bytes().last().and_then(|c| ALPHABET.iter().position(|a| *a == c)).expect("a character of the alphabet");
    assert_eq!(last & 3, 0, "the last two bits of 43 characters count for nothing");
    format!("{}{}", &token[..token.len() - 1], char::from(ALPHABET[last | 1]))
}

nobodys!(
    nothing_but_dots => |_| "..".to_owned(),
    the_word_null => |_| "null".to_owned(),
    the_word_undefined => |_| "undefined".to_owned(),
    the_scheme_twice => |m| format!("Bearer {}", m.good()),
    in_quotes => |m| format!("\"{}\"", m.good()),
    header_alone => |m| m.part(0).to_owned(),
    header_and_dot => |m| format!("{}.", m.part(0)),
    header_and_claims => |m| format!("{}.{}", m.part(0), m.part(1)),
    without_its_header => |m| format!(".{}.{}", m.part(1), m.part(2)),
    without_its_claims => |m| format!("{}..{}", m.part(0), m.part(2)),
    an_extra_part => |m| format!("{}.{}", m.good(), m.part(2)),
    an_extra_empty_part => |m| format!("{}.", m.good()),
    a_leading_dot => |m| format!(".{}", m.good()),
    five_parts_as_if_encrypted => |m| format!("{0}.{0}.{0}.{0}.{0}", m.part(0)),
    reversed => |m| m.good().chars().rev().collect(),
    a_space_between_the_parts => |m| m.good().replacen('.', ". ", 1),
    a_tab_in_the_claims => |m| format!("{}.\t{}.{}", m.part(0), m.part(1), m.part(2)),
    a_space_in_the_signature => |m| {
        let (start, end) = m.good().split_at(m.good().len() - 5);
        format!("{start} {end}")
    },
    padding_after_the_signature => |m| format!("{}=", m.good()),
    padding_after_the_header => |m| format!("{}=.{}.{}", m.part(0), m.part(1), m.part(2)),
    padding_after_the_claims => |m| format!("{}.{}==.{}", m.part(0), m.part(1), m.part(2)),
    the_standard_alphabet => |m| with_special_characters(m).replace('-', "+").replace('_', "/"),
    trailing_bits_of_the_signature => |m| trailing_bits_altered(m.good()),
    upper_case => |m| m.good().to_ascii_uppercase(),
    one_character_of_the_signature_altered => |m| {
        let at = m.good().len() - 20;
        let other = if &m.good()[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &m.good()[..at], &m.good()[at + 1..])
    },
    non_ascii => |m| format!("{}ä{}", &m.good()[..20], &m.good()[20..]),
    non_ascii_alone => |_| "пароль.密码.ü".to_owned(),
    non_ascii_lookalikes_of_the_dots => |m| m.good().replace('.', "․"),
    huge_claims => |m| format!("{}.{}.{}", m.part(0), "A".repeat(64 * 1024), m.part(2)),
    huge_and_well_formed => |m| m.signed_with("exp", json!("9".repeat(48 * 1024))),
    huge_without_any_dot => |_| "A".repeat(64 * 1024),
    thousands_of_dots => |_| ".".repeat(8 * 1024),
    deeply_nested_claims => |m| m.signed(&format!("{}{}", "[".repeat(20_000), "]".repeat(20_000))),
    deeply_nested_header => |m| {
        let header = format!("{{\"alg\":\"HS256\",\"typ\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
        format!("{}.{}.{}", write(&header), m.part(1), m.part(2))
    },
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn special_characters_as_they_should_be_are_good() {
    let m = Mint::make().await;
    crate::identity::works(&m.ann.with_token(&with_special_characters(&m))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_anywhere() {
    let m = Mint::make().await;
    for length in 1..m.good().len() {
        no_login_found(&m.ann.with_token(&m.good()[..length]).get(at::CURRENT_USER).await);
        no_login_found(&m.ann.with_token(&m.good()[length..]).get(at::CURRENT_USER).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_characters_in_an_address() {
    let m = Mint::make().await;
    let nobody = m.app.anonymous();
    for (before, after) in
        [("%00", ""), ("", "%00"), ("", "%0a"), ("%20", ""), ("", "%20"), ("%ff", ""), ("", "%C3%A4"), ("", "%")]
    {
        let path = format!("{}?access_token={before}{}{after}", at::CURRENT_USER, m.good());
        no_login_found(&nobody.get(&path).await);
    }
    nobody.get(&format!("{}?access_token={}", at::CURRENT_USER, m.good())).await.ok();
}
