//! Which package fits a device best, by the rules of "How Windows Ranks Drivers".
//!
//! Signature and feature scores are not modelled: every package has the same.

use std::cmp::Reverse;

use super::node::Node;
use super::store::{self, Published};
use lab_inf::{Model, Package};

// The ranges of the identifier score, setupapi.h's DRIVER_..._RANK: which list of the device meets which of the INF's.
const HARDWARE_TO_HARDWARE: u32 = 0x0000;
const HARDWARE_TO_COMPATIBLE: u32 = 0x1000;
const COMPATIBLE_TO_HARDWARE: u32 = 0x2000;
const COMPATIBLE_TO_COMPATIBLE: u32 = 0x3000;
/// The last position that a range has room for.
const LAST_POSITION: u32 = 0xFFF;
/// The feature score of a package that gives none.
const NO_FEATURE_SCORE: u32 = 0x00FF_0000;

/// A package that fits a device.
#[derive(Clone, Debug)]
pub struct Match {
    /// The package.
    pub published: Published,
    /// What it says of the device.
    pub model: Model,
    /// The ID at which they met, as the INF writes it.
    pub id: String,
    /// The rank; lower is better.
    pub rank: u32,
    /// The position of the ID in the INF's line.
    position: usize,
}

impl Match {
    /// Ascending from the best: rank, position in the INF, newer date, higher version, added later.
    fn key(&self) -> impl Ord + use<> {
        let version = version(&self.published.package.driver_ver);
        (
            self.rank,
            self.position,
            Reverse(version),
            Reverse(self.published.order),
        )
    }
}

/// Every base package that fits a device, the best first.
#[must_use]
pub fn matches(node: &Node) -> Vec<Match> {
    matching(node, |package| package.extension_id.is_none())
}

/// Every extension package that fits a device, each ID's best first.
#[must_use]
pub fn extension_matches(node: &Node) -> Vec<Match> {
    by_extension_id(node).into_iter().flatten().collect()
}

/// The extension packages that a device gets on top of its base package: of each `ExtensionId` the best one. Windows promises no
/// order among them; here it is the order in which the IDs came into the store.
#[must_use]
pub fn extensions(node: &Node) -> Vec<Match> {
    let groups = by_extension_id(node).into_iter();
    groups.filter_map(|group| group.into_iter().next()).collect()
}

/// The extension packages that fit a device, those of one `ExtensionId` together.
fn by_extension_id(node: &Node) -> Vec<Vec<Match>> {
    let mut groups: Vec<Vec<Match>> = Vec::new();
    for found in matching(node, |package| package.extension_id.is_some()) {
        let id = |found: &Match| found.published.package.extension_id.clone();
        match groups.iter_mut().find(|group| id(&group[0]) == id(&found)) {
            Some(group) => group.push(found),
            None => groups.push(vec![found]),
        }
    }
    groups.sort_by_key(|group| group.iter().map(|found| found.published.order).min());
    groups
}

fn matching(node: &Node, wanted: fn(&Package) -> bool) -> Vec<Match> {
    let mut found: Vec<Match> = store::published()
        .into_iter()
        .filter(|published| wanted(&published.package))
        .filter_map(|published| best_model(node, &published))
        .collect();
    found.sort_by_key(Match::key);
    found
}

/// The model of a package that fits a device best.
fn best_model(node: &Node, published: &Published) -> Option<Match> {
    let models = published.package.models.iter();
    let found = models.flat_map(|model| {
        let ids = model.ids.iter().enumerate();
        ids.filter_map(|(position, id)| {
            Some(Match {
                published: published.clone(),
                model: model.clone(),
                id: id.clone(),
                rank: NO_FEATURE_SCORE | score(node, id, position > 0)?,
                position,
            })
        })
    });
    found.min_by_key(Match::key)
}

/// The identifier score of an INF's ID for a device.
fn score(node: &Node, id: &str, compatible: bool) -> Option<u32> {
    let place = |list: &[String]| {
        let found = list.iter().position(|known| known.eq_ignore_ascii_case(id))?;
        Some(u32::try_from(found).unwrap_or(LAST_POSITION).min(LAST_POSITION))
    };
    let (hardware, other) = if compatible {
        (HARDWARE_TO_COMPATIBLE, COMPATIBLE_TO_COMPATIBLE)
    } else {
        (HARDWARE_TO_HARDWARE, COMPATIBLE_TO_HARDWARE)
    };
    place(&node.hardware_ids)
        .map(|place| hardware | place)
        .or_else(|| Some(other | place(&node.compatible_ids)?))
}

/// `DriverVer` in the order in which it counts: year, month, day, then the parts of the version. What is missing is zero.
fn version(driver_ver: &str) -> [u32; 7] {
    let (date, version) = driver_ver.split_once(',').unwrap_or((driver_ver, ""));
    let mut date = date.trim().split('/').map(|part| part.parse().unwrap_or(0));
    let mut date = || date.next().unwrap_or(0);
    let (month, day, year) = (date(), date(), date());
    let mut parts = version.trim().split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    [year, month, day, part(), part(), part(), part()]
}

#[cfg(test)]
mod tests {
    use super::super::node;
    use super::{score, version};

    #[test]
    fn a_newer_date_counts_before_a_higher_version() {
        let ascending = [
            "",
            "12/31/2025,9.0.0.0",
            "01/02/2026,1.0.0.0",
            "01/02/2026,1.0.0.1",
            "01/02/2026,1.10.0.0",
            "02/01/2026",
        ];
        assert!(
            ascending
                .windows(2)
                .all(|pair| version(pair[0]) < version(pair[1]))
        );
    }

    #[test]
    fn hardware_ids_come_before_compatible_ids_on_both_sides() {
        let id = node::add(None, String::from(r"ROOT\RANK\0000"), None);
        let texts = |texts: [&str; 2]| texts.map(String::from).to_vec();
        node::update(id, |node| {
            node.hardware_ids = texts(["H0", "H1"]);
            node.compatible_ids = texts(["C0", "C1"]);
        });
        let node = node::get(id).unwrap();
        node::forget(id);
        assert_eq!(
            ["h0", "H1", "C0", "C1", "X"].map(|id| score(&node, id, false)),
            [Some(0), Some(1), Some(0x2000), Some(0x2001), None]
        );
        assert_eq!(
            ["H0", "H1", "C1"].map(|id| score(&node, id, true)),
            [Some(0x1000), Some(0x1001), Some(0x3001)]
        );
    }
}
