//! An insight in the server's own words: what the figures say, and nothing else.

use serde_json::Value as Json;

use super::analysis::{self, Finding, Rate};
use super::figures::{self, Kind};
use super::gather::Gathered;
use super::period;
use super::shape::{Choices, Draft};

/// For whom an insight may be written.
pub const AUDIENCES: [&str; 4] = ["admin", "manager", "employee", "company"];

/// The most findings that are told in sentences.
const TOLD: usize = 3;
/// The longest summary, in characters: sentences that do not fit are left out.
const SUMMARY: usize = 950;

/// What an analysis is about: its tool, the insight's type, its heading, what happens to how many of what, and what questions call it.
struct Topic {
    tool: &'static str,
    kind: &'static str,
    heading: &'static str,
    happened: &'static str,
    words: &'static [&'static str],
}

const TOPICS: [Topic; 7] = [
    Topic {
        tool: "analyzeAbsenteeism",
        kind: "absenteeism",
        heading: "Absenteeism",
        happened: "ended shifts were missed",
        words: &["absen", "miss", "sick", "no-show", "no show", "noshow"],
    },
    Topic {
        tool: "analyzeLateness",
        kind: "lateness",
        heading: "Lateness",
        happened: "attended shifts began late",
        words: &["late", "punctual", "tardy", "on time", "delay"],
    },
    Topic {
        tool: "analyzeOvertime",
        kind: "overtime",
        heading: "Overtime",
        happened: "days worked had overtime",
        words: &["overtime", "extra hours", "long hours", "overwork", "burnout"],
    },
    Topic {
        tool: "analyzeTaskLoad",
        kind: "taskLoad",
        heading: "Task load",
        happened: "tasks that were due were missed",
        words: &["task", "workload", "overdue"],
    },
    Topic {
        tool: "predictStaffing",
        kind: "staffing",
        heading: "Staffing",
        happened: "",
        words: &["staff", "predict", "forecast", "demand", "how many people", "next week", "capacity"],
    },
    Topic {
        tool: "detectShiftAnomalies",
        kind: "shiftAnomalies",
        heading: "Unusual shifts",
        happened: "shifts are unusual",
        words: &["anomal", "unusual", "outlier", "strange", "odd"],
    },
    Topic {
        tool: "analyzeAttendance",
        kind: "attendance",
        heading: "Attendance",
        happened: "ended shifts were attended",
        words: &["attend", "present", "check-in", "checked in", "show up"],
    },
];

/// An insight as an answer to `asked`, from the figures alone.
pub fn draft(gathered: &Gathered, choices: &Choices, asked: &str) -> Draft {
    let topic = topic(gathered, asked);
    let audience = choices.audiences.first().copied().unwrap_or("employee");
    let Some((topic, json)) = topic else { return nothing(audience) };
    let findings = analysis::findings(json);
    let chart = chart(topic, &findings, choices);
    Draft {
        title: title(topic, json, &findings),
        summary: summary(topic, json, &findings, gathered),
        insight_type: topic.kind.to_owned(),
        audience_type: audience.to_owned(),
        chart,
        suggestion: Some(suggestion(topic, json, &findings)),
    }
}

/// What was asked about; where the question does not say, what stands out most certainly, else what there is most of.
fn topic<'g>(gathered: &'g Gathered, asked: &str) -> Option<(&'static Topic, &'g Json)> {
    let asked = asked.to_lowercase();
    let all = || TOPICS.iter().filter_map(|topic| gathered.of(topic.tool).map(|json| (topic, json)));
    let named = all().find(|(topic, _)| topic.words.iter().any(|word| asked.contains(word)));
    // What is foretold rests on other days than those that were asked about: it is told if it is asked for.
    let past = || all().filter(|(topic, _)| topic.tool != "predictStaffing");
    let certain = |json: &Json| analysis::findings(json).first().map(|f| f.q.unwrap_or(1.0));
    let standing_out = || {
        past().filter_map(|found| certain(found.1).map(|q| (q, found))).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, found)| found)
    };
    let most = || past().max_by_key(|(_, json)| sample(json).unwrap_or(0));
    named.or_else(standing_out).or_else(most).or_else(|| all().next())
}

/// How much an analysis looked at.
fn sample(json: &Json) -> Option<u64> {
    json.get("sampleSize").and_then(Json::as_u64)
}

fn nothing(audience: &str) -> Draft {
    Draft {
        title: "Too little data".to_owned(),
        summary: format!("There is nothing to analyse yet. {MADE}"),
        insight_type: "general".to_owned(),
        audience_type: audience.to_owned(),
        chart: None,
        suggestion: None,
    }
}

/// Said of every such text.
const MADE: &str = "This text was made from the computed figures, without a language model.";

fn title(topic: &Topic, json: &Json, findings: &[Finding]) -> String {
    let heading = topic.heading;
    match findings.first() {
        Some(finding) => match (&finding.about, finding.by.as_str()) {
            (Some(about), "weekday") => format!("{heading}: {about}s are {}", finding.direction),
            (Some(about), _) => format!("{heading}: {about} stands out"),
            (None, _) => format!("{heading} is {}", finding.direction),
        },
        None if enough(json) => format!("{heading}: nothing stands out"),
        None => format!("{heading}: too little data"),
    }
}

/// Whether there is anything to conclude from.
fn enough(json: &Json) -> bool {
    let overall = json.get("overall").map(analysis::rate);
    overall.map_or_else(|| sample(json).is_some_and(|n| n > 0), |rate| rate.is_some_and(|r| r.n > 0))
        && json.get("tooLittleData").is_none_or(Json::is_null)
}

fn summary(topic: &Topic, json: &Json, findings: &[Finding], gathered: &Gathered) -> String {
    let mut sentences = vec![overall(topic, json)];
    sentences.extend(findings.iter().take(TOLD).map(sentence));
    if findings.len() > TOLD {
        sentences.push("More stands out; the figures have all of it.".to_owned());
    }
    if findings.is_empty() && enough(json) {
        sentences
            .push("No difference between people, weekdays, departments or weeks is more than chance may explain.".to_owned());
    }
    let trend = json.get("trend").and_then(analysis::too_little);
    sentences.extend(trend.map(|little| format!("There is too little data for a trend: {little}.")));
    if !gathered.failed.is_empty() {
        sentences.push("Some analyses could not be made.".to_owned());
    }
    let mut text = String::new();
    for sentence in sentences {
        if text.chars().count() + sentence.chars().count() + MADE.len() + 2 <= SUMMARY {
            text.push_str(&sentence);
            text.push(' ');
        }
    }
    text + MADE
}

/// How often it happened at all.
fn overall(topic: &Topic, json: &Json) -> String {
    let days = super::days_of(json).map(|days| format!(" from {}", period::in_words(days))).unwrap_or_default();
    let rate = json.get("overall").and_then(analysis::rate).filter(|rate| rate.n > 0);
    match (rate, sample(json)) {
        (Some(Rate { count, n, rate, low, high }), _) if !topic.happened.is_empty() => {
            let (rate, low, high) = (percent(rate), percent(low), percent(high));
            format!("{count} of {n} {}{days}: {rate} (95% interval {low} to {high}).", topic.happened)
        }
        (_, Some(n)) if n > 0 && enough(json) => format!("{} was computed from {n} observations{days}.", topic.heading),
        _ => {
            let little = analysis::too_little(json).or_else(|| analysis::too_little(json.get("overall")?));
            let little = little.map(|little| format!(": {little}")).unwrap_or_default();
            format!("There is too little data{days} to say anything{little}.")
        }
    }
}

/// A finding as a sentence.
fn sentence(finding: &Finding) -> String {
    let Finding { measure, by, about, direction, value, compared_with, interval, q, n } = finding;
    let amount = |value: f64| amount(measure, value);
    let sure = q.map(|q| format!(", {}", chance(q))).unwrap_or_default();
    let name = analysis::called(measure);
    let interval = interval.map(|(low, high)| format!("95% interval {} to {}, ", amount(low), amount(high))).unwrap_or_default();
    match (by.as_str(), about) {
        ("trend", _) | (_, None) => {
            format!("The {name} is {direction} by {} a week ({interval}{n} weeks{sure}).", amount(value.abs()))
        }
        (by, Some(about)) => {
            let than = compared_with.map(|with| format!(", {direction} than {}", amount(with))).unwrap_or_default();
            let where_ = match by {
                "weekday" => format!("On {about}s"),
                "month" => format!("In {about}"),
                "shift" => format!("On {about}"),
                _ => format!("Of {about}"),
            };
            format!("{where_} the {name} was {}{than} ({interval}n = {n}{sure}).", amount(*value))
        }
    }
}

/// What could be done: a place to look, never a judgement.
fn suggestion(topic: &Topic, json: &Json, findings: &[Finding]) -> String {
    match findings.first() {
        Some(finding) => match (finding.by.as_str(), finding.about.as_deref()) {
            ("weekday", Some(day)) => {
                format!("Look at how {day}s are planned and talk to those who work then about the reasons.")
            }
            ("department", Some(name)) => format!("Ask in {name} what is different there before changing anything."),
            ("person", Some(name)) => format!("Talk to {name}: figures do not know the reasons."),
            ("shift", Some(when)) => format!("Look at the shift of {when}: it may be a mistake in the records."),
            _ => "Look at what changed in these weeks, and at the figures again next week.".to_owned(),
        },
        None if enough(json) => "Nothing needs to be done because of these figures.".to_owned(),
        None => format!("Keep recording: {} can be analysed once there is more data.", topic.heading.to_lowercase()),
    }
}

/// The chart that shows what the text tells.
fn chart(topic: &Topic, findings: &[Finding], choices: &Choices) -> Option<String> {
    let by = match findings.first().map(|finding| finding.by.as_str()) {
        Some("trend") | None => "week",
        Some(by) => by,
    };
    let fitting = |by: &str| choices.charts.iter().find(|name| **name == format!("{}-by-{by}", topic.kind)).cloned();
    fitting(by).or_else(|| choices.charts.iter().find(|name| name.starts_with(&format!("{}-", topic.kind))).cloned())
}

/// A value of a measure: parts as percentages, lengths of time with their unit.
fn amount(measure: &str, value: f64) -> String {
    match figures::kind_of(measure) {
        Kind::Share => percent(value),
        Kind::Minutes => format!("{} minutes", plain(value)),
        Kind::Hours => format!("{} hours", plain(value)),
        _ => plain(value),
    }
}

/// A part as a percentage, with as many places as it needs not to be nothing.
fn percent(value: f64) -> String {
    let shown = value * 100.0;
    let places =
        (1..=4).find(|places| value == 0.0 || format!("{shown:.places$}").parse::<f64>().is_ok_and(|v| v != 0.0)).unwrap_or(6);
    format!("{shown:.places$}%")
}

fn plain(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// How probable a difference is by chance.
fn chance(q: f64) -> String {
    if q < 0.001 { "q < 0.001".to_owned() } else { format!("q = {q:.3}") }
}
