//! One thread's sequence of operations.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::ledger::{self, Plan};
use super::table::{Operation, Table};
use crate::pnp;
use crate::shell::commands;
use crate::shell::session::{CommandError, Session};
use crate::shell::words;
use crate::verifier::{self, Outcome};

/// More devices of one hardware ID are not made: the lines name the first ones.
const DEVICES: usize = 2;
/// What every error about a line's form has in it: a right table has none.
const USAGE: &str = "; usage: ";

/// What came of the operations of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// The command did what it says.
    pub(super) done: u64,
    /// It was no time for it: no such device, open, started already.
    pub(super) refused: u64,
    /// It was told with another status than success.
    pub(super) failed: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct User {
    number: u32,
    /// Nobody else types: each operation is over before the next one, so that the same ones have the same outcome.
    alone: bool,
    table: Arc<Table>,
    random: fastrand::Rng,
    session: Session,
    digest: Sha256,
    done: u64,
    counts: Vec<Count>,
}

impl User {
    /// A user whose sequence is that of the plan's seed and its number.
    pub(super) fn new(session: &Session, table: &Arc<Table>, plan: Plan, number: u32) -> Self {
        Self {
            number,
            alone: plan.threads == 1,
            table: Arc::clone(table),
            random: fastrand::Rng::with_seed(u64::from(plan.seed) << u32::BITS | u64::from(number)),
            session: session.quiet_copy(),
            digest: Sha256::new(),
            done: 0,
            counts: vec![Count::default(); table.rows.len()],
        }
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// How many operations it has done.
    pub(super) const fn done(&self) -> u64 {
        self.done
    }

    /// The first half of the SHA-256 over all of its lines.
    pub(super) fn digest(&self) -> String {
        let bytes = self.digest.clone().finalize();
        let half = bytes.len() / 2;
        bytes[..half]
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// What came of a row.
    pub(super) fn count(&self, row: usize) -> &Count {
        &self.counts[row]
    }

    /// Does so many operations.
    pub(super) fn run(&mut self, operations: u64) {
        let table = Arc::clone(&self.table);
        for _ in 0..operations {
            let operation = table.draw(&mut self.random);
            self.digest.update(operation.line.as_bytes());
            self.digest.update(b"\n");
            ledger::begin_line(self.number as usize, &operation.line);
            self.perform(&operation);
            if self.alone {
                pnp::settle();
            }
            ledger::end_line(self.number as usize);
            self.done += 1;
        }
    }

    /// Closes what is open.
    pub(super) fn close_files(&mut self) {
        self.session.files.clear();
    }

    fn perform(&mut self, operation: &Operation<'_>) {
        let words = words::split(&operation.line).unwrap_or_default();
        self.session.driverless.clear();
        let result = if is_crowded(&words) {
            Err(CommandError::Failed(String::from("there are enough")))
        } else {
            commands::run(&mut self.session, &words)
        };
        let count = &mut self.counts[operation.place];
        match result {
            Err(error) if error.to_string().contains(USAGE) => {
                verifier::environment_error(&format!("the line `{}` of the table: {error}", operation.line));
            }
            Err(_) => count.refused += 1,
            Ok(()) => match operation.judge(&self.session.output) {
                Ok(true) => count.done += 1,
                Ok(false) => count.failed += 1,
                Err(wanted) => wrong(operation, &self.session.output, &wanted),
            },
        }
    }
}

/// Whether a line would make one device more than the lines can name.
fn is_crowded(words: &[String]) -> bool {
    let ["devgen", "/add", _, id] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return false;
    };
    let made = pnp::children_of(pnp::root_node());
    let same = made
        .iter()
        .filter(|node| node.hardware_ids.iter().any(|known| known == id));
    same.count() >= DEVICES
}

fn wrong(operation: &Operation<'_>, output: &str, wanted: &str) -> ! {
    let text = format!("`{}` answers\n{output}which is none of: {wanted}", operation.line);
    verifier::end(Outcome::Fail, &text)
}
