//! Telling tags from other uses of `<`.

use super::markdown;

/// The elements of HTML, those out of use included: `<` before any other word is text, such as `if x<y`.
const ELEMENTS: &str = "a abbr acronym address animate applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote \
    body br button canvas caption center cite code col colgroup command content data datalist dd del desc details dfn \
    dialog dir div dl dt element em embed fieldset figcaption figure font footer foreignobject form frame frameset h1 h2 \
    h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing \
    main malignmark map mark marquee math menu menuitem meta meter mglyph multicol nav nextid nobr noembed noframes \
    noscript object ol optgroup option output p param picture plaintext portal pre progress q rb rbc rp rt rtc ruby s samp \
    script search section select set shadow slot small source spacer span strike strong style sub summary sup svg table \
    tbody td template textarea tfoot th thead time title tr track tt u ul use var video wbr xml xmp xss";

/// What a `<` begins.
enum Use<'a> {
    /// A tag, a comment or the like, for the HTML sanitiser.
    Tag,
    /// A Markdown link such as `<https://example.com>`: its text and the address that it leads to.
    Link(&'a str, String),
    /// Nothing, though a parser of HTML would take it for a tag.
    Stray,
    /// Nothing to anybody.
    Text,
}

/// Whether a parser of HTML reads a tag, a comment or the like here; the text begins with `<`.
pub fn begins_tag(text: &str) -> bool {
    text[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

/// Whether there is any HTML.
pub fn any(text: &str) -> bool {
    text.match_indices('<').any(|(i, _)| begins_tag(&text[i..]))
}

/// The text with every `<` written out that begins no tag, and links in angle brackets in Markdown's other form.
pub fn without_strays(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Searched for once: whether a tag is ever closed would cost the square of the text's length otherwise.
    let last_end = text.rfind('>').unwrap_or(0);
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let here = &rest[at..];
        let closed = text.len() - here.len() < last_end;
        rest = match usage(here, closed) {
            Use::Tag | Use::Text => {
                out.push('<');
                &here[1..]
            }
            Use::Stray => {
                out.push_str("&lt;");
                &here[1..]
            }
            Use::Link(text, address) => {
                match markdown::awaits_address(&out) {
                    true => out.push_str(&address),
                    false => out.extend(["[", text, "](", &address, ")"]),
                }
                &here[text.len() + 2..]
            }
        };
    }
    out.push_str(rest);
    out
}

fn usage(text: &str, closed: bool) -> Use<'_> {
    if !begins_tag(text) {
        return Use::Text;
    }
    if let Some(link) = link(text) {
        return link;
    }
    if !closed {
        return Use::Stray;
    }
    let name = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    if name.starts_with(['!', '?']) {
        return Use::Tag;
    }
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-'))).unwrap_or(name.len());
    let (name, after) = (name[..end].to_ascii_lowercase(), &name[end..]);
    let ended = after.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
    // Names with a colon or a dash are those that other programs make up.
    let element = !name.is_empty() && (name.contains([':', '-']) || ELEMENTS.split_ascii_whitespace().any(|e| e == name));
    if ended && element { Use::Tag } else { Use::Stray }
}

/// A link in angle brackets, of characters that mean nothing else anywhere.
fn link(text: &str) -> Option<Use<'_>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(c);
    let end = 1 + text[1..].find(|c| !plain(c))?;
    let inner = &text[1..end];
    if !text[end..].starts_with('>') {
        return None;
    }
    if markdown::is_allowed(inner) {
        return Some(Use::Link(inner, inner.to_owned()));
    }
    let (name, domain) = inner.split_once('@')?;
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-._+".contains(c));
    (word(name) && word(domain)).then(|| Use::Link(inner, format!("mailto:{inner}")))
}
