//! Mail: written when a change is decided, queued in its commit, sent afterwards, at least once.

use std::sync::{Arc, Weak};
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};
use serde_json::{Value as Json, json};
use workforceos_core::error::{Error, Result};
use workforceos_core::objects::VerificationKind;
use workforceos_core::time::Timestamp;
use workforceos_store::Pending;

use crate::{App, Settings};

/// The outbox entries that are mails.
pub const KIND: &str = "mail";
const TICK: Duration = Duration::from_secs(1);
/// Mails claimed at a time.
const BATCH: u32 = 20;
/// How long a claimed mail is ours; after that another node, or a restarted one, takes it.
const LEASE: i64 = 5 * Timestamp::MINUTE;
/// The longest that one try may take: the whole batch must fit into the lease.
const TRY: Duration = Duration::from_secs(14);
/// The longest pause between two tries, and when a mail is given up.
const MAX_PAUSE: i64 = Timestamp::HOUR;
const GIVE_UP: i64 = 3 * Timestamp::DAY;

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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Sends what the outbox holds, as long as the application lives.
pub async fn deliver(app: Weak<App>) {
    let Some(settings) = app.upgrade().map(|app| app.settings.clone()) else { return };
    let post = Post::new(&settings);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(app) = app.upgrade() else { return };
        if let Err(error) = post.round(&app).await {
            tracing::warn!(%error, source = ?error.source, "the outbox could not be read");
        }
    }
}

/// Where mail goes.
enum Post {
    Smtp(Box<Smtp>, Mailbox),
    /// Development: into the log.
    Log,
    /// Production without a usable server: it waits.
    Nowhere,
}

impl Post {
    fn new(settings: &Settings) -> Post {
        let Some(url) = &settings.smtp_url else {
            if settings.production {
                tracing::warn!("SMTP_URL is not set: mail waits, and is given up after three days");
            }
            return if settings.production { Post::Nowhere } else { Post::Log };
        };
        // The URL may hold a password: it stays out of the log, and so does the parser's message.
        match (Smtp::from_url(url), sender(url, &settings.frontend_url)) {
            (Ok(builder), Some(from)) => Post::Smtp(Box::new(builder.build()), from),
            _ => {
                tracing::error!("SMTP_URL cannot be read: mail waits");
                Post::Nowhere
            }
        }
    }

    async fn round(&self, app: &Arc<App>) -> Result<()> {
        let now = app.clock.now();
        for pending in app.store.claim_outbox(now, Timestamp(now.0 + LEASE), BATCH).await? {
            match self.send(&pending).await {
                Ok(()) => app.store.finish_outbox(pending.id).await?,
                Err(error) => later(app, &pending, now, &error).await?,
            }
        }
        Ok(())
    }

    async fn send(&self, pending: &Pending) -> Result<()> {
        if pending.kind != KIND {
            return Err(Error::internal(format!("nobody carries out {}", pending.kind)));
        }
        let part = |name: &str| pending.payload[name].as_str().unwrap_or_default().to_owned();
        let (to, subject) = (part("to"), part("subject"));
        match self {
            Post::Nowhere => Err(Error::unavailable("no mail server")),
            Post::Log => {
                tracing::info!(%to, %subject, text = %part("text"), "mail (no SMTP_URL: not sent)");
                Ok(())
            }
            Post::Smtp(smtp, from) => {
                let message = Message::builder()
                    .from(from.clone())
                    .to(to.parse().map_err(Error::internal)?)
                    .subject(subject)
                    // The same at every try, so that the receiving side can tell a repetition.
                    .message_id(Some(format!("<{}@{}>", pending.id, from.email.domain())))
                    .multipart(MultiPart::alternative_plain_html(part("text"), part("html")))
                    .map_err(Error::internal)?;
                tokio::time::timeout(TRY, smtp.send(message)).await.map_err(Error::internal)?.map_err(Error::internal)?;
                Ok(())
            }
        }
    }
}

/// Another try after a pause that doubles; after three days there is none.
async fn later(app: &App, pending: &Pending, now: Timestamp, error: &Error) -> Result<()> {
    if queued_at(pending).is_some_and(|at| now.0 - at > GIVE_UP) {
        tracing::error!(id = %pending.id, kind = %pending.kind, source = ?error.source, "given up after three days");
        return app.store.finish_outbox(pending.id).await;
    }
    tracing::debug!(id = %pending.id, tries = pending.tries, source = ?error.source, "not sent yet");
    app.store.retry_outbox(pending.id, Timestamp(now.0 + pause(pending.tries)), pending.tries + 1).await
}

fn pause(tries: i64) -> i64 {
    (5_000 << tries.clamp(0, 20)).min(MAX_PAUSE)
}

/// When an entry was queued: its id tells.
fn queued_at(pending: &Pending) -> Option<i64> {
    let (seconds, nanos) = pending.id.get_timestamp()?.to_unix();
    i64::try_from(seconds).ok().map(|s| s * 1000 + i64::from(nanos) / 1_000_000)
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
    use uuid::Uuid;
    use workforceos_core::id::{CompanyId, IdSource};

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
    fn pauses_double_up_to_an_hour() {
        assert_eq!((pause(0), pause(1), pause(3)), (5_000, 10_000, 40_000));
        assert_eq!((pause(12), pause(1_000)), (MAX_PAUSE, MAX_PAUSE));
    }

    #[test]
    fn the_senders_address_is_a_real_one() {
        let of = |smtp, front| sender(smtp, front).expect("a sender").email.to_string();
        assert_eq!(of("smtps://bot%40acme.test:pw@mail.acme.test", "https://app.test"), "bot@acme.test");
        assert_eq!(of("smtp://localhost:25", "http://app.test:8080/x"), "no-reply@app.test");
        assert_eq!(of("smtp://localhost:25", ""), "no-reply@localhost");
    }

    #[test]
    fn an_entrys_age_is_read_from_its_id() {
        let at = Timestamp(1_780_000_000_123);
        let id = IdSource::random().next(at);
        let pending = |id: Uuid| Pending { id, company: CompanyId::ROOT, kind: KIND.to_owned(), payload: Json::Null, tries: 0 };
        assert_eq!(queued_at(&pending(id)), Some(at.0));
        assert_eq!(queued_at(&pending(Uuid::nil())), None);
    }

    /// Speaks as much SMTP as one mail needs, and gives back what it was told.
    async fn one_mail(listener: tokio::net::TcpListener) -> String {
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
                _ => "250 fine\r\n",
            };
            in_data = line == "DATA";
            write.write_all(reply.as_bytes()).await.expect("written");
            if line == "." {
                break;
            }
        }
        told
    }

    #[tokio::test]
    async fn a_mail_goes_out_by_smtp() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let smtp = Smtp::from_url(&url).expect("a URL").build();
        let post = Post::Smtp(Box::new(smtp), sender(&url, "https://app.test").expect("a sender"));
        let id = IdSource::random().next(Timestamp(1_780_000_000_000));
        let payload = letter(VerificationKind::PasswordReset);
        let pending = Pending { id, company: CompanyId::ROOT, kind: KIND.to_owned(), payload, tries: 0 };
        let server = tokio::spawn(one_mail(listener));
        post.send(&pending).await.expect("sent");
        let told = server.await.expect("told");
        for wanted in ["RCPT TO:<ann+x@acme.test>", "MAIL FROM:<no-reply@app.test>", "Subject: Reset your password", "012345"] {
            assert!(told.contains(wanted), "{wanted}: {told}");
        }
        assert!(told.contains(&format!("Message-ID: <{id}@app.test>")) && told.contains("text/html"), "{told}");
        assert!(post.send(&pending).await.is_err(), "nobody listens any more");
    }
}
