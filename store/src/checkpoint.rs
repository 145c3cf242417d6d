//! SQLite's log, moved into the database beside the writer after a transaction that made it long: as a part of that commit it would keep
//! everybody waiting.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::task::JoinHandle;

use crate::connection::Conn;

/// The log's pages after which an ordinary commit moves it.
pub(crate) const PAGES: &str = "1000";

/// Moves the log with a connection of its own.
pub(crate) struct Aside {
    options: SqliteConnectOptions,
    running: Option<JoinHandle<()>>,
}

impl Aside {
    pub(crate) fn new(options: SqliteConnectOptions) -> Aside {
        Aside { options, running: None }
    }

    /// The writer's next commit leaves the log alone.
    pub(crate) async fn hold(&mut self, conn: &mut Conn<'_>) {
        self.end().await;
        told(conn.run("PRAGMA wal_autocheckpoint = 0").await);
    }

    /// Begins to move what was written.
    pub(crate) fn begin(&mut self) {
        let options = self.options.clone();
        self.running = Some(tokio::spawn(async move { told(move_log(options).await) }));
    }

    /// Once that is done, the writer's own commits move the log again.
    pub(crate) async fn look(&mut self, conn: &mut Conn<'_>) {
        if self.running.as_ref().is_some_and(JoinHandle::is_finished) {
            self.running = None;
            told(conn.run("PRAGMA wal_autocheckpoint = 1000").await);
        }
    }

    pub(crate) async fn end(&mut self) {
        if let Some(running) = self.running.take() {
            // What it could not move the next one does.
            let _ = running.await;
        }
    }
}

async fn move_log(options: SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection: SqliteConnection = options.connect().await?;
    Conn::Sqlite(&mut connection).run("PRAGMA wal_checkpoint(PASSIVE)").await?;
    connection.close().await
}

fn told(done: Result<(), sqlx::Error>) {
    if let Err(error) = done {
        tracing::warn!(%error, "the database's log could not be moved; a later commit does it");
    }
}
