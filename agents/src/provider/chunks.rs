//! Answers of OpenAI's chat completions. Everything in them may be missing, and some servers send more.

use std::collections::HashMap;

use eventsource_stream::Event;
use serde::Deserialize;
use serde_json::Value as Json;

use super::heard::{Heard, shortened};
use super::remote::Reader;
use super::wire::{error_event, unreadable};
use super::{Failure, Finish, Usage};

/// A chunk: what of it is looked at.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Json>,
    error: Option<Json>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Json>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Fragment>>,
}

#[derive(Deserialize)]
struct Fragment {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    /// Text; an object where a server sends it whole.
    arguments: Option<Json>,
}

/// Reads the chunks of one answer.
pub(super) struct Chunks {
    key: String,
    finish: Option<Finish>,
    counted: Usage,
    /// Which call a chunk's index speaks of.
    places: HashMap<u64, u64>,
}

impl Reader for Chunks {
    fn read(&mut self, event: &Event, heard: &mut Heard) -> Result<(), Failure> {
        let data = event.data.trim();
        if data == "[DONE]" {
            heard.end(self.finish.unwrap_or(Finish::Stop), self.counted);
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| unreadable("a chunk", &error))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(error_event(&error, &self.key));
        }
        if let Some(counted) = chunk.usage {
            // Some count as they go: the last figures are the whole.
            self.counted.prompt = counted["prompt_tokens"].as_u64().unwrap_or(self.counted.prompt);
            self.counted.completion = counted["completion_tokens"].as_u64().unwrap_or(self.counted.completion);
        }
        for choice in chunk.choices.into_iter().flatten().take(1) {
            if let Some(delta) = choice.delta {
                self.said(delta, heard)?;
            }
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                let finish = finish(&reason);
                self.finish = Some(finish);
                // Tools need not wait for the figures.
                heard.calls_end(finish);
            }
        }
        Ok(())
    }

    fn closed(&mut self, heard: &mut Heard) -> bool {
        if let Some(finish) = self.finish {
            heard.end(finish, self.counted);
        }
        self.finish.is_some()
    }
}

impl Chunks {
    pub fn new(key: &str) -> Chunks {
        Chunks { key: key.to_owned(), finish: None, counted: Usage::default(), places: HashMap::new() }
    }

    fn said(&mut self, delta: Delta, heard: &mut Heard) -> Result<(), Failure> {
        match &delta.content {
            Some(Json::String(text)) => heard.text(text)?,
            // A few send blocks, of which those with thoughts have no text.
            Some(Json::Array(blocks)) => {
                blocks.iter().filter_map(|block| block["text"].as_str()).try_for_each(|text| heard.text(text))?
            }
            _ => {}
        }
        heard.text(delta.refusal.as_deref().unwrap_or_default())?;
        delta.tool_calls.into_iter().flatten().try_for_each(|fragment| self.called(fragment, heard))
    }

    fn called(&mut self, fragment: Fragment, heard: &mut Heard) -> Result<(), Failure> {
        let (name, written) = fragment.function.map_or((None, None), |function| (function.name, function.arguments));
        let name = name.filter(|name| !name.is_empty());
        let id = fragment.id.unwrap_or_default();
        let present = match fragment.index {
            Some(index) => self.places.get(&index).copied(),
            None => heard.last_place(),
        };
        let goes_on = |place: &u64| match (heard.given(*place), &name) {
            (None, _) => false,
            (Some(_), None) => true,
            // Some give every call the same index: another id is another call. Without an index, a name begins one.
            (Some(given), Some(_)) => fragment.index.is_some() && (id.is_empty() || given.is_empty() || given == shortened(&id)),
        };
        let place = match present.filter(goes_on) {
            Some(place) => place,
            None => {
                let place = heard.next_place();
                heard.call(place, &id, name.as_deref().unwrap_or_default())?;
                if let Some(index) = fragment.index {
                    self.places.insert(index, place);
                }
                place
            }
        };
        match written {
            Some(Json::String(text)) => heard.arguments(place, &text),
            Some(object @ Json::Object(_)) => heard.arguments(place, &object.to_string()),
            _ => Ok(()),
        }
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "length" | "max_tokens" => Finish::Length,
        "tool_calls" | "function_call" => Finish::Calls,
        "content_filter" => Finish::Filtered,
        _ => Finish::Stop,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::{Piece, Request};

    /// What is heard of chunks, up to the first that fails.
    fn heard(chunks: &[Json]) -> (Vec<Piece>, Option<Failure>) {
        let (model, system) = ("m".to_owned(), String::new());
        let request =
            Request { model, system, messages: Vec::new(), tools: Vec::new(), temperature: None, max_tokens: 1, json: false };
        let (mut heard, mut reader) = (Heard::of(&request, 1), Chunks::new("sk-secret"));
        let event = |chunk: &Json| Event { data: chunk.to_string(), ..Event::default() };
        let failure = chunks.iter().find_map(|chunk| reader.read(&event(chunk), &mut heard).err());
        reader.closed(&mut heard);
        (std::iter::from_fn(|| heard.take()).collect(), failure)
    }

    /// Names and arguments of the calls that these fragments are.
    fn calls(fragments: &[Json]) -> Vec<(String, String)> {
        let chunk = |fragment: &Json| json!({"choices": [{"delta": {"tool_calls": [fragment]}}]});
        let mut chunks: Vec<Json> = fragments.iter().map(chunk).collect();
        chunks.push(json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}));
        let (pieces, failure) = heard(&chunks);
        assert_eq!(failure, None);
        let call = |piece: Piece| if let Piece::Call(call) = piece { Some((call.name, call.arguments)) } else { None };
        pieces.into_iter().filter_map(call).collect()
    }

    fn fragment(index: Option<u64>, id: Option<&str>, name: Option<&str>, arguments: &str) -> Json {
        json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
    }

    fn two() -> Vec<(String, String)> {
        [("one", "{\"a\":1}"), ("two", "{\"b\":2}")].map(|(name, arguments)| (name.to_owned(), arguments.to_owned())).to_vec()
    }

    #[test]
    fn fragments_of_calls_with_the_same_index_go_to_the_latest() {
        let all = [
            fragment(Some(0), Some("call_1"), Some("one"), ""),
            fragment(Some(0), None, None, "{\"a\":1}"),
            fragment(Some(0), Some("call_10"), Some("two"), "{\"b\""),
            fragment(Some(0), None, None, ":2}"),
        ];
        assert_eq!(calls(&all), two());
    }

    #[test]
    fn a_name_that_is_told_again_begins_nothing() {
        let all = [
            fragment(Some(0), Some("call_1"), Some("one"), "{\"a\""),
            fragment(Some(0), Some("call_1"), Some("one"), ":1}"),
            fragment(Some(1), Some("call_2"), Some("two"), "{\"b\":2}"),
        ];
        assert_eq!(calls(&all), two());
    }

    #[test]
    fn figures_that_are_none_are_estimated() {
        let counted = json!({"prompt_tokens": 7, "completion_tokens": -1});
        let (pieces, failure) = heard(&[json!({"choices": [{"finish_reason": "stop"}], "usage": counted})]);
        assert_eq!(
            (pieces, failure),
            (vec![Piece::End { finish: Finish::Stop, usage: Usage { prompt: 7, completion: 1 } }], None)
        );
    }

    #[test]
    fn any_number_is_an_index() {
        let all = [
            fragment(Some(u64::MAX), Some("x"), Some("one"), "{\"a\":1}"),
            fragment(Some(7), Some("y"), Some("two"), "{\"b\""),
            fragment(Some(7), None, None, ":2}"),
        ];
        assert_eq!(calls(&all), two());
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        let words = "Ann is ill. sk-secret";
        let (_, failure) = heard(&[json!({"choices": [{"delta": {"tool_calls": words}}]})]);
        let Some(Failure::Malformed(told)) = failure else { panic!("{failure:?}") };
        assert!(told.starts_with("a chunk cannot be read") && !told.contains("ill") && !told.contains("secret"), "{told}");
    }
}
