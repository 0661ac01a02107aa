//! Which operations there are, how often they come, and what they may be answered with: read from a file.
//!
//! ```text
//! # A name, and what it stands for: one of several, between bars.
//! bus = ROOT\SAMPLEBUS\0000 | ROOT\SAMPLEBUS\0001
//!
//! # A kind of operation: its weight and what the report calls it. One of its lines is drawn.
//! 60 plug in
//!     ioctl {bus} 0x22A004 u32:{1..5}
//!     ioctl {bus} 0x22A004 {bytes 3}
//!     answers STATUS_SUCCESS STATUS_INVALID_PARAMETER
//!
//! 60 double
//!     ioctl {bus} 0x22E000 i32:21 /out 4 => 2A 00 00 00
//!
//! # What has to work when everything was taken away.
//! after
//!     devgen /add /hardwareid root\SampleBus
//! ```

use fastrand::Rng;

use super::template::{Names, Template};

/// What a name is separated from its alternatives by.
const IS: &str = " = ";
/// What separates alternatives.
const OR: &str = " | ";
/// What separates a line from what its success has to say.
const SAYS: &str = " => ";
/// What begins the statuses of a kind of operations.
const ANSWERS: &str = "answers ";
/// The block of lines for the end of a round.
const AFTER: &str = "after";
/// The status of an operation that did what it says.
const SUCCESS: &str = "STATUS_SUCCESS";

/// See the module.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    /// What has to work after each round.
    pub(super) after: Vec<String>,
}

/// A kind of operation.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    weight: u32,
    lines: Vec<(Template, Option<String>)>,
    /// The statuses that it may be answered with; any, and no status, where there are none.
    answers: Vec<String>,
}

/// An operation of a kind.
#[derive(Clone, Debug)]
pub(super) struct Operation<'a> {
    /// Its place among the rows.
    pub(super) place: usize,
    /// The command.
    pub(super) line: String,
    row: &'a Row,
    /// What a success must say, where that is known.
    success: Option<&'a str>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// The number of the line and what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(text.lines()) {
            if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                reader.read(line).map_err(|error| (number, error))?;
            }
        }
        reader.table().map_err(|error| (text.lines().count(), error))
    }

    /// The next operation of a sequence.
    pub(super) fn draw(&self, random: &mut Rng) -> Operation<'_> {
        let all: u32 = self.rows.iter().map(|row| row.weight).sum();
        let mut left = random.u32(..all);
        let is_it = |row: &Row| {
            let found = left < row.weight;
            left = left.wrapping_sub(row.weight);
            found
        };
        let place = self.rows.iter().position(is_it).unwrap_or_default();
        let row = &self.rows[place];
        let (template, success) = &row.lines[random.usize(..row.lines.len())];
        Operation {
            place,
            line: template.draw(random),
            row,
            success: success.as_deref(),
        }
    }
}

impl Operation<'_> {
    /// Whether an answer is a success. One that the operation must not have is an error that names those it may have.
    pub(super) fn judge(&self, output: &str) -> Result<bool, String> {
        let status = output.split([' ', ',']).next().unwrap_or_default();
        if self.row.answers.is_empty() {
            return Ok(true);
        }
        if let Some(wanted) = self
            .success
            .filter(|wanted| status == SUCCESS && !output.contains(wanted))
        {
            return Err(wanted.to_owned());
        }
        if self.row.answers.iter().any(|known| known == status) {
            Ok(status == SUCCESS)
        } else {
            Err(self.row.answers.join(", "))
        }
    }
}

/// What indented lines belong to.
#[derive(Default)]
enum Block {
    #[default]
    Nothing,
    Row,
    After,
}

#[derive(Default)]
struct Reader {
    names: Names,
    rows: Vec<Row>,
    after: Vec<String>,
    block: Block,
}

impl Reader {
    fn read(&mut self, line: &str) -> Result<(), String> {
        if line.starts_with(char::is_whitespace) {
            return self.read_indented(line.trim());
        }
        if let Some((name, alternatives)) = line.split_once(IS) {
            self.block = Block::Nothing;
            return self.read_name(name.trim(), alternatives);
        }
        if line.trim() == AFTER {
            self.block = Block::After;
            return Ok(());
        }
        self.read_row(line.trim())
    }

    fn read_name(&mut self, name: &str, alternatives: &str) -> Result<(), String> {
        let alternatives: Result<Vec<Template>, String> = alternatives
            .split(OR)
            .map(|text| Template::parse(text.trim(), &self.names))
            .collect();
        self.names.insert(name.to_owned(), alternatives?);
        Ok(())
    }

    fn read_row(&mut self, line: &str) -> Result<(), String> {
        let wrong = || format!("`{line}` is no name, no weight with a kind of operations, and not `{AFTER}`");
        let (weight, name) = line.split_once(' ').ok_or_else(wrong)?;
        self.rows.push(Row {
            name: name.trim().to_owned(),
            weight: weight.parse().map_err(|_| wrong())?,
            lines: Vec::new(),
            answers: Vec::new(),
        });
        self.block = Block::Row;
        Ok(())
    }

    fn read_indented(&mut self, line: &str) -> Result<(), String> {
        match (&self.block, self.rows.last_mut()) {
            (Block::After, _) => self.after.push(line.to_owned()),
            (Block::Row, Some(row)) => match line.strip_prefix(ANSWERS) {
                Some(statuses) => row.answers.extend(statuses.split_whitespace().map(str::to_owned)),
                None => row.read_line(line, &self.names)?,
            },
            _ => return Err(String::from("an indented line belongs to no kind of operations")),
        }
        Ok(())
    }

    fn table(self) -> Result<Table, String> {
        if let Some(empty) = self.rows.iter().find(|row| row.lines.is_empty()) {
            return Err(format!("the kind of operations `{}` has no line", empty.name));
        }
        if self.rows.iter().all(|row| row.weight == 0) {
            return Err(String::from("there is no operation"));
        }
        Ok(Table {
            rows: self.rows,
            after: self.after,
        })
    }
}

impl Row {
    fn read_line(&mut self, line: &str, names: &Names) -> Result<(), String> {
        let (text, success) = match line.split_once(SAYS) {
            Some((text, success)) => (text, Some(success.trim().to_owned())),
            None => (line, None),
        };
        self.lines.push((Template::parse(text.trim(), names)?, success));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use fastrand::Rng;

    use super::Table;

    const TEXT: &str = "
# A comment.
bus = one | two
3 plug in
    plug {bus} {1..5}
    answers STATUS_SUCCESS STATUS_INVALID_PARAMETER
1 double
    double => 2A
    answers STATUS_SUCCESS
after
    devgen
    expect created
";

    fn table() -> Table {
        Table::parse(TEXT).expect("the table is right")
    }

    fn lines(seed: u64) -> Vec<String> {
        let mut random = Rng::with_seed(seed);
        let table = table();
        (0..300).map(|_| table.draw(&mut random).line).collect()
    }

    #[test]
    fn an_equal_seed_gives_equal_lines_and_another_one_others() {
        assert_eq!(lines(7), lines(7));
        assert_ne!(lines(7), lines(8));
    }

    #[test]
    fn every_kind_comes_and_what_comes_after_is_kept() {
        let table = table();
        let mut random = Rng::with_seed(1);
        let places: BTreeSet<usize> = (0..100).map(|_| table.draw(&mut random).place).collect();
        assert_eq!(places, BTreeSet::from([0, 1]));
        assert_eq!(table.after, ["devgen", "expect created"]);
    }

    #[test]
    fn an_answer_is_judged_by_its_status_and_what_a_success_says() {
        let table = table();
        let mut random = Rng::with_seed(1);
        let mut of = |place| loop {
            let operation = table.draw(&mut random);
            if operation.place == place {
                return operation;
            }
        };
        let double = of(1);
        assert_eq!(
            double.judge("STATUS_SUCCESS (0x00000000), 4 bytes: 2A\n"),
            Ok(true)
        );
        assert!(
            double
                .judge("STATUS_SUCCESS (0x00000000), 4 bytes: 2B\n")
                .is_err()
        );
        let plug = of(0);
        assert_eq!(
            plug.judge("STATUS_INVALID_PARAMETER (0xC000000D), 0 bytes\n"),
            Ok(false)
        );
        assert!(plug.judge("STATUS_UNSUCCESSFUL (0xC0000001), 0 bytes\n").is_err());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line) in [
            ("    plug", 1),
            ("\nplug", 2),
            ("1 plug\n    plug {nobody}", 2),
            ("1 plug", 1),
            ("", 0),
        ] {
            assert_eq!(
                Table::parse(text).map_err(|(line, _)| line).err(),
                Some(line),
                "{text}"
            );
        }
    }
}
