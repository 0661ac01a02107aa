//! The lab's command line: lines are split and expanded, words are read as numbers and bytes, and commands that change nothing outside of the
//! process run.

use nthost::cm;
use nthost::shell::{Session, run_line, words};

/// The commands that any line may give: they reach neither files nor drivers.
const COMMANDS: &[&str] = &[
    "reg",
    "set",
    "expect",
    "ioctl",
    "open",
    "close",
    "query-interface",
    "surprise-remove",
    "traces",
];

/// See the module.
///
/// # Panics
///
/// When words that were put between quotes are split into others.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut session = Session::new(Vec::new());
    for line in text.lines() {
        if let Some(words) = words::split(line) {
            read(&words);
        }
        let first = line.split_whitespace().next().unwrap_or_default();
        if COMMANDS.contains(&first) {
            run_line(&mut session, line);
        }
    }
    for root in ["HKLM", "HKU", r"\Registry"] {
        cm::delete_key(root);
    }
}

fn read(line: &[String]) {
    let quoted: Vec<String> = line.iter().map(|word| format!("\"{word}\"")).collect();
    assert_eq!(words::split(&quoted.join(" ")).as_deref(), Some(line));
    for word in line {
        let _number = words::number(word);
        if let Some(bytes) = words::bytes(word) {
            let digits = bytes
                .iter()
                .fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
            assert_eq!(words::bytes(&digits), Some(bytes));
        }
    }
}
