//! The prompt, with history.

use rustyline::error::ReadlineError;

use super::{Session, run_line};
use crate::verifier::environment_error;

/// Reads and runs lines until the end of the input or `exit`.
pub fn prompt(session: &mut Session) {
    let mut editor = rustyline::DefaultEditor::new()
        .unwrap_or_else(|error| environment_error(&format!("the terminal cannot be used: {error}")));
    while !session.ended {
        match editor.readline("nthost> ") {
            Ok(line) => {
                // A line that the history does not take is no reason to stop.
                let _ = editor.add_history_entry(&line);
                session.output.clear();
                run_line(session, &line);
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return,
            Err(error) => environment_error(&format!("the input cannot be read: {error}")),
        }
    }
}
