//! Keeping results within what a model can hold. JSON stays JSON, and what was left out is told.

use serde_json::Value as Json;

use crate::tool::{MAX_CHARS, MAX_TOKENS};

/// Whether a text is within what a model can hold.
pub fn fits(text: &str) -> bool {
    text.len() <= MAX_CHARS && tokens(text) <= MAX_TOKENS
}

/// About how many tokens a text is: words are a few characters each, digits (and so ids and dates) one or two.
pub fn tokens(text: &str) -> usize {
    let quarters: usize = text
        .bytes()
        .map(|b| match b {
            b'0'..=b'9' => 2,
            // Of the bytes of one character beyond ASCII the first counts.
            0x80..=0xbf => 0,
            0xc0..=0xff => 4,
            _ => 1,
        })
        .sum();
    quarters / 4
}

/// How many items of a list and characters of a text are left, from step to step.
const STEPS: &[(usize, usize)] = &[(500, 4_000), (200, 2_000), (100, 1_000), (50, 500), (25, 200), (10, 100), (3, 60), (1, 40)];
/// The most places that are named.
const NOTES: usize = 10;

/// Cuts lists and texts within `value` until `written` of it fits. What was cut, by place; `None` if it cannot be made to fit.
pub(super) fn trimmed(value: &Json, written: impl Fn(&Json, &str) -> String) -> Option<String> {
    STEPS.iter().find_map(|(items, chars)| {
        let (mut cut, mut notes) = (value.clone(), Vec::new());
        shorten(&mut cut, "", *items, *chars, &mut notes);
        let more = notes.len().saturating_sub(NOTES);
        notes.truncate(NOTES);
        if more > 0 {
            notes.push(format!("{more} more"));
        }
        let text = written(&cut, &format!("Too long, so this was cut: {}. Ask for less at once.", notes.join("; ")));
        fits(&text).then_some(text)
    })
}

fn shorten(value: &mut Json, place: &str, items: usize, chars: usize, notes: &mut Vec<String>) {
    match value {
        Json::String(text) => {
            let all = text.chars().count();
            if all > chars {
                *text = text.chars().take(chars).chain(['…']).collect();
                notes.push(format!("{place}: {chars} of {all} characters"));
            }
        }
        Json::Array(list) => {
            if list.len() > items {
                notes.push(format!("{place}: the first {items} of {}", list.len()));
                list.truncate(items);
            }
            list.iter_mut().for_each(|item| shorten(item, place, items, chars, notes));
        }
        Json::Object(map) => {
            for (name, value) in map.iter_mut() {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                shorten(value, &place, items, chars, notes);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_cut_is_named_and_stays_json() {
        let value = json!({"ids": vec!["x".repeat(36); 9_000], "note": "é".repeat(20_000), "short": "kept"});
        let text = trimmed(&value, |cut, note| json!({"data": cut, "truncated": note}).to_string()).expect("fits");
        let read: Json = serde_json::from_str(&text).expect("JSON");
        assert!(fits(&text) && read["data"]["short"] == "kept");
        let shown = read["data"]["ids"].as_array().map(Vec::len).expect("ids");
        let told = read["truncated"].as_str().expect("told");
        assert!(shown < 9_000 && told.contains(&format!("ids: the first {shown} of 9000")), "{told}");
        assert!(told.contains("note: ") && told.contains("of 20000 characters"), "{told}");
    }

    #[test]
    fn what_cannot_be_cut_is_not_pretended_to_be() {
        let many: serde_json::Map<String, Json> = (0..20_000).map(|i| (format!("key{i}"), json!(i))).collect();
        assert_eq!(trimmed(&Json::Object(many), |cut, _| cut.to_string()), None);
    }

    #[test]
    fn ids_are_dearer_than_words() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert!(tokens(id) > tokens(&"word ".repeat(7)) && tokens("日本") == 2);
    }
}
