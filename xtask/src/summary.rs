//! Adds up what the test binaries of one `cargo test` say.

use std::fmt;

/// Tests counted over all test binaries. Shown as `N passed, N failed, N skipped`.
#[derive(Debug, Default)]
pub struct Summary {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
    /// Names of the failed tests, in the order of their results.
    pub failures: Vec<String>,
    /// A test binary has begun and not yet given its result.
    in_binary: bool,
}

impl Summary {
    /// Takes in one line of the output.
    pub fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.in_binary = false;
            self.passed += count(counts, " passed");
            self.failed += count(counts, " failed");
            self.skipped += count(counts, " ignored");
        } else if is_beginning(line) {
            self.close();
            self.in_binary = true;
        } else if let Some(name) = failed_test(line) {
            self.failures.push(name.to_owned());
        }
    }

    /// Call it once, after the last line, with cargo's own verdict: a run that cargo calls failed
    /// never reads as one without a failure, whatever the test binaries said.
    pub fn finish(&mut self, cargo_succeeded: bool) {
        self.close();
        if !cargo_succeeded {
            self.failed = self.failed.max(1);
        }
    }

    /// Whether some test ran and none failed.
    pub fn is_success(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }

    /// A binary that ended without a result has crashed: at least one test has failed.
    fn close(&mut self) {
        if self.in_binary {
            self.failed += 1;
            self.failures.push("a test binary that crashed".to_owned());
            self.in_binary = false;
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The number before `word` in `ok. 5 passed; 0 failed; 1 ignored; …`.
fn count(counts: &str, word: &str) -> u64 {
    counts
        .split([';', '.'])
        .filter_map(|part| part.trim().strip_suffix(word.trim_start()))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

/// `running 3 tests`
fn is_beginning(line: &str) -> bool {
    let mut words = line.split(' ');
    words.next() == Some("running")
        && words.next().is_some_and(|word| word.parse::<u64>().is_ok())
        && matches!(words.next(), Some("test" | "tests"))
        && words.next().is_none()
}

/// `test some::name ... FAILED`
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_all_binaries() {
        let summary = read(
            true,
            &[
                "running 3 tests",
                "test a ... ok",
                "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                "",
                "running 1 test",
                "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 12.34s",
            ],
        );
        assert_eq!(summary.to_string(), "3 passed, 0 failed, 1 skipped");
        assert!(summary.is_success());
    }

    #[test]
    fn a_failure_is_counted_and_named() {
        let summary = read(
            false,
            &[
                "running 2 tests",
                "test good ... ok",
                "test deep::bad ... FAILED",
                "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            ],
        );
        assert_eq!(summary.to_string(), "1 passed, 1 failed, 0 skipped");
        assert_eq!(summary.failures, ["deep::bad"]);
        assert!(!summary.is_success());
    }

    #[test]
    fn a_crashed_binary_is_a_failure() {
        let result = "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let first = read(false, &["running 9 tests", "running 4 tests", result]);
        assert_eq!(first.to_string(), "4 passed, 1 failed, 0 skipped");
        let last = read(false, &["running 4 tests", result, "running 9 tests"]);
        assert_eq!(last.to_string(), "4 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_build_that_fails_is_a_failure() {
        let summary = read(false, &[]);
        assert_eq!(summary.to_string(), "0 passed, 1 failed, 0 skipped");
        assert!(!summary.is_success());
    }

    #[test]
    fn no_test_at_all_is_no_success() {
        let line = "test result: ok. 0 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert!(!read(true, &["running 2 tests", line]).is_success());
    }

    #[test]
    fn talk_about_running_is_no_beginning() {
        for line in ["running 5 shifts", "running tests", "running 5 tests now"] {
            assert!(!is_beginning(line), "{line}");
        }
    }

    fn read(cargo_succeeded: bool, lines: &[&str]) -> Summary {
        let mut summary = Summary::default();
        for line in lines {
            summary.read(line);
        }
        summary.finish(cargo_succeeded);
        summary
    }
}
