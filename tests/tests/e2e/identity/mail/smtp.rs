//! A real SMTP server that keeps what it is given, in a process of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;
use workforceos_tests::DEADLINE;

use crate::text;

/// Python with aiosmtpd.
const PYTHON: &str = "WORKFORCEOS_TEST_PYTHON";

pub struct Smtp {
    // Its input is our end of a pipe: it ends with this process, whatever becomes of that.
    _server: Child,
    folder: PathBuf,
    pub port: u16,
}

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct Mail(pub Json);

impl Smtp {
    /// Starts the server; `None`, which is told, where there is no Python for it.
    #[expect(clippy::print_stdout, reason = "what is left out of a test is told")]
    pub async fn start(options: &[&str]) -> Option<Smtp> {
        let Some(python) = std::env::var_os(PYTHON) else {
            println!("left out: {PYTHON} names no Python with aiosmtpd");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("workforceos-smtp-{}", Uuid::from_u128(rand::random())));
        std::fs::create_dir_all(&folder).expect("a folder for mails");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/smtp_server.py");
        let mut command = Command::new(python);
        command.arg(script).arg(&folder).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut server = command.spawn().expect("the SMTP server starts");
        let mut lines = BufReader::new(server.stdout.take().expect("standard output is piped")).lines();
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("it starts within the deadline");
        let port = line.expect("read").expect("it tells its port").parse().expect("a port");
        Some(Smtp { _server: server, folder, port })
    }

    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// All that has arrived so far, in that order.
    pub fn mails(&self) -> Vec<Mail> {
        let files = std::fs::read_dir(&self.folder).expect("the folder").map(|file| file.expect("an entry").path());
        let mut files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        let read = |file: PathBuf| serde_json::from_slice(&std::fs::read(file).expect("read")).expect("JSON");
        files.into_iter().map(|file| Mail(read(file))).collect()
    }

    /// Waits until so many mails came to an address, and gives the last of them.
    pub async fn to(&self, address: &str, count: usize) -> Mail {
        let arrived = async {
            loop {
                let mut mails: Vec<Mail> = self.mails().into_iter().filter(|mail| mail.is_to(address)).collect();
                if mails.len() >= count {
                    assert_eq!(mails.len(), count, "no mail comes twice");
                    return mails.pop().expect("one");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, arrived).await.unwrap_or_else(|_| panic!("mail {count} to {address} arrives"))
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        // What cannot be removed is in a temporary place anyway.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Mail {
    pub fn is_to(&self, address: &str) -> bool {
        self.0["to"] == serde_json::json!([address])
    }

    pub fn header(&self, name: &str) -> String {
        text(&self.0["headers"], name)
    }

    /// The text, or the HTML.
    pub fn part(&self, kind: &str) -> String {
        let parts = self.0["parts"].as_array().expect("parts");
        text(parts.iter().find(|p| p["type"] == kind).unwrap_or_else(|| panic!("{kind} in {}", self.0)), "text")
    }

    /// The code that a person would read out of it: the only six digits that stand alone in a line of words.
    pub fn code(&self) -> String {
        let plain = self.part("text/plain");
        let line = plain.lines().find(|line| line.contains("your code")).unwrap_or_else(|| panic!("a code in {plain}"));
        line.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).expect("six digits").to_owned()
    }

    /// The link, which is the same in both parts.
    pub fn link(&self) -> String {
        let plain = self.part("text/plain");
        let link = plain.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("a link in {plain}")).trim();
        let html = self.part("text/html");
        let href = html.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link in the HTML");
        assert_eq!(href.replace("&amp;", "&"), link, "both parts lead to one place");
        link.to_owned()
    }

    /// A parameter of the link.
    pub fn linked(&self, name: &str) -> String {
        let link = self.link();
        let query = link.split_once('?').expect("parameters").1.to_owned();
        let value =
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).expect("the parameter").to_owned();
        decoded(&value)
    }
}

/// The text of a parameter.
fn decoded(value: &str) -> String {
    let mut bytes = value.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next().expect("a digit"), bytes.next().expect("a digit")];
        let digits = std::str::from_utf8(&digits).expect("ASCII");
        out.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
    }
    String::from_utf8(out).expect("UTF-8")
}
