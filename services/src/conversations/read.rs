//! Reading one's own conversations.

use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, ConversationId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Assistant, ChatMessage, Conversation, ConversationAliases};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::value::Value;

use super::{CONVERSATIONS, MESSAGES, Open, reach};
use crate::App;

/// Messages read at a time for what a model is told.
const BATCH: u64 = 20;

/// All conversations of a person in a company.
pub(super) fn theirs(company: CompanyId, user: UserId) -> Query {
    Query::of(Conversation::def(), company, Cond::eq("userId", user.0))
}

pub(super) fn aliases_of(company: CompanyId, conversation: ConversationId) -> Query {
    Query::of(ConversationAliases::def(), company, Cond::eq("conversationId", conversation.0))
}

fn said_in(company: CompanyId, conversation: ConversationId) -> Query {
    Query::of(ChatMessage::def(), company, Cond::eq("conversationId", conversation.0))
}

/// The last message of a conversation.
pub(super) fn last_of(company: CompanyId, conversation: ConversationId) -> Query {
    Query { order: order(ChatMessage::def(), "-place"), limit: 1, ..said_in(company, conversation) }
}

/// The caller's conversations, the one last spoken in first.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<Conversation>> {
    let query = theirs(ctx.company(), ctx.user());
    let query = Query { order: order(Conversation::def(), Conversation::def().order), limit: CONVERSATIONS as u64, ..query };
    let found: Result<Vec<Conversation>> = app.store.select(&query).await?.into_iter().map(Conversation::from_record).collect();
    Ok(found?.into_iter().filter(|found| reach::is_within(ctx, found)).collect())
}

/// A conversation of the caller's, else 404.
async fn own(app: &App, ctx: &Ctx, id: ConversationId) -> Result<Conversation> {
    let record = app.store.get(Conversation::def(), Some(ctx.company()), id.0).await?;
    let found = record.map(Conversation::from_record).transpose()?;
    found
        .filter(|found| is_own(ctx, found) && reach::is_within(ctx, found))
        .ok_or_else(|| Error::not_found(Conversation::def().name))
}

/// 404 unless a conversation is the caller's.
pub async fn check_own(app: &App, ctx: &Ctx, id: ConversationId) -> Result<()> {
    own(app, ctx, id).await.map(drop)
}

pub(super) fn is_own(ctx: &Ctx, conversation: &Conversation) -> bool {
    conversation.meta.is_active && conversation.user_id == ctx.user() && conversation.company_id == ctx.company()
}

/// A conversation of the caller's with all its messages, else 404.
pub async fn messages(app: &App, ctx: &Ctx, id: ConversationId) -> Result<(Conversation, Vec<ChatMessage>)> {
    let conversation = own(app, ctx, id).await?;
    let query = Query { order: order(ChatMessage::def(), "place"), limit: MESSAGES as u64, ..said_in(ctx.company(), id) };
    let messages = app.store.select(&query).await?.into_iter().map(ChatMessage::from_record).collect::<Result<_>>()?;
    Ok((conversation, messages))
}

/// A conversation of the caller's that is to go on, else 404; 409 if it is with somebody else.
pub async fn open(app: &App, ctx: &Ctx, assistant: Assistant, id: ConversationId) -> Result<Open> {
    let conversation = own(app, ctx, id).await?;
    check_with(&conversation, assistant)?;
    let found = app.store.select(&aliases_of(ctx.company(), id)).await?.into_iter().next();
    let aliases = found.map(ConversationAliases::from_record).transpose()?.map(|row| row.aliases);
    Ok(Open { conversation, aliases })
}

pub(super) fn check_with(conversation: &Conversation, assistant: Assistant) -> Result<()> {
    if conversation.assistant == assistant {
        return Ok(());
    }
    let message = format!("This conversation is with {}", conversation.assistant.as_str());
    Err(Error::conflict("InvalidState", message))
}

/// How far back a model is told what was said.
#[derive(Clone, Copy, Debug)]
pub struct History {
    pub messages: usize,
    /// Characters of what it saw and wrote.
    pub characters: usize,
}

/// The last messages of a conversation, from the oldest to the newest. One more than fits may be among them.
pub async fn history(app: &App, ctx: &Ctx, id: ConversationId, most: History) -> Result<Vec<ChatMessage>> {
    let (mut found, mut characters, mut before) = (Vec::new(), 0, i64::MAX);
    while found.len() < most.messages && characters < most.characters {
        let earlier = Cond::Cmp("place", Op::Lt, Value::Int(before));
        let query = said_in(ctx.company(), id);
        let limit = BATCH.min((most.messages - found.len()) as u64);
        let query = Query { cond: query.cond.and(earlier), order: order(ChatMessage::def(), "-place"), limit, ..query };
        let batch = app.store.select(&query).await?;
        let is_last = (batch.len() as u64) < limit;
        for record in batch {
            let message = ChatMessage::from_record(record)?;
            before = message.place;
            if characters < most.characters {
                characters += message.exchange.to_string().chars().count();
                found.push(message);
            }
        }
        if is_last {
            break;
        }
    }
    found.reverse();
    Ok(found)
}
