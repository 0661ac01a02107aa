//! From a line to words.

use std::collections::BTreeMap;

/// Splits a line at white space; double quotes keep white space, and a backslash is an ordinary character, as at a
/// Windows prompt. `None` when a quote is not closed.
#[must_use]
pub fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            white if white.is_whitespace() && !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

/// Whether a line says nothing: empty, `rem …`, `:: …` or `# …`.
#[must_use]
pub fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    let first = line.split_whitespace().next().unwrap_or_default();
    first.is_empty() || first.eq_ignore_ascii_case("rem") || line.starts_with("::") || line.starts_with('#')
}

/// Replaces `%NAME%` by the variable's value; a name that is not set stays as it is written.
#[must_use]
pub fn expand(line: &str, variables: &BTreeMap<String, String>) -> String {
    let mut parts = line.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut rest: Vec<&str> = parts.collect();
    rest.reverse();
    while let Some(part) = rest.pop() {
        match variables.get(&part.to_lowercase()) {
            Some(value) if !rest.is_empty() => {
                text.push_str(value);
                text.push_str(rest.pop().unwrap_or_default());
            }
            _ => {
                text.push('%');
                text.push_str(part);
            }
        }
    }
    text
}

/// A number in decimal, or in hexadecimal after `0x`.
#[must_use]
pub fn number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits.map_or_else(
        || text.parse().ok(),
        |digits| u32::from_str_radix(digits, 16).ok(),
    )
}

/// Bytes: `hex:13000000`, `i32:19`, `u32:…`, `u64:…`, `text:abc`, or bare pairs of hexadecimal digits.
#[must_use]
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let (kind, value) = text.split_once(':').unwrap_or(("hex", text));
    match kind {
        "hex" => hex(value),
        "i32" => Some(value.parse::<i32>().ok()?.to_le_bytes().to_vec()),
        "u32" => Some(number(value)?.to_le_bytes().to_vec()),
        "u64" => Some(value.parse::<u64>().ok()?.to_le_bytes().to_vec()),
        "text" => Some(value.as_bytes().to_vec()),
        _ => None,
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().collect();
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{bytes, expand, is_comment, number, split};

    #[test]
    fn quotes_keep_blanks_and_backslashes_are_ordinary() {
        assert_eq!(
            split(r#"devgen /add "root\Sample Bus" x"#).unwrap(),
            ["devgen", "/add", r"root\Sample Bus", "x"]
        );
        assert_eq!(split(r#"expect """#).unwrap(), ["expect", ""]);
        assert_eq!(split(r#"expect "a"#), None);
    }

    #[test]
    fn comments_are_recognized() {
        for line in ["", "  ", "rem x", "REM", ":: x", "# x"] {
            assert!(is_comment(line), "{line:?}");
        }
        assert!(!is_comment("remove x"));
    }

    #[test]
    fn variables_are_replaced() {
        let variables = BTreeMap::from([(String::from("code"), String::from("0x222000"))]);
        assert_eq!(expand("ioctl x %CODE% 100%", &variables), "ioctl x 0x222000 100%");
        assert_eq!(expand("%a% %code%", &variables), "%a% 0x222000");
    }

    #[test]
    fn numbers_and_bytes() {
        assert_eq!(
            (number("0x10"), number("10"), number("x")),
            (Some(16), Some(10), None)
        );
        assert_eq!(bytes("i32:19"), Some(vec![19, 0, 0, 0]));
        assert_eq!(bytes("1300"), Some(vec![0x13, 0]));
        assert_eq!(bytes("hex:"), Some(Vec::new()));
        assert_eq!((bytes("130"), bytes("i32:x"), bytes("+1")), (None, None, None));
    }
}
