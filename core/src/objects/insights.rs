//! Insights: what a company's figures show, in words.

use serde_json::Value as Json;

use super::User;
use crate::id::{CompanyId, InsightId, UserId};
use crate::object::Level;
use crate::time::Timestamp;
use crate::{data_object, wire_enum};

wire_enum! {
    /// How far an insight is.
    pub enum InsightStatus {
        Pending => "pending",
        Delivered => "delivered",
        Error => "error",
    }
}

wire_enum! {
    /// For whom an insight is written.
    pub enum AudienceType {
        Admin => "admin",
        Manager => "manager",
        Employee => "employee",
        Company => "company",
    }
}

data_object! {
    /// Something that a company's figures show, in words, for those whom it concerns.
    pub struct AiInsight {
        object: "aiInsight", plural: "aiInsights", table: "ai_insight", service: "aiWorkforceAnalytics",
        owned_by: Some("audienceUserId"), order: "-createdAt,id",
        joins: ["audienceUser" by "audienceUserId" to User: ["email", "fullname", "avatar"]],
        /// What it is about in a word, for example absenteeism.
        insight_type: String => "insightType".filter(),
        /// Whom it is for in person; null: everybody of its audienceType.
        audience_user_id: Option<UserId> => "audienceUserId".filter(),
        /// For whom it is written: admin, manager, employee or company.
        audience_type: AudienceType => "audienceType".filter(),
        /// The days that it speaks of: {from, to}, dates, both included.
        applicable_period: Json => "applicablePeriod".filter(),
        /// Its headline.
        title: Option<String> => "title",
        /// What it says in a sentence or two.
        summary: Option<String> => "summary",
        /// The whole of what it says. Plain text.
        details: String => "details".text(),
        /// What could be done.
        suggestion: Option<String> => "suggestion",
        /// The days that it speaks of, in words.
        period: Option<String> => "period",
        /// A chart of it, as data.
        chart: Option<Json> => "chart",
        /// What its writer gave along with it.
        data: Option<Json> => "data",
        /// The computed figures on which it rests, as the tools returned them to whom it was made for or by: they and admins read them.
        /// Only generators write them.
        figures: Option<Json> => "figures".read(Level::Admin),
        /// The agent that wrote it; null: a person.
        agent_name: Option<String> => "agentName",
        /// Who served the model that worded it; builtin: worded without one.
        provider: Option<String> => "provider",
        /// pending, delivered or error.
        ai_status: InsightStatus => "aiStatus".filter(),
        /// When it became delivered.
        delivered_time: Option<Timestamp> => "deliveredTime".filter(),
        /// Which of the insights made by the clock it is: each is made once.
        job_key: Option<String> => "jobKey".read(Level::Nobody),
        /// When a worker may take it up; null: nobody has to.
        work_at: Option<Timestamp> => "workAt".read(Level::Nobody),
        /// How often it was taken up.
        tries: i64 => "tries".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}

data_object! {
    /// The last insight that was generated for a user, until the next one.
    pub struct GeneratedInsight {
        object: "generatedInsight", plural: "generatedInsights", table: "generated_insight", service: "aiWorkforceAnalytics",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [],
        /// Whose it is.
        user_id: UserId => "userId",
        /// What was generated.
        content: Json => "content",
        /// The insight as which it was saved.
        saved_as: Option<InsightId> => "savedAs",
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

data_object! {
    /// Up to which week a company's weekly insights are planned. One row of a company.
    pub struct InsightWeek {
        object: "insightWeek", plural: "insightWeeks", table: "insight_week", service: "aiWorkforceAnalytics",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// The ISO week, for example 2026-W23.
        week: String => "week",
        /// The last manager for whom one is asked for so far; nobody once all are.
        asked_to: Option<UserId> => "askedTo",
        /// The company.
        company_id: CompanyId => "companyId",
    }
}
