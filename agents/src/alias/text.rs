//! Ids and names in running text.

use std::borrow::Cow;

use uuid::Uuid;
use workforceos_core::words;

/// Characters of an id as it is written.
const UUID: usize = 36;
/// The most of a text that is looked at for a name, and the most that a name has of it.
const LOOKED_AT: usize = 200;
const WORDS: usize = 32;
/// The most characters of a label.
const LABEL: usize = 60;

/// The words of a label as part of a name: `[a-z0-9_]`, empty if there are none.
pub fn slug(label: &str) -> String {
    let start: String = label.chars().take(LOOKED_AT).collect();
    let folded = words::folded(&start);
    let mut slug = String::new();
    for word in folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if slug.is_empty() {
            slug.extend(word.chars().take(WORDS));
        } else if slug.len() + 1 + word.len() <= WORDS {
            slug.push('_');
            slug.push_str(word);
        } else {
            break;
        }
    }
    slug
}

/// What people may be told in place of a name: one line, of bounded length. Nothing that has no words or is made of ids.
pub fn label(text: &str) -> Option<String> {
    let visible = |c: char| if c.is_control() || c.is_whitespace() { ' ' } else { c };
    let text: String = text.chars().take(LOOKED_AT).map(visible).collect();
    if slug(&text).is_empty() || ids(&text).next().is_some() {
        return None;
    }
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    Some(words.join(" ").chars().take(LABEL).collect())
}

/// The id that a text is, written as the server writes it or with capitals.
pub fn whole(text: &str) -> Option<Uuid> {
    if text.len() == UUID { at(text.as_bytes(), 0) } else { None }
}

/// Every id in a text, with the place where it begins.
pub fn ids(text: &str) -> impl Iterator<Item = (usize, Uuid)> + '_ {
    let bytes = text.as_bytes();
    let mut from = 0;
    std::iter::from_fn(move || {
        // An id is found by its first hyphen.
        while let Some(found) = bytes.get(from..).and_then(|rest| rest.iter().position(|b| *b == b'-')) {
            let hyphen = from + found;
            from = hyphen + 1;
            if let Some(start) = hyphen.checked_sub(8)
                && let Some(id) = at(bytes, start)
            {
                from = start + UUID;
                return Some((start, id));
            }
        }
        None
    })
}

fn at(bytes: &[u8], start: usize) -> Option<Uuid> {
    let bytes = bytes.get(start..start + UUID)?;
    let fits = |(place, byte): (usize, &u8)| match place {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    if !bytes.iter().enumerate().all(fits) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// A text with a name in place of every id.
pub fn without_ids<'t>(text: &'t str, mut name: impl FnMut(Uuid) -> String) -> Cow<'t, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (start, id) in ids(text) {
        out.push_str(&text[copied..start]);
        out.push_str(&name(id));
        copied = start + UUID;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Where the end of a text begins that may go on: a name, or the address that it stands in. What is longer is neither.
pub fn open_end(text: &str) -> usize {
    let goes_on = |byte: &u8| byte.is_ascii() && !byte.is_ascii_whitespace();
    let length = text.bytes().rev().take(LOOKED_AT + 1).take_while(goes_on).count();
    if length > LOOKED_AT { text.len() } else { text.len() - length }
}

/// A text with something else in place of some of its words. Each is asked about with what is before it since the last space. What
/// goes on as an e-mail address is none.
pub fn with_words<'w>(text: &str, mut instead: impl FnMut(&str, &str) -> Option<Cow<'w, str>>) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut out, mut done, mut token) = (String::with_capacity(text.len()), 0, 0);
    while let Some(start) = text[done..].find(is_word).map(|at| done + at) {
        let end = text[start..].find(|c: char| !is_word(c)).map_or(text.len(), |length| start + length);
        let between = &text[done..start];
        if let Some((at, space)) = between.char_indices().rev().find(|(_, c)| c.is_whitespace()) {
            token = done + at + space.len_utf8();
        }
        out.push_str(between);
        let word = &text[start..end];
        let asked = if text[end..].starts_with('@') { None } else { instead(&text[token..start], word) };
        match asked {
            Some(other) => out.push_str(&other),
            None => out.push_str(word),
        }
        done = end;
    }
    out.push_str(&text[done..]);
    out
}
