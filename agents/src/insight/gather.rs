//! What an insight rests on: the analyses, called as whoever it is for.

use futures_util::future::BoxFuture;
use futures_util::stream::iter;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Map, Value as Json, json};
use workforceos_core::time::Date;
use workforceos_core::{Dispatch, Error, Result};
use workforceos_mcp::{McpServer, Narrowing};
use workforceos_services::App;
use workforceos_services::analytics::PER_COMPANY;

use super::who::Who;

/// The analyses, in the order in which they are told.
pub const ANALYSES: [&str; 7] = [
    "analyzeAbsenteeism",
    "analyzeAttendance",
    "analyzeLateness",
    "analyzeOvertime",
    "analyzeTaskLoad",
    "predictStaffing",
    "detectShiftAnomalies",
];

/// What the analyses returned, those that the caller may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gathered {
    /// Answers by tool, as the tool gave them, without their envelope.
    pub answers: Vec<(&'static str, Json)>,
    /// Tools that failed, and why.
    pub failed: Vec<(&'static str, String)>,
}

impl Gathered {
    /// An analysis's answer.
    pub fn of(&self, tool: &str) -> Option<&Json> {
        self.answers.iter().find(|(name, _)| *name == tool).map(|(_, json)| json)
    }
}

/// Calls every analysis that the caller may use, over the days that were asked for. Fails if the caller may use none, and with
/// what all of them say if none succeeds.
pub async fn gather(
    dispatch: &Dispatch<App>,
    tools: &McpServer<App>,
    who: &Who,
    period: Option<(Date, Date)>,
) -> Result<Gathered> {
    let narrowing = Narrowing::parse(&format!("readonly=true&tools={}", ANALYSES.join(",")));
    let listed = tools.listed(who.enter(dispatch).await?, &narrowing).await?;
    let usable: Vec<&'static str> = ANALYSES.into_iter().filter(|name| listed.iter().any(|l| l.tool.name == *name)).collect();
    if usable.is_empty() {
        return Err(Error::forbidden("There is no analysis that you may use"));
    }
    let narrowing = &narrowing;
    let call_of = |name: &'static str| {
        let arguments = arguments(listed.iter().find(|l| l.tool.name == name).map(|l| &*l.tool.input_schema), period);
        let call = async move {
            // Entered anew for each: a login that ends ends what is read for it.
            let ctx = who.enter(dispatch).await?;
            Ok::<_, Error>((name, tools.call(ctx, narrowing, name, arguments).await))
        };
        call.boxed()
    };
    // As a list: a stream over closures could not go to another thread. More at once would only wait for places.
    let calls: Vec<BoxFuture<'_, Result<_>>> = usable.into_iter().map(call_of).collect();
    let outcomes: Vec<_> = iter(calls).buffered(PER_COMPANY).collect().await;
    let (mut gathered, mut refused) = (Gathered::default(), None);
    for outcome in outcomes {
        let (name, outcome) = outcome?;
        let json: Json = serde_json::from_str(&outcome.text).unwrap_or_default();
        if outcome.is_error {
            tracing::warn!(tool = name, status = outcome.status, "an analysis failed");
            let message = json["message"].as_str().unwrap_or("it failed").to_owned();
            refused.get_or_insert_with(|| message.clone());
            gathered.failed.push((name, message));
        } else {
            gathered.answers.push((name, bare(json)));
        }
    }
    match refused.filter(|_| gathered.answers.is_empty()) {
        Some(message) => Err(Error::unavailable(message)),
        None => Ok(gathered),
    }
}

/// The period, as far as a tool takes one.
fn arguments(schema: Option<&Map<String, Json>>, period: Option<(Date, Date)>) -> Map<String, Json> {
    let takes = |name: &str| schema.and_then(|s| s.get("properties")).is_some_and(|p| p.get(name).is_some());
    let Some((from, to)) = period.filter(|_| takes("from") && takes("to")) else { return Map::new() };
    Map::from_iter([("from".to_owned(), json!(from.to_string())), ("to".to_owned(), json!(to.to_string()))])
}

/// The data under its name.
fn bare(json: Json) -> Json {
    match json {
        Json::Object(mut map) => {
            let name = map.iter().find(|(_, value)| value.is_object()).map(|(name, _)| name.clone());
            match name.filter(|_| map.len() == 1) {
                Some(name) => map.remove(&name).unwrap_or_default(),
                None => Json::Object(map),
            }
        }
        other => other,
    }
}
