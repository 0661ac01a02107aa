//! The C text of an interface, for drivers that are not written in Rust.

use core::fmt;

use guid_create::GUID;

use crate::Interface;
use crate::ctype::CName;

/// What [`interface!`](crate::interface) knows of an interface.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// The Rust name of the owner, `RingBuffer`.
    pub name: &'static str,
    /// The documentation, line by line.
    pub docs: &'static [&'static str],
    /// What the query names.
    pub guid: GUID,
    /// The version of the table.
    pub version: u16,
    /// Bytes of the table.
    pub size: u16,
    /// The routines in their order.
    pub routines: &'static [Routine],
    /// Of a two-way interface: where the client's own table begins, and what it is.
    pub callbacks: Option<(usize, &'static Self)>,
}

/// A routine of a table.
#[derive(Clone, Copy, Debug)]
pub struct Routine {
    /// The Rust name, `try_push`.
    pub name: &'static str,
    /// The documentation, line by line.
    pub docs: &'static [&'static str],
    /// Where the pointer lies in the table.
    pub offset: usize,
    /// Whether the first argument is the context.
    pub takes_context: bool,
    /// The parameters after the context.
    pub parameters: &'static [(&'static str, CName)],
    /// What is returned through a pointer, the last argument.
    pub output: Option<CName>,
}

/// An interface that [`interface!`](crate::interface) has declared.
pub trait Described: Interface {
    /// What the declaration said.
    const DESCRIPTION: Description;
}

/// A C header for one interface, and for the callbacks of a two-way one. Print it where programs run: in a test, an example or a build
/// script.
#[derive(Clone, Copy, Debug)]
pub struct CHeader(&'static Description);

impl CHeader {
    /// The header of `I`.
    #[must_use]
    pub const fn of<I: Described>() -> Self {
        Self(const { &I::DESCRIPTION })
    }
}

impl fmt::Display for CHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/* Include ntddk.h or wdm.h first, and initguid.h before this in one source file of a driver. */\n")?;
        f.write_str("#pragma once\n")?;
        self.0.write(f)
    }
}

impl Description {
    /// `RING_BUFFER` of `RingBuffer`.
    const fn c_name(&self) -> Name {
        Name(self.name, Case::Upper)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, callbacks)) = self.callbacks {
            callbacks.write(f)?;
        }
        self.write_identity(f)?;
        self.routines
            .iter()
            .try_for_each(|routine| self.write_pointer(f, routine))?;
        self.write_table(f)?;
        self.write_assertions(f)
    }

    fn write_identity(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.c_name();
        f.write_str("\n")?;
        write_comment(f, self.docs)?;
        writeln!(f, "/* {{{}}} */", self.guid)?;
        write!(
            f,
            "DEFINE_GUID(GUID_{name}_INTERFACE, {:#010x}, {:#06x}, {:#06x}",
            self.guid.data1(),
            self.guid.data2(),
            self.guid.data3()
        )?;
        for byte in self.guid.data4() {
            write!(f, ", {byte:#04x}")?;
        }
        writeln!(f, ");\n\n#define {name}_INTERFACE_VERSION {}\n", self.version)
    }

    fn write_pointer(&self, f: &mut fmt::Formatter<'_>, routine: &Routine) -> fmt::Result {
        write_comment(f, routine.docs)?;
        write!(
            f,
            "typedef NTSTATUS (*P{}_{})(",
            self.c_name(),
            Name(routine.name, Case::Upper)
        )?;
        let context = routine
            .takes_context
            .then_some(("context", CName::new("VOID").pointer()));
        let output = routine.output.map(|output| ("result", output.pointer()));
        let arguments = context
            .into_iter()
            .chain(routine.parameters.iter().copied())
            .chain(output);
        let mut separator = "";
        for (name, ctype) in arguments {
            write!(f, "{separator}{ctype}{}", Name(name, Case::Camel))?;
            separator = ", ";
        }
        f.write_str(if separator.is_empty() { "VOID);\n" } else { ");\n" })
    }

    fn write_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.c_name();
        writeln!(
            f,
            "\ntypedef struct _{name}_INTERFACE {{\n    INTERFACE InterfaceHeader;"
        )?;
        for routine in self.routines {
            let (upper, camel) = (Name(routine.name, Case::Upper), Name(routine.name, Case::Camel));
            writeln!(f, "    P{name}_{upper} {camel};")?;
        }
        if let Some((_, callbacks)) = self.callbacks {
            f.write_str(
                "    /* Filled by the client before it asks; the provider takes a reference of its own. */\n",
            )?;
            writeln!(f, "    {}_INTERFACE Callbacks;", callbacks.c_name())?;
        }
        writeln!(f, "}} {name}_INTERFACE, *P{name}_INTERFACE;\n")
    }

    fn write_assertions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.c_name();
        writeln!(f, "C_ASSERT(sizeof({name}_INTERFACE) == {});", self.size)?;
        let entries = self
            .routines
            .iter()
            .map(|routine| (routine.name, routine.offset))
            .chain(self.callbacks.map(|(offset, _)| ("callbacks", offset)));
        for (entry, offset) in entries {
            let entry = Name(entry, Case::Camel);
            writeln!(
                f,
                "C_ASSERT(FIELD_OFFSET({name}_INTERFACE, {entry}) == {offset});"
            )?;
        }
        Ok(())
    }
}

fn write_comment(f: &mut fmt::Formatter<'_>, docs: &[&str]) -> fmt::Result {
    match docs {
        [] => Ok(()),
        [line] => writeln!(f, "/*{} */", Harmless(line)),
        lines => {
            f.write_str("/*\n")?;
            for line in lines {
                let line = line.trim_end();
                writeln!(f, " *{}", Harmless(line))?;
            }
            f.write_str(" */\n")
        }
    }
}

/// A line that does not end the comment it stands in.
struct Harmless<'a>(&'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.0.split("*/");
        f.write_str(parts.next().unwrap_or_default())?;
        parts.try_for_each(|part| write!(f, "* /{part}"))
    }
}

/// How a name is written in C.
#[derive(Clone, Copy)]
enum Case {
    /// `RING_BUFFER`, as types and constants are.
    Upper,
    /// `RingBuffer`, as fields and parameters are.
    Camel,
}

/// A Rust name, of a type or of a value, as C has it.
#[derive(Clone, Copy)]
struct Name(&'static str, Case);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for letter in self.0.chars() {
            if letter != '_' {
                let starts = before.is_none_or(|before| begins_word(before, letter));
                let underscore = matches!(self.1, Case::Upper) && starts && before.is_some();
                let upper = matches!(self.1, Case::Upper) || starts;
                f.write_str(if underscore { "_" } else { "" })?;
                write!(
                    f,
                    "{}",
                    if upper {
                        letter.to_ascii_uppercase()
                    } else {
                        letter
                    }
                )?;
            }
            before = Some(letter);
        }
        Ok(())
    }
}

/// Whether a word begins with `letter`, after `before`.
const fn begins_word(before: char, letter: char) -> bool {
    before == '_' || letter.is_ascii_uppercase() && !before.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::{Case, Harmless, Name};

    #[test]
    fn names_are_written_as_the_wdk_does() {
        for (rust, upper, camel) in [
            ("RingBuffer", "RING_BUFFER", "RingBuffer"),
            ("try_push", "TRY_PUSH", "TryPush"),
            ("Fifo2", "FIFO2", "Fifo2"),
            ("x", "X", "X"),
        ] {
            assert_eq!(Name(rust, Case::Upper).to_string(), upper);
            assert_eq!(Name(rust, Case::Camel).to_string(), camel);
        }
    }

    #[test]
    fn documentation_cannot_end_its_comment() {
        assert_eq!(Harmless("a */ b */").to_string(), "a * / b * /");
    }
}
