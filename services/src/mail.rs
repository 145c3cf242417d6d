//! Mail: written when a change is decided, queued in its commit, sent afterwards (`delivery.rs`), at least once.

use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::{AsyncSmtpTransport, Error as SmtpError, PoolConfig};
use lettre::{AsyncTransport, Message, Tokio1Executor};
use serde_json::{Value as Json, json};
use workforceos_core::error::Problem;
use workforceos_core::objects::VerificationKind;
use workforceos_store::Pending;

use crate::Settings;

/// The outbox entries that are mails for which somebody waits: codes. They overtake all others.
pub const CODE: &str = "mail.code";
/// The outbox entries that are other mails.
pub const KIND: &str = "mail";
/// Connections to the mail server at a time.
pub const AT_ONCE: usize = 8;
/// The longest that one try may take.
const TRY: Duration = Duration::from_secs(20);

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// A code on its way to its user.
pub struct Letter<'a> {
    pub kind: VerificationKind,
    pub to: &'a str,
    pub name: &'a str,
    pub code: &'a str,
    /// The tenant's codename.
    pub company: &'a str,
}

/// The mail that carries a code, as the outbox keeps it.
pub fn compose(letter: &Letter, frontend: &str) -> Json {
    let (subject, purpose, path) = match letter.kind {
        VerificationKind::Email => ("Confirm your e-mail address", "confirm your e-mail address", "verify-email"),
        VerificationKind::PasswordReset => ("Reset your password", "choose a new password", "reset-password"),
        VerificationKind::TwoFactor => ("Your login code", "complete your login", "two-factor"),
    };
    let Letter { to, name, code, company, .. } = letter;
    let front = frontend.trim_end_matches('/');
    let (address, tenant) = (percent(to), percent(company));
    let link = format!("{front}/{path}?email={address}&company={tenant}&code={code}");
    let text = format!(
        "Hello {name},\n\nyour code to {purpose} is {code}.\n\n{link}\n\nIt is good once, for 24 hours. If you did not ask for it, \
         ignore this mail.\n"
    );
    let html = format!(
        "<p>Hello {},</p><p>your code to {purpose} is <strong>{code}</strong>.</p><p><a href=\"{}\">{subject}</a></p>\
         <p>It is good once, for 24 hours. If you did not ask for it, ignore this mail.</p>",
        escape(name),
        escape(&link),
    );
    json!({"to": to, "subject": subject, "text": text, "html": html})
}

fn percent(text: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A text within HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// What is wrong with the settings of mail. A URL is not repeated: it may hold a password.
pub fn problems(smtp_url: Option<&str>, mail_from: Option<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if smtp_url.is_some_and(|url| Smtp::from_url(url).is_err()) {
        problems.push(Problem::new("SMTP_URL", "must be smtp://user:password@host:port or smtps://…, its parts percent-encoded"));
    }
    if mail_from.is_some_and(|from| from.parse::<Mailbox>().is_err()) {
        problems.push(Problem::new("MAIL_FROM", "must be an e-mail address, or Name <address>"));
    }
    problems
}

/// Why a mail was not sent. Neither says to whom: the log may be read by others.
#[derive(Debug, PartialEq, Eq)]
pub enum Unsent {
    /// It may be sent later.
    Yet(String),
    /// The address takes no mail, and will not.
    Ever(String),
}

/// Where mail goes.
pub enum Post {
    Smtp(Box<Smtp>, Mailbox),
    /// Development: into the log.
    Log,
    /// Production without a usable server: it waits.
    Nowhere,
}

impl Post {
    pub fn new(settings: &Settings) -> Post {
        let Some(url) = &settings.smtp_url else {
            if settings.production {
                tracing::warn!("SMTP_URL is not set: mail waits, and is given up after three days");
            }
            return if settings.production { Post::Nowhere } else { Post::Log };
        };
        let from = match &settings.mail_from {
            Some(given) => given.parse().ok(),
            None => sender(url, &settings.frontend_url),
        };
        // The URL may hold a password: it stays out of the log, and so does the parser's message.
        match (Smtp::from_url(url), from) {
            (Ok(builder), Some(from)) => {
                let pool = PoolConfig::new().max_size(AT_ONCE as u32);
                Post::Smtp(Box::new(builder.pool_config(pool).build()), from)
            }
            _ => {
                tracing::error!("SMTP_URL or MAIL_FROM cannot be read: mail waits");
                Post::Nowhere
            }
        }
    }

    /// Sends a mail, once.
    pub async fn send(&self, pending: &Pending) -> Result<(), Unsent> {
        let part = |name: &str| pending.payload[name].as_str().unwrap_or_default().to_owned();
        let (to, subject) = (part("to"), part("subject"));
        match self {
            Post::Nowhere => Err(Unsent::Yet("there is no mail server".to_owned())),
            Post::Log => {
                tracing::info!(%to, %subject, text = %part("text"), "mail (no SMTP_URL: not sent)");
                Ok(())
            }
            Post::Smtp(smtp, from) => {
                let to: Mailbox = to.parse().map_err(|_| Unsent::Ever("its address is none".to_owned()))?;
                let domain = to.email.domain().to_owned();
                let message = Message::builder()
                    .from(from.clone())
                    .to(to)
                    .subject(subject)
                    // The same at every try, so that the receiving side can tell a repetition.
                    .message_id(Some(format!("<{}@{}>", pending.id, from.email.domain())))
                    .multipart(MultiPart::alternative_plain_html(part("text"), part("html")))
                    .map_err(|error| Unsent::Ever(error.to_string()))?;
                match tokio::time::timeout(TRY, smtp.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(unsent(&error, &domain)),
                    Err(_) => Err(Unsent::Yet(format!("the mail server took longer than {} s", TRY.as_secs()))),
                }
            }
        }
    }
}

/// What a failure of the mail server means. Its text stays out: it usually repeats the address.
fn unsent(error: &SmtpError, domain: &str) -> Unsent {
    let Some(code) = error.status() else { return Unsent::Yet(error.to_string()) };
    let code = u16::from(code);
    let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let detailed = detailed(&said);
    let shown = detailed.map(|(class, subject, detail)| format!(" {class}.{subject}.{detail}")).unwrap_or_default();
    let reason = format!("the mail server answered {code}{shown} to a mail for {domain}");
    if is_final(code, detailed) { Unsent::Ever(reason) } else { Unsent::Yet(reason) }
}

/// Whether a refusal is about the recipient and for good. Others (a wrong password of ours, a refused sender, a policy) can be
/// mended while the mail waits.
fn is_final(code: u16, detailed: Option<(u16, u16, u16)>) -> bool {
    match detailed {
        // RFC 3463: 5.1.7 and 5.1.8 are about the sender's address, the other 5.1.x about the recipient's; 5.2.1: it is closed.
        Some((5, 1, detail)) => !matches!(detail, 7 | 8),
        Some((5, 2, 1)) => true,
        Some(_) => false,
        None => matches!(code, 550 | 551 | 553),
    }
}

/// The status code of RFC 3463 with which a server's text may begin.
fn detailed(text: &str) -> Option<(u16, u16, u16)> {
    let mut parts = text.split_whitespace().next()?.splitn(3, '.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// Who writes: the server's own account if that is an address, else the front end's host.
fn sender(smtp_url: &str, frontend: &str) -> Option<Mailbox> {
    let host_of = |url: &str| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host).split(':').next().unwrap_or_default().to_owned()
    };
    let rest = smtp_url.split_once("://").map_or("", |(_, rest)| rest);
    let account = rest.rsplit_once('@').map(|(login, _)| login.split(':').next().unwrap_or_default().replace("%40", "@"));
    let address = account.filter(|a| a.contains('@')).unwrap_or_else(|| format!("no-reply@{}", host_of(frontend)));
    let address = address.parse().or_else(|_| "no-reply@localhost".parse()).ok()?;
    Some(Mailbox::new(Some("WorkforceOS".to_owned()), address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use workforceos_core::id::{CompanyId, IdSource};
    use workforceos_core::time::Timestamp;

    fn letter(kind: VerificationKind) -> Json {
        let letter = Letter { kind, to: "ann+x@acme.test", name: "Ann <b>", code: "012345", company: "acme" };
        compose(&letter, "https://app.test/")
    }

    #[test]
    fn mails_carry_code_and_link_and_escape_names() {
        let mail = letter(VerificationKind::Email);
        let (text, html) = (mail["text"].as_str().expect("text"), mail["html"].as_str().expect("html"));
        let link = "https://app.test/verify-email?email=ann%2Bx%40acme.test&company=acme&code=012345";
        assert!(text.contains(link) && text.contains("012345"), "{text}");
        assert!(html.contains("Ann &lt;b&gt;") && !html.contains("<b>"), "{html}");
        assert_eq!(mail["to"], "ann+x@acme.test");
        assert_ne!(mail["subject"], letter(VerificationKind::TwoFactor)["subject"]);
    }

    #[test]
    fn the_senders_address_is_a_real_one() {
        let of = |smtp, front| sender(smtp, front).expect("a sender").email.to_string();
        assert_eq!(of("smtps://bot%40acme.test:pw@mail.acme.test", "https://app.test"), "bot@acme.test");
        assert_eq!(of("smtp://localhost:25", "http://app.test:8080/x"), "no-reply@app.test");
        assert_eq!(of("smtp://localhost:25", ""), "no-reply@localhost");
    }

    #[test]
    fn settings_are_checked_without_showing_a_password() {
        let names = |smtp, from| problems(smtp, from).into_iter().map(|p| p.field).collect::<Vec<_>>();
        assert!(names(Some("smtp://bot:secret@mail.acme.test:587?tls=required"), Some("Acme <bot@acme.test>")).is_empty());
        assert!(names(Some("smtps://localhost"), Some("bot@acme.test")).is_empty() && names(None, None).is_empty());
        assert_eq!(names(Some("http://bot:secret@acme.test"), Some("Acme")), ["SMTP_URL", "MAIL_FROM"]);
        let told = format!("{:?}", problems(Some("smtp://bot:secret@ acme"), None));
        assert!(told.contains("SMTP_URL") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn only_refusals_of_the_recipient_are_final() {
        for (code, text, wanted) in [
            (550, "5.1.1 <ann@acme.test>: no such user", true),
            (550, "no such user", true),
            (553, "5.2.1 mailbox disabled", true),
            (550, "5.7.1 relaying denied", false),
            (550, "5.1.8 sender unknown", false),
            (535, "5.7.8 bad credentials", false),
            (552, "5.2.2 mailbox full", false),
            (554, "transaction failed", false),
        ] {
            assert_eq!(is_final(code, detailed(text)), wanted, "{code} {text}");
        }
        assert_eq!((detailed("5.1.10 x"), detailed("5.1"), detailed("")), (Some((5, 1, 10)), None, None));
    }

    /// Speaks as much SMTP as one mail needs, answering the recipient like this, and gives back what it was told.
    async fn one_mail(listener: tokio::net::TcpListener, recipient: &'static str) -> String {
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
        let (stream, _) = listener.accept().await.expect("a caller");
        let (read, mut write) = stream.into_split();
        let (mut lines, mut told, mut in_data) = (BufReader::new(read).lines(), String::new(), false);
        write.write_all(b"220 test\r\n").await.expect("written");
        while let Ok(Some(line)) = lines.next_line().await {
            told.push_str(&line);
            told.push('\n');
            let reply = match line.split([' ', ':']).next().unwrap_or_default() {
                "." => "250 queued\r\n",
                _ if in_data => continue,
                "DATA" => "354 go on\r\n",
                "RCPT" => recipient,
                _ => "250 fine\r\n",
            };
            in_data = line == "DATA";
            write.write_all(reply.as_bytes()).await.expect("written");
            if line == "." || line == "QUIT" {
                break;
            }
        }
        told
    }

    /// A server for one mail, the way to it, and the mail.
    async fn server(recipient: &'static str) -> (tokio::task::JoinHandle<String>, Post, Pending) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let smtp = Smtp::from_url(&url).expect("a URL").build();
        let post = Post::Smtp(Box::new(smtp), sender(&url, "https://app.test").expect("a sender"));
        let id = IdSource::random().next(Timestamp(1_780_000_000_000));
        let payload = letter(VerificationKind::PasswordReset);
        let pending = Pending { id, company: CompanyId::ROOT, kind: KIND.to_owned(), payload, tries: 0 };
        (tokio::spawn(one_mail(listener, recipient)), post, pending)
    }

    #[tokio::test]
    async fn a_refusal_tells_no_name() {
        for (answer, is_final) in [
            ("550-5.1.1 <ann+x@acme.test>: no such user\r\n550 5.1.1 really\r\n", true),
            ("451 4.7.1 <ann+x@acme.test>: greylisted\r\n", false),
            ("550 5.7.1 <ann+x@acme.test>: relaying denied\r\n", false),
        ] {
            let (_server, post, pending) = server(answer).await;
            let unsent = post.send(&pending).await.expect_err("refused");
            let told = format!("{unsent:?}");
            assert_eq!(matches!(unsent, Unsent::Ever(_)), is_final, "{told}");
            assert!(!told.contains("ann") && told.contains("acme.test") && told.contains(&answer[..3]), "{told}");
        }
    }

    #[tokio::test]
    async fn a_mail_goes_out_by_smtp() {
        let (server, post, pending) = server("250 fine\r\n").await;
        let id = pending.id;
        post.send(&pending).await.expect("sent");
        let told = server.await.expect("told");
        for wanted in ["RCPT TO:<ann+x@acme.test>", "MAIL FROM:<no-reply@app.test>", "Subject: Reset your password", "012345"] {
            assert!(told.contains(wanted), "{wanted}: {told}");
        }
        assert!(told.contains(&format!("Message-ID: <{id}@app.test>")) && told.contains("text/html"), "{told}");
        assert!(post.send(&pending).await.is_err(), "nobody listens any more");
    }
}
