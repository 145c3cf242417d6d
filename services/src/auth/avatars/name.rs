//! Names of uploaded files: whatever a client sends, made fit to be shown.

/// The most characters of a file's name, its ending included.
const LONGEST: usize = 255;

/// The last part of a path, without control characters, with one of the `endings` of its type: the first unless it has
/// another one already. One without a name is called `nameless`.
pub fn presentable(given: &str, endings: &[&str], nameless: &str) -> String {
    let base = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = base.chars().filter(|c| !c.is_control() && !turns_text(*c)).collect();
    let (stem, ending) = plain.trim().rsplit_once('.').unwrap_or((plain.trim(), ""));
    let ending = endings.iter().find(|e| e.eq_ignore_ascii_case(ending)).or(endings.first()).copied().unwrap_or_default();
    let stem = stem.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let stem: String = if stem.is_empty() { nameless } else { stem }.chars().take(LONGEST - 1 - ending.len()).collect();
    format!("{stem}.{ending}")
}

/// Characters that reorder what is shown, with which `gpj.exe` can be made to look like `exe.jpg`.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_presentable() {
        let jpeg = |name: &str| presentable(name, &["jpg", "jpeg"], "avatar");
        assert_eq!(jpeg("Ann's photo.jpg"), "Ann's photo.jpg");
        assert_eq!(jpeg("a.JPEG"), "a.jpeg");
        assert_eq!(jpeg("a.png"), "a.jpg");
        assert_eq!(jpeg("page.html"), "page.jpg");
        assert_eq!(jpeg("../../etc/passwd"), "passwd.jpg");
        assert_eq!(jpeg("C:\\pictures\\me.gif"), "me.jpg");
        assert_eq!(jpeg("a\r\nSet-Cookie: b\0.jpg"), "aSet-Cookie: b.jpg");
        assert_eq!(jpeg("a\u{202e}gpj.exe"), "agpj.jpg");
        assert_eq!(jpeg("日本.jpg"), "日本.jpg");
        for empty in ["", ".", "..", "/", ".jpg", " \t", "..."] {
            assert_eq!(jpeg(empty), "avatar.jpg", "{empty:?}");
        }
    }

    #[test]
    fn names_are_not_too_long() {
        for long in ["x".repeat(1000), format!("{}.png", "ä".repeat(255))] {
            let name = presentable(&long, &["png"], "avatar");
            assert_eq!(name.chars().count(), LONGEST);
            assert!(name.ends_with(".png"));
        }
    }
}
