//! How an agent's run begins and ends, whoever carries it out.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use serde_json::json;
use workforceos_agents::Agents;
use workforceos_agents::execution::{AT_ONCE, Ended, Execution, begin};
use workforceos_agents::provider::{Chosen, Failure, Piece, Provider, Providers, Request, Usage};
use workforceos_core::objects::{ExecutionSource, ExecutionStatus};
use workforceos_core::{Clock, Error, Result, Timestamp};
use workforceos_mcp::McpServer;
use workforceos_tests::{Client, Db, Setup, TestApp, on_both_databases};

use super::executions::ctx;
use crate::paths::{EXECUTIONS, OVERRIDE};
use crate::text;

on_both_databases!(
    an_override_decides_how_a_run_begins,
    what_became_of_a_run_is_kept,
    a_user_has_so_many_answers_a_minute_and_at_once,
);

const AGENT: &str = "workforceAssistant";

/// A provider that is there and is not asked.
struct Silent(&'static str);

impl Provider for Silent {
    fn name(&self) -> &'static str {
        self.0
    }

    fn turn<'a: 'b, 'b>(&'a self, _: Request) -> Turn<'b>
    where
        Self: 'b,
    {
        Box::pin(async { Err(Failure::TimedOut) })
    }
}

type Turn<'b> = Pin<Box<dyn Future<Output = Result<BoxStream<'static, Result<Piece, Failure>>, Failure>> + Send + 'b>>;

fn agents(app: &TestApp, providers: &[&'static str]) -> Agents {
    let dispatch = workforceos_services::dispatch(app.services()).expect("declared well");
    let chosen = providers.iter().map(|name| Chosen { provider: Arc::new(Silent(name)), model: format!("{name}-default") });
    Agents::new(dispatch.clone(), McpServer::new(dispatch), Providers::of(chosen.collect()))
}

async fn run(app: &TestApp, agents: &Agents, who: &Client, name: &str) -> Result<Execution> {
    begin(agents, &ctx(app, who).await, name, ExecutionSource::Rest).await
}

fn told(result: Result<Execution>) -> (u16, String, String) {
    let error: Error = result.err().expect("a refusal");
    (error.status.http(), error.code.into_owned(), error.message)
}

async fn an_override_decides_how_a_run_begins(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let root = app.super_admin().await;
    let agents = agents(&app, &["openai"]);
    let model = |execution: &Execution| {
        let chosen = execution.chosen.as_ref().expect("a provider");
        (chosen.provider.name(), chosen.model.clone())
    };
    let plain = run(&app, &agents, &ann, AGENT).await.expect("begins");
    assert_eq!(model(&plain), ("openai", "openai-default".to_owned()));
    assert_eq!((plain.design.name, plain.design.budget.tokens), (AGENT, 2_000));
    run(&app, &agents, &ann, "chat").await.expect("the chat begins");
    assert_eq!(told(run(&app, &agents, &ann, "weather").await).0, 500, "no route asks for another");

    let body = json!({"agentName": AGENT, "model": "gpt-x", "guardrails": {"timeout": 5}});
    let path = format!("{OVERRIDE}/{}", text(&root.post(OVERRIDE, body).await.ok()["sys_agentOverride"], "id"));
    let changed = run(&app, &agents, &ann, AGENT).await.expect("begins");
    assert_eq!(model(&changed), ("openai", "gpt-x".to_owned()));
    assert_eq!(changed.design.budget.time.as_secs(), 5);
    root.patch(&path, json!({"provider": "anthropic"})).await.ok();
    let (status, code, message) = told(run(&app, &agents, &ann, AGENT).await);
    assert_eq!((status, code.as_str()), (503, "ProviderUnavailable"));
    assert!(message.contains("anthropic"), "{message}");
    // With none at all there is none to be missed: what is said then is said by who answers.
    let nobody = self::agents(&app, &[]);
    assert!(run(&app, &nobody, &ann, AGENT).await.expect("begins").chosen.is_none());
    let both = self::agents(&app, &["openai", "anthropic"]);
    assert_eq!(model(&run(&app, &both, &ann, AGENT).await.expect("begins")), ("anthropic", "gpt-x".to_owned()));

    root.patch(&path, json!({"enabled": false})).await.ok();
    let (status, code, _) = told(run(&app, &agents, &ann, AGENT).await);
    assert_eq!((status, code.as_str()), (403, "AgentDisabled"));
    run(&app, &agents, &ann, "chat").await.expect("others are not switched off");
    root.delete(&path).await.ok();
    run(&app, &agents, &ann, AGENT).await.expect("as designed again");

    let key = ann.post("/auth-api/v1/apikeys", json!({"name": "reads", "readOnly": true})).await.ok();
    let reader = ann.with_token(&text(&key, "key"));
    assert_eq!(told(run(&app, &agents, &reader, AGENT).await).1, "Forbidden");
    let nobody = begin(&agents, &ctx(&app, &app.anonymous()).await, AGENT, ExecutionSource::Rest).await;
    assert_eq!(told(nobody).0, 401);
    // A timer asks for nobody.
    let execution = begin(&agents, &acme.ctx(), AGENT, ExecutionSource::Agent).await.expect("begins");
    let ended = Ended {
        input: "What of this week?".to_owned(),
        output: "Nothing.".to_owned(),
        tool_calls: 0,
        usage: Usage::default(),
        status: ExecutionStatus::Success,
        error: None,
    };
    execution.end(ended).await;
    let listed = acme.owner.get(EXECUTIONS).await.ok();
    let row = &listed["sys_agentExecutions"][0];
    assert_eq!((&row["userId"], &row["source"]), (&json!(null), &json!("agent")), "{listed}");
    assert_eq!(ann.get(EXECUTIONS).await.ok()["rowCount"], 0);
}

async fn what_became_of_a_run_is_kept(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let agents = agents(&app, &["openai"]);
    let execution = run(&app, &agents, &ann, AGENT).await.expect("begins");
    let id = execution.id.to_string();
    app.clock.set(Timestamp(app.clock.now().0 + 2_345));
    let ended = Ended {
        input: "Who is in?".to_owned(),
        output: "Half an ans".to_owned(),
        tool_calls: 3,
        usage: Usage { prompt: 50, completion: 4 },
        status: ExecutionStatus::Timeout,
        error: Some("It took too long".to_owned()),
    };
    execution.end(ended).await;
    // What comes to nothing leaves nothing.
    drop(run(&app, &agents, &ann, AGENT).await.expect("begins"));
    let listed = acme.owner.get(EXECUTIONS).await.ok();
    let row = &listed["sys_agentExecutions"][0];
    assert_eq!((&listed["rowCount"], &row["id"], &row["userId"]), (&json!(1), &json!(id), &json!(ann.text())));
    assert_eq!(
        (&row["status"], &row["error"], &row["durationMs"]),
        (&json!("timeout"), &json!("It took too long"), &json!(2_345))
    );
    assert_eq!(row["tokenUsage"], json!({"prompt": 50, "completion": 4, "total": 54}));
}

async fn a_user_has_so_many_answers_a_minute_and_at_once(db: Db) {
    let app = TestApp::with(db, Setup { rate_limit: 3_000, ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let agents = agents(&app, &["openai"]);
    let mut running = Vec::new();
    for _ in 0..AT_ONCE {
        running.push(run(&app, &agents, &ann, AGENT).await.expect("begins"));
    }
    let refused = run(&app, &agents, &ann, "chat").await.err().expect("they run side by side already");
    assert_eq!((refused.status.http(), refused.retry_after), (429, Some(5)));
    run(&app, &agents, &bob, AGENT).await.expect("others have their own");
    running.clear();
    // Ten one after the other, then one every two seconds.
    for _ in AT_ONCE..10 {
        run(&app, &agents, &ann, AGENT).await.expect("begins");
    }
    let refused = run(&app, &agents, &ann, AGENT).await.err().expect("too often");
    assert_eq!((refused.status.http(), &*refused.code, refused.retry_after), (429, "RateLimited", Some(2)));
    app.clock.set(Timestamp(app.clock.now().0 + 2_000));
    run(&app, &agents, &ann, AGENT).await.expect("begins");
    run(&app, &agents, &ann, AGENT).await.err().expect("too often again");
}
