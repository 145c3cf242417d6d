//! Conversations with the assistants. They are their owner's alone: no Business API reads them, nobody else is told of them.

use serde_json::Value as Json;

use crate::id::{CompanyId, ConversationId, UserId};
use crate::object::Level;
use crate::value::{Kind, LongText};
use crate::{data_object, wire_enum};

wire_enum! {
    /// Whom a conversation is with.
    pub enum Assistant {
        Chat => "chat",
        WorkforceAssistant => "workforceAssistant",
    }
}

wire_enum! {
    /// Who wrote a message.
    pub enum ChatRole {
        User => "user",
        Assistant => "assistant",
    }
}

data_object! {
    /// Somebody's conversation with an assistant. What belongs to it is removed with its row.
    pub struct Conversation {
        object: "conversation", plural: "conversations", table: "conversation", service: "agentHub",
        owned_by: Some("userId"), order: "-updatedAt,id",
        joins: [],
        /// Whom it is with.
        assistant: Assistant => "assistant",
        /// How it began.
        title: String => "title",
        /// How many messages it has.
        message_count: i64 => "messageCount",
        /// How many characters are kept of it.
        characters: i64 => "characters",
        /// The services of which tools may have answered in it; none: all.
        services: Option<Json> => "services".kind(Kind::Strings).read(Level::Nobody),
        /// Whose it is.
        user_id: UserId => "userId",
        /// The company on which they act in it.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// The short names that stand for ids in a conversation. A row of its own: lists of conversations do not read it.
    pub struct ConversationAliases {
        object: "conversationAliases", plural: "conversationAliases", table: "conversation_aliases", service: "agentHub",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// The conversation.
        conversation_id: ConversationId => "conversationId",
        /// The names, as the tool layer writes them.
        aliases: Json => "aliases".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// A message of a conversation.
    pub struct ChatMessage {
        object: "chatMessage", plural: "chatMessages", table: "chat_message", service: "agentHub",
        owned_by: None, order: "place,id",
        joins: [],
        /// The conversation.
        conversation_id: ConversationId => "conversationId",
        /// Its place in the conversation, from 1.
        place: i64 => "place",
        /// Who wrote it.
        role: ChatRole => "role",
        /// What people read.
        content: LongText => "content",
        /// The tools that an answer used, as the page was told of them.
        tool_calls: Option<Json> => "toolCalls".kind(Kind::Objects),
        /// The same message as the model saw and wrote it.
        exchange: Json => "exchange".kind(Kind::Objects).read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId",
    }
}
