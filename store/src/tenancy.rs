//! The second wall between companies on PostgreSQL: row-level security, behind the condition that every query carries.
//!
//! Whatever acts for one company, a turn or a read, runs in a transaction that has taken the database's [`Role`] and named the
//! company ([`Role::begin`]); the policies of `0004_row_level_security.sql` then show it that company's rows and take no others. The
//! wall is against a forgotten condition. It is none against foreign SQL, which could give the role back: against that stand
//! bound values.
//!
//! Across companies, as the role that the database URL names, runs only what cannot know its company:
//! - reads without a company (`Store::get`, `select`, `page`, `count`): codenames, API keys, whose stream it is, insights
//!   that wait for a worker, and the lists of companies that root's roles and the public see;
//! - what tidies up or carries out for all: due companies, the outbox, deliveries to webhooks, old idempotency records;
//! - the sequences that nodes compare, and their notices;
//! - signs of life, and migrations.

use std::borrow::Cow;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use workforceos_core::id::CompanyId;
use workforceos_core::{Error, Result};

use crate::arg::Arg;
use crate::connection::Conn;
use crate::dialect::Ours as _;

/// The role's name: of each database another, since who may take a role may take it in every database of the server. It is
/// what `tenant_role()` of the migration says, which is not there yet when the role is made.
const NAME: &str = "SELECT CASE WHEN octet_length(current_database()) <= 44 THEN 'workforceos_tenant_' || current_database() \
    ELSE 'workforceos_tenants_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 40) END";

/// How often making the role is tried: other databases of the server may be making it at the same time.
const TRIES: u32 = 3;

/// How a company's transaction begins.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Write,
    /// One statement, or several that need not agree.
    Read,
    /// Several statements at one moment.
    Snapshot,
}

impl Mode {
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Mode::Write => "BEGIN",
            Mode::Read => "BEGIN READ ONLY",
            Mode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
}

/// Names another company, until the end of the transaction or the next time.
pub(crate) const SET_COMPANY: &str = "SELECT set_config('workforceos.company', $1, true)";

/// The role of everything that acts for one company. It cannot log in, owns nothing, and is bound by every policy.
pub(crate) struct Role {
    name: String,
    /// The name as an identifier.
    quoted: String,
}

impl Role {
    /// The role of the database that is connected to, whether it is there yet or not.
    pub(crate) async fn of(connection: &mut PgConnection) -> Result<Role> {
        let rows = Conn::Postgres(connection).rows(NAME, Vec::new()).await.ours()?;
        let row = rows.first().ok_or_else(|| Error::internal("a database without a name"))?;
        let name = row.some_text(0).ours()?.to_owned();
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        Ok(Role { name, quoted })
    }

    /// The statements that begin a company's transaction, sent as one. BEGIN stands last, so that nothing is left open if the
    /// role cannot be taken; statements sent as one are one transaction from the first. Nothing can be bound here: the role is
    /// quoted, and the id is a number that we write out ourselves.
    pub(crate) fn begin(&self, company: CompanyId, mode: Mode) -> String {
        let (role, company) = (&self.quoted, company.0.hyphenated());
        format!("SET LOCAL ROLE {role}; SET LOCAL workforceos.company = '{company}'; {}", mode.begin())
    }
}

/// Makes sure that the role is there and that we may take it, before anything needs it.
pub(crate) async fn provide_role(connection: &mut PgConnection, role: &Role) -> Result<()> {
    let mut refused = None;
    let Role { name, quoted } = role;
    let (create, grant) = (format!("CREATE ROLE {quoted} NOLOGIN"), format!("GRANT {quoted} TO CURRENT_USER"));
    for statement in [&create, &grant].repeat(TRIES as usize) {
        if may_take_role(connection, role).await? {
            return Ok(());
        }
        // It may be there already, or just come: whether it can be taken is what counts.
        let error = sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut *connection).await.err();
        refused = error.filter(|e| code(e).as_deref() == Some("42501")).or(refused);
    }
    if may_take_role(connection, role).await? {
        return Ok(());
    }
    let message = format!(
        "The database's user may not take the role {name}, which keeps companies apart, and may not make it. Let an \
         administrator run once: CREATE ROLE {quoted} NOLOGIN; GRANT {quoted} TO the user of DATABASE_URL"
    );
    let error = Error::unavailable(message);
    Err(match refused {
        Some(cause) => error.because(cause),
        None => error,
    })
}

async fn may_take_role(connection: &mut PgConnection, role: &Role) -> Result<bool> {
    // Two statements sent as one are a transaction: the role is given back at its end.
    let sql = format!("SET LOCAL ROLE {}; SELECT 1", role.quoted);
    match sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await {
        Ok(_) => Ok(true),
        Err(error) => match code(&error).as_deref() {
            // There is no such role, or it is not ours.
            Some("22023" | "42501") => Ok(false),
            _ => Err(error).ours(),
        },
    }
}

fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// Guards tables that are not guarded yet, and refuses to start where the wall would be none.
pub(crate) async fn guard(connection: &mut PgConnection, role: &Role) -> Result<()> {
    let mut conn = Conn::Postgres(connection);
    let cannot = |error| Error::unavailable("The tables of companies cannot be guarded by row-level security").because(error);
    conn.rows("SELECT guard_tenant_tables()", Vec::new()).await.map_err(cannot)?;
    let sql = "SELECT (r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, c.relowner, 'MEMBER'))::int::bigint, \
               pg_has_role(c.relowner, 'USAGE')::int::bigint, pg_get_userbyid(c.relowner)::text \
               FROM pg_roles r, pg_class c WHERE r.rolname = $1 AND c.oid = 'company'::regclass";
    let rows = conn.rows(sql, vec![Arg::text(&role.name)]).await.ours()?;
    let row = rows.first().ok_or_else(|| Error::internal("a role that has gone"))?;
    if row.some_int(0).ours()? != 0 {
        let role = &role.name;
        return Err(Error::unavailable(format!("The role {role} must be no superuser, have no BYPASSRLS and no other role")));
    }
    if row.some_int(1).ours()? == 0 {
        let owner = row.some_text(2).ours()?;
        return Err(Error::unavailable(format!("The tables belong to {owner}: DATABASE_URL must name it, or a member of it")));
    }
    Ok(())
}
