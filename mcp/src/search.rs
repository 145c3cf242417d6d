//! Finding tools by what somebody wants to do: words of a query against words of names, titles, descriptions and arguments.

use std::collections::{BTreeMap, BTreeSet};

use workforceos_core::tool::title;

use crate::catalogue::Listed;
use crate::synonyms;

/// What a word in a place is worth.
const NAME: f64 = 4.0;
const DESCRIPTION: f64 = 1.0;
const REST: f64 = 0.4;
/// What a word is worth that only means the same.
const SYNONYM: f64 = 0.6;
/// What half a word is worth.
const PREFIX: f64 = 0.5;

/// Words that say nothing about what is wanted.
const STOP: &[&str] = &[
    "a", "about", "an", "and", "are", "at", "be", "by", "can", "do", "does", "for", "from", "has", "have", "how", "i", "if",
    "in", "is", "it", "its", "of", "on", "or", "our", "please", "some", "that", "the", "their", "them", "there", "they", "this",
    "to", "tool", "want", "was", "we", "what", "when", "where", "will", "with", "would", "you", "your",
];

/// The words of all tools.
pub(crate) struct Index {
    tools: BTreeMap<String, Words>,
    /// In how many tools a word stands.
    spread: BTreeMap<String, usize>,
}

struct Words {
    name: BTreeSet<String>,
    description: BTreeSet<String>,
    rest: BTreeSet<String>,
}

impl Index {
    /// Of tools with all that is said about them.
    pub fn new<'t>(tools: impl Iterator<Item = (&'t Listed, &'t str)>) -> Index {
        let mut index = Index { tools: BTreeMap::new(), spread: BTreeMap::new() };
        for (Listed { service, tool }, about) in tools {
            let arguments = tool.input_schema.get("properties").and_then(|p| p.as_object());
            let arguments = arguments.into_iter().flat_map(|p| p.keys()).flat_map(|name| words(name));
            let found = Words {
                name: words(&format!("{} {}", tool.name, tool.title.clone().unwrap_or_else(|| title(&tool.name))))
                    .into_iter()
                    .collect(),
                description: words(about).into_iter().collect(),
                rest: arguments.chain(words(service)).collect(),
            };
            let all: BTreeSet<&String> = found.name.iter().chain(&found.description).chain(&found.rest).collect();
            for word in all {
                *index.spread.entry(word.clone()).or_default() += 1;
            }
            index.tools.insert(tool.name.to_string(), found);
        }
        index
    }

    /// Of `names`, those that fit a query, the best first.
    pub fn find<'n>(&self, query: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
        let wanted = self.wanted(query);
        let scored = names.filter_map(|name| {
            let score = if name.eq_ignore_ascii_case(query.trim()) { f64::MAX } else { self.score(name, &wanted) };
            (score > 0.0).then_some((score, name))
        });
        let mut scored: Vec<(f64, &str)> = scored.collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        scored.into_iter().map(|(_, name)| name).collect()
    }

    /// The query's words and those that mean the same, with what they are worth.
    fn wanted(&self, query: &str) -> BTreeMap<String, f64> {
        let said = words(query);
        let mut wanted: BTreeMap<String, f64> = BTreeMap::new();
        for word in said.iter().filter(|word| !STOP.contains(&word.as_str())) {
            wanted.insert(word.clone(), 1.0);
        }
        for meant in synonyms::of(&said) {
            wanted.entry(meant).or_insert(SYNONYM);
        }
        let rarity = |word: &String| {
            let all = self.tools.len() as f64;
            (1.0 + all / (1.0 + *self.spread.get(word).unwrap_or(&0) as f64)).ln()
        };
        wanted.into_iter().map(|(word, worth)| (word.clone(), worth * rarity(&word))).collect()
    }

    fn score(&self, name: &str, wanted: &BTreeMap<String, f64>) -> f64 {
        let Some(tool) = self.tools.get(name) else { return 0.0 };
        let mut score = 0.0;
        for (word, worth) in wanted {
            let place = |words: &BTreeSet<String>| {
                if words.contains(word) {
                    return 1.0;
                }
                let half = |other: &String| {
                    word.len().min(other.len()) >= 4 && (other.starts_with(word.as_str()) || word.starts_with(other.as_str()))
                };
                if words.iter().any(half) { PREFIX } else { 0.0 }
            };
            score += worth * (NAME * place(&tool.name) + DESCRIPTION * place(&tool.description) + REST * place(&tool.rest));
        }
        // Of two that say the same, the one that says no more than that.
        let meant = tool.name.iter().filter(|word| wanted.contains_key(*word)).count();
        score * (0.5 + 0.5 * meant as f64 / tool.name.len().max(1) as f64)
    }
}

/// The words of a text, of names in camel case too, without their endings.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() || !c.is_alphanumeric() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.push(word);
    words.into_iter().filter(|word| !word.is_empty()).map(|word| stem(&word).to_owned()).collect()
}

/// A word without its ending: enough to find `shifts` by `shift`.
fn stem(word: &str) -> &str {
    let cut = |ending: &str, least: usize| word.strip_suffix(ending).filter(|rest| rest.len() >= least);
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word;
    }
    cut("ing", 4).or_else(|| cut("ies", 3)).or_else(|| cut("ed", 4)).or_else(|| cut("s", 3)).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_names() {
        assert_eq!(words("listMyLeaveRequests"), ["list", "my", "leave", "request"]);
        assert_eq!(words("Who's working today?"), ["who", "s", "work", "today"]);
        assert_eq!(words("process status"), ["process", "status"]);
    }
}
