//! The results: a line while it runs, a table at the end, a page of the documentation.

use std::fmt::Write;

use crate::figures::{Measured, Spread};

const HEADINGS: [&str; 10] =
    ["bench", "measured", "rate (min–max)", "p50", "p99 (min–max)", "max", "goal", "met", "CPU s: server + client", "server RSS"];

/// Part of the cores from which on other programs are mentioned: what was measured beside them is worth little.
const DISTURBED: f64 = 0.03;

/// One measured thing.
#[derive(Clone, Debug, Default)]
pub struct Row {
    name: &'static str,
    what: String,
    rate: String,
    p50: String,
    p99: String,
    max: String,
    goal: String,
    met: String,
    cpu: String,
    memory: String,
}

impl Row {
    pub fn new(name: &'static str, what: &str) -> Row {
        Row { name, what: what.to_owned(), ..Row::default() }
    }

    /// Rate, times and cost.
    pub fn load(mut self, measured: &Measured) -> Row {
        self.rate = per_second(measured.rate());
        let each = measured.server_micros_each();
        self = self.times(measured);
        let _ = write!(self.cpu, " ({each:.0} µs each)");
        self
    }

    /// As [`Row::load`], where the rate is the client's choice.
    pub fn times(mut self, measured: &Measured) -> Row {
        self.p50 = millis(measured.quantile(0.5).median);
        self.p99 = millis_spread(measured.quantile(0.99));
        self.max = millis(measured.worst());
        let cpu = measured.cpu;
        self.cpu = format!("{:.1} + {:.1}", cpu.server, cpu.client);
        let disturbed = cpu.others / cpu.there.max(f64::EPSILON);
        if disturbed > DISTURBED {
            let _ = write!(self.cpu, ", other programs {:.0} % of the cores", disturbed * 100.0);
        }
        self
    }

    pub fn rate(mut self, text: String) -> Row {
        self.rate = text;
        self
    }

    /// A time of a few tries.
    pub fn tries(mut self, millis_each: Spread) -> Row {
        self.p50 = millis_spread(millis_each);
        self.max = millis(millis_each.max);
        self
    }

    pub fn memory(mut self, kib: u64) -> Row {
        self.memory = format!("{:.0} MiB", kib as f64 / 1024.0);
        self
    }

    pub fn goal(mut self, text: &str, met: bool) -> Row {
        text.clone_into(&mut self.goal);
        self.met = if met { "yes" } else { "no" }.to_owned();
        self
    }

    fn cells(&self) -> [&str; 10] {
        [self.name, &self.what, &self.rate, &self.p50, &self.p99, &self.max, &self.goal, &self.met, &self.cpu, &self.memory]
    }

    /// The row while the benches run.
    pub fn line(&self) -> String {
        let named = HEADINGS.iter().zip(self.cells()).skip(2).filter(|(_, cell)| !cell.is_empty());
        let cells: Vec<String> = named.map(|(heading, cell)| format!("{heading} {cell}")).collect();
        format!("  {}\n    {}", self.what, cells.join(" · "))
    }
}

/// The rows as a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!("| {} |\n|{}\n", HEADINGS.join(" | "), "---|".repeat(HEADINGS.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.cells().join(" | "));
    }
    text
}

/// The page of the documentation.
pub fn page(machine: &str, rows: &[Row]) -> String {
    format!("# Benchmarks\n\n{}\nMachine: {machine}.\n\n{}\n{}", include_str!("about.md"), table(rows), include_str!("notes.md"))
}

pub fn millis(value: f64) -> String {
    if value < 10.0 { format!("{value:.2} ms") } else { format!("{value:.0} ms") }
}

fn millis_spread(spread: Spread) -> String {
    format!("{} ({}–{})", millis(spread.median), bare(spread.min), bare(spread.max))
}

fn bare(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

pub fn per_second(spread: Spread) -> String {
    format!("{}/s ({}–{})", grouped(spread.median), grouped(spread.min), grouped(spread.max))
}

/// A number with commas between its thousands.
pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
