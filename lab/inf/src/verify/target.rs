//! Target decorations of models sections: `NT[Architecture][.Major[.Minor[.ProductType[.SuiteMask[.Build]]]]]`.

/// Architectures that a decoration may have.
const ARCHITECTURES: &[&str] = &["", "x86", "ia64", "amd64", "arm", "arm64"];

/// What a decoration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// Whether it names an architecture.
    pub(super) has_architecture: bool,
    /// Whether it names a product type or a suite.
    pub(super) is_for_product: bool,
    /// The oldest build; nothing where it names none.
    pub(super) build: Option<u32>,
}

impl Target {
    /// Reads a decoration; nothing if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let platform = parts.next()?.to_ascii_lowercase();
        let architecture = platform.strip_prefix("nt")?;
        if !ARCHITECTURES.contains(&architecture) {
            return None;
        }
        // An empty field reads as zero, and means the same.
        let numbers = parts.map(crate::number).collect::<Option<Vec<_>>>()?;
        if numbers.len() > 5 {
            return None;
        }
        let number = |index: usize| numbers.get(index).copied().filter(|number| *number != 0);
        Some(Self {
            has_architecture: !architecture.is_empty(),
            is_for_product: number(2).is_some() || number(3).is_some(),
            build: number(4),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn decorations_are_read() {
        let build = |text| Target::parse(text).map(|target| target.build);
        assert_eq!(build("NTamd64.10.0...16299"), Some(Some(16299)));
        assert_eq!(build("ntARM64"), Some(None));
        assert!(Target::parse("NTx86.6.0.1").is_some_and(|target| target.is_for_product));
        assert!(Target::parse("NT.6.1").is_some_and(|target| !target.has_architecture));
        for wrong in ["", "amd64", "NTmips", "NTamd64.ten", "NTamd64.1.2.3.4.5.6"] {
            assert_eq!(Target::parse(wrong), None, "{wrong}");
        }
    }
}
