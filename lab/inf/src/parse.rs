//! From bytes to sections and directives.

mod lines;
mod text;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub use text::Encoding;

/// The longest value, in characters, after its tokens are replaced: 4,096 with the terminating NUL ("General Syntax
/// Rules for INF Files", INF size limits). It also bounds what a small file can grow to.
const LONGEST_VALUE: usize = 4095;

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

/// A section. Parts of the same name are one section, as in Windows.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The name, as its first header has it.
    pub name: String,
    /// The line of the first header.
    pub line: usize,
    /// The lines of further headers of the same name.
    pub again: Vec<usize>,
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

    /// Whether this is the directive `key`, in any case.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        self.key
            .as_deref()
            .is_some_and(|found| found.eq_ignore_ascii_case(key))
    }
}

/// A token that no `[Strings]` section defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// The line.
    pub line: usize,
    /// The token, without its percent signs.
    pub token: String,
}

/// A parsed INF.
#[derive(Clone, Debug)]
pub struct Inf {
    /// The file.
    pub file: PathBuf,
    /// How its text is encoded.
    pub encoding: Encoding,
    /// Tokens that are used and not defined: none after [`Inf::parse`].
    pub undefined: Vec<Undefined>,
    sections: Vec<Section>,
    /// The place of a section in `sections`, by its name in lower case.
    places: HashMap<String, usize>,
}

impl Inf {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// The file cannot be read or decoded, a line is no section, directive or comment, or a token is not defined.
    pub fn read(file: &Path) -> Result<Self, InfError> {
        let bytes = std::fs::read(file).map_err(|error| InfError {
            file: file.to_owned(),
            line: 0,
            reason: format!("cannot be read: {error}"),
        })?;
        Self::parse(file, &bytes)
    }

    /// Parses the content of a file.
    ///
    /// # Errors
    /// As [`Inf::read`].
    pub fn parse(file: &Path, bytes: &[u8]) -> Result<Self, InfError> {
        let inf = Self::parse_unresolved(file, bytes)?;
        match inf.undefined.first() {
            Some(Undefined { line, token }) => {
                Err(inf.error(*line, format!("%{token}% is not in [Strings]")))
            }
            None => Ok(inf),
        }
    }

    /// The hardware and compatible IDs of every model, in lower case, each once, in the order of the file.
    #[must_use]
    pub fn device_ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let manufacturers = self
            .section("Manufacturer")
            .map_or(&[][..], |section| &section.directives);
        for line in manufacturers {
            let base = line.value(0);
            let decorated = line.values.iter().skip(1);
            let names = decorated
                .map(|target| format!("{base}.{target}"))
                .chain([base.to_owned()]);
            let models = names
                .filter_map(|name| self.section(&name))
                .flat_map(|section| &section.directives);
            for id in models
                .flat_map(|model| model.values.iter().skip(1))
                .map(|id| id.to_lowercase())
            {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }

    /// Reads the text of an INF or INX file, whichever way it is encoded.
    ///
    /// # Errors
    /// The file cannot be read or decoded.
    pub fn read_text(file: &Path) -> Result<String, InfError> {
        let fail = |(line, reason)| InfError {
            file: file.to_owned(),
            line,
            reason,
        };
        let bytes = std::fs::read(file).map_err(|error| fail((0, format!("cannot be read: {error}"))))?;
        let (text, _) = text::decode(&bytes).map_err(fail)?;
        Ok(text)
    }

    /// Parses the content of a file, and keeps tokens that are not defined as they are written.
    ///
    /// # Errors
    /// The content cannot be decoded, or a line is no section, directive or comment.
    pub fn parse_unresolved(file: &Path, bytes: &[u8]) -> Result<Self, InfError> {
        let fail = |(line, reason)| InfError {
            file: file.to_owned(),
            line,
            reason,
        };
        let (text, encoding) = text::decode(bytes).map_err(fail)?;
        let (sections, places) = lines::sections(&text).map_err(fail)?;
        let mut inf = Self {
            file: file.to_owned(),
            encoding,
            undefined: Vec::new(),
            sections,
            places,
        };
        inf.substitute().map_err(fail)?;
        Ok(inf)
    }

    /// The sections, in the order of their first headers.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// A section, in any case of its name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.places
            .get(&name.to_lowercase())
            .map(|place| &self.sections[*place])
    }

    /// The directives of a section with a key, in any case of both.
    pub fn directives<'a>(&'a self, section: &str, key: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.lines(section).iter().filter(move |line| line.is(key))
    }

    /// The first value of the first directive with a key.
    #[must_use]
    pub fn value(&self, section: &str, key: &str) -> Option<&str> {
        let found = self.lines(section).iter().find(|line| line.is(key));
        found.map(|line| line.value(0))
    }

    fn lines(&self, section: &str) -> &[Directive] {
        self.section(section).map_or(&[], |section| &section.directives)
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

    fn substitute(&mut self) -> Result<(), Wrong> {
        let strings = self.strings();
        for line in self
            .sections
            .iter_mut()
            .flat_map(|section| &mut section.directives)
        {
            for text in line.key.iter_mut().chain(&mut line.values) {
                if text.contains('%') {
                    let replaced = replaced(text, &strings, |token| {
                        self.undefined.push(Undefined {
                            line: line.line,
                            token: token.to_owned(),
                        });
                    });
                    *text = replaced.map_err(|reason| (line.line, reason))?;
                }
                if text.len() > LONGEST_VALUE && text.chars().count() > LONGEST_VALUE {
                    return Err((
                        line.line,
                        format!("a value has more than {LONGEST_VALUE} characters"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// `[Strings]`, and the English locale's where that has more.
    fn strings(&self) -> HashMap<String, String> {
        ["strings", "strings.0409"]
            .into_iter()
            .flat_map(|name| self.lines(name))
            .filter_map(|line| Some((line.key.as_ref()?.to_lowercase(), line.values.join(","))))
            .collect()
    }
}

/// The INF as text again, every value in quotes. Tokens are replaced and parts of a section are together, so it is the parsed
/// model that stays the same, not the file.
impl fmt::Display for Inf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\"").replace('%', "%%"));
        for section in &self.sections {
            writeln!(f, "[{}]", section.name)?;
            for line in &section.directives {
                if let Some(key) = &line.key {
                    write!(f, "{} = ", quoted(key))?;
                }
                let values: Vec<_> = line.values.iter().map(quoted).collect();
                writeln!(f, "{}", values.join(","))?;
            }
        }
        Ok(())
    }
}

/// Whether bytes are text in an encoding that is read.
pub fn is_text(bytes: &[u8]) -> bool {
    text::decode(bytes).is_ok()
}

/// A line, and what is wrong there.
type Wrong = (usize, String);

/// Replaces `%name%`; `%%` is a percent sign, and a number is a directory identifier that stays.
fn replaced(
    text: &str,
    strings: &HashMap<String, String>,
    mut undefined: impl FnMut(&str),
) -> Result<String, String> {
    let (mut result, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('%') {
        let (token, behind) = after
            .split_once('%')
            .ok_or_else(|| format!("{text:?} has a % without its partner; a percent sign is written %%"))?;
        result.push_str(before);
        match strings.get(&token.to_lowercase()) {
            _ if token.is_empty() => result.push('%'),
            _ if token.bytes().all(|byte| byte.is_ascii_digit()) => result.extend(["%", token, "%"]),
            Some(value) => result.push_str(value),
            None => {
                undefined(token);
                result.extend(["%", token, "%"]);
            }
        }
        if result.len() > LONGEST_VALUE * 4 {
            return Err(format!("a value has more than {LONGEST_VALUE} characters"));
        }
        rest = behind;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests;
