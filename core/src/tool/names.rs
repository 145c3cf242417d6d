//! Names: as titles for people, and what somebody may have meant by one that does not exist.

/// A title for people: `checkInAttendance` becomes `Check in attendance`.
pub fn title(name: &str) -> String {
    let mut title = String::with_capacity(name.len() + 4);
    for (i, c) in name.trim_start_matches('_').chars().enumerate() {
        match c {
            c if i == 0 => title.extend(c.to_uppercase()),
            c if c.is_uppercase() => {
                title.push(' ');
                title.extend(c.to_lowercase());
            }
            c => title.push(c),
        }
    }
    title
}

/// The first sentences of a text: one, and more while they are within `most` bytes together.
pub fn first_sentences(text: &str, most: usize) -> &str {
    let text = text.trim();
    let ends = text.match_indices(". ").map(|(at, _)| at + 1).chain([text.len()]);
    let mut best = 0;
    for end in ends {
        if best == 0 || end <= most {
            best = end;
        }
    }
    &text[..best]
}

/// A name without what people and models write differently: case, `_`, `-` and spaces.
pub fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Of `names`, those that were probably meant by `name`: at most three, the nearest first.
pub fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted: Vec<char> = folded(name).chars().take(64).collect();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for candidate in names {
        let other: Vec<char> = folded(candidate).chars().collect();
        let within = wanted.len() >= 3 && other.len() >= 3 && (holds(&other, &wanted) || holds(&wanted, &other));
        let edits = distance(&wanted, &other);
        if edits <= (wanted.len().max(other.len()) / 3).max(1) {
            found.push((edits, candidate));
        } else if within {
            found.push((edits.max(3), candidate));
        }
    }
    found.sort();
    found.dedup();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

fn holds(text: &[char], part: &[char]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// How many characters have to be changed, added, left out or exchanged with their neighbour (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j - 1] + same).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_read_as_words() {
        assert_eq!(title("checkInAttendance"), "Check in attendance");
        assert_eq!(title("_owner"), "Owner");
    }

    #[test]
    fn texts_are_cut_between_sentences() {
        let text = " One thing. Another one, which is longer. A third. ";
        assert_eq!(first_sentences(text, 5), "One thing.");
        assert_eq!(first_sentences(text, 45), "One thing. Another one, which is longer.");
        assert_eq!(first_sentences(text, 200), text.trim());
        assert_eq!(first_sentences("", 10), "");
    }

    #[test]
    fn what_was_meant_is_near() {
        let names = ["shiftId", "shiftDate", "startTime", "endTime", "assignedUserIds"];
        let near = |name: &str| near(name, names.into_iter());
        assert_eq!(near("shift_id"), ["shiftId"]);
        assert_eq!(near("shfitDate"), ["shiftDate"]);
        assert_eq!(near("userIds"), ["assignedUserIds"]);
        assert_eq!(near("time"), ["endTime", "startTime"]);
        assert!(near("colour").is_empty() && near("").is_empty());
    }
}
