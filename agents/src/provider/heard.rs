//! What was heard of a turn so far, in whatever fragments it came.

use std::collections::{BTreeMap, HashSet, VecDeque};

use rand::Rng;
use serde_json::{Map, Value as Json};

use super::{Call, Failure, Finish, Message, Piece, Request, Usage};

/// The most bytes of a turn's text and of one call's arguments; the most calls of a turn.
const TEXT: usize = 1024 * 1024;
const ARGUMENTS: usize = 200 * 1024;
const CALLS: usize = 128;
/// The longest id of a call that every provider takes back.
const ID: usize = 40;
/// The longest name of a tool that every provider takes back.
const NAME: usize = 64;
/// Characters of a token, about.
const TOKEN: usize = 4;

/// Gathers text and calls, and gives them on as pieces. Nothing in it grows without end.
pub(super) struct Heard {
    pieces: VecDeque<Piece>,
    calls: BTreeMap<u64, Writing>,
    begun: usize,
    /// Ids of the conversation, so that none is there twice.
    ids: HashSet<String>,
    text: usize,
    written: usize,
    asked: usize,
    over: bool,
}

/// A call that is being written.
struct Writing {
    id: String,
    /// The id that the provider gave it.
    given: String,
    name: String,
    arguments: String,
}

impl Heard {
    /// `asked`: how many bytes the request has.
    pub fn of(request: &Request, asked: usize) -> Heard {
        let calls = |message: &Message| if let Message::Assistant { calls, .. } = message { calls.clone() } else { Vec::new() };
        let ids = request.messages.iter().flat_map(calls).map(|call| call.id).collect();
        Heard { pieces: VecDeque::new(), calls: BTreeMap::new(), begun: 0, ids, text: 0, written: 0, asked, over: false }
    }

    /// The oldest piece that nobody has taken.
    pub fn take(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    /// Whether the last piece is there.
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        self.text += text.len();
        self.written += text.len();
        if self.text > TEXT {
            return Err(Failure::Malformed("the answer's text is longer than 1 MB".to_owned()));
        }
        self.pieces.push_back(Piece::Text(text.to_owned()));
        Ok(())
    }

    /// A call begins at a place of the turn. Its id stays the provider's own unless it is missing, there already, or of a form that
    /// not every provider takes back.
    pub fn call(&mut self, place: u64, id: &str, name: &str) -> Result<(), Failure> {
        self.begun += 1;
        if self.begun > CALLS {
            return Err(Failure::Malformed(format!("the answer has more than {CALLS} calls")));
        }
        let given = shortened(id);
        let id = if is_plain(id, ID) && !self.ids.contains(id) { id.to_owned() } else { made() };
        self.ids.insert(id.clone());
        self.written += name.len();
        let name = plain(name);
        self.pieces.push_back(Piece::Begun { id: id.clone(), name: name.clone() });
        self.calls.insert(place, Writing { id, given, name, arguments: String::new() });
        Ok(())
    }

    /// The id that the provider gave the call at a place, if one is being written there: [`shortened`], empty if it gave none.
    pub fn given(&self, place: u64) -> Option<&str> {
        self.calls.get(&place).map(|call| call.given.as_str())
    }

    /// A place after those of all calls so far.
    pub fn next_place(&self) -> u64 {
        self.begun as u64
    }

    /// The place of the call that began last.
    pub fn last_place(&self) -> Option<u64> {
        self.calls.last_key_value().map(|(place, _)| *place)
    }

    /// More of a call's arguments.
    pub fn arguments(&mut self, place: u64, fragment: &str) -> Result<(), Failure> {
        let Some(call) = self.calls.get_mut(&place) else {
            return Err(Failure::Malformed("arguments came of a call that was never begun".to_owned()));
        };
        call.arguments.push_str(fragment);
        self.written += fragment.len();
        if call.arguments.len() > ARGUMENTS {
            return Err(Failure::Malformed("a call's arguments are longer than 200 KB".to_owned()));
        }
        Ok(())
    }

    /// A call is complete, if it can be read; else the turn's end decides.
    pub fn call_ends(&mut self, place: u64) {
        if self.calls.get(&place).is_some_and(Writing::can_be_read) {
            self.give(place);
        }
    }

    /// The model stopped: calls are complete, unless the most tokens of the turn cut one off.
    pub fn calls_end(&mut self, finish: Finish) {
        while let Some(place) = self.calls.keys().next().copied() {
            if finish == Finish::Length && !self.calls[&place].can_be_read() {
                self.calls.remove(&place);
            } else {
                self.give(place);
            }
        }
    }

    fn give(&mut self, place: u64) {
        if let Some(Writing { id, name, arguments, .. }) = self.calls.remove(&place) {
            let arguments = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments };
            self.pieces.push_back(Piece::Call(Call { id, name, arguments }));
        }
    }

    /// The last piece. What the provider did not count is estimated: an answer is never free of charge.
    pub fn end(&mut self, finish: Finish, counted: Usage) {
        self.calls_end(finish);
        // Servers differ in what they call it when a model calls tools.
        let finish = match finish {
            Finish::Stop if self.begun > 0 => Finish::Calls,
            Finish::Calls if self.begun == 0 => Finish::Stop,
            other => other,
        };
        let estimated = |bytes: usize| (bytes / TOKEN).max(1) as u64;
        let usage = Usage {
            prompt: if counted.prompt > 0 { counted.prompt } else { estimated(self.asked) },
            completion: if counted.completion > 0 { counted.completion } else { estimated(self.written) },
        };
        self.pieces.push_back(Piece::End { finish, usage });
        self.over = true;
    }
}

impl Writing {
    fn can_be_read(&self) -> bool {
        self.arguments.trim().is_empty() || readable(&self.arguments).is_some()
    }
}

/// Arguments as a model wrote them, if they are a JSON object.
fn readable(arguments: &str) -> Option<Map<String, Json>> {
    serde_json::from_str(arguments).ok()
}

/// Arguments of an earlier call as every provider takes them back: an object. A model that wrote something else sees it again.
pub(super) fn arguments(written: &str) -> Map<String, Json> {
    readable(written).unwrap_or_else(|| Map::from_iter([("unreadable".to_owned(), Json::from(written))]))
}

/// A name of a form that every provider takes back; that no tool has such a name is found out where it is called.
pub(super) fn plain(name: &str) -> String {
    if is_plain(name, NAME) {
        return name.to_owned();
    }
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' });
    let name: String = letters.take(NAME).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// An id by which calls are told apart while they are written.
pub(super) fn shortened(id: &str) -> String {
    id.chars().take(2 * ID).collect()
}

/// An id for a call whose provider gave none.
fn made() -> String {
    format!("call_{:024x}", rand::rng().random::<u128>() >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(messages: Vec<Message>) -> Request {
        let (model, system) = ("m".to_owned(), String::new());
        Request { model, system, messages, tools: Vec::new(), temperature: None, max_tokens: 1, json: false }
    }

    fn pieces(heard: &mut Heard) -> Vec<Piece> {
        std::iter::from_fn(|| heard.take()).collect()
    }

    fn complete(pieces: &[Piece]) -> Vec<(&str, &str, &str)> {
        let calls = pieces.iter().filter_map(|piece| if let Piece::Call(call) = piece { Some(call) } else { None });
        calls.map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str())).collect()
    }

    #[test]
    fn fragments_of_several_calls_are_told_apart() -> Result<(), Failure> {
        let mut heard = Heard::of(&request(Vec::new()), 400);
        heard.call(0, "call_a", "one")?;
        heard.call(1, "call_b", "two")?;
        heard.arguments(1, "{\"b\"")?;
        heard.arguments(0, "{\"a\":1}")?;
        heard.arguments(1, ":2}")?;
        heard.end(Finish::Stop, Usage { prompt: 0, completion: 9 });
        let pieces = pieces(&mut heard);
        assert_eq!(complete(&pieces), [("call_a", "one", "{\"a\":1}"), ("call_b", "two", "{\"b\":2}")]);
        let end = Piece::End { finish: Finish::Calls, usage: Usage { prompt: 100, completion: 9 } };
        assert_eq!(pieces.last(), Some(&end), "servers that call it stop all the same, and count half of it");
        assert!(heard.is_over());
        Ok(())
    }

    #[test]
    fn ids_are_made_where_they_are_missing_or_there_already() -> Result<(), Failure> {
        let earlier = Call { id: "call_0".to_owned(), name: "one".to_owned(), arguments: "{}".to_owned() };
        let mut heard = Heard::of(&request(vec![Message::Assistant { text: String::new(), calls: vec![earlier] }]), 1);
        for (place, id) in ["call_0", "", "functions.one:0", "call_9", "call_9"].into_iter().enumerate() {
            heard.call(place as u64, id, "one")?;
        }
        heard.call(5, &"x".repeat(41), "one")?;
        heard.end(Finish::Calls, Usage::default());
        let pieces = pieces(&mut heard);
        let ids: Vec<&str> = complete(&pieces).iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 6, "{ids:?}");
        assert_eq!(ids[3], "call_9");
        let made = [ids[0], ids[1], ids[2], ids[4], ids[5]];
        assert!(made.iter().all(|id| id.len() == 29 && is_plain(id, ID) && *id != "call_0"), "{made:?}");
        Ok(())
    }

    #[test]
    fn a_call_that_was_cut_off_is_never_complete() -> Result<(), Failure> {
        for (finish, calls) in [(Finish::Length, 1), (Finish::Calls, 2)] {
            let mut heard = Heard::of(&request(Vec::new()), 1);
            heard.call(0, "a", "one")?;
            heard.call(1, "b", "two")?;
            heard.arguments(1, "{\"half\": \"")?;
            heard.call_ends(0);
            heard.call_ends(1);
            heard.end(finish, Usage::default());
            let pieces = pieces(&mut heard);
            assert_eq!(complete(&pieces).len(), calls, "{finish:?}");
            assert_eq!(complete(&pieces)[0].2, "{}", "no arguments are an empty object");
        }
        Ok(())
    }

    #[test]
    fn nothing_grows_without_end() -> Result<(), Failure> {
        let mut heard = Heard::of(&request(Vec::new()), 1);
        heard.text(&"x".repeat(TEXT))?;
        assert!(matches!(heard.text("x"), Err(Failure::Malformed(_))));
        heard.call(0, "a", "one")?;
        heard.arguments(0, &"x".repeat(ARGUMENTS))?;
        assert!(matches!(heard.arguments(0, "x"), Err(Failure::Malformed(_))));
        assert!(matches!(heard.arguments(7, "x"), Err(Failure::Malformed(_))));
        for place in 1..CALLS as u64 {
            heard.call(place, "", "one")?;
        }
        assert!(matches!(heard.call(200, "", "one"), Err(Failure::Malformed(_))));
        Ok(())
    }

    #[test]
    fn what_models_write_can_be_sent_back() {
        assert_eq!(plain("list.shifts/now"), "list_shifts_now");
        assert_eq!(plain("größe"), "gr__e");
        assert_eq!(plain(""), "unnamed");
        assert_eq!(plain(&"x".repeat(100)).len(), NAME);
        assert_eq!(Json::from(arguments("{\"a\":1}")), serde_json::json!({"a": 1}));
        assert_eq!(Json::from(arguments("[1]")), serde_json::json!({"unreadable": "[1]"}));
    }
}
