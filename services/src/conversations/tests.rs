use super::title;

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
