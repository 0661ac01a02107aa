//! The INF reader: any file is a package, or is refused; the rules of infverif judge it; and what is printed reads the same.

use std::path::Path;

use lab_inf::verify::{Mode, verify, verify_bytes};
use lab_inf::{Inf, Package};

/// See the module.
///
/// # Panics
///
/// When a file that was printed is refused, or has other sections.
pub fn run(data: &[u8]) {
    let file = Path::new("fuzz.inf");
    let _findings = verify_bytes(file, data, None);
    let Ok(inf) = Inf::parse(file, data) else {
        return;
    };
    let _package = Package::of(&inf);
    for mode in [Mode::Universal, Mode::Windows, Mode::Declarative] {
        let _findings = verify(&inf, mode);
    }
    let printed = Inf::parse(file, inf.to_string().as_bytes()).expect("what was printed is an INF");
    assert_eq!(said(&inf), said(&printed), "what was printed says something else");
}

/// The sections with their directives, without the lines where they stand.
fn said(inf: &Inf) -> Vec<String> {
    let sections = inf.sections().iter();
    sections
        .flat_map(|section| {
            let lines = section.directives.iter();
            let lines = lines.map(|line| format!("{:?} = {:?}", line.key, line.values));
            std::iter::once(format!("{:?}", section.name)).chain(lines)
        })
        .collect()
}
