//! Writing conversations, each step in one commit of the company.

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event, Idempotency};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::ConversationId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{ChatMessage, ChatRole, Conversation, ConversationAliases};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::value::LongText;

use super::names::merged;
use super::read::{aliases_of, check_with, is_own, last_of, theirs};
use super::title::title;
use super::{CHARACTERS, CONVERSATIONS, MESSAGES, Question, Reply, full, reach, still_written};
use crate::{App, commit_with};

/// How long a question waits for the answer of another server, in milliseconds: one that was killed must not hold it up for long.
const ANSWERING: i64 = Timestamp::MINUTE;

/// Writes down what somebody asks, in a new conversation or in one that goes on: the conversation as it is then. The question is
/// its last message.
pub async fn asked(app: &App, ctx: &Ctx, id: Option<ConversationId>, question: Question) -> Result<Conversation> {
    let act = ctx.clone();
    let needs = match id {
        Some(id) => {
            let company = ctx.company();
            Needs::row::<Conversation>(id).and_query(aliases_of(company, id)).and_query(last_of(company, id))
        }
        None => Needs::none().and_query(theirs(ctx.company(), ctx.user())),
    };
    // A file has one server, which knows what it runs; a killed one holds nobody up.
    let shared = app.store.is_postgres();
    let decide = move |facts: &Facts| match id {
        Some(id) => go_on(&act, facts, id, &question, shared),
        None => begin(&act, facts, &question),
    };
    commit_with(app, ctx, needs, decide).await
}

fn begin(ctx: &Ctx, facts: &Facts, question: &Question) -> Result<(Changes, Conversation)> {
    let id = ConversationId(facts.new_id());
    let conversation = Conversation {
        meta: Meta::new(id, facts.now, Some(ctx.user().0)),
        assistant: question.assistant,
        title: title(&question.text),
        message_count: 0,
        characters: 0,
        services: reach::of(ctx),
        user_id: ctx.user(),
        company_id: ctx.company(),
    };
    let mut changes = Changes::none().event(Event::audit(ctx, Conversation::def().name, id));
    for idle in idle(ctx, facts)? {
        changes = changes.join(removed(ctx, &idle, json!({"deleted": true, "because": "idle"})));
    }
    let (said, conversation) = said(ctx, facts, conversation, ChatRole::User, &question.text, None, &question.exchange);
    let named = named(ctx, facts, id, question.aliases.as_ref())?;
    Ok((changes.put(&conversation).join(said).join(named), conversation))
}

/// What has to go so that there is room for one more: what was idle for longest.
fn idle(ctx: &Ctx, facts: &Facts) -> Result<Vec<Conversation>> {
    let mut theirs = facts.rows::<Conversation>()?;
    theirs.retain(|conversation| is_own(ctx, conversation));
    theirs.sort_by_key(|conversation| (conversation.meta.updated_at, conversation.meta.id));
    theirs.truncate((theirs.len() + 1).saturating_sub(CONVERSATIONS));
    Ok(theirs)
}

/// `shared`: whether other servers may write in it.
fn go_on(ctx: &Ctx, facts: &Facts, id: ConversationId, question: &Question, shared: bool) -> Result<(Changes, Conversation)> {
    let conversation = own(ctx, facts, id)?;
    check_with(&conversation, question.assistant)?;
    let messages = facts.rows::<ChatMessage>()?;
    let last = messages.iter().filter(|message| message.conversation_id == id).max_by_key(|message| message.place);
    let last = last.map(|message| (message.role, message.place));
    if shared && waits(last, question.over, facts.now.0 - conversation.meta.updated_at.0) {
        return Err(still_written());
    }
    // There has to be room for the answer, too.
    if conversation.message_count + 2 > MESSAGES || conversation.characters >= CHARACTERS {
        return Err(full());
    }
    let (said, conversation) = said(ctx, facts, conversation, ChatRole::User, &question.text, None, &question.exchange);
    let conversation = Conversation { services: reach::of(ctx), ..conversation }.touched(facts.now);
    let named = named(ctx, facts, id, question.aliases.as_ref())?;
    Ok((said.put(&conversation).join(named).event(quiet(ctx, id)), conversation))
}

/// Whether the last message is a question that another server may be answering. `age`: since it was asked, in milliseconds.
fn waits(last: Option<(ChatRole, i64)>, over: Option<i64>, age: i64) -> bool {
    last.is_some_and(|(role, place)| role == ChatRole::User && over != Some(place)) && age < ANSWERING
}

/// Writes down an answer. `false`: the conversation was deleted meanwhile, and nothing is kept.
pub async fn answered(app: &App, ctx: &Ctx, id: ConversationId, reply: Reply) -> Result<bool> {
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let Some(conversation) = facts.any::<Conversation>(id)?.filter(|found| is_own(&act, found)) else {
            return Ok((Changes::none(), false));
        };
        let (said, conversation) =
            said(&act, facts, conversation, ChatRole::Assistant, &reply.text, reply.tool_calls.as_ref(), &reply.exchange);
        let mut changes = said.put(&conversation.touched(facts.now)).event(quiet(&act, id));
        let kept = act.idempotency.clone().zip(reply.answer.clone());
        changes.idempotency = kept.map(|(key, answer)| Idempotency { key, answer, at: facts.now });
        Ok((changes.join(named(&act, facts, id, reply.aliases.as_ref())?), true))
    };
    let needs = Needs::row::<Conversation>(id).and_query(aliases_of(ctx.company(), id));
    commit_with(app, ctx, needs, decide).await
}

/// The conversation's short names, together with those before.
fn named(ctx: &Ctx, facts: &Facts, id: ConversationId, aliases: Option<&Json>) -> Result<Changes> {
    let Some(aliases) = aliases else { return Ok(Changes::none()) };
    let there = facts.rows::<ConversationAliases>()?.into_iter().find(|row| row.conversation_id == id);
    let row = match there {
        Some(row) => {
            let all = merged(&row.aliases, aliases);
            if row.aliases == all {
                return Ok(Changes::none());
            }
            ConversationAliases { aliases: all, ..row }.touched(facts.now)
        }
        None => ConversationAliases {
            meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
            conversation_id: id,
            aliases: aliases.clone(),
            company_id: ctx.company(),
        },
    };
    Ok(Changes::none().put(&row))
}

/// Deletes a conversation of the caller's for good, else 404.
pub async fn delete(app: &App, ctx: &Ctx, id: ConversationId) -> Result<()> {
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let conversation = own(&act, facts, id)?;
        Ok((removed(&act, &conversation, json!({"deleted": true})), ()))
    };
    commit_with(app, ctx, Needs::row::<Conversation>(id), decide).await
}

/// Its messages and names go with the row, by the database's own rule.
fn removed(ctx: &Ctx, conversation: &Conversation, why: Json) -> Changes {
    let event = Event::audit(ctx, Conversation::def().name, conversation.meta.id).extra(why);
    Changes::none().purge::<Conversation>(conversation.meta.id).event(event)
}

fn own(ctx: &Ctx, facts: &Facts, id: ConversationId) -> Result<Conversation> {
    let found = facts.any::<Conversation>(id)?.filter(|found| is_own(ctx, found) && reach::is_within(ctx, found));
    found.ok_or_else(|| Error::not_found(Conversation::def().name))
}

/// An entry that something was said: without a word of it, and not of the audit log.
fn quiet(ctx: &Ctx, id: ConversationId) -> Event {
    Event { audited: false, ..Event::audit(ctx, Conversation::def().name, id) }
}

/// One more message, and the conversation that counts it.
fn said(
    ctx: &Ctx,
    facts: &Facts,
    conversation: Conversation,
    role: ChatRole,
    text: &str,
    tool_calls: Option<&Json>,
    exchange: &Json,
) -> (Changes, Conversation) {
    let message = ChatMessage {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        conversation_id: ConversationId(conversation.meta.id),
        place: conversation.message_count + 1,
        role,
        // PostgreSQL keeps no such character in a text.
        content: LongText(text.replace('\0', "")),
        tool_calls: tool_calls.cloned(),
        exchange: exchange.clone(),
        company_id: conversation.company_id,
    };
    let length = |json: &Json| json.to_string().chars().count();
    let characters = text.chars().count() + length(exchange) + tool_calls.map_or(0, length);
    let conversation = Conversation {
        message_count: conversation.message_count + 1,
        characters: conversation.characters + characters as i64,
        ..conversation
    };
    (Changes::none().put(&message), conversation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_an_answer_waits_a_minute() {
        let asked = Some((ChatRole::User, 3));
        assert!(waits(asked, None, 0) && waits(asked, Some(1), ANSWERING - 1));
        assert!(!waits(asked, None, ANSWERING), "whoever was to answer it is gone");
        assert!(!waits(asked, Some(3), 0), "this server knows that its answer is over");
        assert!(!waits(Some((ChatRole::Assistant, 4)), None, 0) && !waits(None, None, 0));
    }
}
