//! Charts: data that a page draws, and the same as a picture. Their figures are the tools' alone.

mod svg;

use serde::Serialize;
use serde_json::Value as Json;

/// The most places on the axis: more cannot be told apart.
pub const MOST_PLACES: usize = 60;
/// The most lines, or bars beside each other.
const MOST_SERIES: usize = 4;
/// The longest label and the longest title, in characters.
const LABEL: usize = 40;
const TITLE: usize = 100;
/// The largest picture that is kept with an insight, in bytes.
pub const MOST_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Things side by side.
    Bar,
    /// What changes in time.
    Line,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    pub name: String,
    /// One for each place; none where there is too little data.
    pub values: Vec<Option<f64>>,
}

/// A chart as data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    /// By which a model picks it: `absenteeism-by-weekday`.
    pub name: String,
    pub kind: Kind,
    pub title: String,
    pub x: Vec<String>,
    pub series: Vec<Series>,
    /// `%`, `people`, `hours`, or nothing for plain counts.
    pub unit: String,
    /// The chart as a picture; empty until it is drawn.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub svg: String,
}

impl Chart {
    /// A chart of what there is; none without at least two places and a value.
    pub fn of(name: &str, kind: Kind, title: &str, unit: &str, x: Vec<String>, series: Vec<Series>) -> Option<Chart> {
        let places = x.len();
        let shown = places.min(MOST_PLACES);
        // Of what changes in time the latest matters, of things the first.
        let kept = if kind == Kind::Line { places - shown..places } else { 0..shown };
        let cut = |series: Series| Series {
            name: label(&series.name),
            values: series.values.get(kept.clone()).unwrap_or_default().to_vec(),
        };
        let series: Vec<Series> = series.into_iter().take(MOST_SERIES).map(cut).collect();
        // Beyond these numbers there is nothing to see, and what draws them ends in infinity.
        let finite = series.iter().flat_map(|s| &s.values).flatten().all(|v| v.abs() < 1e15);
        let said = series.iter().flat_map(|s| &s.values).flatten().count();
        let whole = finite && series.iter().all(|s| s.values.len() == shown);
        (shown >= 2 && said > 0 && whole).then(|| Chart {
            name: name.to_owned(),
            kind,
            title: shortened(title, TITLE),
            x: x[kept].iter().map(|x| label(x)).collect(),
            series,
            unit: unit.to_owned(),
            svg: String::new(),
        })
    }

    /// Reads a chart that was stored, whoever made it; `None` if it is none that can be drawn.
    pub fn read(json: &Json) -> Option<Chart> {
        let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let kind = match json.get("kind")?.as_str()? {
            "bar" => Kind::Bar,
            "line" => Kind::Line,
            _ => return None,
        };
        let places = json.get("x")?.as_array()?.iter().map(|x| x.as_str().map_or_else(|| x.to_string(), str::to_owned));
        let series = json.get("series")?.as_array()?.iter().map(|series| {
            let values = series.get("values")?.as_array()?.iter().map(Json::as_f64).collect();
            Some(Series { name: text(series, "name").unwrap_or_default(), values })
        });
        let series: Option<Vec<Series>> = series.collect();
        let unit = label(&text(json, "unit").unwrap_or_default());
        let (name, title) = (text(json, "name").unwrap_or_default(), text(json, "title")?);
        Chart::of(&name, kind, &title, &unit, places.collect(), series?)
    }

    /// The same with its picture, unless that is too large.
    pub fn drawn(mut self) -> Chart {
        match svg::draw(&self) {
            Ok(picture) if picture.len() <= MOST_BYTES => self.svg = picture,
            Ok(picture) => tracing::warn!(chart = self.name, bytes = picture.len(), "a chart's picture is too large"),
            Err(error) => tracing::warn!(chart = self.name, error, "a chart could not be drawn"),
        }
        self
    }
}

/// A text as a label: on one line, without what is no character of XML or turns the direction of writing, and not too long.
pub fn label(text: &str) -> String {
    shortened(text, LABEL)
}

fn shortened(text: &str, most: usize) -> String {
    let plain = |c: char| if c.is_whitespace() { ' ' } else { c };
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: &char| !c.is_control() && !turns(*c) && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let clean: String = text.chars().map(plain).filter(shown).collect();
    let clean = clean.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    match clean.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", clean[..end].trim_end()),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bars(labels: &[&str], values: &[Option<f64>]) -> Option<Chart> {
        let series = Series { name: labels[0].to_owned(), values: values.to_vec() };
        Chart::of("test", Kind::Bar, labels[0], "%", labels.iter().map(|l| (*l).to_owned()).collect(), vec![series])
    }

    /// Whether a picture is one well-formed element that holds nothing but shapes and texts.
    fn harmless(svg: &str) {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = svg;
        let mut elements = 0;
        while let Some(at) = rest.find('<') {
            let end = rest[at..].find('>').expect("every tag ends") + at;
            let tag = &rest[at + 1..end];
            rest = &rest[end + 1..];
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "tags are nested");
                continue;
            }
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            let known = ["svg", "title", "desc", "rect", "line", "polyline", "polygon", "circle", "text"];
            assert!(known.contains(&name), "<{tag}>");
            assert!(!tag.contains(" on") && !tag.contains("href") && !tag.contains("style="), "<{tag}>");
            elements += 1;
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty() && elements > 5 && svg.trim_end().ends_with("</svg>"));
        assert!(!svg.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let evil = ["</svg><script>alert(1)</script>", "\" onload=\"x", "a\u{0}b\u{202e}c", "&lt;b&gt;", "<!--", "]]>"];
        let chart = bars(&evil, &[Some(1.0), Some(2.0), None, Some(0.0), Some(4.5), Some(3.0)]).expect("a chart").drawn();
        harmless(&chart.svg);
        assert!(!chart.svg.contains("<script") && chart.svg.contains("&lt;script&gt;"), "{}", chart.svg);
    }

    #[test]
    fn a_chart_needs_something_to_show() {
        assert_eq!(bars(&["mon"], &[Some(1.0)]), None);
        assert_eq!(bars(&["mon", "tue"], &[None, None]), None);
        assert_eq!(bars(&["mon", "tue"], &[Some(f64::NAN), None]), None);
        assert_eq!(bars(&["mon", "tue"], &[Some(1.0)]), None, "a value for each place");
    }

    #[test]
    fn a_stored_chart_is_drawn_again() {
        let chart = bars(&["Monday", "Tuesday"], &[Some(12.5), None]).expect("a chart");
        let stored = serde_json::to_value(&chart).expect("JSON");
        assert!(stored.get("svg").is_none());
        assert_eq!(Chart::read(&stored), Some(chart));
        for bad in [
            serde_json::json!({}),
            serde_json::json!({"kind": "pie"}),
            serde_json::json!({"kind": "bar", "title": "x", "x": [1, 2], "series": [5]}),
        ] {
            assert_eq!(Chart::read(&bad), None);
        }
        let wild = serde_json::json!({"kind": "bar", "title": "x", "x": [1, {"a": 2}], "series": [{"values": [1e14, -1e14]}], "unit": "<b>"});
        harmless(&Chart::read(&wild).expect("a chart").drawn().svg);
    }

    #[test]
    fn both_kinds_are_told_in_words_too() {
        let chart = bars(&["Monday", "Tuesday"], &[Some(12.5), None]).expect("a chart");
        let line = Chart { kind: Kind::Line, ..chart.clone() }.drawn();
        let bar = chart.drawn();
        for svg in [&bar.svg, &line.svg] {
            harmless(svg);
            assert!(
                svg.contains("role=\"img\"") && svg.contains("<title") && svg.contains("Monday 12.5 %, Tuesday: too little data"),
                "{svg}"
            );
        }
    }

    #[test]
    fn the_largest_chart_is_not_too_large() {
        let many = |n: usize| (0..n).map(|i| format!("{} {i}", "Some rather long name ".repeat(9))).collect::<Vec<_>>();
        let series =
            (0..9).map(|i| Series { name: format!("Series {i}"), values: (0..500).map(|v| Some(f64::from(v) * 1.37)).collect() });
        let chart = Chart::of("many", Kind::Line, "Many", "", many(500), series.collect()).expect("a chart").drawn();
        assert_eq!((chart.x.len(), chart.series.len()), (MOST_PLACES, MOST_SERIES));
        assert!((1000..MOST_BYTES).contains(&chart.svg.len()), "{}", chart.svg.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_labels_and_values_are_drawn(labels in prop::collection::vec(".{0,50}", 2..8), values in prop::collection::vec(prop::option::of(-1e12f64..1e12), 8)) {
            let series = Series { name: labels[0].clone(), values: values[..labels.len()].to_vec() };
            for kind in [Kind::Bar, Kind::Line] {
                if let Some(chart) = Chart::of("any", kind, &labels[1], "", labels.clone(), vec![series.clone()]) {
                    harmless(&chart.drawn().svg);
                }
            }
        }
    }
}
