//! An insight's form, and what a model wrote read into it.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::chart::Chart;
use super::figures::Known;
use super::persons;

/// What an insight may be about.
pub const TYPES: [&str; 8] =
    ["attendance", "absenteeism", "lateness", "overtime", "taskLoad", "staffing", "shiftAnomalies", "general"];

/// The longest of each text, in characters.
const TITLE: usize = 120;
const SUMMARY: usize = 1000;
const SUGGESTION: usize = 600;
/// The longest answer that is looked at, in bytes.
const ANSWER: usize = 64 * 1024;

/// An insight as it is answered and stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Insight {
    pub title: String,
    pub summary: String,
    pub insight_type: String,
    pub audience_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
    /// The figures that it rests on, and how it came to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// `2026-05-01 to 2026-05-31`.
    pub period: String,
}

/// What a model is asked for: words, and the name of a chart. Figures, charts and the period are the server's.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub title: String,
    pub summary: String,
    pub insight_type: String,
    pub audience_type: String,
    pub chart: Option<String>,
    pub suggestion: Option<String>,
}

/// What a draft may name.
#[derive(Clone, Debug)]
pub struct Choices {
    /// For whom the caller may have insights made.
    pub audiences: Vec<&'static str>,
    /// The charts that there are.
    pub charts: Vec<String>,
    /// The audiences that do not reach everybody of whom the figures may be: what is for one of them tells of no person.
    pub nameless: &'static [&'static str],
}

impl Draft {
    /// Reads a model's answer; every problem at once, in words that it can mend it by.
    pub fn read(answer: &str, choices: &Choices) -> Result<Draft, Vec<String>> {
        let map = object(answer)?;
        let mut reader = Reader { map: &map, problems: Vec::new() };
        let title = reader.text("title", TITLE, true).unwrap_or_default();
        let summary = reader.text("summary", SUMMARY, true).unwrap_or_default();
        let suggestion = reader.text("suggestion", SUGGESTION, false);
        if title.contains('\n') {
            reader.problems.push("`title` must be one line".to_owned());
        }
        let draft = Draft {
            insight_type: reader.one_of("insightType", &TYPES),
            audience_type: reader.one_of("audienceType", &choices.audiences),
            chart: reader.chart(&choices.charts),
            title,
            summary,
            suggestion,
        };
        if reader.problems.is_empty() { Ok(draft) } else { Err(reader.problems) }
    }

    /// What is wrong with a draft that tells one of the `nameless` audiences of somebody: their figures are not for the others to
    /// read.
    pub fn tells_of(&self, known: &Known, nameless: &[&str]) -> Option<String> {
        if !nameless.contains(&self.audience_type.as_str()) {
            return None;
        }
        let told = |name: &String| self.texts().iter().any(|text| persons::names(text, name, &known.departments));
        let named = known.people.iter().any(told);
        let drawn = self.chart.as_deref().is_some_and(super::charts::names_people);
        (named || drawn).then(|| {
            format!(
                "What is for {} names no person, not even by a part of the name, and shows no chart of persons",
                self.audience_type
            )
        })
    }

    /// Everything that people read of it.
    pub fn texts(&self) -> [&str; 3] {
        [&self.title, &self.summary, self.suggestion.as_deref().unwrap_or_default()]
    }
}

/// The one JSON object of an answer, whatever a model wrapped it in.
fn object(answer: &str) -> Result<Map<String, Json>, Vec<String>> {
    let no = |why: &str| Err(vec![format!("Your answer must be one JSON object and nothing else: {why}")]);
    if answer.len() > ANSWER {
        return no("it is too long");
    }
    let (Some(start), Some(end)) = (answer.find('{'), answer.rfind('}')) else { return no("there is none in it") };
    if end < start {
        return no("it does not end");
    }
    match serde_json::from_str(&answer[start..=end]) {
        Ok(map) => Ok(map),
        Err(error) => no(&error.to_string()),
    }
}

struct Reader<'m> {
    map: &'m Map<String, Json>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn text(&mut self, name: &str, most: usize, required: bool) -> Option<String> {
        let text = match self.map.get(name) {
            None | Some(Json::Null) if !required => return None,
            Some(Json::String(text)) => plain(text),
            _ => {
                self.problems.push(format!("`{name}` must be a string"));
                return None;
            }
        };
        let length = text.chars().count();
        if text.is_empty() {
            if required {
                self.problems.push(format!("`{name}` must not be empty"));
            }
            return None;
        }
        if length > most {
            self.problems.push(format!("`{name}` has {length} characters: {most} at most"));
        }
        if let Some(found) = foreign(&text) {
            self.problems.push(format!("`{name}` must be plain text: it holds {found}"));
        }
        Some(text)
    }

    fn one_of(&mut self, name: &str, choices: &[&str]) -> String {
        let given = self.map.get(name).and_then(Json::as_str).unwrap_or_default();
        match choices.iter().find(|choice| choice.eq_ignore_ascii_case(given)) {
            Some(choice) => (*choice).to_owned(),
            None => {
                self.problems.push(format!("`{name}` must be one of {}", choices.join(", ")));
                String::new()
            }
        }
    }

    /// The name of a chart that there is. Of a chart of the model's own making nothing but its name is looked at.
    fn chart(&mut self, charts: &[String]) -> Option<String> {
        let given = match self.map.get("chart")? {
            Json::String(name) => name.as_str(),
            Json::Object(map) => map.get("name")?.as_str()?,
            Json::Null => return None,
            _ => "?",
        };
        if given.is_empty() || given.eq_ignore_ascii_case("none") {
            return None;
        }
        if !charts.iter().any(|name| name == given) {
            let choices = if charts.is_empty() {
                "null: there are no charts".to_owned()
            } else {
                format!("null or one of {}", charts.join(", "))
            };
            self.problems.push(format!("`chart` must be {choices}"));
        }
        Some(given.to_owned())
    }
}

/// The text without what nobody sees.
fn plain(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}');
    let kept = text.chars().filter(|c| (!c.is_control() || *c == '\n') && !unseen(*c));
    kept.collect::<String>().trim().to_owned()
}

/// What a page might follow or run, if a text holds it: a text that was led astray shall lead nobody anywhere.
fn foreign(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let tag = text
        .match_indices('<')
        .any(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '!' | '?')));
    if ["://", "www.", "mailto:", "javascript:", "data:"].iter().any(|start| lower.contains(start)) {
        Some("an address")
    } else if text.contains("](") || text.contains("![") || text.contains("][") {
        Some("a link or picture")
    } else {
        tag.then_some("a tag")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn choices() -> Choices {
        Choices { audiences: vec!["manager", "employee"], charts: vec!["absenteeism-by-weekday".to_owned()], nameless: &[] }
    }

    fn good() -> Json {
        json!({"title": "Mondays", "summary": "Mondays stand out.", "insightType": "absenteeism", "audienceType": "manager"})
    }

    fn with(name: &str, value: Json) -> Result<Draft, Vec<String>> {
        let mut json = good();
        json[name] = value;
        Draft::read(&json.to_string(), &choices())
    }

    #[test]
    fn a_draft_is_read_from_whatever_it_is_wrapped_in() {
        let draft = Draft::read(&format!("Here it is:\n```json\n{}\n```", good()), &choices()).expect("a draft");
        assert_eq!((draft.title.as_str(), draft.chart, draft.suggestion), ("Mondays", None, None));
        let draft = with("chart", json!("absenteeism-by-weekday")).expect("a draft");
        assert_eq!(draft.chart.as_deref(), Some("absenteeism-by-weekday"));
        let own = with("chart", json!({"name": "absenteeism-by-weekday", "series": [{"values": [99]}]})).expect("a draft");
        assert_eq!(own.chart.as_deref(), Some("absenteeism-by-weekday"));
        assert!(with("data", json!({"rate": 0.99})).is_ok(), "what is not the model's is left aside");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let problems = Draft::read(r#"{"title": 5, "audienceType": "admin", "chart": "pie"}"#, &choices()).expect_err("problems");
        let about = ["title", "summary", "insightType", "audienceType", "chart"];
        assert_eq!(problems.len(), about.len(), "{problems:?}");
        assert!(about.iter().all(|name| problems.iter().any(|p| p.contains(&format!("`{name}`")))), "{problems:?}");
        for bad in ["", "no", "{", "{\"title\": ", "[1]", "}{"] {
            assert_eq!(Draft::read(bad, &choices()).expect_err(bad).len(), 1, "{bad}");
        }
        assert!(with("title", json!("x".repeat(121))).is_err());
        assert!(with("summary", json!("\u{200b} ")).is_err());
        assert!(with("title", json!("two\nlines")).is_err());
    }

    #[test]
    fn what_is_for_those_who_do_not_reach_them_names_nobody() {
        let mut known = Known::default();
        known.add(&json!({"rows": [{"fullname": "Jane Doe"}, {"departmentName": "Doe"}]}));
        let told = |audience: &str, title: &str, nameless: &[&str]| {
            let json = json!({"title": title, "summary": "Well.", "insightType": "lateness", "audienceType": audience});
            Draft::read(&json.to_string(), &choices()).expect("a draft").tells_of(&known, nameless)
        };
        let (managers, admins) = (["employee", "company"], ["manager", "employee", "company"]);
        assert!(told("manager", "Ask jane doe", &managers).is_none() && told("employee", "Ask jane doe", &managers).is_some());
        assert!(told("manager", "Ask jane", &admins).is_some(), "a manager may not reach whom an admin's figures tell of");
        assert!(told("manager", "Ask in Doe", &admins).is_none(), "it is a department");
        assert!(told("employee", "Ask jane doe", &[]).is_none(), "an employee's own");
        let by_person =
            Draft { chart: Some("absenteeism-by-person".to_owned()), ..with("title", json!("Mondays")).expect("a draft") };
        assert!(by_person.tells_of(&known, &admins).is_some() && by_person.tells_of(&known, &managers).is_none());
    }

    #[test]
    fn texts_lead_nowhere() {
        for bad in
            ["see https://evil.example/?q=1", "![x](y)", "[click](me)", "<img src=x>", "</p>", "WWW.evil.example", "javascript:x"]
        {
            assert!(with("summary", json!(bad)).is_err(), "{bad}");
        }
        assert!(with("summary", json!("p < 0.05, fewer than before; 3 <5")).is_ok());
    }
}
