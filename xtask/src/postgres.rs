//! A throwaway PostgreSQL in a temporary folder, gone when its owner is.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context, Result};

use crate::command::{capture, install_debian, is_root, step};

/// The system account that runs the server when we are root, which PostgreSQL refuses to run as.
const ACCOUNT: &str = "postgres";

/// Between choosing a free port and listening on it, another process may take it.
const START_ATTEMPTS: u32 = 3;

/// Waits for the end of its input, then runs the command it was given and removes the folder.
const GUARD: &str = r#"
trap '' INT TERM HUP
folder=$1
shift
cat
"$@"
rm -rf "$folder"
"#;

/// `cargo xtask postgres`: a cluster until Ctrl-C.
pub fn serve() -> Result<ExitCode> {
    let cluster = step("PostgreSQL", Cluster::start)?;
    println!("WORKFORCEOS_TEST_POSTGRES={}", cluster.url());
    println!("Ctrl-C stops the server and removes its data.");
    loop {
        thread::park();
    }
}

/// A running server with empty databases; dropping it stops the server and removes the data.
pub struct Cluster {
    url: String,
    _guard: Guard,
}

impl Cluster {
    pub fn start() -> Result<Self> {
        let programs = match find_programs() {
            Some(programs) => programs,
            None => {
                install_debian(&["postgresql"], "PostgreSQL")?;
                find_programs().context("PostgreSQL is installed, but initdb is not found")?
            }
        };
        let as_account = is_root()?;
        if as_account {
            ensure_account()?;
        }
        let folder = capture(Command::new("mktemp").args(["-d", "-t", "workforceos-pg.XXXXXX"]))?;
        let server = Server { programs, folder: PathBuf::from(folder.trim_end()), as_account };
        // Before anything that takes time: an interruption then finds the guard in place.
        let guard = Guard::start(&server)?;
        server.initialise()?;
        let port = server.listen()?;
        println!("    running on port {port}, from {}", server.programs.display());
        Ok(Self { url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), _guard: guard })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

/// How to run the server's programs on its folder.
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    as_account: bool,
}

impl Server {
    fn initialise(&self) -> Result<()> {
        if self.as_account {
            capture(Command::new("chown").arg(ACCOUNT).arg(&self.folder))?;
        }
        // Sorting by code point and knowing all letters, whatever this machine's language is.
        capture(
            self.command("initdb")
                .args(["-A", "trust", "-U", "postgres", "--no-sync"])
                .args(["-E", "UTF8", "--locale=C.UTF-8", "-D"])
                .arg(self.data()),
        )?;
        Ok(())
    }

    /// Starts the server and gives its port.
    fn listen(&self) -> Result<u16> {
        let mut attempt = 1;
        loop {
            let port = free_port()?;
            match self.start_on(port) {
                Ok(()) => return Ok(port),
                Err(_) if attempt < START_ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn start_on(&self, port: u16) -> Result<()> {
        let settings =
            format!("-p {port} -k '{}' -c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=on", self.folder.display());
        let log = self.folder.join("log");
        let started =
            capture(self.command("pg_ctl").args(["start", "-w", "-o", &settings, "-l"]).arg(&log).arg("-D").arg(self.data()));
        started.map(|_| ()).with_context(|| {
            let said = fs::read_to_string(&log).unwrap_or_default();
            format!("PostgreSQL did not start; its log says:\n{said}")
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut words = self.words(program).into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        // The account may not be able to enter the folder that we are in.
        command.args(words).current_dir(&self.folder);
        command
    }

    fn words(&self, program: &str) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        if self.as_account {
            words.extend(["runuser", "-u", ACCOUNT, "--"].map(OsString::from));
        }
        words.push(self.programs.join(program).into());
        words
    }
}

/// A process of its own that stops the server when this one lets go of it, or dies.
///
/// A signal handler would miss SIGKILL and need unsafe code or a crate; the end of a pipe is
/// noticed whatever happened to us.
struct Guard {
    process: Child,
    lifeline: Option<ChildStdin>,
}

impl Guard {
    fn start(server: &Server) -> Result<Self> {
        let mut process = Command::new("sh")
            .args(["-c", GUARD, "sh"])
            .arg(&server.folder)
            .args(server.words("pg_ctl"))
            .args(["stop", "-m", "immediate", "-D"])
            .arg(server.data())
            .stdin(Stdio::piped())
            // Not ours: who reads our output must not wait for the guard.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C goes to the whole group of processes in the foreground.
            .process_group(0)
            .current_dir("/")
            .spawn()
            .context("cannot start sh")?;
        let lifeline = process.stdin.take();
        Ok(Self { process, lifeline })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // Nothing to do about a failure here: the folder is temporary.
        let _ = self.process.wait();
    }
}

/// The folder with `initdb` and `pg_ctl`: from PATH, else Debian's newest.
fn find_programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).find(|folder| has_programs(folder));
    in_path.or_else(|| newest(Path::new("/usr/lib/postgresql")))
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(versions).ok()?.flatten();
    entries
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| has_programs(folder))
        .max()
        .map(|(_, folder)| folder)
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file())
}

fn ensure_account() -> Result<()> {
    if capture(Command::new("id").args(["-u", ACCOUNT])).is_err() {
        println!("    adding the system account {ACCOUNT}");
        let options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"];
        capture(Command::new("useradd").args(options).arg(ACCOUNT))?;
    }
    Ok(())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_complete_version_is_taken_by_number() {
        let folder = env::temp_dir().join(format!("workforceos-xtask-{}", std::process::id()));
        for (version, programs) in [("9", 2), ("15", 2), ("17", 1), ("common", 2)] {
            let bin = folder.join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            for program in ["initdb", "pg_ctl"].iter().take(programs) {
                fs::write(bin.join(program), "").unwrap();
            }
        }
        let found = newest(&folder);
        let expected = folder.join("15/bin");
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, Some(expected));
        assert_eq!(newest(&folder), None);
    }
}
