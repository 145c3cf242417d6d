//! Text that people write and browsers show: made harmless before it is stored.
//!
//! A page may put a body into itself as HTML, or render it as Markdown first, with any renderer and with HTML in Markdown
//! allowed. What is stored is harmless either way: every `<` that could begin a tag begins one of ours, written by the HTML
//! sanitiser, and no Markdown link leads anywhere but to http, https or mailto. Apart from that a text stays as it was
//! written: `a < b`, `> quote` and `AT&T` are no HTML.
//!
//! Images are left out: they would tell a third party who reads an announcement, and when. A Markdown image becomes a link.

mod html;
mod markdown;
mod tags;
#[cfg(test)]
mod tests;

/// How often a body is made safe until nothing changes any more.
const TRIES: usize = 8;

/// A body made safe. Doing it again changes nothing.
pub fn body(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..TRIES {
        let next = pass(&text);
        if next == text {
            return text;
        }
        text = next;
    }
    // HTML that reads differently each time it is written down is no HTML that anybody meant.
    markdown::defused(&trimmed(&characters(&text).replace('<', "&lt;")))
}

fn pass(text: &str) -> String {
    let text = tags::without_strays(&characters(text));
    let text = if tags::any(&text) { html::cleaned(&text) } else { text };
    markdown::defused(&trimmed(&text))
}

/// A title: one line of plain text, in which no `<` begins a tag.
pub fn title(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut title = String::with_capacity(line.len());
    for (i, c) in line.trim().char_indices() {
        title.push(c);
        if c == '<' && tags::begins_tag(&line.trim()[i..]) {
            title.push(' ');
        }
    }
    title
}

/// Plain text of several lines, in which no `<` begins a tag and no link leads anywhere but to http, https and mailto, should a
/// page take it for Markdown.
pub fn plain(text: &str) -> String {
    let text = characters(text);
    let mut plain = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        plain.push(c);
        if c == '<' && tags::begins_tag(&text[i..]) {
            plain.push(' ');
        }
    }
    markdown::defused(&trimmed(&plain))
}

/// Lines end alike, and no character is invisible to a reader that means something to a parser.
fn characters(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || *c == '\u{feff}')).collect()
}

fn trimmed(text: &str) -> String {
    text.trim_end().trim_start_matches('\n').to_owned()
}
