//! What a mail of alerts says.

use serde_json::{Value as Json, json};
use workforceos_core::objects::{Alert, Severity, User};

use crate::mail::escape;

/// Alerts that a mail tells one by one.
const TOLD: usize = 50;

/// How much an alert presses.
pub fn weight(severity: Severity) -> u8 {
    match severity {
        Severity::Low => 0,
        Severity::Medium => 1,
        Severity::High => 2,
        Severity::Critical => 3,
    }
}

/// A mail that tells of alerts, the most pressing first.
pub fn compose(user: &User, company: &str, alerts: &[Alert], frontend: &str) -> Json {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let of = if company.is_empty() { String::new() } else { format!(" ({})", one_line(company)) };
    let subject = match alerts {
        [one] => format!("{}{of}", one.title),
        many => format!("{} alerts{of}", many.len()),
    };
    let link = format!("{}/alerts", frontend.trim_end_matches('/'));
    let mut text = format!("Hello {},\n\n", user.fullname);
    let mut html = format!("<p>Hello {},</p><ul>", escape(&user.fullname));
    for alert in alerts.iter().take(TOLD) {
        text.push_str(&format!("- {} ({}): {}\n", alert.title, alert.severity.as_str(), one_line(&alert.message)));
        let (title, message) = (escape(&alert.title), escape(&alert.message));
        html.push_str(&format!("<li><strong>{title}</strong> ({}): {message}</li>", alert.severity.as_str()));
    }
    let more = alerts.len().saturating_sub(TOLD);
    html.push_str("</ul>");
    if more > 0 {
        text.push_str(&format!("and {more} more.\n"));
        html.push_str(&format!("<p>And {more} more.</p>"));
    }
    text.push_str(&format!("\n{link}\n"));
    html.push_str(&format!("<p><a href=\"{}\">Your alerts</a></p>", escape(&link)));
    json!({"to": user.email, "subject": subject, "text": text, "html": html})
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;
    use workforceos_core::id::{CompanyId, IdSource, UserId};
    use workforceos_core::object::Meta;
    use workforceos_core::objects::{AlertStatus, AlertType, EmailStatus};
    use workforceos_core::session::Role;
    use workforceos_core::time::Timestamp;

    use super::*;

    pub fn alert(n: usize) -> Alert {
        let ids = IdSource::random();
        Alert {
            meta: Meta::new(ids.next(Timestamp(n as i64)), Timestamp(n as i64), None),
            alert_type: AlertType::OverdueTask,
            severity: Severity::Medium,
            recipient_user_id: UserId(Uuid::from_u128(1)),
            related_entity_type: "individualTask".to_owned(),
            related_entity_id: Uuid::from_u128(2),
            email_status: EmailStatus::Queued,
            status: AlertStatus::Open,
            title: "Overdue task".to_owned(),
            message: format!("<b>Task</b>\r\n {n}"),
            resolved_at: None,
            subject_user_id: None,
            cause: String::new(),
            stands: true,
            stands_until: None,
            clashes: json!([]),
            mail_due_at: None,
            mailed_at: None,
            company_id: CompanyId::ROOT,
        }
    }

    fn ann() -> User {
        User {
            meta: Meta::new(Uuid::from_u128(1), Timestamp(0), None),
            email: "ann@acme.test".to_owned(),
            password: String::new(),
            fullname: "Ann <i>".to_owned(),
            avatar: None,
            role: Role::TenantUser,
            email_verified: true,
            archive_date: None,
            company_id: CompanyId::ROOT,
        }
    }

    #[test]
    fn one_alert_is_its_mails_subject_and_many_are_counted() {
        let mail = compose(&ann(), "Acme\nWard", &[alert(1)], "https://app.test/");
        assert_eq!((&mail["to"], &mail["subject"]), (&json!("ann@acme.test"), &json!("Overdue task (Acme Ward)")));
        let (text, html) = (mail["text"].as_str().expect("text"), mail["html"].as_str().expect("html"));
        assert!(text.contains("https://app.test/alerts") && text.contains("<b>Task</b> 1"), "{text}");
        assert!(html.contains("&lt;b&gt;Task") && html.contains("Ann &lt;i&gt;") && !html.contains("<b>"), "{html}");
        let many: Vec<Alert> = (0..60).map(alert).collect();
        let mail = compose(&ann(), "", &many, "https://app.test");
        let text = mail["text"].as_str().expect("text");
        assert_eq!(mail["subject"], "60 alerts");
        assert!(text.matches("Overdue task").count() == TOLD && text.contains("and 10 more."), "{text}");
    }
}
