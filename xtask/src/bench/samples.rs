//! What the drivers and the lab measured, by name.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

/// A value in the middle, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// A quarter is below.
    pub low: f64,
    /// Half is below.
    pub median: f64,
    /// A quarter is above.
    pub high: f64,
}

impl Spread {
    /// That of at least one value.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn of(values: &[f64]) -> Result<Self> {
        ensure!(!values.is_empty(), "there are no samples");
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |percent: usize| sorted[(sorted.len() - 1) * percent / 100];
        Ok(Self {
            low: at(25),
            median: at(50),
            high: at(75),
        })
    }
}

/// Samples in nanoseconds for one call or run; those of the drivers in ticks, until [`Samples::clock`] is known.
#[derive(Debug, Default)]
pub struct Samples {
    by_name: BTreeMap<String, Vec<f64>>,
    nanoseconds: f64,
    ticks: f64,
}

impl Samples {
    /// Takes what a run of nthost printed: `bench: NAME CALLS TICKS`, `bench: clock NANOSECONDS TICKS`, and repeated requests.
    ///
    /// # Errors
    ///
    /// When nothing says how fast the clock is.
    pub fn read(&mut self, output: &str) -> Result<()> {
        let mut ticks = Vec::new();
        for line in output.lines() {
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["bench:", "clock", nanoseconds, all] => {
                    self.nanoseconds += nanoseconds.parse::<f64>()?;
                    self.ticks += all.parse::<f64>()?;
                }
                ["bench:", name, calls, all] => {
                    ticks.push((*name, all.parse::<f64>()? / calls.parse::<f64>()?));
                }
                [.., times, "times,", all, "nanoseconds"] => {
                    self.add("ioctl", all.parse::<f64>()? / times.parse::<f64>()?);
                }
                _ => {}
            }
        }
        let clock = self.clock()?;
        for (name, sample) in ticks {
            self.add(name, sample / clock);
        }
        Ok(())
    }

    /// Ticks in a nanosecond.
    ///
    /// # Errors
    ///
    /// When no run said so.
    pub fn clock(&self) -> Result<f64> {
        ensure!(
            self.nanoseconds > 0.0,
            "the driver did not say how fast its clock is"
        );
        Ok(self.ticks / self.nanoseconds)
    }

    /// One more sample.
    pub fn add(&mut self, name: &str, sample: f64) {
        self.by_name.entry(name.to_owned()).or_default().push(sample);
    }

    /// The samples of a name.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn get(&self, name: &str) -> Result<&[f64]> {
        let samples = self.by_name.get(name);
        samples
            .map(Vec::as_slice)
            .with_context(|| format!("nothing measured `{name}`"))
    }

    /// Median and quartiles of a name.
    ///
    /// # Errors
    ///
    /// When there are no samples.
    pub fn spread(&self, name: &str) -> Result<Spread> {
        Spread::of(self.get(name)?)
    }

    /// The samples of names with `+` between them, added up round by round.
    fn sum(&self, names: &str) -> Result<Vec<f64>> {
        let mut sum: Vec<f64> = Vec::new();
        for name in names.split('+') {
            let samples = self.get(name)?;
            sum.resize(samples.len(), 0.0);
            for (sum, sample) in sum.iter_mut().zip(samples) {
                *sum += sample;
            }
        }
        Ok(sum)
    }

    /// How many times `reference` a `subject` takes: round by round where both ran in the same rounds, else against the reference's median.
    /// Either may be a sum, with `+` between the names.
    ///
    /// # Errors
    ///
    /// When one of them was not measured.
    pub fn ratio(&self, subject: &str, reference: &str) -> Result<Spread> {
        let (subject, reference) = (self.sum(subject)?, self.sum(reference)?);
        let middle = Spread::of(&reference)?.median;
        let same_rounds = subject.len() == reference.len();
        let ratios: Vec<f64> = subject
            .iter()
            .enumerate()
            .map(|(round, sample)| sample / if same_rounds { reference[round] } else { middle })
            .collect();
        Spread::of(&ratios)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_round_by_round() -> Result<()> {
        let mut samples = Samples::default();
        samples.read(
            "bench: a 10 200\nbench: b 10 100\nbench: a 10 4000\nbench: b 10 1000\nbench: a 1 30\nbench: b 1 10\nbench: clock 100 200\n\
             STATUS_SUCCESS (0x00000000), 4 bytes: 2A 00 00 00; 20 times, 4000 nanoseconds\n",
        )?;
        let ratio = samples.ratio("a", "b")?;
        assert_eq!((ratio.low, ratio.median, ratio.high), (2.0, 3.0, 3.0));
        assert_eq!(samples.get("a")?, [10.0, 200.0, 15.0]);
        assert_eq!(samples.get("ioctl")?, [200.0]);
        assert_eq!(samples.ratio("a", "a+b")?.median.to_string(), "0.75");
        Ok(())
    }
}
