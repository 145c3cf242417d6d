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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_cut_between_words() {
        assert_eq!(title("  Who is\n late  today? "), "Who is late today?");
        let long = "word ".repeat(40);
        let cut = title(&long);
        assert_eq!(cut, format!("{}…", ["word"; 15].join(" ") + " word"));
        assert!(cut.chars().count() <= 80, "{cut}");
        let exact = "x".repeat(80);
        assert_eq!(title(&exact), exact);
        assert_eq!(title(&"ä".repeat(200)), format!("{}…", "ä".repeat(79)));
        assert_eq!(title(&format!("{} tail of the message", "y".repeat(79))), format!("{}…", "y".repeat(79)));
    }
}
