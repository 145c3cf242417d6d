mod attacks;

use attacks::{ATTACKS, PIECES};
use proptest::prelude::*;

use super::{body, title};

/// Elements that may be in a page made of a body: ours, and those that a Markdown renderer makes.
const SHOWN: &str = "a abbr b blockquote br caption cite code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp \
    small strong sub sup table tbody td tfoot th thead tr u ul var";
const ATTRIBUTES: &[&str] = &["href", "rel", "start", "colspan", "rowspan", "title", "class", "id", "style"];

/// Reads every tag of a page as strictly as can be: `</name>`, or `<name attribute="value" …>` without anything unusual in
/// it. Whatever a browser could take for a tag has to be one of these.
fn dangers(page: &str) -> Option<String> {
    for (i, _) in page.match_indices('<') {
        let rest = &page[i + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            continue;
        }
        let tag = rest.split_once('>').map_or(rest, |(tag, _)| tag);
        let mut tag = tag.trim_end_matches(" /");
        let closing = tag.starts_with('/');
        tag = tag.trim_start_matches('/');
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if !SHOWN.split_ascii_whitespace().any(|shown| shown == name) || (closing && !attributes.is_empty()) {
            return Some(format!("the element <{tag}>"));
        }
        while !attributes.is_empty() {
            let Some((name, rest)) = attributes.split_once("=\"") else { return Some(format!("the attributes {attributes}")) };
            let Some((value, rest)) = rest.split_once('"') else { return Some(format!("an open value {rest}")) };
            if !ATTRIBUTES.contains(&name) {
                return Some(format!("the attribute {name}"));
            }
            let scheme = ["http://", "https://", "mailto:", "#"].iter().any(|s| value.to_ascii_lowercase().starts_with(s));
            let relative = !value.contains([':', '&']);
            if (name == "href" && !scheme && !relative) || (name == "style" && !value.starts_with("text-align: ")) {
                return Some(format!("{name}={value}"));
            }
            attributes = rest.trim_start();
        }
    }
    None
}

/// A page of a body rendered as Markdown, with HTML in it.
fn rendered(markdown: &str) -> String {
    use pulldown_cmark::Options;
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    let mut page = String::new();
    pulldown_cmark::html::push_html(&mut page, pulldown_cmark::Parser::new_ext(markdown, options));
    page
}

/// A body's danger, put into a page as HTML or through Markdown; and whether making it safe again changes it.
fn fault(text: &str) -> Option<String> {
    let safe = body(text);
    if let Some(danger) = dangers(&safe) {
        return Some(format!("{danger} in {safe:?}"));
    }
    let page = rendered(&safe);
    if let Some(danger) = dangers(&page) {
        return Some(format!("{danger} rendered of {safe:?}: {page:?}"));
    }
    let again = body(&safe);
    (again != safe).then(|| format!("{safe:?} becomes {again:?}"))
}

/// What judges the results below would see most attacks as they come; the rest are text, or need an older browser.
#[test]
fn the_judge_sees_attacks() {
    let seen = |attack: &&&str| dangers(attack).is_some() || dangers(&rendered(attack)).is_some();
    let unseen: Vec<_> = ATTACKS.iter().filter(|attack| !seen(attack)).collect();
    assert!(unseen.len() * 5 < ATTACKS.len(), "{unseen:#?}");
}

#[test]
fn no_known_attack_survives() {
    let faults: Vec<String> =
        ATTACKS.iter().filter_map(|attack| fault(attack).map(|fault| format!("{attack:?}: {fault}"))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_pair_of_attacks_survives() {
    for first in ATTACKS {
        for second in ATTACKS {
            let both = format!("{first}{second}");
            assert_eq!(fault(&both), None, "{both:?}");
        }
    }
}

#[test]
fn harmless_text_stays_as_it_was_written() {
    for text in [
        "a < b and b > c, AT&T, 5 <6, <- here ->",
        "> quote\n> more\n\n- one\n- two\n\n1. first\n\n**bold** _it_ `code` ~~gone~~",
        "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        "[rota](https://acme.test/rota?a=1&b=2#x) and [mail](mailto:ann@acme.test \"Ann\") or [Wiki](https://x.test/A_(b))",
        "[rota]\n\n[rota]: https://acme.test/rota \"The rota\"",
        "See [1], [2]: both are good. Dear [team]: please come (soon).",
        "Wow! [sic] Great!! I <3 you",
        "&lt;b&gt; is bold &amp; so on &copy; 2026",
        "Ünïcödé 🎉 שלום\n\tindented",
        "<p>One <b>bold</b> word, <a href=\"https://acme.test/a?b=1&amp;c=2\" rel=\"noopener noreferrer nofollow\">link</a></p>",
        "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>",
        "<p>mixed</p>\n\n> quote\n\n- a > b",
    ] {
        assert_eq!(body(text), text);
    }
}

#[test]
fn what_is_no_tag_is_written_out() {
    assert_eq!(body("if x<y and y<z then"), "if x&lt;y and y&lt;z then");
    assert_eq!(body("Dear <name>, at a<b>c"), "Dear &lt;name>, at a<b>c</b>");
    assert_eq!(body("x<y\n\n> quote"), "x&lt;y\n\n> quote");
}

#[test]
fn links_and_images_of_markdown_are_links_that_lead_out() {
    assert_eq!(body("see <https://acme.test/a?b=1>"), "see [https://acme.test/a?b=1](https://acme.test/a?b=1)");
    assert_eq!(body("<ann@acme.test>"), "[ann@acme.test](mailto:ann@acme.test)");
    assert_eq!(body("[x](<https://acme.test/a>)"), "[x](https://acme.test/a)");
    assert_eq!(body("[x]: <https://acme.test/a>"), "[x]: https://acme.test/a");
    assert_eq!(body("![plan](https://acme.test/p.png)"), "\\![plan](https://acme.test/p.png)");
    assert_eq!(body("[x](javascript:alert(1))"), "[x]\\(javascript:alert(1))");
    assert_eq!(body("[x]: javascript:alert(1)"), "[x]\\: javascript:alert(1)");
}

#[test]
fn html_keeps_its_text_and_loses_what_acts() {
    let link = "<a href=\"https://acme.test/\" target=\"_blank\" onclick=\"x()\">rota</a>";
    assert_eq!(body(link), "<a href=\"https://acme.test/\" rel=\"noopener noreferrer nofollow\">rota</a>");
    assert_eq!(body("<a href=\"javascript:x\">x</a>"), "<a rel=\"noopener noreferrer nofollow\">x</a>");
    assert_eq!(body("<h2 style=\"color:red\">Hi</h2><span class=\"a\">there</span><img src=x alt=y>"), "<h2>Hi</h2>there");
    assert_eq!(body("<script>alert(1)</script><style>p{}</style><iframe>x</iframe>"), "");
    assert_eq!(body("one\r\ntwo\rthree\0"), "one\ntwo\nthree");
}

#[test]
fn titles_are_plain_text() {
    assert_eq!(title(" a < b & c \n d "), "a < b & c   d");
    assert_eq!(title("<script>alert(1)</script>"), "< script>alert(1)< /script>");
    assert_eq!(title("<<img src=x onerror=alert(1)>"), "<< img src=x onerror=alert(1)>");
    assert_eq!(title("I <3 you"), "I <3 you");
    for attack in ATTACKS {
        let safe = title(attack);
        assert_eq!((dangers(&safe), title(&safe)), (None, safe.clone()), "{attack}");
    }
}

#[test]
fn texts_of_full_length_are_as_safe() {
    for unit in [
        "<",
        "<b>",
        "<a<",
        "](",
        "]:",
        "![",
        "<b><i>",
        "<table>",
        "<p><table>",
        "<a href=https://x>",
        "[",
        "\\",
        "&lt;",
        "<!--",
        "<div>",
        "<svg>",
        "<b a=",
        "](https://",
        "<pre>\n",
        "<a href=\"https://x.test/`\">`",
    ] {
        let text: String = unit.chars().cycle().take(20_000).collect();
        assert_eq!(fault(&text), None, "{unit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Out of pieces that mean something to one parser or the other.
    #[test]
    fn no_mixture_survives(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        let text: String = pieces.concat();
        prop_assert_eq!(fault(&text), None, "{:?}", text);
    }

    #[test]
    fn making_safe_twice_is_making_safe_once(text in "\\PC{0,60}|[<>a-c/=\"'&;#\\[\\]()!:`\\n\\t -]{0,80}") {
        prop_assert_eq!(fault(&text), None, "{:?}", text);
        let once = title(&text);
        prop_assert_eq!(title(&once), once);
    }
}
