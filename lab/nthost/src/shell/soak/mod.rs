//! `soak`: users that type random lines at the same time, round after round, and what has to hold after each round.
//!
//! Parts: `table` (the file that says which lines there are and what they may answer) with `template` (lines with parts that are drawn),
//! `user` (one thread's sequence), `ledger` (what is told when a run does not end well). Every line is a command that a script could have too.
//!
//! A user draws its lines from the seed and its own number and from nothing else, so that an equal seed gives each user the same sequence. How the
//! users' lines fall between each other's is up to the system: only `/threads 1`, where each line is over before the next one, repeats a run, as far
//! as drivers have no threads and work items of their own.
//!
//! At the end of a round every file is closed, every device removed and every driver unloaded; nothing of theirs may be left. Then the table's
//! own lines for this moment have to pass, without faults.

mod ledger;
mod table;
mod template;
mod user;

use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::commands::{self, usage};
use super::session::{CommandError, CommandResult, Session};
use super::words;
use crate::verifier::{self, Outcome, faults};
use crate::{dbg, io, ke, pnp, report};
use ledger::Plan;
use table::Table;
use user::User;

/// How many users there are unless the line says so.
const THREADS: u32 = 4;
/// How many operations all users do in a round, unless the line says so.
const ROUND: u32 = 1000;
/// Without any operation ended for so long, something waits for good.
const STALL: Duration = Duration::from_mins(1);
/// How many lines of the drivers' output are kept.
const LOG_LINES: usize = 200;

/// When the rounds are over.
#[derive(Clone, Copy, Debug)]
enum Length {
    /// After so many operations of all users together.
    Operations(u64),
    /// With the round in which so much time is over.
    Time(Duration),
}

/// What a line asks for.
#[derive(Clone, Copy, Debug)]
struct Wish {
    plan: Plan,
    length: Length,
    round: u32,
}

/// The command `soak`.
pub(super) fn run(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let (file, options) = arguments
        .split_first()
        .ok_or_else(|| usage("soak", "there is no table of operations"))?;
    let wish = parse(options).ok_or_else(|| usage("soak", "the arguments are not understood"))?;
    let table = Arc::new(read_table(session, file)?);
    session.say(&format!("soak: {}", wish.plan));
    verifier::set_background(ledger::describe);
    ledger::begin(wish.plan);
    dbg::silence(Some(LOG_LINES));
    let users = (0..wish.plan.threads).map(|number| User::new(session, &table, wish.plan, number));
    let start = Instant::now();
    let users = rounds(session, wish, &table, users.collect())?;
    dbg::silence(None);
    ledger::end();
    tell(session, &table, &users, start.elapsed());
    Ok(())
}

fn read_table(session: &Session, name: &str) -> Result<Table, CommandError> {
    let file = session.find_file(name)?;
    let text = fs::read_to_string(&file)
        .map_err(|error| CommandError::Environment(format!("{} cannot be read: {error}", file.display())))?;
    Table::parse(&text)
        .map_err(|(line, error)| CommandError::Environment(format!("{}:{line}: {error}", file.display())))
}

fn parse(arguments: &[&str]) -> Option<Wish> {
    let (mut seed, mut threads, mut round, mut length) = (None, THREADS, ROUND, None);
    let (pairs, []) = arguments.as_chunks::<2>() else {
        return None;
    };
    for [option, number] in pairs {
        let number = words::number(number)?;
        match option.to_lowercase().as_str() {
            "/seed" => seed = Some(number),
            "/threads" => threads = number,
            "/round" => round = number,
            "/operations" if length.is_none() => length = Some(Length::Operations(number.into())),
            "/minutes" if length.is_none() => {
                length = Some(Length::Time(Duration::from_secs(60 * u64::from(number))));
            }
            _ => return None,
        }
    }
    (threads > 0 && round >= threads).then_some(Wish {
        plan: Plan { seed: seed?, threads },
        length: length.unwrap_or_else(|| Length::Operations(round.into())),
        round,
    })
}

/// Runs rounds until it is enough.
fn rounds(
    session: &Session,
    wish: Wish,
    table: &Table,
    mut users: Vec<User>,
) -> Result<Vec<User>, CommandError> {
    let start = Instant::now();
    let threads = u64::from(wish.plan.threads);
    loop {
        let done: u64 = users.iter().map(User::done).sum();
        let each = match wish.length {
            Length::Time(time) if start.elapsed() >= time => 0,
            Length::Time(_) => u64::from(wish.round) / threads,
            // The last round may be shorter; a remainder makes it one longer for everybody.
            Length::Operations(all) => all.saturating_sub(done).min(wish.round.into()).div_ceil(threads),
        };
        if each == 0 {
            return Ok(users);
        }
        users = round(users, each);
        clear(&mut users);
        check_afterwards(session, table)?;
    }
}

/// Has every user do so many operations at the same time.
fn round(users: Vec<User>, operations: u64) -> Vec<User> {
    let (done, ended) = channel();
    let count = users.len();
    for mut user in users {
        let done = done.clone();
        let work = move || {
            user.run(operations);
            // Nobody waits any more when the run is at its end.
            let _ = done.send(user);
        };
        drop(ke::thread::spawn("a user", work));
    }
    let mut users: Vec<User> = Vec::new();
    let mut before = ledger::ended();
    while users.len() < count {
        match ended.recv_timeout(STALL) {
            Ok(user) => users.push(user),
            Err(RecvTimeoutError::Timeout) if ledger::ended() > before => before = ledger::ended(),
            Err(_) => ke::watchdog::end(&format!("no operation ended in {} seconds", STALL.as_secs())),
        }
    }
    users.sort_by_key(User::number);
    users
}

/// Takes everything away; nothing of a driver may be left.
fn clear(users: &mut [User]) {
    faults::fail_nth(0);
    faults::forget();
    users.iter_mut().for_each(User::close_files);
    pnp::settle();
    pnp::run(pnp::remove_everything);
    io::unload_all();
    pnp::settle();
    let leaks = report::leaks();
    if !leaks.is_empty() {
        verifier::end(Outcome::Leak, &leaks.join("\n"));
    }
}

/// What the table says of it works after a round.
fn check_afterwards(session: &Session, table: &Table) -> CommandResult {
    let mut check = session.quiet_copy();
    for line in &table.after {
        let words = words::split(line).unwrap_or_default();
        let result = commands::run(&mut check, &words);
        pnp::settle();
        result.map_err(|error| {
            let text = format!(
                "after a round `{line}` fails: {error}\n{}\n{}",
                check.output,
                ledger::describe()
            );
            CommandError::Failed(text)
        })?;
    }
    Ok(())
}

/// A table of what was done, and what identifies the sequences.
fn tell(session: &mut Session, table: &Table, users: &[User], time: Duration) {
    session.say(&format!(
        "{:<24}{:>10}{:>10}{:>10}",
        "operation", "done", "refused", "failed"
    ));
    for (index, row) in table.rows.iter().enumerate() {
        let sum =
            |pick: fn(&user::Count) -> u64| users.iter().map(|user| pick(user.count(index))).sum::<u64>();
        session.say(&format!(
            "{:<24}{:>10}{:>10}{:>10}",
            row.name,
            sum(|count| count.done),
            sum(|count| count.refused),
            sum(|count| count.failed),
        ));
    }
    for user in users {
        session.say(&format!(
            "soak: thread {}: {} operations, digest {}",
            user.number(),
            user.done(),
            user.digest()
        ));
    }
    let done: u64 = users.iter().map(User::done).sum();
    session.say(&format!(
        "soak: {done} operations in {} seconds, {} calls failed on purpose",
        time.as_secs(),
        faults::injections()
    ));
}

#[cfg(test)]
mod tests {
    use super::{Length, parse};

    #[test]
    fn a_seed_is_wanted_and_everything_else_has_a_default() {
        let wish = parse(&["/seed", "7"]).expect("a seed is enough");
        assert!(matches!(wish.length, Length::Operations(1000)));
        assert_eq!((wish.plan.seed, wish.plan.threads), (7, 4));
        for wrong in [
            &["/threads", "2"][..],
            &["/seed"],
            &["/seed", "7", "/threads", "0"],
            &["/seed", "7", "/minutes", "1", "/operations", "1"],
            &["/seed", "7", "/days", "1"],
        ] {
            assert!(parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
