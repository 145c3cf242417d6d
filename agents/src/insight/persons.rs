//! Whether a text names somebody: the whole name, or a word of it.

use std::collections::BTreeSet;

/// The shortest word of a name that tells of somebody, in characters.
const SHORTEST: usize = 3;

/// Words that tell of nobody though somebody may be called so: weekdays, months, particles of names, and words that such texts
/// can hardly do without.
const ORDINARY: &str = "\
monday tuesday wednesday thursday friday saturday sunday \
january february march april may june july august september october november december \
van von der den del dos das des the \
about above absence absences absent absenteeism across added after again against all almost also among and anomalies any are around \
attendance attended average away back because been before began begin being below best better between both but bring can case chance \
change check clear close come company compared consider could count data date day days demand department departments did difference \
differences different does done down due during each early employee employees end ended enough even every expected explain fair \
fall falling far few fewer figures first five follow for four from full general give good had half happen has have help here high \
higher highest hour hours how improve into interval its just keep large last late lateness later least leave left less level light \
like likely little load long look low lower lowest made make management manager managers many mean median might minutes miss missed \
month months more most much near need needed needs new next night nine none normal not nothing noted now number observed off often \
old once one only open order other others our out over overtime own part past pattern people percent period person plan planned \
planning point possible present problem rate rates reason reasons record records remain reports rest review rise rising risk rose \
same sample say see set seven shift shifts short should show shown shows sick significant similar since single six small some soon \
staff staffing stable stand stands start still strong such suggest summer support take task tasks team teams ten than that their \
them then there these they this those three through time times too total trend two under unusual use value very was way week weekday \
weekdays weekend weeks well were what when where whether which while who whole whose why will winter with within without work worked \
workers working year years yet you young your zero";

/// Whether a text names somebody of that name, in whatever case. A word of a name counts where it stands apart (`Ann` is nobody in
/// `planned`), unless it is an ordinary one, or one of `known`, lower-case words that stand for something else in these figures.
pub fn names(text: &str, name: &str, known: &BTreeSet<String>) -> bool {
    let (text, name) = (text.to_lowercase(), name.trim().to_lowercase());
    let ordinary = |word: &str| known.contains(word) || ORDINARY.split_whitespace().any(|other| other == word);
    let mut words = words(&name).filter(|word| word.chars().count() >= SHORTEST && !ordinary(word));
    stands_apart(&text, &name) || words.any(|word| stands_apart(&text, word))
}

/// The words of a text.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

fn stands_apart(text: &str, name: &str) -> bool {
    let apart = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let whole =
        |(at, found): (usize, &str)| apart(text[..at].chars().next_back()) && apart(text[at + found.len()..].chars().next());
    !name.is_empty() && text.match_indices(name).any(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, name: &str) -> bool {
        names(text, name, &BTreeSet::from(["care".to_owned()]))
    }

    #[test]
    fn whole_names_and_their_words_tell_of_somebody() {
        for text in ["Ask Jane Doe.", "ask JANE about it", "Doe's shifts", "(jane-doe)", "Jane"] {
            assert!(told(text, "Jane Doe"), "{text}");
        }
        for (text, name) in [("Ask Ann, please", "ann"), ("Marie was late", "Anne-Marie O'Neill"), ("Şule came", "Şule Ak")] {
            assert!(told(text, name), "{text}");
        }
        // A whole name counts however short or ordinary it is.
        assert!(told("Talk to Bo.", "Bo") && told("Talk to April May.", "April May"));
    }

    #[test]
    fn what_stands_for_something_else_tells_of_nobody() {
        for (text, name) in [
            ("It was planned", "Ann"),
            ("x", " "),
            ("Absences rose in May and on Monday", "Rose May"),
            ("Work will begin late", "Will Young"),
            ("Shifts in Care were missed", "Sam Care"),
            ("Go on like this", "Go Li"),
            ("doers", "Jane Doe"),
        ] {
            assert!(!told(text, name), "{text}: {name}");
        }
        assert!(told("Ask Sam in Care", "Sam Care"));
    }
}
