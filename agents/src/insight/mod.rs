//! Insights: figures that analyses computed, put into words by a model where one is configured, and by the server where none is or where
//! it fails. What a model writes is checked against its form and against the figures before anybody sees it.

mod analysis;
mod around;
pub mod chart;
mod charts;
mod desk;
pub mod figures;
mod gather;
mod period;
mod persons;
mod prompt;
mod shape;
mod template;
pub mod weekly;
mod who;
mod word;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tokio::time::{Instant, timeout_at};
use workforceos_core::error::Status;
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, parse_date};
use workforceos_core::{Dispatch, Error, Result};
use workforceos_mcp::McpServer;
use workforceos_services::App;

use crate::provider::{Chosen, Usage};
use crate::tools::Toolbox;
use chart::Chart;
use figures::Known;
use gather::Gathered;
use shape::{Choices, Draft};
use word::{Limits, Lost, Used, Writer};

pub use around::{AGENTS, Begun, begin, begin_by_clock, generated};
pub use desk::AppDesk;
pub use gather::ANALYSES;
pub use prompt::{PROMPT, SYSTEM};
pub use shape::Insight;
pub use who::Who;

/// The `errCode` where the analyses took all of a run's time.
const TIMED_OUT: &str = "AnalysisTimedOut";
/// Who served an insight that no model worded.
pub const BUILTIN: &str = "builtin";
/// The part of a run's time that is left for putting figures into words without a model.
const RESERVE: Duration = Duration::from_secs(10);
/// The most figures that are kept with an insight, in bytes of JSON.
const FIGURES: usize = 60 * 1024;

/// How one run is made: an agent as it is designed at the moment.
#[derive(Clone)]
pub struct Plan {
    /// The agent's name.
    pub agent: &'static str,
    /// What it is told that it is.
    pub system: String,
    /// `None`: no provider is configured.
    pub chosen: Option<Chosen>,
    pub temperature: Option<f64>,
    /// The most tokens of one turn, and of all of them: those that the model writes.
    pub max_tokens: u32,
    pub tokens: u64,
    pub tool_calls: usize,
    pub time: Duration,
    /// What the model may look up by itself.
    pub toolbox: Option<Arc<dyn Toolbox>>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Made {
    pub insight: Insight,
    /// Who worded it: a provider's name, or [`BUILTIN`].
    pub provider: &'static str,
    /// How it came to be: who worded it, and what could not be analysed.
    pub origin: Json,
    /// What the tools returned, by tool.
    pub figures: Json,
    /// The days that the insight is about.
    pub period: (Date, Date),
    pub usage: Usage,
    pub tool_calls: usize,
    /// Why a model that is configured did not word it.
    pub note: Option<String>,
    /// Whether it was the provider that failed: another time a model might word it.
    pub may_succeed: bool,
}

impl Made {
    /// Its chart as it is stored: data alone, of which the picture is drawn anew.
    pub fn chart(&self) -> Option<Json> {
        let chart = self.insight.chart.clone().map(|chart| Chart { svg: String::new(), ..chart });
        chart.and_then(|chart| serde_json::to_value(chart).ok())
    }

    /// Everything that it says, in one text.
    pub fn details(&self) -> String {
        let parts = [Some(self.insight.summary.as_str()), self.insight.suggestion.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }

    /// What is answered to whoever asked.
    pub fn answer(&self) -> Json {
        json!({"response": self.text(), "provider": self.provider})
    }

    /// The insight as JSON text.
    pub fn text(&self) -> String {
        serde_json::to_string(&self.insight).unwrap_or_default()
    }
}

/// Makes one insight as an answer to `asked`. Ends within the plan's time; dropping it ends what it has begun.
pub async fn generate(dispatch: &Dispatch<App>, tools: &McpServer<App>, who: &Who, asked: &str, plan: &Plan) -> Result<Made> {
    let until = Instant::now() + plan.time;
    let ctx = who.enter(dispatch).await?;
    let today = ctx.tenant.zone.date(ctx.now());
    let late = |_| Error::new(Status::Unavailable, TIMED_OUT, "The analyses took too long. Please try again");
    let gathering = gather::gather(dispatch, tools, who, period::asked(asked, today));
    let gathered = timeout_at(until, gathering).await.map_err(late)??;
    let mut run = Run::of(&ctx, gathered, today);
    let words = run.words(asked, plan, until - RESERVE.min(plan.time / 4)).await;
    Ok(run.made(asked, plan, words))
}

/// One insight in the making.
struct Run {
    gathered: Gathered,
    charts: Vec<Chart>,
    choices: Choices,
    known: Known,
    period: (Date, Date),
    today: Date,
    used: Used,
}

impl Run {
    fn of(ctx: &Ctx, gathered: Gathered, today: Date) -> Run {
        let charts = charts::of(&gathered);
        let named = charts.iter().map(|chart| chart.name.clone()).collect();
        let choices = Choices { audiences: who::audiences(ctx), charts: named, nameless: who::nameless(ctx) };
        let mut known = Known::default();
        known.add_day(today);
        gathered.answers.iter().for_each(|(_, json)| known.add(json));
        let period = gathered.answers.iter().find_map(|(_, json)| days_of(json)).unwrap_or((today, today));
        Run { gathered, charts, choices, known, period, today, used: Used::default() }
    }

    /// A model's words; `None` where none is configured.
    async fn words(&mut self, asked: &str, plan: &Plan, until: Instant) -> Option<Result<Draft, Lost>> {
        let chosen = plan.chosen.clone()?;
        let limits = Limits { tokens: plan.tokens, max_tokens: plan.max_tokens, tool_calls: plan.tool_calls, until };
        let (system, temperature, toolbox) = (prompt::system(&plan.system), plan.temperature, plan.toolbox.clone());
        let writer = Writer { chosen, system, temperature, limits, toolbox };
        let task = prompt::task(asked, &self.gathered, &self.charts, &self.choices, &self.today.to_string());
        let choices = &self.choices;
        let check = |answer: &str, known: &Known| checked(answer, choices, known, asked);
        Some(writer.write(task, &mut self.known, &mut self.used, check).await)
    }

    fn made(mut self, asked: &str, plan: &Plan, words: Option<Result<Draft, Lost>>) -> Made {
        let provider = plan.chosen.as_ref().map_or(BUILTIN, |chosen| chosen.provider.name());
        let may_succeed = matches!(words, Some(Err(Lost::Provider(_) | Lost::Time)));
        let (draft, provider, note) = match words {
            Some(Ok(draft)) => (draft, provider, None),
            Some(Err(lost)) => {
                tracing::warn!(agent = plan.agent, ?lost, "an insight is worded without a model");
                (template::draft(&self.gathered, &self.choices, asked), BUILTIN, Some(why(&lost)))
            }
            None => (template::draft(&self.gathered, &self.choices, asked), BUILTIN, None),
        };
        let chart = draft.chart.as_ref().and_then(|name| self.charts.iter().find(|chart| chart.name == *name)).cloned();
        let origin = origin(&self.gathered, provider, note.as_deref());
        let figures = figures_of(&mut self.gathered, std::mem::take(&mut self.used.results));
        let mut data = origin.clone();
        data["figures"] = figures.clone();
        let insight = Insight {
            title: draft.title,
            summary: draft.summary,
            insight_type: draft.insight_type,
            audience_type: draft.audience_type,
            chart: chart.map(Chart::drawn),
            data: Some(data),
            suggestion: draft.suggestion,
            period: period::in_words(self.period),
        };
        let Used { usage, tool_calls, .. } = self.used;
        Made { insight, provider, origin, figures, period: self.period, usage, tool_calls, note, may_succeed }
    }
}

/// A draft of which the form is right and every number was returned by a tool.
fn checked(answer: &str, choices: &Choices, known: &Known, asked: &str) -> Result<Draft, Vec<String>> {
    let draft = Draft::read(answer, choices)?;
    let told = draft.tells_of(known, choices.nameless);
    let unproved: Vec<String> = draft.texts().iter().flat_map(|text| figures::unproved(text, known, asked)).collect();
    if unproved.is_empty() {
        return told.map_or(Ok(draft), |problem| Err(vec![problem]));
    }
    let list: Vec<String> = unproved.iter().take(20).map(|said| json!(said).to_string()).collect();
    let refused = format!("No tool returned these: {}. Say only what the figures say, or leave it out", list.join(", "));
    Err(told.into_iter().chain([refused]).collect())
}

/// What a page is told where a model was configured and did not word the insight.
fn why(lost: &Lost) -> String {
    let reason = match lost {
        Lost::Provider(failure) => failure.public(),
        Lost::Filtered => "The AI provider withheld its answer",
        Lost::Tokens => "The AI provider's answer was longer than allowed",
        Lost::Time => "The AI provider did not answer in time",
        Lost::Wrong(_) => "The AI provider's answer did not hold against the figures",
    };
    format!("{reason}. This text was made from the figures alone")
}

/// The days that an answer is about.
fn days_of(json: &Json) -> Option<(Date, Date)> {
    let period = json.get("period")?;
    let day = |name: &str| period.get(name).and_then(Json::as_str).and_then(parse_date);
    day("from").zip(day("to"))
}

/// What the tools returned, by tool. Bounded: what comes last is left out first, and said to be.
fn figures_of(gathered: &mut Gathered, looked_up: Vec<(String, Json)>) -> Json {
    let (mut figures, mut size, mut left_out) = (Map::new(), 0, Vec::new());
    let mut fits = |json: &Json| {
        let length = json.to_string().len();
        let fits = size + length <= FIGURES;
        size += if fits { length } else { 0 };
        fits
    };
    for (name, json) in gathered.answers.drain(..) {
        if fits(&json) {
            figures.insert(name.to_owned(), json);
        } else {
            left_out.push(json!(name));
        }
    }
    let (kept, cut): (Vec<_>, Vec<_>) = looked_up.into_iter().partition(|(_, json)| fits(json));
    left_out.extend(cut.into_iter().map(|(name, _)| json!(name)));
    if !kept.is_empty() {
        let kept = kept.into_iter().map(|(name, json)| json!({"tool": name, "result": json}));
        figures.insert("lookedUp".to_owned(), kept.collect());
    }
    if !left_out.is_empty() {
        figures.insert("leftOut".to_owned(), left_out.into());
    }
    Json::Object(figures)
}

/// How an insight came to be.
fn origin(gathered: &Gathered, provider: &str, note: Option<&str>) -> Json {
    let mut origin = json!({"provider": provider});
    if let Some(note) = note {
        origin["note"] = json!(note);
    }
    if !gathered.failed.is_empty() {
        origin["notAnalyzed"] = gathered.failed.iter().map(|(name, why)| json!({"tool": name, "reason": why})).collect();
    }
    origin
}
