//! The tool calls of one turn.
//!
//! Tools that only read run side by side. A tool that changes something runs alone, after the calls before it and before those
//! after it: what comes of a turn is what would have come of its calls one by one.

use std::future::{Future, ready};
use std::mem::take;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;

use super::Ran;
use super::actor::Actor;
use super::approvals::APPROVAL;
use super::figures;
use super::limits::Cut;
use crate::provider::{Call, Message};
use crate::tools::Done;

/// The most tools of one answer that run at once.
const AT_ONCE: usize = 8;
/// How long a tool that changes something may still take when its answer is cut off, for its result to be told.
const SETTLE: Duration = Duration::from_secs(2);
/// What the events of one answer may take, in bytes: when it is reached, tools are called no more.
const FULL: usize = 4_000_000;

const USED_UP: &str = "The budget of tool calls is used up: answer with what you have";
const DECLINED: &str = "The user declined this call, so it was not run. Do not repeat it unless the user asks for it";
const UNANSWERED: &str = "Nobody approved this call within 10 minutes, so it was not run";

/// A call that its page was told of and waits for.
pub(super) struct Open {
    pub id: String,
    pub tool: String,
    pub args: Json,
    /// While it runs: whether it changes something.
    pub runs: Option<bool>,
}

/// What a call of this turn came to.
pub(super) struct Ended {
    pub ran: Ran,
    pub model: String,
}

/// A call that can be run.
struct Ready {
    call: Call,
    args: Map<String, Json>,
    /// What of them may be seen.
    shown: Map<String, Json>,
    changes: bool,
    approval: Option<Asked>,
}

struct Asked {
    until: Instant,
    answer: oneshot::Receiver<bool>,
}

impl Actor {
    /// Runs the calls of the turn. Each has its result then, unless the answer was cut off.
    pub async fn run_calls(&mut self) -> Result<(), Cut> {
        let mut reads = Vec::new();
        for one in self.ready() {
            if one.changes {
                self.side_by_side(take(&mut reads)).await?;
                self.change(one).await?;
            } else {
                reads.push(one);
            }
        }
        self.side_by_side(reads).await
    }

    /// The calls that can be run. What cannot is answered at once, and approvals are asked for, all at the beginning.
    fn ready(&mut self) -> Vec<Ready> {
        let mut ready = Vec::new();
        for made in self.batch.clone() {
            // From here on a call is what it means: what is shown, approved, run and recorded.
            let call = Call { id: made.id.clone(), ..self.toolbox.meant(&made) };
            self.opened(&call.id, |open| open.tool.clone_from(&call.name));
            if self.made >= self.budget.tool_calls {
                self.refused = true;
                self.ended(&call.id, refusal(&call.name, USED_UP));
                continue;
            }
            self.made += 1;
            match self.toolbox.arguments(&call) {
                Err(done) => self.ended(&call.id, *done),
                Ok(args) => {
                    let shown = self.toolbox.shown(&call.name, &args);
                    self.opened(&call.id, |open| open.args = Json::Object(shown.clone()));
                    let changes = self.toolbox.changes(&call.name);
                    let approval = (changes && self.confirm_writes).then(|| self.ask(&call, &shown));
                    ready.push(Ready { call, args, shown, changes, approval });
                }
            }
        }
        ready
    }

    fn opened(&mut self, id: &str, change: impl FnOnce(&mut Open)) {
        if let Some(open) = self.open.iter_mut().find(|open| open.id == id) {
            change(open);
        }
    }

    fn ask(&self, call: &Call, args: &Map<String, Json>) -> Asked {
        let (id, answer) = self.running.approvals.ask();
        self.tell("tool_approval", json!({"approvalId": id, "tool": call.name, "args": args, "toolCallId": call.id}));
        Asked { until: Instant::now() + APPROVAL, answer }
    }

    async fn side_by_side(&mut self, reads: Vec<Ready>) -> Result<(), Cut> {
        let mut waiting = reads.into_iter();
        // Dropped, it ends what still runs.
        let mut run = JoinSet::new();
        loop {
            while run.len() < AT_ONCE
                && let Some(one) = waiting.next()
            {
                if self.has_room(&one.call) {
                    let (id, work) = (one.call.id.clone(), self.execute(one));
                    run.spawn(async move { (id, work.await) }.in_current_span());
                }
            }
            let Some(joined) = self.limits.within(run.join_next()).await? else { return Ok(()) };
            let (id, done) = whole(joined)?;
            self.ended(&id, done);
        }
    }

    async fn change(&mut self, mut one: Ready) -> Result<(), Cut> {
        if let Some(asked) = one.approval.take()
            && let Some(refused) = self.approval(asked).await?
        {
            self.ended(&one.call.id, refusal(&one.call.name, refused));
            return Ok(());
        }
        if !self.has_room(&one.call) {
            return Ok(());
        }
        // What was stopped in the meantime changes nothing any more.
        self.limits.within(ready(())).await?;
        let (id, work) = (one.call.id.clone(), self.execute(one));
        // On a task of its own: it runs to its end, whatever becomes of the answer.
        let mut work = tokio::spawn(work.in_current_span());
        let (joined, cut) = match self.limits.within(&mut work).await {
            Ok(joined) => (Some(joined), Ok(())),
            Err(cut) => (timeout(SETTLE, work).await.ok(), Err(cut)),
        };
        if let Some(joined) = joined {
            let done = whole(joined)?;
            self.ended(&id, done);
        }
        cut
    }

    /// Waits for the user; what the model is told if the call is not to run. The wait does not count as the answer's time.
    async fn approval(&mut self, asked: Asked) -> Result<Option<&'static str>, Cut> {
        let began = Instant::now();
        let answered = tokio::select! {
            biased;
            () = self.limits.stop.cancelled() => return Err(Cut::Stopped),
            answered = timeout_at(asked.until, asked.answer) => answered,
        };
        self.limits.deadline += began.elapsed();
        Ok(match answered {
            Ok(Ok(true)) => None,
            Ok(_) => Some(DECLINED),
            Err(_) => Some(UNANSWERED),
        })
    }

    /// Whether another result has room; if not, the call is refused.
    fn has_room(&mut self, call: &Call) -> bool {
        let room = self.running.log.bytes() < FULL;
        if !room {
            self.refused = true;
            self.ended(&call.id, refusal(&call.name, USED_UP));
        }
        room
    }

    /// The work of a call, of which the page is told that it begins.
    fn execute(&mut self, one: Ready) -> impl Future<Output = Done> + Send + use<> {
        self.tell("tool_executing", json!({"tool": one.call.name, "args": one.shown, "toolCallId": one.call.id}));
        self.opened(&one.call.id, |open| open.runs = Some(one.changes));
        let toolbox = self.toolbox.clone();
        async move {
            let began = Instant::now();
            let done = toolbox.call(&one.call.name, one.args).await;
            tracing::debug!(tool = one.call.name, success = done.success, millis = began.elapsed().as_millis(), "tool call");
            done
        }
    }

    /// A call has its result: the page is told, the model will be.
    fn ended(&mut self, id: &str, done: Done) {
        let Some(at) = self.open.iter().position(|open| open.id == id) else { return };
        let Open { id, tool, args, .. } = self.open.remove(at);
        figures::tool_call(done.success);
        self.tell_result(&id, &tool, done.success, done.page, done.error.as_deref());
        let ran = Ran { id: id.clone(), tool, args, kept: done.kept, success: done.success, error: done.error };
        self.results.insert(id, Ended { ran, model: done.model });
    }

    fn tell_result(&self, id: &str, tool: &str, success: bool, result: Json, error: Option<&str>) {
        let mut data = json!({"tool": tool, "result": result, "success": success, "toolCallId": id});
        if let Some(error) = error {
            data["error"] = json!(error);
        }
        self.tell("tool_result", data);
    }

    /// Tells the page that a call that it waits for will have no result.
    pub fn give_up(&self, open: &Open, why: &str) {
        figures::tool_call(false);
        self.tell_result(&open.id, &open.tool, false, page(&open.tool, why), Some(why));
    }

    /// Hands the results of the turn to the history, in the order of its calls.
    pub fn settle(&mut self) {
        for call in take(&mut self.batch) {
            let Some(Ended { ran, model }) = self.results.remove(&call.id) else { continue };
            self.added.push(Message::Result { call: call.id, text: model, failed: !ran.success });
            self.ran.push(ran);
        }
    }

    /// As [`Actor::settle`] where the answer was cut off: calls without a result get one that says why.
    pub fn settle_cut(&mut self, reason: &str) {
        for open in take(&mut self.open) {
            let why = match open.runs {
                None => format!("Not run: {reason}"),
                Some(false) => format!("No result: {reason}"),
                Some(true) => format!("No result: {reason} while it ran. It may have taken effect"),
            };
            self.give_up(&open, &why);
            let Open { id, tool, args, .. } = open;
            if self.batch.iter().any(|call| call.id == id) {
                let kept = page(&tool, &why);
                let ran = Ran { id: id.clone(), tool, args, kept, success: false, error: Some(why.clone()) };
                self.results.insert(id, Ended { ran, model: why });
            }
        }
        self.settle();
    }
}

/// What a task came to; its panic is the answer's.
fn whole<T>(joined: Result<T, JoinError>) -> Result<T, Cut> {
    joined.map_err(|error| if error.is_panic() { Cut::Panicked } else { Cut::Stopped })
}

fn refusal(tool: &str, why: &str) -> Done {
    let page = page(tool, why);
    Done { success: false, kept: page.clone(), page, model: why.to_owned(), error: Some(why.to_owned()) }
}

/// What a page gets of a call that came to nothing, in the shape of every result.
fn page(tool: &str, why: &str) -> Json {
    json!({"success": false, "service": null, "tool": tool, "result": {"content": [{"type": "text", "text": why}]}})
}
