//! A provider that is reached over the network, whichever wire format it speaks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use eventsource_stream::Event;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, once, unfold};

use super::heard::Heard;
use super::sse::Events;
use super::wire::Wire;
use super::{Failure, Piece, Provider, Request};

/// How long the end of an answer is waited for after its last word.
const END: Duration = Duration::from_millis(50);
/// Models whose habits are remembered.
const MODELS: usize = 64;

/// A wire format.
pub(super) trait Format: Send + Sync + 'static {
    const NAME: &'static str;
    type Reader: Reader;

    /// The body of a request.
    fn body(&self, request: &Request, habits: Habits) -> Vec<u8>;
    fn reader(&self) -> Self::Reader;
}

/// Reads the events of one answer.
pub(super) trait Reader: Send + 'static {
    /// Whatever the event says goes into `heard`, up to the end of the turn.
    fn read(&mut self, event: &Event, heard: &mut Heard) -> Result<(), Failure>;

    /// No event follows. Answers whether the turn had come to its end all the same, which then stands in `heard`.
    fn closed(&mut self, heard: &mut Heard) -> bool;
}

/// What a model does not take. Models of one provider differ, and servers that are compatible do; they say so in their refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    pub no_temperature: bool,
    /// The limit of tokens goes by the other of its two names.
    pub other_limit: bool,
    pub no_usage: bool,
    pub no_json: bool,
}

impl Habits {
    /// Learns one more habit from a refusal, if there is one.
    fn learn(&mut self, failure: &Failure) -> bool {
        let Failure::Refused { status: 400 | 422, message } = failure else { return false };
        let message = message.to_lowercase();
        let words: [(&mut bool, &[&str]); 4] = [
            (&mut self.no_temperature, &["temperature"]),
            (&mut self.other_limit, &["max_tokens", "max_completion_tokens"]),
            (&mut self.no_usage, &["stream_options", "include_usage"]),
            (&mut self.no_json, &["response_format", "json_object"]),
        ];
        let learned = words.into_iter().find(|(known, words)| !**known && words.iter().any(|word| message.contains(word)));
        learned.is_some_and(|(known, _)| !std::mem::replace(known, true))
    }
}

/// The provider.
pub(super) struct Remote<F> {
    format: F,
    wire: Wire,
    /// Learned so far, by model.
    habits: Mutex<HashMap<String, Habits>>,
}

impl<F: Format> Remote<F> {
    pub fn new(format: F, wire: Wire) -> Remote<F> {
        Remote { format, wire, habits: Mutex::default() }
    }

    /// Asks once; answers with the first piece in hand: until then another try hurts nobody.
    async fn begin(&self, request: &Request, habits: Habits) -> Result<BoxStream<'static, Result<Piece, Failure>>, Failure> {
        let body = self.format.body(request, habits);
        let heard = Heard::of(request, body.len());
        let response = self.wire.ask(body).await?;
        let events = Events::of(response.bytes_stream(), self.wire.patience().idle, self.wire.breaks());
        let mut hearing = Hearing { events, reader: self.format.reader(), heard, failed: None, over: false };
        let first = hearing.next().await.unwrap_or_else(|| Err(broke_off()))?;
        let rest = unfold(hearing, |mut hearing| async move { hearing.next().await.map(|piece| (piece, hearing)) });
        let rest = rest.inspect(|piece| {
            if let Err(failure) = piece {
                count("broken_off");
                tracing::warn!(provider = F::NAME, ?failure, "the provider's answer broke off");
            }
        });
        Ok(once(std::future::ready(Ok(first))).chain(rest).boxed())
    }

    /// Learns from a refusal. Answers whether the request would be another now: it need not have what the refusal speaks of.
    fn another(&self, request: &Request, habits: &mut Habits, failure: &Failure) -> bool {
        let (before, asked) = (*habits, self.format.body(request, *habits));
        while habits.learn(failure) {
            if self.format.body(request, *habits) != asked {
                return true;
            }
        }
        *habits = before;
        false
    }

    fn habits(&self, model: &str) -> Habits {
        self.habits.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied().unwrap_or_default()
    }

    fn remember(&self, model: &str, learned: Habits) {
        let mut habits = self.habits.lock().unwrap_or_else(PoisonError::into_inner);
        if habits.len() < MODELS || habits.contains_key(model) {
            habits.insert(model.to_owned(), learned);
        }
    }
}

#[async_trait]
impl<F: Format> Provider for Remote<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    async fn turn(&self, request: Request) -> Result<BoxStream<'static, Result<Piece, Failure>>, Failure> {
        let known = self.habits(&request.model);
        let (mut habits, mut tried) = (known, 0);
        loop {
            let failure = match self.begin(&request, habits).await {
                Ok(stream) => {
                    count("answered");
                    if habits != known {
                        self.remember(&request.model, habits);
                    }
                    return Ok(stream);
                }
                Err(failure) => failure,
            };
            count(failure.kind());
            // Each habit is learned once, so this ends.
            if self.another(&request, &mut habits, &failure) {
                continue;
            }
            tried += 1;
            let Some(pause) = self.wire.patience().pause_after(&failure, tried) else {
                tracing::warn!(provider = F::NAME, model = request.model, ?failure, tried, "the provider does not answer");
                return Err(failure);
            };
            tracing::info!(provider = F::NAME, ?failure, tried, ?pause, "the provider is asked again");
            tokio::time::sleep(pause).await;
        }
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("workforceos_model_requests_total", "outcome" => outcome).increment(1);
}

fn broke_off() -> Failure {
    Failure::Unreachable("the answer broke off".to_owned())
}

/// One answer that is being read. Dropping it closes the connection.
struct Hearing<R> {
    events: Events,
    reader: R,
    heard: Heard,
    failed: Option<Failure>,
    /// Nothing can be read any more.
    over: bool,
}

impl<R: Reader> Hearing<R> {
    async fn next(&mut self) -> Option<Result<Piece, Failure>> {
        loop {
            if let Some(piece) = self.heard.take() {
                return Some(Ok(piece));
            }
            // What came before a failure was passed on before it.
            if let Some(failure) = self.failed.take() {
                self.over = true;
                return Some(Err(failure));
            }
            if self.over || self.heard.is_over() {
                return None;
            }
            let failure = match self.events.next().await {
                Ok(Some(event)) => self.reader.read(&event, &mut self.heard).err(),
                Ok(None) => {
                    self.over = true;
                    (!self.reader.closed(&mut self.heard)).then(broke_off)
                }
                // All was said: what breaks after that was to bring no more than figures.
                Err(failure) => {
                    self.over = true;
                    (!self.reader.closed(&mut self.heard)).then_some(failure)
                }
            };
            if failure.is_some() {
                self.failed = failure;
            } else if self.heard.is_over() && !self.over {
                self.rest().await;
            }
        }
    }

    /// Nothing of interest follows; but only a connection whose answer was read to its end is used again.
    async fn rest(&mut self) {
        let reading = async { while let Ok(Some(_)) = self.events.next().await {} };
        let _ = tokio::time::timeout(END, reading).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Endpoint, Patience, anthropic, openai};

    fn refused(message: &str) -> Failure {
        Failure::Refused { status: 400, message: message.to_owned() }
    }

    #[test]
    fn a_refusal_teaches_each_habit_once() {
        let mut habits = Habits::default();
        assert!(habits.learn(&refused("Unsupported value: 'temperature' does not support 0.2 with this model.")));
        assert!(!habits.learn(&refused("Unsupported value: 'temperature' does not support 0.2 with this model.")));
        let limit = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        assert!(habits.learn(&refused(limit)));
        assert!(
            habits.learn(&Failure::Refused { status: 422, message: "stream_options: extra fields not permitted".to_owned() })
        );
        assert_eq!(habits, Habits { no_temperature: true, other_limit: true, no_usage: true, no_json: false });
        assert!(!habits.learn(&refused("no such model")));
        assert!(!habits.learn(&Failure::Refused { status: 404, message: "response_format".to_owned() }));
        assert!(!habits.learn(&Failure::TimedOut));
    }

    #[test]
    fn what_a_request_does_not_have_is_no_reason_to_ask_again() {
        let endpoint = Endpoint { key: "k".to_owned(), base_url: "http://localhost/v1".to_owned(), model: "m".to_owned() };
        let (openai, anthropic) =
            (openai::provider(&endpoint, Patience::default()), anthropic::provider(&endpoint, Patience::default()));
        let (model, system) = ("m".to_owned(), String::new());
        let mut request =
            Request { model, system, messages: Vec::new(), tools: Vec::new(), temperature: None, max_tokens: 9, json: false };
        let too_many = refused("max_tokens: 9 > 8, which is the most that this model writes");
        assert!(!anthropic.another(&request, &mut Habits::default(), &too_many), "it knows no other name");
        assert!(openai.another(&request, &mut Habits::default(), &too_many));
        // Of two that are spoken of, the one that makes a difference counts; where none does, none is remembered.
        let mut habits = Habits::default();
        let both = refused("temperature and response_format cannot be given");
        assert!(!openai.another(&request, &mut habits, &both) && habits == Habits::default());
        request.json = true;
        assert!(openai.another(&request, &mut habits, &both) && habits.no_json);
        request.temperature = Some(0.5);
        assert!(anthropic.another(&request, &mut Habits::default(), &both));
    }
}
