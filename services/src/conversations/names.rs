//! The short names of a conversation as they are kept: `{"v": 1, "names": [[id, name, label?], …]}`.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

const VERSION: u64 = 1;
/// More than so many nobody reads.
const MOST: usize = 2_000;

/// What is kept, and of what is given the names that are new. A name that was kept stands: what was said means the same for ever,
/// even if two servers wrote in the conversation. Of a version that nobody reads here, what is given takes the place.
pub(super) fn merged(kept: &Json, given: &Json) -> Json {
    let (Some(before), Some(more)) = (names(kept), names(given)) else { return given.clone() };
    let mut all = before.clone();
    let part = |name: &Json, at: usize| name[at].as_str().map(str::to_owned);
    let mut ids: HashSet<Option<String>> = before.iter().map(|name| part(name, 0)).collect();
    let mut words: HashSet<Option<String>> = before.iter().map(|name| part(name, 1)).collect();
    for name in more {
        let (id, word) = (part(name, 0), part(name, 1));
        if all.len() < MOST && !ids.contains(&id) && !words.contains(&word) {
            ids.insert(id);
            words.insert(word);
            all.push(name.clone());
        }
    }
    json!({"v": VERSION, "names": all})
}

fn names(aliases: &Json) -> Option<&Vec<Json>> {
    (aliases["v"] == VERSION).then(|| aliases["names"].as_array()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: Json) -> Json {
        json!({"v": 1, "names": names})
    }

    #[test]
    fn what_was_kept_stands_and_what_is_new_is_added() {
        let kept = of(json!([["01a", "user_ann", "Ann"], ["01b", "shift_1"]]));
        assert_eq!(merged(&kept, &kept), kept);
        assert_eq!(merged(&kept, &of(json!([]))), kept, "nothing is lost");
        let given = of(json!([["01a", "user_bob"], ["01c", "user_ann"], ["01d", "user_dan", "Dan"], ["01d", "user_dan_2"]]));
        let expected = of(json!([["01a", "user_ann", "Ann"], ["01b", "shift_1"], ["01d", "user_dan", "Dan"]]));
        assert_eq!(merged(&kept, &given), expected);
    }

    #[test]
    fn no_more_are_kept_than_are_read() {
        let many = |from: usize| (from..from + MOST).map(|n| json!([format!("{n}"), format!("user_{n}")])).collect::<Json>();
        let all = merged(&of(many(0)), &of(many(1_000)));
        assert_eq!(all, of(many(0)));
    }

    #[test]
    fn another_version_gives_way() {
        let given = of(json!([["01a", "user_ann"]]));
        for old in [json!({"v": 0, "names": [["x", "y"]]}), json!(null), json!({"v": 1})] {
            assert_eq!(merged(&old, &given), given);
        }
    }
}
