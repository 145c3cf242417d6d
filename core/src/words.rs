//! Words for searching: text folded so that case, accents and script do not matter.

use std::collections::BTreeSet;

use deunicode::deunicode_with_tofu;

use crate::object::Record;

/// Grows whenever [`of`] makes other words of the same text: stored words are then made anew.
pub const VERSION: i64 = 1;

/// The most characters of a word that count.
const LONGEST: usize = 48;
/// The most words of one row that are kept.
const MOST: usize = 64;

/// The distinct words of a text, in the Latin alphabet, lower case and without accents: `Łukasz O'Neill` has `lukasz`, `o`
/// and `neill`. What is no letter or digit stands between words, so an e-mail address has several.
pub fn of(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    add(text, &mut words);
    words
}

/// The words by which a row is found; none for an inactive one.
pub fn of_record(record: &Record) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    if record.is_active() {
        for (property, value) in record.def.all().zip(&record.values) {
            if property.search
                && let Some(text) = value.as_text()
            {
                add(text, &mut words);
            }
        }
    }
    words
}

/// A text in the Latin alphabet, lower case and without accents. Characters that have no such form are spaces.
pub fn folded(text: &str) -> String {
    deunicode_with_tofu(text, " ").to_ascii_lowercase()
}

fn add(text: &str, words: &mut BTreeSet<String>) {
    // Unknown characters separate words.
    for word in folded(text).split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if words.len() == MOST {
            return;
        }
        words.insert(word.chars().take(LONGEST).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        of(text).into_iter().collect()
    }

    #[test]
    fn accents_case_and_script_do_not_matter() {
        assert_eq!(list("Łukasz O'Neill"), ["lukasz", "neill", "o"]);
        assert_eq!(list("MÜLLER-Lüdenscheidt"), ["ludenscheidt", "muller"]);
        // Composed, decomposed and Cyrillic.
        assert_eq!(list("José"), list("Jose\u{301}"));
        assert_eq!(list("Иван"), ["ivan"]);
        assert_eq!(list("Straße Ångström İpek"), ["angstrom", "ipek", "strasse"]);
    }

    #[test]
    fn an_address_has_several_words() {
        assert_eq!(list("ann.o-brien+shift@acme.co.uk"), ["acme", "ann", "brien", "co", "o", "shift", "uk"]);
    }

    #[test]
    fn what_has_no_letters_has_no_words() {
        for text in ["", "   ", "-- .. @", "\u{301}", "\u{e000}"] {
            assert!(of(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn words_are_bounded() {
        let long = "x".repeat(10_000);
        assert_eq!(list(&long), ["x".repeat(LONGEST)]);
        let many: String = (0..1_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(of(&many).len(), MOST);
    }
}
