//! Two servers on one database look at the same changes, and tell once.

use workforceos_tests::time::at;
use workforceos_tests::{Db, MailServer, Setup, TestApp};

use super::{crew, ever, open, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_tell_and_mail_once() {
    if !Db::Postgres.is_here() {
        return;
    }
    let server = MailServer::start().await;
    let one = TestApp::with(Db::Postgres, Setup { smtp_url: Some(server.url.clone()), ..Setup::default() }).await;
    let other = one.twin().await;
    let crew = crew(&one).await;
    for day in 8..14 {
        crew.acme.shift(&format!("2026-06-{day:02}"), "08:00-16:00", &[&crew.ann]).await;
    }
    let kind = "workload_overload";
    let alert = until(&crew.mia, kind, 1).await.remove(0);
    server.until(|seen| seen.mails.len() == 1).await;
    one.sweep_at(at("2026-06-01T07:00:00Z")).await;
    other.sweep().await;
    // Both have looked once they have looked at what came after.
    for day in 8..14 {
        crew.acme.shift(&format!("2026-06-{day:02}"), "08:00-16:00", &[&crew.bob]).await;
    }
    let alerts = until(&crew.mia, kind, 2).await;
    assert_eq!(alerts[1]["id"], alert["id"]);
    server.until(|seen| seen.mails.len() == 2).await;
    assert_eq!((ever(&crew.mia, kind).await, open(&crew.mia.at(&other), kind).await.len()), (2, 2));
    assert_eq!(server.until(|_| true).await.mails.len(), 2);
}
