//! `workforceos audit verify`: which journals are proved, against what that is known of them from elsewhere.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::str::FromStr;

use workforceos_core::error::{Error, Result};
use workforceos_store::{Journal, Journals, Mark};

/// Stands before a head in the server's log.
const TOLD: &str = "journal head ";

/// Where a journal stood, `CODENAME:SEQ:CHAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub codename: String,
    pub seq: i64,
    pub chain: String,
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Head, String> {
        let wrong = || "must be CODENAME:SEQ:CHAIN, as the server's log and audit verify say it".to_owned();
        let mut parts = text.trim().splitn(3, ':');
        let (Some(codename), Some(seq), Some(chain)) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong()) };
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or_else(wrong)?;
        let hash = (chain.len() == 64 || chain.is_empty() && seq == 0) && chain.bytes().all(|b| b.is_ascii_hexdigit());
        if codename.is_empty() || !hash {
            return Err(wrong());
        }
        Ok(Head { codename: codename.to_owned(), seq, chain: chain.to_ascii_lowercase() })
    }
}

/// What the command line asks for.
pub struct Asked<'a> {
    /// Only this company.
    pub company: Option<&'a str>,
    pub expected: Vec<Head>,
    /// A log of the server's.
    pub log: Option<&'a Path>,
}

/// One journal to be proved.
#[derive(Debug, PartialEq, Eq)]
pub struct Task {
    codename: String,
    /// `None`: the database knows no such company any more.
    journal: Option<Journal>,
    marks: Vec<Mark>,
}

/// What came out.
pub struct Told {
    pub whole: bool,
    pub line: String,
}

impl Asked<'_> {
    /// Fails if the company that is asked for is not there and nothing is known of it, or if the log cannot be read.
    pub fn tasks(self, all: &[Journal]) -> Result<Vec<Task>> {
        let mut heads = self.expected;
        if let Some(log) = self.log {
            heads.extend(logged(log)?);
        }
        let mut marks: BTreeMap<String, Vec<Mark>> = BTreeMap::new();
        for head in heads.into_iter().filter(|head| self.company.is_none_or(|name| head.codename == name) && head.seq > 0) {
            marks.entry(head.codename).or_default().push(Mark { seq: head.seq, chain: Some(head.chain) });
        }
        let there = all.iter().filter(|journal| self.company.is_none_or(|name| journal.codename == name));
        let mut tasks: Vec<Task> = there
            .map(|journal| Task {
                codename: journal.codename.clone(),
                journal: Some(journal.clone()),
                marks: marks.remove(&journal.codename).unwrap_or_default(),
            })
            .collect();
        tasks.extend(marks.into_iter().map(|(codename, marks)| Task { codename, journal: None, marks }));
        match self.company {
            Some(name) if tasks.is_empty() => Err(Error::field("--company", format!("there is no company {name}"))),
            _ => Ok(tasks),
        }
    }
}

impl Task {
    pub async fn run(self, journals: &mut Journals) -> Result<Told> {
        let name = self.codename;
        let Some(journal) = self.journal else {
            return Ok(Told { whole: false, line: format!("{name}: the company is gone from the database") });
        };
        let found = journals.prove(journal.company, &self.marks).await?;
        let (entries, erased, chain) = (found.entries, found.erased, &found.chain);
        let line = match found.first_bad {
            None => format!("{name}: {entries} entries, whole; {erased} of them erased lawfully; head {name}:{entries}:{chain}"),
            Some(bad) => {
                format!(
                    "{name}: entry {bad} is altered, missing or out of place; the {entries} entries from the first hang together"
                )
            }
        };
        Ok(Told { whole: found.first_bad.is_none(), line })
    }
}

/// The heads that a log tells, as text or as JSON.
fn logged(path: &Path) -> Result<Vec<Head>> {
    let cannot = |error| Error::field("--since-log", format!("{} cannot be read", path.display())).because(error);
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut heads = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        heads.extend(told_in(&String::from_utf8_lossy(&line.map_err(cannot)?)));
    }
    Ok(heads)
}

fn told_in(line: &str) -> Option<Head> {
    let (_, rest) = line.split_once(TOLD)?;
    let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use workforceos_core::id::CompanyId;

    use super::*;

    const CHAIN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn head(codename: &str, seq: i64) -> Head {
        Head { codename: codename.to_owned(), seq, chain: CHAIN.to_owned() }
    }

    #[test]
    fn heads_are_read_as_they_are_told() {
        assert_eq!(format!("acme:12:{CHAIN}").parse(), Ok(head("acme", 12)));
        for bad in ["acme", "acme:12", "acme:x:00", ":1:00", "acme:-1:00", "acme:1:", "acme:1:zz"] {
            assert!(bad.parse::<Head>().is_err(), "{bad}");
        }
    }

    #[test]
    fn logs_tell_them_in_both_forms() {
        let text = format!("2026-06-01T06:00:00Z  INFO workforceos_services::heads: journal head acme:7:{CHAIN}");
        let json = format!(r#"{{"timestamp":"x","level":"INFO","message":"journal head root:3:{CHAIN}","target":"y"}}"#);
        assert_eq!((told_in(&text), told_in(&json)), (Some(head("acme", 7)), Some(head("root", 3))));
        assert_eq!(told_in("journal head nonsense"), None);
        assert_eq!(told_in("another line"), None);
    }

    #[test]
    fn a_company_that_is_gone_is_a_task_too() {
        let journal = |n, name: &str| Journal { company: CompanyId(Uuid::from_u128(n)), codename: name.to_owned() };
        let all = [journal(1, "acme"), journal(2, "other")];
        let asked = |company, expected| Asked { company, expected, log: None };
        let tasks = asked(None, vec![head("acme", 2), head("gone", 1)]).tasks(&all).expect("tasks");
        let brief: Vec<_> = tasks.iter().map(|t| (t.codename.as_str(), t.journal.is_some(), t.marks.len())).collect();
        assert_eq!(brief, [("acme", true, 1), ("other", true, 0), ("gone", false, 1)]);
        assert_eq!(asked(Some("other"), vec![head("acme", 2)]).tasks(&all).expect("one").len(), 1);
        assert!(asked(Some("nobody"), Vec::new()).tasks(&all).is_err());
    }
}
