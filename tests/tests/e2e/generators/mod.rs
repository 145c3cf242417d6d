//! Insights that are generated: figures of the analyses in a model's words, or the server's.

mod checked;
mod ends;
mod refusals;
mod repeats;
mod weekly;
mod worded;

use chrono::Datelike;
use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_agents::provider::Providers;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::ShiftId;
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, Shift, ShiftStatus};
use workforceos_core::time::Date;
use workforceos_core::zone::{WallTime, shift_span};
use workforceos_tests::{Client, Company, Db, Live, Llm, Person, Setup, TestApp};

use crate::text;

const GENERATE: &str = "/aiworkforceanalytics-api/ai-insight/generate";
const WORKFORCE: &str = "/agenthub-api/agents/workforceInsightGenerator";
const ABSENTEEISM: &str = "/aiworkforceanalytics-api/v1/analytics/absenteeism";
const ASKED: &str = "Why are people absent?";

/// A subscribed company in which people miss Mondays.
struct Scene {
    app: TestApp,
    llm: Llm,
    acme: Company,
    /// Manages Ann.
    mia: Person,
    ann: Person,
}

impl Scene {
    async fn make(db: Db) -> Scene {
        Scene::with(db, Llm::openai, Setup::default()).await
    }

    async fn with(db: Db, providers: impl Fn(&Llm) -> Providers, setup: Setup) -> Scene {
        let llm = Llm::start().await;
        let app = TestApp::with(db, Setup { providers: providers(&llm), ..setup }).await;
        let acme = app.company("acme", "UTC").await;
        acme.subscribe().await;
        let (mia, ann) = (acme.employee("mia").await, acme.employee("ann").await);
        acme.manager_of(&mia, &[&ann]).await;
        let mut people = vec![mia.clone(), ann.clone()];
        for name in ["bob", "cem", "dan", "eva", "fay", "gus"] {
            people.push(acme.unseen(name).await);
        }
        history(&acme, &people).await;
        Scene { app, llm, acme, mia, ann }
    }

    /// The figures as the analysis's own API answers them.
    async fn figures(&self, who: &Client) -> Json {
        who.get(ABSENTEEISM).await.ok()["absenteeism"].clone()
    }

    /// An answer of a model that says what the figures say.
    async fn honest(&self, who: &Client) -> Json {
        let overall = self.figures(who).await["overall"].clone();
        draft(&format!("{} of {} shifts were missed; Mondays stand out.", overall["count"], overall["n"]))
    }
}

/// Eight weeks of eight people: on Mondays three are absent, on other days next to nobody.
async fn history(company: &Company, people: &[Person]) {
    let monday = Date::from_ymd_opt(2026, 4, 6).expect("a Monday");
    let mut changes = Changes::none();
    for (number, date) in monday.iter_days().take(56).filter(|day| day.weekday().number_from_monday() < 6).enumerate() {
        let wall = |text: &str| WallTime::parse(text).expect("a time");
        let (starts_at, ends_at) = shift_span(company.zone, date, wall("09:00"), wall("17:00")).expect("a span");
        let shift = Shift {
            meta: company.meta(),
            shift_date: date,
            start_time: "09:00".to_owned(),
            end_time: "17:00".to_owned(),
            starts_at,
            ends_at,
            location: None,
            department_id: None,
            assigned_user_ids: people.iter().map(|p| p.id).collect(),
            assigned_department_ids: Vec::new(),
            status: ShiftStatus::Completed,
            break_minutes: 0,
            needed_count: 8,
            is_draft: false,
            shift_template_id: None,
            created_by: company.owner.id,
            company_id: company.id,
        };
        changes = changes.put(&shift);
        for (who, person) in people.iter().enumerate() {
            let absent =
                if date.weekday().number_from_monday() == 1 { (who + number) % 8 < 3 } else { (who * 7 + number) % 31 == 0 };
            let (came, left) = if absent { (None, None) } else { (Some(starts_at), Some(ends_at)) };
            changes = changes.put(&AttendanceRecord {
                meta: company.meta(),
                user_id: person.id,
                shift_id: ShiftId(shift.meta.id),
                shift_date: date,
                check_in_time: came,
                check_out_time: left,
                status: if absent { AttendanceStatus::Absent } else { AttendanceStatus::Present },
                late_by_minutes: came.map(|_| 0),
                worked_minutes: left.map(|_| 480),
                absence_reason: None,
                manager_note: None,
                checkout_alert_at: None,
                company_id: company.id,
            });
        }
    }
    company.write(changes.event(Event::audit(&company.ctx(), "company", company.id))).await;
}

/// What a model answers, with this summary.
fn draft(summary: &str) -> Json {
    json!({"title": "Mondays stand out", "summary": summary, "insightType": "absenteeism", "audienceType": "employee",
        "chart": "absenteeism-by-weekday", "suggestion": "Look at how Mondays are planned."})
}

/// Asks an agent and reads its answer.
async fn ask(who: &Client, path: &str) -> (Json, Json) {
    answered(&who.post(path, json!({"prompt": ASKED})).await.ok())
}

/// An answer's data, and the insight that is in it as text.
fn answered(body: &Json) -> (Json, Json) {
    assert_eq!(body["success"], json!(true));
    let data = body["data"].clone();
    let insight: Json = serde_json::from_str(&text(&data, "response")).expect("the insight is JSON");
    (data, insight)
}

/// Opens a stream of an agent.
async fn stream(who: &Client, path: &str) -> Live {
    Live::open(who.request(Method::POST, &format!("{path}/stream")).json(&json!({"prompt": ASKED}))).await
}

/// A stream's whole insight, once it is complete.
async fn streamed(live: &mut Live) -> Json {
    let mut whole = String::new();
    while let Some(event) = live.next().await {
        match event.name.as_deref() {
            Some("chunk") => whole.push_str(event.data["content"].as_str().expect("text")),
            Some("complete") => {
                assert_eq!(event.data, json!({}));
                assert!(live.next().await.is_none(), "nothing follows");
                return serde_json::from_str(&whole).expect("the insight is JSON");
            }
            other => panic!("{other:?} {event:?}"),
        }
    }
    panic!("the stream ended after {whole}")
}
