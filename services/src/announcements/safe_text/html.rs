//! HTML through a sanitiser that parses it as browsers do and writes down what is on a short list.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::markdown;

/// Structure, lists, emphasis, links, code and tables.
const TAGS: &str = "a abbr b blockquote br caption cite code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp \
    small strong sub sup table tbody td tfoot th thead tr u ul var";
/// What is inside these is no text: it goes along with them.
const WHOLE: &str = "script style svg math iframe object embed applet template noscript noembed noframes xmp plaintext textarea select \
    title head";

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let set = |names: &'static str| names.split_ascii_whitespace().collect::<HashSet<_>>();
    let mut builder = Builder::empty();
    builder
        .tags(set(TAGS))
        .clean_content_tags(set(WHOLE))
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([
            ("a", set("href")),
            ("ol", set("start")),
            ("td", set("colspan rowspan")),
            ("th", set("colspan rowspan")),
        ]))
        .url_schemes(set("http https mailto"))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .strip_comments(true)
        .attribute_filter(attribute);
    builder
});

/// The text with nothing of HTML in it but what is on the list.
pub fn cleaned(text: &str) -> String {
    // A `>` alone is no danger, and begins a quote in Markdown.
    let mut text = CLEANER.clean(text).to_string().replace("&gt;", ">");
    // A parser drops one newline there, so that they would grow fewer each time.
    while text.contains("<pre>\n") {
        text = text.replace("<pre>\n", "<pre>");
    }
    text
}

/// Attributes hold nothing that means something in Markdown: a renderer may see code where the parser of HTML saw a tag.
fn attribute<'v>(_: &str, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
    if name == "rel" {
        // Ours: nobody else's gets here.
        return Some(Cow::Borrowed(value));
    }
    if name != "href" {
        return (value.len() <= 4 && value.bytes().all(|b| b.is_ascii_digit())).then_some(Cow::Borrowed(value));
    }
    let address = value.trim();
    if !markdown::is_allowed(address) {
        return None;
    }
    let mut safe = String::with_capacity(address.len());
    for c in address.chars() {
        if "<>\"'`[]()\\{}|^*!".contains(c) || c.is_whitespace() {
            safe.extend(c.to_string().bytes().map(|b| format!("%{b:02X}")));
        } else {
            safe.push(c);
        }
    }
    Some(Cow::Owned(safe))
}
