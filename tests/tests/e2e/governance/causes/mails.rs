//! E-mails of alerts: queued, sent, failed or dismissed, and never many at a time to one person.

use serde_json::{Value as Json, json};
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmailStatus, Severity};
use workforceos_core::{Clock, Timestamp};
use workforceos_tests::time::{at, plus};
use workforceos_tests::{Client, DEADLINE, Db, MailServer, Person, Setup, TestApp, on_both_databases};

use super::super::{ALERTS, submit};
use super::{Crew, crew, open, resolve};
use crate::paths::{LEAVE, TASK_ASSIGNMENTS};
use crate::text;

on_both_databases!(
    an_alert_is_mailed_to_its_recipient,
    a_refused_one_has_failed,
    a_server_that_is_away_is_tried_for_three_days,
    what_is_over_before_it_is_sent_is_dismissed,
    what_is_low_is_not_mailed,
    a_storm_is_two_mails,
);

async fn start(db: Db) -> (TestApp, MailServer, Crew) {
    let server = MailServer::start().await;
    let app = TestApp::with(db, Setup { smtp_url: Some(server.url.clone()), ..Setup::default() }).await;
    let crew = crew(&app).await;
    (app, server, crew)
}

/// Waits until the newest alert has this status.
async fn mailed(who: &Client, status: &str) -> Json {
    let asking = async {
        loop {
            let newest = who.get(ALERTS).await.ok()[0].clone();
            if newest["email_status"] == status {
                return newest;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("never {status}"))
}

/// As [`mailed`], while the clock moves on.
async fn dismissed_in_time(app: &TestApp, server: &MailServer, who: &Client) {
    tokio::select! {
        _ = mailed(who, "dismissed") => {}
        _ = server.in_time(app, |_| false) => unreachable!("it waits in vain"),
    }
}

async fn decided(crew: &Crew, who: &Person, date: &str) -> String {
    let body = json!({"leaveType": "annual", "startDate": date, "endDate": date, "reason": "Surgery"});
    let leave = text(&who.post(LEAVE, body).await.ok()["leaveRequest"], "id");
    let decision = json!({"status": "approved", "decisionNote": "Get well"});
    crew.acme.owner.patch(&format!("{LEAVE}/{leave}"), decision).await.ok();
    leave
}

async fn an_alert_is_mailed_to_its_recipient(db: Db) {
    let (app, server, crew) = start(db).await;
    let mut live = crew.ann.stream("alerts").await;
    live.snapshot().await;
    decided(&crew, &crew.ann, "2026-06-20").await;
    let raised = live.next().await.expect("an event");
    assert_eq!(raised.data["object"]["emailStatus"], "queued");
    let seen = server.until(|seen| seen.mails.len() == 1).await;
    let mail = &seen.mails[0];
    assert_eq!(mail.to, crew.ann.email);
    for wanted in ["Leave decision", "was approved", "/alerts"] {
        assert!(mail.text.contains(wanted), "{wanted}: {}", mail.text);
    }
    assert!(!mail.text.contains("Surgery") && !mail.text.contains("Get well"), "{}", mail.text);
    let sent = mailed(&crew.ann, "sent").await;
    assert_eq!(sent["status"], "OPEN");
    crew.acme.alert(&crew.ann).await;
    assert_eq!(live.next().await.expect("an event").kind(), "alert.raised", "of mails no stream tells");
    assert_eq!(server.until(|_| true).await.mails.len(), 1);
    assert_eq!(app.services().store.alerts_to_mail(plus(app.clock.now(), 1)).await.expect("reads"), []);
}

async fn a_refused_one_has_failed(db: Db) {
    let (app, server, crew) = start(db).await;
    let nobody = crew.acme.employee("nobody").await;
    decided(&crew, &nobody, "2026-06-20").await;
    server.until(|seen| seen.asked.len() == 1).await;
    mailed(&nobody, "failed").await;
    app.sweep_at(at("2026-06-01T08:00:00Z")).await;
    assert_eq!(server.until(|_| true).await.asked.len(), 1, "it was asked once");
}

async fn a_server_that_is_away_is_tried_for_three_days(db: Db) {
    let (app, server, crew) = start(db).await;
    let mut busy = crew.acme.employee("busy").await;
    busy.use_key().await;
    decided(&crew, &busy, "2026-06-20").await;
    server.until(|seen| seen.asked.len() == 1).await;
    assert_eq!(busy.get(ALERTS).await.ok()[0]["email_status"], "queued");
    server.in_time(&app, |seen| seen.asked.len() >= 2).await;
    assert_eq!(busy.get(ALERTS).await.ok()[0]["email_status"], "queued");
    app.set("2026-06-04T08:00:00Z");
    mailed(&busy, "failed").await;
}

async fn what_is_over_before_it_is_sent_is_dismissed(db: Db) {
    let (mut app, server, crew) = start(db).await;
    let mut busy = crew.acme.employee("busy").await;
    busy.use_key().await;
    decided(&crew, &busy, "2026-06-20").await;
    server.until(|seen| seen.asked.len() == 1).await;
    // The server has not taken it yet, and nobody needs it any more.
    resolve(&busy, &open(&busy, "leave_decision").await[0]).await;
    dismissed_in_time(&app, &server, &busy).await;
    assert_eq!(server.until(|_| true).await.mails.len(), 0);
    // One that was over before or after its mail was written.
    decided(&crew, &busy, "2026-06-21").await;
    resolve(&busy, &open(&busy, "leave_decision").await[0]).await;
    dismissed_in_time(&app, &server, &busy).await;
    // Of a server that has none any more nothing waits.
    app.restart_with(|settings| settings.smtp_url = None).await;
    decided(&crew, &crew.ann, "2026-06-21").await;
    assert_eq!(crew.ann.get(ALERTS).await.ok()[0]["email_status"], "dismissed");
}

async fn what_is_low_is_not_mailed(db: Db) {
    let (_app, server, crew) = start(db).await;
    submit(&crew.ann).await.ok();
    let told = crew.mia.get(ALERTS).await.ok()[0].clone();
    assert_eq!((&told["severity"], &told["email_status"]), (&json!("low"), &json!("dismissed")));
    decided(&crew, &crew.ann, "2026-06-20").await;
    server.until(|seen| seen.mails.len() == 1).await;
}

/// A thousand tasks that are overdue at once, of one person.
async fn a_storm_is_two_mails(db: Db) {
    let (app, server, crew) = start(db).await;
    let mut changes = Changes::none();
    for n in 0..1_000 {
        let alert = Alert {
            meta: crew.acme.meta(),
            alert_type: AlertType::OverdueTask,
            severity: Severity::Medium,
            recipient_user_id: crew.ann.id,
            related_entity_type: "individualTask".to_owned(),
            related_entity_id: crew.acme.meta().id,
            email_status: EmailStatus::Queued,
            status: AlertStatus::Open,
            title: "Overdue task".to_owned(),
            message: format!("Task {n} is overdue."),
            resolved_at: None,
            subject_user_id: Some(crew.ann.id),
            cause: String::new(),
            stands: true,
            stands_until: None,
            clashes: json!([]),
            mail_due_at: Some(Timestamp(0)),
            mailed_at: None,
            company_id: crew.acme.id,
        };
        changes = changes.put(&alert);
    }
    let event = Event::audit(&crew.acme.ctx(), Alert::def().name, crew.acme.meta().id);
    crew.acme.write(changes.event(Event { audience: Audience::none(), ..event })).await;
    let seen = server.until(|seen| seen.mails.len() == 1).await;
    assert!(seen.mails[0].text.contains("500 alerts") && seen.mails[0].text.contains("and 450 more"), "{}", seen.mails[0].text);
    // What comes in the meantime waits with the rest.
    let task = json!({"title": "Sweep", "assigneeUserIds": [crew.ann.text()], "dueTime": "2026-06-01T06:05:00Z"});
    crew.acme.owner.post(TASK_ASSIGNMENTS, task).await.ok();
    app.sweep_at(at("2026-06-01T06:06:00Z")).await;
    assert_eq!(open(&crew.ann, "overdue_task").await.len(), 100);
    // Others are not held up by it.
    decided(&crew, &crew.bob, "2026-06-20").await;
    let seen = server.until(|seen| seen.mails.len() == 2).await;
    assert_eq!(seen.mails[1].to, crew.bob.email);
    app.set("2026-06-01T06:11:00Z");
    let seen = server.until(|seen| seen.mails.len() == 3).await;
    assert!(seen.mails[2].to == crew.ann.email && seen.mails[2].text.contains(" alerts"), "{}", seen.mails[2].text);
}
