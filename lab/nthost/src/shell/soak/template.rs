//! Texts with parts that are drawn.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::ops::RangeInclusive;
use std::str::FromStr;

use fastrand::Rng;

/// What stands for a name: one of these.
pub(super) type Names = BTreeMap<String, Vec<Template>>;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    /// `{NAME}`: one of the name's alternatives.
    One(Vec<Template>),
    /// `{1..5}`: a number, both ends included.
    Number(RangeInclusive<i64>),
    /// `{hex 0..255}`: a byte in two digits.
    Byte(RangeInclusive<u8>),
    /// `{bytes 64}`: up to so many bytes, two digits each.
    Bytes(usize),
}

impl Template {
    /// Reads a text with parts in braces; names are those that stand before it.
    ///
    /// # Errors
    ///
    /// What is wrong, for a message.
    pub(super) fn parse(text: &str, names: &Names) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, after) = after
                .split_once('}')
                .ok_or_else(|| format!("a brace is not closed in `{text}`"))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::parse(inside, names)?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// A text, with every part drawn.
    pub(super) fn draw(&self, random: &mut Rng) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.draw_to(random, &mut text);
        text
    }

    fn draw_to(&self, random: &mut Rng, text: &mut String) -> fmt::Result {
        self.0.iter().try_for_each(|part| part.draw_to(random, text))
    }
}

impl Part {
    fn parse(inside: &str, names: &Names) -> Result<Self, String> {
        let unknown = || format!("{{{inside}}} is no name, number, hex or bytes");
        if let Some(range) = inside.strip_prefix("hex ") {
            return range_of(range).map(Self::Byte).ok_or_else(unknown);
        }
        if let Some(most) = inside.strip_prefix("bytes ") {
            return most.parse().map(Self::Bytes).map_err(|_| unknown());
        }
        if let Some(range) = range_of(inside) {
            return Ok(Self::Number(range));
        }
        names.get(inside).cloned().map(Self::One).ok_or_else(unknown)
    }

    fn draw_to(&self, random: &mut Rng, text: &mut String) -> fmt::Result {
        match self {
            Self::Text(fixed) => text.write_str(fixed),
            Self::One(alternatives) => random
                .choice(alternatives)
                .map_or(Ok(()), |one| one.draw_to(random, text)),
            Self::Number(range) => write!(text, "{}", random.i64(range.clone())),
            Self::Byte(range) => write!(text, "{:02x}", random.u8(range.clone())),
            Self::Bytes(most) => {
                (0..random.usize(..=*most)).try_for_each(|_| write!(text, "{:02x}", random.u8(..)))
            }
        }
    }
}

/// `FIRST..LAST`, not empty.
fn range_of<T: FromStr + PartialOrd>(text: &str) -> Option<RangeInclusive<T>> {
    let (first, last) = text.split_once("..")?;
    let range = first.parse().ok()?..=last.parse().ok()?;
    (!range.is_empty()).then_some(range)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::{Names, Template};

    fn draw(text: &str, names: &Names) -> Vec<String> {
        let template = Template::parse(text, names).expect("the text is right");
        let mut random = Rng::with_seed(1);
        (0..200).map(|_| template.draw(&mut random)).collect()
    }

    #[test]
    fn every_alternative_comes_and_nothing_else() {
        let fixed = |text| Template::parse(text, &Names::new()).expect("the text is right");
        let names = Names::from([(String::from("bus"), vec![fixed("a"), fixed("b{1..2}")])]);
        let drawn = draw("open {bus}!", &names);
        for text in ["open a!", "open b1!", "open b2!"] {
            assert!(drawn.iter().any(|one| one == text), "{text}");
        }
        assert!(
            drawn
                .iter()
                .all(|one| ["open a!", "open b1!", "open b2!"].contains(&one.as_str()))
        );
    }

    #[test]
    fn numbers_keep_to_their_range_and_bytes_to_their_length() {
        let none = Names::new();
        assert!(
            draw("{-3..4}", &none)
                .iter()
                .all(|one| (-3..=4).contains(&one.parse::<i64>().unwrap_or(9)))
        );
        assert!(
            draw("{hex 9..10}", &none)
                .iter()
                .all(|one| ["09", "0a"].contains(&one.as_str()))
        );
        assert!(
            draw("{bytes 3}", &none)
                .iter()
                .all(|one| one.len() <= 6 && one.len() % 2 == 0)
        );
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for wrong in ["{", "{nobody}", "{4..3}", "{hex 0..256}", "{bytes x}", "{1..}"] {
            assert!(Template::parse(wrong, &Names::new()).is_err(), "{wrong}");
        }
    }
}
