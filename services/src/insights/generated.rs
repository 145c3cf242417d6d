//! What a generator made, on its way to becoming an insight.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::objects::{AiInsight, AudienceType, InsightStatus};

use super::rules;
use super::text::{Reading, given};

/// An insight in words, with the figures that it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    pub insight_type: String,
    pub audience_type: AudienceType,
    /// Whom it is for in person, if anybody.
    pub audience_user_id: Option<UserId>,
    /// `{from, to}`.
    pub applicable_period: Json,
    pub title: String,
    pub summary: String,
    pub details: String,
    pub suggestion: Option<String>,
    pub period: Option<String>,
    pub chart: Option<Json>,
    pub data: Option<Json>,
    /// The figures as the tools returned them, by tool.
    pub figures: Json,
    pub agent_name: String,
    /// Who served the model that worded it; `builtin` without one.
    pub provider: String,
}

impl Generated {
    /// The same as it is stored: plain text within bounds; else 400 with everything that does not fit.
    pub fn checked(self) -> Result<Generated> {
        let mut problems = Vec::new();
        let mut reading = Reading(&mut problems);
        let generated = Generated {
            insight_type: reading.insight_type(&self.insight_type),
            applicable_period: reading.span(&self.applicable_period),
            title: reading.title(&self.title),
            summary: reading.summary(&self.summary),
            details: reading.details(&self.details),
            suggestion: given(self.suggestion).map(|text| reading.suggestion(&text)),
            period: given(self.period).map(|text| reading.period(&text)),
            chart: self.chart.map(|json| reading.object("chart", &json)),
            data: self.data.map(|json| reading.object("data", &json)),
            figures: reading.object("figures", &self.figures),
            ..self
        };
        Error::none_of(problems)?;
        Ok(generated)
    }

    /// The same over an insight that is there: what it says is new, whom it is for stays.
    pub fn over(self, insight: AiInsight) -> AiInsight {
        AiInsight {
            insight_type: self.insight_type,
            applicable_period: self.applicable_period,
            title: Some(self.title),
            summary: Some(self.summary),
            details: self.details,
            suggestion: self.suggestion,
            period: self.period,
            chart: self.chart,
            data: self.data,
            figures: Some(self.figures),
            agent_name: Some(self.agent_name),
            provider: Some(self.provider),
            ..insight
        }
    }

    /// A new insight, delivered once it is written.
    pub fn draft(self, company: CompanyId, owner: UserId) -> AiInsight {
        let (audience_user_id, audience_type) = (self.audience_user_id, self.audience_type);
        self.over(AiInsight {
            audience_user_id,
            audience_type,
            ai_status: InsightStatus::Delivered,
            ..rules::blank(company, Some(owner))
        })
    }

    /// As it is remembered.
    pub fn to_json(&self) -> Json {
        json!({
            "insightType": self.insight_type, "audienceType": self.audience_type.as_str(),
            "audienceUserId": self.audience_user_id.map(|user| user.to_string()), "applicablePeriod": self.applicable_period,
            "title": self.title, "summary": self.summary, "details": self.details, "suggestion": self.suggestion,
            "period": self.period, "chart": self.chart, "data": self.data, "figures": self.figures,
            "agentName": self.agent_name, "provider": self.provider,
        })
    }

    /// What was remembered; `None` if it is nothing of the kind.
    pub fn from_json(json: &Json) -> Option<Generated> {
        let some = |name: &str| json[name].as_str().map(str::to_owned);
        let object = |name: &str| json.get(name).filter(|value| !value.is_null()).cloned();
        Some(Generated {
            insight_type: some("insightType")?,
            audience_type: AudienceType::parse(json["audienceType"].as_str()?)?,
            audience_user_id: json["audienceUserId"].as_str().and_then(|id| Uuid::try_parse(id).ok()).map(UserId),
            applicable_period: object("applicablePeriod")?,
            title: some("title")?,
            summary: some("summary")?,
            details: some("details")?,
            suggestion: some("suggestion"),
            period: some("period"),
            chart: object("chart"),
            data: object("data"),
            figures: object("figures")?,
            agent_name: some("agentName")?,
            provider: some("provider")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Generated {
        Generated {
            insight_type: "lateness".to_owned(),
            audience_type: AudienceType::Manager,
            audience_user_id: Some(UserId(Uuid::from_u128(7))),
            applicable_period: json!({"from": "2026-05-25", "to": "2026-05-31"}),
            title: "Late <b>on Mondays".to_owned(),
            summary: "Four of ten.".to_owned(),
            details: "Four of ten came late.".to_owned(),
            suggestion: Some(" ".to_owned()),
            period: None,
            chart: None,
            data: Some(json!({"late": 4})),
            figures: json!({"analyzeLateness": {"n": 10}}),
            agent_name: "insightGenerator".to_owned(),
            provider: "builtin".to_owned(),
        }
    }

    #[test]
    fn it_is_remembered_as_it_was() {
        let checked = sample().checked().expect("fits");
        assert_eq!((checked.title.as_str(), &checked.suggestion), ("Late < b>on Mondays", &None));
        assert_eq!(Generated::from_json(&checked.to_json()), Some(checked.clone()));
        assert_eq!(Generated::from_json(&json!({"title": "x"})), None);
        let insight = checked.draft(CompanyId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(insight.figures, Some(json!({"analyzeLateness": {"n": 10}})), "figures stand beside the text");
        assert_eq!(insight.audience_user_id, Some(UserId(Uuid::from_u128(7))));
    }

    #[test]
    fn everything_that_does_not_fit_is_named() {
        let bad = Generated { title: String::new(), figures: json!({"a": "x".repeat(70_000)}), ..sample() };
        let detail = bad.checked().expect_err("refused").detail.expect("fields");
        let fields: Vec<&str> = detail.as_array().into_iter().flatten().filter_map(|p| p["field"].as_str()).collect();
        assert_eq!(fields, ["title", "figures"]);
    }
}
