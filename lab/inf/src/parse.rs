//! From bytes to sections and directives.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What is wrong with an INF, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {reason}", file.display())]
pub struct InfError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// A section: its name as written, and its directives. Parts of the same name are one section, as in Windows.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The line of the section's first header.
    pub line: usize,
    /// What it says.
    pub directives: Vec<Directive>,
}

/// A line of a section, tokens replaced and quotes removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The line.
    pub line: usize,
    /// What stands before `=`.
    pub key: Option<String>,
    /// The comma-separated values.
    pub values: Vec<String>,
}

impl Directive {
    /// The value at a place; empty where there is none.
    #[must_use]
    pub fn value(&self, index: usize) -> &str {
        self.values.get(index).map_or("", String::as_str)
    }
}

/// A parsed INF.
#[derive(Clone, Debug)]
pub struct Inf {
    /// The file.
    pub file: PathBuf,
    sections: HashMap<String, Section>,
}

impl Inf {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// The file cannot be read or decoded, or a line is no section, directive or comment.
    pub fn read(file: &Path) -> Result<Self, InfError> {
        let bytes = std::fs::read(file).map_err(|error| whole(file, format!("cannot be read: {error}")))?;
        Self::parse(file, &bytes)
    }

    /// Parses the content of a file.
    ///
    /// # Errors
    /// As [`Inf::read`].
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, InfError> {
        let text = decode(bytes).map_err(|reason| whole(file, reason))?;
        let fail = |(line, reason)| InfError {
            file: file.to_owned(),
            line,
            reason,
        };
        let mut sections = sections(&text).map_err(fail)?;
        let strings = strings(&sections);
        for directive in sections.values_mut().flat_map(|section| &mut section.directives) {
            substitute(directive, &strings).map_err(fail)?;
        }
        Ok(Self {
            file: file.to_owned(),
            sections,
        })
    }

    /// A section, in any case of its name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(&name.to_lowercase())
    }

    /// The directives of a section with a key, in any case of both.
    pub fn directives<'a>(&'a self, section: &str, key: &'a str) -> impl Iterator<Item = &'a Directive> {
        let directives = self
            .section(section)
            .map_or(&[] as &[Directive], |section| &section.directives);
        directives.iter().filter(move |line| {
            line.key
                .as_deref()
                .is_some_and(|found| found.eq_ignore_ascii_case(key))
        })
    }

    /// The first value of the first directive with a key.
    #[must_use]
    pub fn value(&self, section: &str, key: &str) -> Option<&str> {
        let directives = self
            .section(section)
            .map_or(&[] as &[Directive], |section| &section.directives);
        let found = directives.iter().find(|line| {
            line.key
                .as_deref()
                .is_some_and(|found| found.eq_ignore_ascii_case(key))
        });
        found.map(|line| line.value(0))
    }

    /// An error at a line of this file.
    #[must_use]
    pub fn error(&self, line: usize, reason: impl Into<String>) -> InfError {
        InfError {
            file: self.file.clone(),
            line,
            reason: reason.into(),
        }
    }
}

fn whole(file: &Path, reason: String) -> InfError {
    InfError {
        file: file.to_owned(),
        line: 0,
        reason,
    }
}

/// UTF-16 with a byte order mark, else UTF-8.
fn decode(bytes: &[u8]) -> Result<String, String> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => decode_utf8(rest),
        _ => decode_utf8(bytes),
    }
}

fn decode_utf8(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        format!(
            "is neither UTF-8 nor UTF-16 with a byte order mark (byte {})",
            error.valid_up_to()
        )
    })?;
    if text.contains('\0') {
        return Err(String::from(
            "contains a NUL character: UTF-16 needs a byte order mark",
        ));
    }
    Ok(text.to_owned())
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(String::from("is UTF-16 of an odd number of bytes"));
    }
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).map_err(|_| String::from("is UTF-16 with an unpaired surrogate"))
}

type Wrong = (usize, String);

fn sections(text: &str) -> Result<HashMap<String, Section>, Wrong> {
    let mut sections: HashMap<String, Section> = HashMap::new();
    let mut current: Option<String> = None;
    for (number, line) in logical_lines(text)? {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let name = header
                .strip_suffix(']')
                .ok_or_else(|| (number, String::from("the section name has no closing ]")))?;
            let name = name.trim().to_lowercase();
            sections.entry(name.clone()).or_default().line = number;
            current = Some(name);
            continue;
        }
        let name = current
            .as_ref()
            .ok_or_else(|| (number, format!("{line:?} stands before the first section")))?;
        let directive = directive(number, line)?;
        sections
            .entry(name.clone())
            .or_default()
            .directives
            .push(directive);
    }
    Ok(sections)
}

/// Lines without comments, joined where they end in a backslash, with the number of their first part.
fn logical_lines(text: &str) -> Result<Vec<(usize, String)>, Wrong> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut continued = false;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = without_comment(number, line)?.trim_end();
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut() {
            Some((_, whole)) if continued => whole.push_str(part),
            _ if part.trim().is_empty() && !more => {}
            _ => lines.push((number, part.to_owned())),
        }
        continued = more;
    }
    Ok(lines)
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

fn directive(line: usize, text: &str) -> Result<Directive, Wrong> {
    let (key, values) = match split_outside_quotes(text, '=', 2).as_slice() {
        [key, values] => (Some(unquote(key)), *values),
        _ => (None, text),
    };
    if key.as_ref().is_some_and(String::is_empty) {
        return Err((line, String::from("nothing stands before the =")));
    }
    let values = split_outside_quotes(values, ',', usize::MAX)
        .into_iter()
        .map(unquote)
        .collect();
    Ok(Directive { line, key, values })
}

fn split_outside_quotes(text: &str, separator: char, most: usize) -> Vec<&str> {
    let (mut parts, mut start, mut quoted) = (Vec::new(), 0, false);
    for (index, character) in text.char_indices() {
        if character == '"' {
            quoted = !quoted;
        } else if character == separator && !quoted && parts.len() + 1 < most {
            parts.push(&text[start..index]);
            start = index + separator.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Removes the quotes around a value; a doubled quote inside stands for one.
fn unquote(value: &str) -> String {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or_else(|| value.to_owned(), |inner| inner.replace("\"\"", "\""))
}

/// `[Strings]`, and the English locale's where that has more.
fn strings(sections: &HashMap<String, Section>) -> HashMap<String, String> {
    let named = ["strings", "strings.0409"]
        .into_iter()
        .filter_map(|name| sections.get(name));
    let lines = named.flat_map(|section| &section.directives);
    lines
        .filter_map(|line| Some((line.key.as_ref()?.to_lowercase(), line.values.join(","))))
        .collect()
}

fn substitute(directive: &mut Directive, strings: &HashMap<String, String>) -> Result<(), Wrong> {
    let line = directive.line;
    for text in directive.key.iter_mut().chain(&mut directive.values) {
        if text.contains('%') {
            *text = replaced(text, strings).map_err(|reason| (line, reason))?;
        }
    }
    Ok(())
}

/// Replaces `%name%`; `%%` is a percent sign, and a number is a directory identifier that stays.
fn replaced(text: &str, strings: &HashMap<String, String>) -> Result<String, String> {
    let (mut result, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('%') {
        let (token, behind) = after
            .split_once('%')
            .ok_or_else(|| format!("{text:?} has a % without its partner"))?;
        result.push_str(before);
        if token.is_empty() {
            result.push('%');
        } else if token.bytes().all(|byte| byte.is_ascii_digit()) {
            result.extend(["%", token, "%"]);
        } else {
            let value = strings.get(&token.to_lowercase());
            result.push_str(value.ok_or_else(|| format!("%{token}% is not in [Strings]"))?);
        }
        rest = behind;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Inf, InfError};

    fn parse(text: &str) -> Result<Inf, InfError> {
        Inf::parse(Path::new("x.inf"), text.as_bytes())
    }

    #[test]
    fn sections_directives_comments_and_continuations_are_read() {
        let inf =
            parse("; top\n[A]\nkey = one, \"two; \"\"2\"\"\" ; end\nlong = a,\\\n  b\n[a]\nbare\n").unwrap();
        let values: Vec<_> = inf
            .directives("A", "KEY")
            .map(|line| line.values.clone())
            .collect();
        assert_eq!(values, [["one", "two; \"2\""]]);
        let long: Vec<_> = inf
            .directives("a", "long")
            .map(|line| line.values.clone())
            .collect();
        assert_eq!(long, [["a", "b"]]);
        assert_eq!(inf.section("A").unwrap().directives.len(), 3);
    }

    #[test]
    fn tokens_are_replaced_and_directory_identifiers_stay() {
        let inf = parse("[A]\n%Name% = %13%\\x.sys, 100%%\n[Strings]\nname = \"The Name\"\n").unwrap();
        let line = inf.directives("A", "The Name").next().unwrap();
        assert_eq!(line.values, ["%13%\\x.sys", "100%"]);
    }

    #[test]
    fn what_does_not_parse_is_named_with_its_line() {
        for (text, line, reason) in [
            ("[A\n", 1, "the section name has no closing ]"),
            ("\nx = 1\n", 2, "\"x = 1\" stands before the first section"),
            ("[A]\nx = \"1\n", 2, "a quoted string has no closing quote"),
            ("[A]\n= 1\n", 2, "nothing stands before the ="),
            ("[A]\nx = %no%\n", 2, "%no% is not in [Strings]"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.line, error.reason.as_str()), (line, reason));
        }
    }

    #[test]
    fn utf_16_is_read_and_other_encodings_are_refused() {
        let units: Vec<u8> = "\u{feff}[A]\r\nk=ö\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let inf = Inf::parse(Path::new("x.inf"), &units).unwrap();
        assert_eq!(inf.value("a", "k"), Some("ö"));
        assert!(Inf::parse(Path::new("x.inf"), b"[A]\nk=\xF6\n").is_err());
        assert!(Inf::parse(Path::new("x.inf"), &units[..units.len() - 1]).is_err());
    }
}
