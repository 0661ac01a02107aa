//! Running other programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus},
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// Says on standard error what takes the time now.
pub fn stage(what: &str) {
    eprintln!("xtask: {what}");
}

/// The words that clap parses: it wants the program's name before the arguments.
pub fn words<'a>(task: &'a str, arguments: &'a [String]) -> impl Iterator<Item = &'a str> {
    std::iter::once(task).chain(arguments.iter().map(String::as_str))
}

/// The cargo that started xtask.
pub fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end, and fails when the program does.
///
/// # Errors
///
/// When the program cannot be started or ends with another status than success.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed: {status}", rendered(command));
    }
    Ok(())
}

/// Runs to the end and hands the exit code on.
///
/// # Errors
///
/// When the program cannot be started or was killed by a signal.
pub fn exit_code(command: &mut Command) -> Result<ExitCode> {
    let status = status(command)?;
    code_of(command, status)
}

/// As [`exit_code`], but not for longer than `limit`: then the program and everything that it has started is killed.
///
/// # Errors
///
/// When the program cannot be started, was killed by a signal, or did not end in time.
pub fn exit_code_within(limit: Duration, command: &Command) -> Result<ExitCode> {
    /// What `timeout` ends with when the time is over; see its manual page.
    const OVER: i32 = 124;
    let mut limited = within(limit, command);
    let status = status(&mut limited)?;
    if status.code() == Some(OVER) {
        bail!(
            "`{}` did not end in {} seconds",
            rendered(command),
            limit.as_secs()
        );
    }
    code_of(command, status)
}

fn code_of(command: &Command, status: ExitStatus) -> Result<ExitCode> {
    let code = status
        .code()
        .with_context(|| format!("`{}` was killed: {status}", rendered(command)))?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// The command under `timeout` of the core utilities, which kills the whole process group.
fn within(limit: Duration, command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited
        .arg("--kill-after=10")
        .arg(limit.as_secs().to_string())
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

/// Runs to the end and returns what it printed, without the last line break.
///
/// # Errors
///
/// When the program cannot be started, fails, or prints something that is not UTF-8.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run `{}`", rendered(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` failed: {}\n{}",
            rendered(command),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed no UTF-8", rendered(command)))?;
    Ok(text.trim_end().to_owned())
}

/// Where PATH has the program, if it has.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| fs::metadata(file).is_ok_and(|found| found.is_file()))
}

fn status(command: &mut Command) -> Result<ExitStatus> {
    command
        .status()
        .with_context(|| format!("cannot run `{}`", rendered(command)))
}

fn rendered(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The resident bytes of a process, by its folder in `/proc`.
pub fn resident(process: &Path) -> Result<f64> {
    let status = crate::files::read(&process.join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kibibytes.context("the process has no VmRSS")?.parse::<f64>()? * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_in_time_is_killed() {
        let limit = Duration::from_secs(1);
        let error = exit_code_within(limit, Command::new("sleep").arg("600")).unwrap_err();
        assert_eq!(error.to_string(), "`sleep 600` did not end in 1 seconds");
        let code = exit_code_within(limit, &Command::new("false")).unwrap();
        assert_eq!(code, ExitCode::FAILURE);
    }
}
