//! `reg`, with Windows' syntax.

use super::commands::usage;
use super::session::{CommandError, CommandResult, Session};
use super::words;
use crate::cm::{self, Value};

pub(super) fn run(session: &mut Session, arguments: &[&str]) -> CommandResult {
    let [verb, key, options @ ..] = arguments else {
        return Err(usage("reg", "a command and a key are wanted"));
    };
    let key = cm::full_path(key).ok_or_else(|| usage("reg", &format!("{key} does not begin with HKLM")))?;
    let options = Options::read(options)?;
    match verb.to_lowercase().as_str() {
        "add" => add(session, &key, &options),
        "query" => query(session, &key, &options),
        "delete" => delete(session, &key, &options),
        _ => Err(usage("reg", &format!("the lab does not know {verb}"))),
    }
}

#[derive(Default)]
struct Options<'a> {
    name: Option<&'a str>,
    kind: Option<&'a str>,
    data: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn read(mut words: &[&'a str]) -> Result<Self, CommandError> {
        let mut options = Self::default();
        loop {
            words = match words {
                [] => return Ok(options),
                ["/f", rest @ ..] => rest,
                ["/v", name, rest @ ..] => {
                    options.name = Some(name);
                    rest
                }
                ["/t", kind, rest @ ..] => {
                    options.kind = Some(kind);
                    rest
                }
                ["/d", data, rest @ ..] => {
                    options.data = Some(data);
                    rest
                }
                [other, ..] => return Err(usage("reg", &format!("{other} is not understood"))),
            };
        }
    }

    fn value(&self) -> Result<Value, CommandError> {
        let data = self.data.unwrap_or_default();
        let wrong = || {
            usage(
                "reg",
                &format!("{data:?} is no {}", self.kind.unwrap_or("REG_SZ")),
            )
        };
        Ok(match self.kind.unwrap_or("REG_SZ").to_uppercase().as_str() {
            "REG_SZ" => Value::string(data),
            "REG_EXPAND_SZ" => Value::expandable(data),
            "REG_MULTI_SZ" => Value::strings(data.split(r"\0")),
            "REG_DWORD" => Value::dword(words::number(data).ok_or_else(wrong)?),
            "REG_QWORD" => Value::qword(data.parse().map_err(|_| wrong())?),
            "REG_BINARY" => Value::binary(words::bytes(data).ok_or_else(wrong)?),
            other => return Err(usage("reg", &format!("the lab does not know the type {other}"))),
        })
    }
}

const DONE: &str = "The operation completed successfully.";

fn add(session: &mut Session, key: &str, options: &Options) -> CommandResult {
    // A key that is there already stays as it is.
    let _made = cm::ensure_key(key);
    if let Some(name) = options.name {
        cm::set(key, name, options.value()?);
    }
    session.say(DONE);
    Ok(())
}

fn no_such(what: &str) -> CommandError {
    CommandError::Failed(format!("the registry has no {what}"))
}

fn query(session: &mut Session, key: &str, options: &Options) -> CommandResult {
    if !cm::exists(key) {
        return Err(no_such(key));
    }
    session.say(key);
    let wanted = |name: &str| {
        options
            .name
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
    };
    let values: Vec<_> = cm::values(key)
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .collect();
    if values.is_empty() && options.name.is_some() {
        return Err(no_such(&format!(
            "value {} in {key}",
            options.name.unwrap_or_default()
        )));
    }
    for (name, value) in values {
        session.say(&format!("    {name}    {}    {value}", value.kind_name()));
    }
    if options.name.is_none() {
        for subkey in cm::subkeys(key) {
            session.say(&format!(r"{key}\{subkey}"));
        }
    }
    Ok(())
}

fn delete(session: &mut Session, key: &str, options: &Options) -> CommandResult {
    let done = options
        .name
        .map_or_else(|| cm::delete_key(key), |name| cm::delete_value(key, name));
    if !done {
        return Err(no_such(key));
    }
    session.say(DONE);
    Ok(())
}
