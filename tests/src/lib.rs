//! A harness around the real server: each test starts one, in this process, on a free port, with a database of its own
//! and a clock that stands until it is moved.
//!
//! ```ignore
//! let app = TestApp::start(Db::Sqlite).await;
//! let acme = app.company("acme", "Europe/Berlin").await;
//! let ann = acme.employee("ann").await;
//! ann.get("/schedulemanagement-api/v1/shifts").await.ok();
//! ```

mod app;
mod client;
mod company;
mod database;
mod hooks;
pub mod llm;
mod program;
mod s3;
mod smtp;
mod stream;
mod subscription;
pub mod time;

pub use app::{Setup, TestApp};
pub use client::{BOUNDARY, Client, Reply, encoded, form_field};
pub use company::{Company, PASSWORD, Person, ROOT_EMAIL};
pub use database::{Db, Scratch};
pub use hooks::{Hook, HookServer};
pub use llm::Llm;
pub use program::{Program, program};
pub use s3::S3Server;
pub use smtp::{Mail, MailServer, Seen as SeenMails};
pub use stream::{Live, Seen};

/// How long anything may take that a test waits for: on a machine with much else to do everything takes long.
pub const DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);

/// Whether the long form of the tests was asked for.
pub fn long() -> bool {
    std::env::var_os("WORKFORCEOS_TEST_LONG").is_some()
}

/// Declares a test for each database out of `async fn name(db: Db)`.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$note:meta])* $name:ident),+ $(,)?) => { $(
        mod $name {
            $(#[$note])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name($crate::Db::Sqlite).await;
            }

            $(#[$note])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if $crate::Db::Postgres.is_here() {
                    super::$name($crate::Db::Postgres).await;
                }
            }
        }
    )+ };
}
