//! The `.Wdf` section: the framework version that a driver wants ("Specifying WDF Directives in INF Files").

use crate::{Inf, InfError};

/// What a package says of a KMDF driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wdf {
    /// The line of `KmdfLibraryVersion`.
    pub line: usize,
    /// The service of the driver.
    pub service: String,
    /// `KmdfLibraryVersion`, as written.
    pub version: String,
}

impl Wdf {
    /// Major and minor version.
    #[must_use]
    pub fn numbers(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }
}

/// Reads the `.Wdf` section of an install section.
pub(super) fn wdf(inf: &Inf, install: &str) -> Result<Vec<Wdf>, InfError> {
    let section = format!("{install}.Wdf");
    let lines = inf.directives(&section, "KmdfService");
    let read = |line: &crate::Directive| {
        let section = line.value(1);
        let version = inf.directives(section, "KmdfLibraryVersion").next();
        let version = version.ok_or_else(|| {
            let reason =
                format!("KmdfService wants a section with KmdfLibraryVersion, and [{section}] has none");
            inf.error(line.line, reason)
        })?;
        let wdf = Wdf {
            line: version.line,
            service: line.value(0).to_owned(),
            version: version.value(0).to_owned(),
        };
        if wdf.numbers().is_none() {
            let reason = format!("KmdfLibraryVersion is {:?} and must be such as 1.33", wdf.version);
            return Err(inf.error(version.line, reason));
        }
        Ok(wdf)
    };
    lines.map(read).collect()
}
