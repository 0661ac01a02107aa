//! From text to sections of directives, tokens not yet replaced. Every step looks at a character once.

use std::collections::HashMap;

use super::{Directive, Section, Wrong};

/// The longest section name, in characters ("General Syntax Rules for INF Files", section names).
const LONGEST_NAME: usize = 255;

/// A line with its continuations.
enum Logical {
    /// `[name]`: the name exactly as it stands between the brackets, spaces too, because a quoted reference has it so.
    Header(usize, String),
    /// Anything else, without its comment.
    Entry(usize, String),
}

/// The sections, and the place of each by its name in lower case.
pub(super) fn sections(text: &str) -> Result<(Vec<Section>, HashMap<String, usize>), Wrong> {
    let (mut sections, mut places) = (Vec::<Section>::new(), HashMap::new());
    let mut current = None;
    for line in logical_lines(text)? {
        match line {
            Logical::Header(number, name) => {
                let place = *places.entry(name.to_lowercase()).or_insert(sections.len());
                match sections.get_mut(place) {
                    Some(known) => known.again.push(number),
                    None => sections.push(Section {
                        name,
                        line: number,
                        ..Section::default()
                    }),
                }
                current = Some(place);
            }
            Logical::Entry(number, text) => {
                let place = current
                    .ok_or_else(|| (number, String::from("a line stands before the first section")))?;
                sections[place].directives.push(directive(number, &text)?);
            }
        }
    }
    Ok((sections, places))
}

/// Lines that are not empty, joined where they end in a backslash, with the number of their first part. A backslash at the end
/// of the file continues nothing.
fn logical_lines(text: &str) -> Result<Vec<Logical>, Wrong> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in physical_lines(text).enumerate() {
        let number = index + 1;
        if open.is_none() && line.trim_start().starts_with('[') {
            lines.push(Logical::Header(number, header(number, line.trim())?));
            continue;
        }
        let line = without_comment(number, line)?.trim_end();
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        let (first, mut whole) = open.take().unwrap_or((number, String::new()));
        whole.push_str(part);
        if more {
            open = Some((first, whole));
        } else {
            lines.extend(entry(first, whole));
        }
    }
    lines.extend(open.and_then(|(first, whole)| entry(first, whole)));
    Ok(lines)
}

fn entry(number: usize, text: String) -> Option<Logical> {
    (!text.trim().is_empty()).then_some(Logical::Entry(number, text))
}

/// A line ends with a return, a linefeed or both.
fn physical_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn header(number: usize, line: &str) -> Result<String, Wrong> {
    let wrong = |reason: &str| (number, String::from(reason));
    let (name, behind) = line[1..]
        .split_once(']')
        .ok_or_else(|| wrong("the section name has no closing ]"))?;
    if name.is_empty() {
        return Err(wrong("the section has no name"));
    }
    if name.len() > LONGEST_NAME && name.chars().count() > LONGEST_NAME {
        return Err((
            number,
            format!("the section name has more than {LONGEST_NAME} characters"),
        ));
    }
    let behind = behind.trim_start();
    if !behind.is_empty() && !behind.starts_with(';') {
        return Err(wrong("something stands behind the section name"));
    }
    Ok(name.to_owned())
}

/// Cuts at a semicolon that stands outside of quotes.
fn without_comment(number: usize, line: &str) -> Result<&str, Wrong> {
    let mut quoted = false;
    for (index, character) in line.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ';' if !quoted => return Ok(&line[..index]),
            _ => {}
        }
    }
    if quoted {
        Err((number, String::from("a quoted string has no closing quote")))
    } else {
        Ok(line)
    }
}

/// A `=` makes a key of what stands before it, unless that holds a comma: then it belongs to a value.
fn directive(line: usize, text: &str) -> Result<Directive, Wrong> {
    let first = outside_quotes(text).find(|(_, character)| matches!(character, '=' | ','));
    let (key, values) = match first {
        Some((at, '=')) => (Some(unquote(&text[..at])), &text[at + 1..]),
        _ => (None, text),
    };
    if key.as_ref().is_some_and(String::is_empty) {
        return Err((line, String::from("nothing stands before the =")));
    }
    let values = split_at_commas(values).into_iter().map(unquote).collect();
    Ok(Directive { line, key, values })
}

fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in outside_quotes(text).filter(|(_, character)| *character == ',') {
        parts.push(&text[start..at]);
        start = at + 1;
    }
    parts.push(&text[start..]);
    parts
}

fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quoted = false;
    text.char_indices().filter(move |(_, character)| {
        quoted ^= *character == '"';
        !quoted && *character != '"'
    })
}

/// Removes the quotes around a value; a doubled quote inside stands for one.
fn unquote(value: &str) -> String {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace("\"\"", "\""))
}
