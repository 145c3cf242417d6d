//! Markdown's own ways to other places: links and images. Renderers disagree on much, so nothing is parsed: wherever one
//! could see a link that leads elsewhere than allowed, a backslash makes it text for all of them.

/// How an address has to begin.
const SCHEMES: [&str; 3] = ["http://", "https://", "mailto:"];

/// The most characters of an address.
const MAX_ADDRESS: usize = 2_000;
/// The most characters of what may still be a word that follows `[name]:`.
const MAX_WORD: usize = 500;

/// Whether a link may lead there.
pub fn is_allowed(address: &str) -> bool {
    SCHEMES.iter().any(|scheme| address.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}

/// Whether a link's address comes next: `[text](`, `[name]:`.
pub fn awaits_address(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with("](") || text.ends_with("]:")
}

/// The text with the links and images defused that are not allowed.
pub fn defused(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for (i, c) in text.char_indices() {
        let rest = &text[i + c.len_utf8()..];
        let live = match c {
            '!' => rest.starts_with('[') && !is_escaped(&out),
            '(' => before == ']' && !is_destination(rest),
            ':' => before == ']' && is_foreign(rest),
            _ => false,
        };
        if live {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

/// Whether a backslash takes the next character's meaning.
fn is_escaped(text: &str) -> bool {
    text.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
}

/// Whether what follows `[text](` is an allowed address.
fn is_destination(rest: &str) -> bool {
    let rest = rest.trim_start();
    let mut address = rest.chars().take_while(|c| !(c.is_whitespace() || *c == ')'));
    is_allowed(rest) && address.by_ref().take(MAX_ADDRESS).all(is_plain) && address.next().is_none()
}

/// Whether what follows `[name]:` could be another address than an allowed one. (Most often it is just text.)
fn is_foreign(rest: &str) -> bool {
    let address = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    // In brackets an address may have blanks.
    let bracketed = rest[..rest.len() - address.len()].contains('<');
    let ends = |c: char| if bracketed { c == '\n' } else { c.is_whitespace() };
    let mut word = address.chars().take_while(|c| !ends(*c));
    if is_allowed(address) {
        return !word.by_ref().take(MAX_ADDRESS).all(|c| is_plain(c) || c == '>') || word.next().is_some();
    }
    // Escapes and entities could spell anything. What is longer is no word of a text.
    word.by_ref().take(MAX_WORD).any(|c| matches!(c, ':' | '&' | '\\')) || word.next().is_some()
}

/// Not what ends an attribute for a careless renderer.
fn is_plain(c: char) -> bool {
    !matches!(c, '"' | '\'' | '`' | '<' | '>' | '\\')
}
