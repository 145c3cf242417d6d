//! What a large change writes on SQLite, gathered in a file beside the database: the one writer moves it in by a single, short
//! transaction. Nobody waits while it is gathered, and nothing of it is seen or left before it is moved.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use workforceos_core::{Error, Result};

use crate::arg::Arg;
use crate::connection::Conn;
use crate::dialect::Ours as _;
use crate::prepare::Prepared;
use crate::sql::Sql;
use crate::statement::{Fault, Shape, insert};
use crate::table::Table;

/// Names what is attached while it is moved.
const ATTACH: &str = "ATTACH DATABASE ? AS staged";
const DETACH: &str = "DETACH DATABASE staged";

/// A table's place among those that are moved: what is referred to goes first, rows go before what hangs on them.
type Place = (u8, usize, &'static str);

/// The gathered rows. Dropped, their file is gone.
pub(crate) struct Stage {
    path: PathBuf,
    connection: Option<SqliteConnection>,
    tables: BTreeMap<Place, Shape>,
}

impl Stage {
    pub(crate) async fn open(database: &Path) -> Result<Stage> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = beside(database, &COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        // It is read by nobody before it is whole, and worth nothing afterwards: it need not survive anything.
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .disable_statement_logging();
        let mut stage = Stage { path, connection: None, tables: BTreeMap::new() };
        stage.connection = Some(SqliteConnection::connect_with(&options).await.ours()?);
        Ok(stage)
    }

    /// Removes what a process left that ended in the midst of gathering.
    pub(crate) fn remove_leftovers(database: &Path) {
        let (Some(folder), prefix) = (database.parent(), beside(database, "")) else { return };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Some(prefix) = prefix.file_name().map(|name| name.as_encoded_bytes().to_vec()) else { return };
        for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if file.file_name().as_encoded_bytes().starts_with(&prefix)
                && let Err(error) = std::fs::remove_file(file.path())
            {
                tracing::warn!(%error, "what an interrupted import left could not be removed: {}", file.path().display());
            }
        }
    }

    /// Gathers what changes write.
    pub(crate) async fn add(&mut self, company: &Arg, changes: Vec<Prepared>) -> Result<()> {
        let mut rows: BTreeMap<Place, (Shape, Vec<Vec<Arg>>)> = BTreeMap::new();
        let mut take = |place: Place, shape: Shape, row: Vec<Arg>| rows.entry(place).or_insert((shape, Vec::new())).1.push(row);
        for change in changes {
            for put in change.puts {
                let (table, owner) = (put.table, Arg::id(put.id));
                let (rank, shape) = if put.version > 1 { (1, Shape::Changed(table)) } else { (0, Shape::Insert(table)) };
                take((rank, table.order, table.def.table), shape, put.args);
                for (link, ids) in put.links {
                    for (position, id) in ids.iter().enumerate() {
                        let row = vec![owner.clone(), Arg::id(*id), Arg::Int(position as i64), company.clone()];
                        take((2, table.order, link), Shape::Link(link), row);
                    }
                }
                if let Some((words, list)) = put.words {
                    for word in list {
                        take((3, table.order, words), Shape::Words(words), vec![company.clone(), word, owner.clone()]);
                    }
                }
            }
            for row in change.journal {
                take((4, 0, "journal"), Shape::Journal, row);
            }
        }
        let Some(connection) = &mut self.connection else { return Err(Error::internal("what is gathered is closed")) };
        let mut conn = Conn::Sqlite(connection);
        conn.run("BEGIN").await.ours()?;
        for (place, (shape, rows)) in rows {
            if self.tables.insert(place, shape).is_none() {
                let (table, columns) = (shape.table(), shape.columns().join(", "));
                let create = match shape {
                    // Put into order here, where nobody waits for it.
                    Shape::Words(_) => format!("CREATE TABLE {table} ({columns}, PRIMARY KEY ({columns})) WITHOUT ROWID"),
                    _ => format!("CREATE TABLE {table} ({columns})"),
                };
                conn.execute(create.into(), Vec::new()).await.ours()?;
            }
            let rows: Vec<&[Arg]> = rows.iter().map(Vec::as_slice).collect();
            insert(&mut conn, shape, &rows).await.map_err(|fault| fault.into_error(None))?;
        }
        conn.run("COMMIT").await.ours()
    }

    /// Ends gathering.
    pub(crate) async fn close(&mut self) -> Result<()> {
        match self.connection.take() {
            Some(connection) => connection.close().await.ours(),
            None => Ok(()),
        }
    }

    /// The declared tables that it writes.
    pub(crate) fn written(&self) -> impl Iterator<Item = &'static str> {
        let table = |shape: &Shape| match shape {
            Shape::Insert(table) | Shape::Changed(table) => Some(table.def.table),
            _ => None,
        };
        self.tables.values().filter_map(table)
    }

    /// Makes it readable to the writer; outside of transactions.
    pub(crate) async fn attach(&self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        let path = self.path.to_str().ok_or_else(|| Fault::Trouble(Error::internal("the database's path is no text")))?;
        conn.execute(ATTACH.into(), vec![Arg::text(path)])
            .await
            .map(drop)
            .map_err(|error| Fault::Trouble(crate::dialect::trouble(error)))
    }

    pub(crate) async fn detach(conn: &mut Conn<'_>) -> Result<(), sqlx::Error> {
        conn.execute(DETACH.into(), Vec::new()).await.map(drop)
    }

    /// Writes everything into the database, within the transaction that is open.
    pub(crate) async fn flip(&self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        for shape in self.tables.values() {
            match shape {
                Shape::Changed(table) => change(conn, table).await?,
                shape => copy(conn, *shape).await?,
            }
        }
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "{} could not be removed; the next start does it", self.path.display());
        }
    }
}

fn beside(database: &Path, number: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push("-import-");
    name.push(number);
    PathBuf::from(name)
}

async fn copy(conn: &mut Conn<'_>, shape: Shape) -> Result<(), Fault> {
    let (table, columns) = (shape.table(), shape.columns().join(", "));
    let sql = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM staged.{table}");
    conn.execute(sql.into(), Vec::new()).await.map(drop).map_err(|error| Fault::of(table, error))
}

/// Replaces the rows that are at the version before, as the statement for few rows does; what hangs on them comes anew.
async fn change(conn: &mut Conn<'_>, table: &'static Table) -> Result<(), Fault> {
    let (name, staged) = (table.def.table, table.changed);
    let fault = |error| Fault::of(name, error);
    let count = conn.rows(format!("SELECT count(*) FROM staged.{staged}"), Vec::new()).await.map_err(fault)?;
    let count = count.first().map_or(Ok(0), |row| row.some_int(0)).map_err(fault)?;
    let fixed = |column: &str| matches!(column, "id" | "company_id" | "created_at");
    let columns = table.columns.iter().map(|(_, p)| p.column).filter(|c| !fixed(c));
    let set: Vec<String> = columns.map(|c| format!("{c} = v.{c}")).collect();
    let company = if table.company.is_some() { format!(" AND {name}.company_id = v.company_id") } else { String::new() };
    let sql = format!(
        "UPDATE main.{name} SET {} FROM staged.{staged} AS v \
         WHERE {name}.id = v.id AND {name}.record_version = v.record_version - 1{company}",
        set.join(", ")
    );
    if conn.execute(sql.into(), Vec::new()).await.map_err(fault)? != count.cast_unsigned() {
        return Err(Fault::Stale);
    }
    for hanging in table.links.iter().map(|(_, link)| *link).chain(table.words) {
        let mut sql = Sql::new(conn.dialect());
        sql.push("DELETE FROM main.").push(hanging).push(" WHERE owner_id IN (SELECT id FROM staged.").push(staged).push(")");
        conn.execute(sql.text.into(), sql.args).await.map_err(|error| Fault::of(hanging, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use workforceos_core::change::{Audience, Changes, Event};
    use workforceos_core::id::CompanyId;
    use workforceos_core::object::{DataObject, Meta};
    use workforceos_core::objects::UserGroup;
    use workforceos_core::{Cond, Query, Timestamp, Via};

    use super::*;
    use crate::{Database, Due, Outcome, Settings, Store};

    const COMPANY: CompanyId = CompanyId::ROOT;
    const NOW: Timestamp = Timestamp(1);

    async fn open(folder: &Path) -> Store {
        let database = Database::Sqlite(folder.join("test.db"));
        Store::open(Settings { database, journal_key: [0; 32], readers: 2 }).await.expect("opens")
    }

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("workforceos-stage-{name}-{}", std::process::id()))
    }

    fn group(number: u128) -> UserGroup {
        let meta = Meta::new(uuid::Uuid::from_u128(number), NOW, None);
        UserGroup { meta, group_name: format!("Team {number}"), avatar: None, company_id: COMPANY }
    }

    /// A part that writes these.
    fn part(groups: impl IntoIterator<Item = UserGroup>) -> Changes {
        let event = Event {
            kind: None,
            action: "test",
            object: "userGroup",
            object_id: COMPANY.0,
            after: None,
            before: None,
            extra: None,
            audited: true,
            audience: Audience::none(),
            actor: None,
            via: Via::Timer,
            request_id: "r".into(),
        };
        groups.into_iter().fold(Changes::none(), |all, group| all.put(&group)).event(event)
    }

    async fn there(store: &Store) -> usize {
        store.select(&Query::of(UserGroup::def(), COMPANY, Cond::TRUE)).await.expect("reads").len()
    }

    /// What the writer was told before is done, tidying up included.
    async fn settled(store: &Store) {
        store.finish_outbox(COMPANY.0).await.expect("runs");
    }

    fn files(folder: &Path) -> usize {
        let names = std::fs::read_dir(folder).expect("the folder").flatten().map(|file| file.file_name());
        names.filter(|name| name.to_string_lossy().contains("-import-")).count()
    }

    #[tokio::test]
    async fn parts_are_seen_together_or_never() {
        let folder = folder("parts");
        let store = open(&folder).await;
        let first =
            store.turn(COMPANY).await.expect("a turn").commit(vec![part((0..10).map(group))], NOW, Due::Sooner(None)).await;
        assert!(matches!(first, Outcome::Committed(_)), "{first:?}");

        let mut turn = store.turn(COMPANY).await.expect("a turn");
        for from in (10..8_010).step_by(1_000) {
            turn.stage(part((from..from + 1_000).map(group)), NOW).await.expect("staged");
            assert_eq!((there(&store).await, files(&folder)), (10, usize::from(from > 10)));
        }
        turn.stage(part((0..10).map(|n| group(n).touched(Timestamp(2)))), NOW).await.expect("staged");
        let done = turn.commit(vec![part([group(9_000)])], NOW, Due::Sooner(None)).await;
        let Outcome::Committed(entries) = done else { panic!("{done:?}") };
        let seqs: Vec<i64> = entries.iter().flat_map(|e| e.iter().map(|entry| entry.seq)).collect();
        assert_eq!(seqs, (2..12).collect::<Vec<_>>(), "an entry of each part, in order");
        settled(&store).await;
        assert_eq!((there(&store).await, files(&folder)), (8_011, 0));
        let changed = store.get(UserGroup::def(), Some(COMPANY), uuid::Uuid::from_u128(3)).await.expect("reads").expect("a row");
        assert_eq!(changed.version(), 2);
        let verified = store.verify(COMPANY).await.expect("verifies");
        assert_eq!((verified.entries, verified.first_bad), (11, None));
        store.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }

    #[tokio::test]
    async fn the_log_is_moved_beside_the_writer() {
        let folder = folder("log");
        let store = open(&folder).await;
        for round in 0..2_u128 {
            let mut turn = store.turn(COMPANY).await.expect("a turn");
            let first = round * 100_000;
            for from in (first..first + 20_000).step_by(1_000) {
                turn.stage(part((from..from + 1_000).map(group)), NOW).await.expect("staged");
            }
            let done = turn.commit(Vec::new(), NOW, Due::Sooner(None)).await;
            assert!(matches!(done, Outcome::Committed(_)), "{done:?}");
        }
        // Ordinary commits go on meanwhile, and move the log again after it.
        for number in 0..200 {
            let turn = store.turn(COMPANY).await.expect("a turn");
            let done = turn.commit(vec![part([group(900_000 + number)])], NOW, Due::Sooner(None)).await;
            assert!(matches!(done, Outcome::Committed(_)), "{done:?}");
        }
        store.close().await;
        assert!(!folder.join("test.db-wal").exists(), "all of it stands in the database");
        let again = open(&folder).await;
        assert_eq!(there(&again).await, 40_200);
        again.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }

    #[tokio::test]
    async fn what_is_refused_or_dropped_leaves_nothing() {
        let folder = folder("refused");
        let store = open(&folder).await;
        let mut turn = store.turn(COMPANY).await.expect("a turn");
        turn.stage(part((0..5_000).map(group)), NOW).await.expect("staged");
        assert_eq!(files(&folder), 1);
        drop(turn);
        assert_eq!((there(&store).await, files(&folder)), (0, 0), "nobody ended it");

        // A row that is there twice, and one that is not at the version before.
        for wrong in [group(17), group(9_999).touched(NOW)] {
            let mut turn = store.turn(COMPANY).await.expect("a turn");
            turn.stage(part((0..5_000).map(group)), NOW).await.expect("staged");
            turn.stage(part((6_000..9_000).map(group).chain([wrong])), NOW).await.expect("staged");
            let refused = turn.commit(Vec::new(), NOW, Due::Sooner(None)).await;
            assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
            settled(&store).await;
            assert_eq!((there(&store).await, files(&folder)), (0, 0));
        }
        let mut turn = store.turn(COMPANY).await.expect("a turn");
        let gone = part([group(1)]).purge::<UserGroup>(uuid::Uuid::from_u128(2));
        assert!(turn.stage(gone, NOW).await.is_err(), "rows and entries alone");
        drop(turn);
        assert_eq!(store.verify(COMPANY).await.expect("verifies").entries, 0);

        // As a killed process leaves it.
        std::fs::write(folder.join("test.db-import-7"), "half").expect("written");
        store.close().await;
        let again = open(&folder).await;
        assert_eq!(files(&folder), 0);
        again.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }
}
