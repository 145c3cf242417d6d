//! What people may be called by: e-mail addresses, passwords, codenames.

use workforceos_core::error::Problem;
use workforceos_core::time::Timestamp;

const MAX_EMAIL: usize = 254;
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=200;
const CODENAME: std::ops::RangeInclusive<usize> = 3..=40;
/// How long an archived profile can come back, in milliseconds.
pub const ARCHIVED_FOR: i64 = 30 * Timestamp::DAY;

/// Codenames that would be taken for something else in an address.
const RESERVED: &[&str] = &[
    "root",
    "api",
    "auth",
    "employeeprofile",
    "schedulemanagement",
    "attendancemanagement",
    "taskmanagement",
    "leavemanagement",
    "payrollreporting",
    "announcementmanagement",
    "aiworkforceanalytics",
    "subscriptionmanagement",
    "agenthub",
    "mcpbff",
    "realtime",
    "health",
    "metrics",
];

/// An address as it is stored and compared: trimmed, in lower case. `None` if it cannot be one.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.split_once('@')?;
    let fits = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>[\\]@".contains(c);
    let local_fits = fits(local) && local.len() <= 64 && local.chars().all(plain);
    let host = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    let domain_fits = fits(domain) && domain.chars().all(host) && (domain == "localhost" || domain.contains('.'));
    (text.len() <= MAX_EMAIL && local_fits && domain_fits).then_some(text)
}

/// Reads an address, or says what is wrong with it.
pub fn read_email(field: &str, text: &str, problems: &mut Vec<Problem>) -> String {
    email(text).unwrap_or_else(|| {
        problems.push(Problem::new(field, "must be an e-mail address"));
        String::new()
    })
}

/// Says what is wrong with a new password.
pub fn check_password(field: &str, password: &str, problems: &mut Vec<Problem>) {
    if !PASSWORD.contains(&password.chars().count()) {
        let problem = format!("must have {} to {} characters", PASSWORD.start(), PASSWORD.end());
        problems.push(Problem::new(field, problem));
    }
}

/// A name without the white space around it; says so if nothing is left.
pub fn read_name(field: &str, text: &str, problems: &mut Vec<Problem>) -> String {
    let name = text.trim();
    if name.is_empty() {
        problems.push(Problem::new(field, "must not be empty"));
    }
    name.to_owned()
}

/// Text that is left out when there is nothing in it.
pub fn optional(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

/// The codename that a company's name suggests: lower-case ASCII, digits and dashes.
pub fn codename(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            '\'' | '’' | '.' => {}
            _ => match plain(c) {
                "" if !out.is_empty() && !out.ends_with('-') => out.push('-'),
                letters => out.push_str(letters),
            },
        }
    }
    // Room for a suffix stays.
    out.truncate(CODENAME.end() - 6);
    let out = out.trim_matches('-');
    match out.len() {
        0 => "company".to_owned(),
        n if n < *CODENAME.start() => format!("company-{out}"),
        _ => out.to_owned(),
    }
}

/// The n-th try at a codename, from 1: the second is `acme-2`.
pub fn numbered(codename: &str, n: u32) -> String {
    if n <= 1 { codename.to_owned() } else { format!("{codename}-{n}") }
}

/// Whether a codename would be taken for something else in an address.
pub fn is_reserved(codename: &str) -> bool {
    RESERVED.contains(&codename.strip_suffix("-api").unwrap_or(codename))
}

/// The letters that a lower-case letter with an accent is written with; empty where there is no simple way.
fn plain(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ģ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => "i",
        'ķ' => "k",
        'ł' | 'ļ' | 'ľ' | 'ĺ' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' => "o",
        'ö' | 'œ' => "oe",
        'ŕ' | 'ř' => "r",
        'ś' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_and_judged() {
        assert_eq!(email("  Ann@Acme.Example "), Some("ann@acme.example".to_owned()));
        assert_eq!(email("root@localhost"), Some("root@localhost".to_owned()));
        let long = format!("{}@acme.example", "x".repeat(65));
        let longer = format!("ann@{}.example", "x".repeat(250));
        let bad = ["", "ann", "ann@", "@acme.example", "ann@acme", "a@b@c.d", "an n@acme.example", "ann@acme..example", ".a@b.c"];
        for text in bad.into_iter().chain(["ann@.example", "ann@b.c.", "ann\n@b.c", "<ann@b.c>", &long, &longer]) {
            assert_eq!(email(text), None, "{text}");
        }
    }

    #[test]
    fn passwords_have_eight_to_two_hundred_characters() {
        for (password, good) in [("1234567", false), ("12345678", true), ("ääääääää", true), (&"x".repeat(201), false)] {
            let mut problems = Vec::new();
            check_password("password", password, &mut problems);
            assert_eq!(problems.is_empty(), good, "{password}");
        }
    }

    #[test]
    fn codenames_follow_the_name() {
        for (name, wanted) in [
            ("Babil", "babil"),
            ("Acme & Söhne GmbH", "acme-soehne-gmbh"),
            ("  --Łódź  Café!! ", "lodz-cafe"),
            ("O'Neill Inc.", "oneill-inc"),
            ("日本", "company"),
            ("AB", "company-ab"),
            ("3M+", "company-3m"),
        ] {
            assert_eq!(codename(name), wanted, "{name}");
        }
        let long = codename(&"very long ".repeat(20));
        assert!(CODENAME.contains(&numbered(&long, 9_999).len()), "{long}");
        assert_eq!((numbered("acme", 1), numbered("acme", 2)), ("acme".to_owned(), "acme-2".to_owned()));
    }

    #[test]
    fn words_of_addresses_are_reserved() {
        for word in ["root", "auth", "auth-api", "agenthub", "realtime-api", "mcpbff"] {
            assert!(is_reserved(word), "{word}");
        }
        assert!(!is_reserved("acme") && !is_reserved("root-2"));
    }
}
