//! What a conversation is called: how it began.

/// The most characters of a title.
const LENGTH: usize = 80;

/// The first line's worth of a message, cut between words.
pub fn title(message: &str) -> String {
    let text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= LENGTH {
        return text;
    }
    let cut: String = text.chars().take(LENGTH - 1).collect();
    let next_begins_word = text.chars().nth(LENGTH - 1) == Some(' ');
    // A single word that is longer than a title is cut within.
    let whole = if next_begins_word { &cut } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words) };
    format!("{whole}…")
}
