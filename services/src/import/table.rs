//! A CSV file as rows of cells: separator and header found, every row with the line on which it begins.

use std::collections::HashMap;

use workforceos_core::error::{Error, Result};

/// The most rows of a file, and of bytes.
pub const MAX_ROWS: usize = 100_000;
pub const MAX_BYTES: usize = 50 * 1024 * 1024;

/// A column that an import knows.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    /// Other names that people give it, in lower case and without anything but letters.
    pub aliases: &'static [&'static str],
    pub required: bool,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bad {
    /// The line of the file on which the row begins; the header stands on line 1.
    pub line: u64,
    pub column: Option<&'static str>,
    pub problem: String,
}

/// A row with the line on which it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<R> {
    pub line: u64,
    pub row: R,
}

/// A file that was read.
#[derive(Debug)]
pub struct Table<R> {
    pub rows: Vec<Line<R>>,
    /// How many rows the file has, bad ones too.
    pub count: u64,
    pub bad: Vec<Bad>,
    /// Names of columns that nobody knows: they are ignored.
    pub unknown: Vec<String>,
}

/// The cells of one row.
pub struct Cells<'a> {
    record: &'a csv::StringRecord,
    places: &'a HashMap<&'static str, usize>,
    line: u64,
    bad: &'a mut Vec<Bad>,
}

impl Cells<'_> {
    /// A cell without the white space around it; `None` where there is nothing in it.
    pub fn get(&self, column: &'static str) -> Option<&str> {
        let cell = self.record.get(*self.places.get(column)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    pub fn refuse(&mut self, column: &'static str, problem: impl Into<String>) {
        self.bad.push(Bad { line: self.line, column: Some(column), problem: problem.into() });
    }

    /// What a reader makes of a cell; a text that it cannot read is a problem.
    pub fn read<T>(&mut self, column: &'static str, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = read(self.get(column)?);
        if value.is_none() {
            self.refuse(column, wanted);
        }
        value
    }

    /// As [`Cells::read`], of a cell that must not be empty.
    pub fn need<T>(&mut self, column: &'static str, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.get(column).is_none() {
            self.refuse(column, "must not be empty");
        }
        self.read(column, wanted, read)
    }

    /// The texts of a cell that holds several, separated by `;`.
    pub fn list(&self, column: &'static str) -> Vec<String> {
        let cell = self.get(column).unwrap_or_default();
        cell.split(';').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

/// Reads a file's text. `read` makes a row of its cells, and says what is wrong with them.
pub fn read<R>(
    bytes: Vec<u8>,
    columns: &'static [Column],
    max_cell: usize,
    read: impl Fn(&mut Cells) -> Option<R>,
) -> Result<Table<R>> {
    let text = text(bytes)?;
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator(&text)).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    let mut record = csv::StringRecord::new();
    if !next(&mut reader, &mut record)? {
        return Err(unreadable("The file is empty: it needs a line with the names of its columns"));
    }
    let width = record.len();
    let (places, unknown) = places(&record, columns)?;
    let mut table = Table { rows: Vec::new(), count: 0, bad: Vec::new(), unknown };
    loop {
        let begins = reader.position().byte();
        if !next(&mut reader, &mut record)? {
            return Ok(table);
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        table.count += 1;
        if table.count > MAX_ROWS as u64 {
            return Err(unreadable(format!("The file has more than {MAX_ROWS} rows: cut it into several")));
        }
        let line = lines.of(begins);
        let known = table.bad.len();
        check_shape(&record, width, max_cell, &places, line, &mut table.bad);
        if table.bad.len() > known {
            continue;
        }
        let row = read(&mut Cells { record: &record, places: &places, line, bad: &mut table.bad });
        if let Some(row) = row.filter(|_| table.bad.len() == known) {
            table.rows.push(Line { line, row });
        }
    }
}

/// UTF-8 without its mark, and with one kind of line ends.
fn text(bytes: Vec<u8>) -> Result<String> {
    if bytes.len() > MAX_BYTES {
        return Err(unreadable(format!("The file has more than {} MB: cut it into several", MAX_BYTES / 1024 / 1024)));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unreadable("The file is UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        unreadable(format!("The file is not UTF-8: line {line} has other bytes. Save it as UTF-8 (in Excel: CSV UTF-8)"))
    })?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

/// What separates the names of the first line, outside of quotes.
fn separator(text: &str) -> u8 {
    let (mut commas, mut semicolons, mut quoted) = (0, 0, false);
    for byte in text.trim_start_matches('\n').bytes().take_while(|b| *b != b'\n') {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => commas += 1,
            b';' if !quoted => semicolons += 1,
            _ => {}
        }
    }
    if semicolons > commas { b';' } else { b',' }
}

fn next(reader: &mut csv::Reader<&[u8]>, record: &mut csv::StringRecord) -> Result<bool> {
    reader.read_record(record).map_err(|error| unreadable(format!("The file is no CSV: {error}")))
}

/// Where the known columns stand, and the names that are not known.
fn places(header: &csv::StringRecord, columns: &'static [Column]) -> Result<(HashMap<&'static str, usize>, Vec<String>)> {
    let (mut places, mut unknown, mut twice) = (HashMap::new(), Vec::new(), Vec::new());
    for (place, name) in header.iter().enumerate() {
        let plain: String = name.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
        match columns.iter().find(|c| c.name.to_lowercase() == plain || c.aliases.contains(&plain.as_str())) {
            Some(column) if places.insert(column.name, place).is_some() => twice.push(column.name),
            Some(_) => {}
            None if name.trim().is_empty() => {}
            None => unknown.push(name.trim().chars().take(100).collect()),
        }
    }
    let missing: Vec<&str> = columns.iter().filter(|c| c.required && !places.contains_key(c.name)).map(|c| c.name).collect();
    if !missing.is_empty() {
        return Err(unreadable(format!("The file lacks the columns {}", missing.join(", "))));
    }
    if !twice.is_empty() {
        return Err(unreadable(format!("The file has these columns more than once: {}", twice.join(", "))));
    }
    Ok((places, unknown))
}

/// A row has the header's cells, each of a size and content that can be stored.
fn check_shape(
    record: &csv::StringRecord,
    width: usize,
    max_cell: usize,
    places: &HashMap<&'static str, usize>,
    line: u64,
    bad: &mut Vec<Bad>,
) {
    let more = record.iter().skip(width).any(|cell| !cell.trim().is_empty());
    if record.len() < width || more {
        let problem = format!("has {} cells, the first line {width}", record.len());
        bad.push(Bad { line, column: None, problem });
    }
    let mut cells: Vec<_> = places.iter().filter_map(|(column, place)| Some((*column, record.get(*place)?))).collect();
    cells.sort_unstable();
    for (column, cell) in cells {
        let refused = if cell.contains('\0') {
            "must not contain a NUL character".to_owned()
        } else if cell.chars().count() > max_cell {
            format!("must have at most {max_cell} characters")
        } else {
            continue;
        };
        bad.push(Bad { line, column: Some(column), problem: refused });
    }
}

/// Counts lines up to where rows begin; empty lines before a row belong to none.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let begins = self.text[from..].iter().position(|b| *b != b'\n').map_or(self.text.len(), |skip| from + skip);
        self.line += self.text[self.at..begins].iter().filter(|b| **b == b'\n').count() as u64;
        self.at = begins;
        self.line
    }
}

fn unreadable(problem: impl Into<String>) -> Error {
    Error::field("csv", problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: &[Column] = &[
        Column { name: "email", aliases: &["mail"], required: true },
        Column { name: "fullname", aliases: &["name"], required: false },
    ];

    fn table(text: &[u8]) -> Result<Table<(String, Option<String>)>> {
        read(text.to_vec(), COLUMNS, 50, |cells| {
            let email = cells.need("email", "must hold an @", |t| t.contains('@').then(|| t.to_owned()));
            Some((email?, cells.get("fullname").map(str::to_owned)))
        })
    }

    fn lines(text: &str) -> Vec<u64> {
        table(text.as_bytes()).expect("read").rows.iter().map(|l| l.line).collect()
    }

    #[test]
    fn separators_marks_and_line_ends_are_found() {
        for text in [
            "email,fullname\na@b,Ann\n",
            "\u{feff}E-Mail;Full Name\r\na@b;Ann\r\n",
            "\"MAIL\";name\ra@b;Ann",
            "email,name\n\"a@b\",\"Ann\"",
        ] {
            let table = table(text.as_bytes()).unwrap_or_else(|e| panic!("{text:?}: {e:?}"));
            assert_eq!(table.rows, [Line { line: 2, row: ("a@b".to_owned(), Some("Ann".to_owned())) }], "{text:?}");
        }
    }

    #[test]
    fn lines_stay_right_over_quoted_newlines_and_empty_lines() {
        assert_eq!(lines("email,name\na@b,\"Ann\nof\n\nAck\"\n\n\nb@b,Ben\nc@b,Cem"), [2, 8, 9]);
        assert_eq!(lines("email,name\r\na@b,\"Ann\r\nAck\"\r\nb@b,\r\n,,\r\n\r\nc@b,C\r\n"), [2, 4, 7]);
        assert_eq!(lines("\n\nemail\na@b\n"), [4]);
    }

    #[test]
    fn bad_rows_are_named_and_the_others_kept() {
        let table = table(b"email,name,shoe size\na@b,Ann,3\nnobody,X,\n,Y,\nb@b\nc@b,C,3,4\nd@b,D,3,\n").expect("read");
        assert_eq!(table.rows.iter().map(|l| l.line).collect::<Vec<_>>(), [2, 7]);
        assert_eq!((table.count, table.unknown), (6, vec!["shoe size".to_owned()]));
        let told: Vec<_> = table.bad.iter().map(|b| (b.line, b.column, b.problem.as_str())).collect();
        let wanted = [
            (3, Some("email"), "must hold an @"),
            (4, Some("email"), "must not be empty"),
            (5, None, "has 1 cells, the first line 3"),
            (6, None, "has 4 cells, the first line 3"),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn cells_are_bounded() {
        let long = format!("email,name\na@b,{}\nb@b,a\0b\n", "x".repeat(51));
        let told: Vec<_> = table(long.as_bytes()).expect("read").bad.into_iter().map(|b| (b.line, b.column)).collect();
        assert_eq!(told, [(2, Some("fullname")), (3, Some("fullname"))]);
    }

    #[test]
    fn files_that_are_none_are_refused() {
        let why = |text: &[u8]| table(text).expect_err("refused").message;
        assert!(why(b"").contains("empty"));
        assert!(why(b"name\nAnn\n").contains("lacks the columns email"));
        assert!(why(b"email,mail\na@b,b@b\n").contains("more than once: email"));
        assert!(why(b"\xff\xfee\0").contains("UTF-16"));
        assert!(why(b"email\na@b\n\xe9\n").contains("line 3"));
        let many = format!("email\n{}", "a@b\n".repeat(MAX_ROWS + 1));
        assert!(why(many.as_bytes()).contains("100000 rows"));
    }
}
