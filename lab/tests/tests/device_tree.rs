//! The device tree against a simple model: a bus and its children, and everything that an administrator and the bus's requests do to them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use lab_tests::{
    Build, Lab,
    script::{ADD_BUS, ADD_CHILD, PLUG_BUS, TREE, ioctl},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError},
};
use sample_interface::{IOCTL_SAMPLE_BUS_PLUG_IN, IOCTL_SAMPLE_BUS_UNPLUG};

const BUS: &str = r"ROOT\SAMPLEBUS\0000";
/// How many different children the lines name; the bus has the first two when it starts.
const CHILDREN: u32 = 3;

#[derive(Clone, Copy, Debug)]
enum Target {
    Bus,
    Child(u32),
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Add,
    Remove(Target),
    SurpriseRemove(Target),
    Disable(Target),
    Enable(Target),
    Restart(Target),
    Scan,
    PlugIn(u32),
    Unplug(u32),
}

impl Target {
    fn instance(self) -> String {
        match self {
            Self::Bus => BUS.to_owned(),
            Self::Child(number) => format!(r"SAMPLEBUS\Doubler\1&d719042b&0&{number:02}"),
        }
    }
}

impl Operation {
    fn line(self) -> String {
        let number = |code, number: u32| ioctl(BUS, code, &number.to_le_bytes(), 0);
        match self {
            Self::Add => PLUG_BUS.to_owned(),
            Self::Remove(target) => format!("pnputil /remove-device {}", target.instance()),
            Self::SurpriseRemove(target) => format!("surprise-remove {}", target.instance()),
            Self::Disable(target) => format!("pnputil /disable-device {}", target.instance()),
            Self::Enable(target) => format!("pnputil /enable-device {}", target.instance()),
            Self::Restart(target) => format!("pnputil /restart-device {}", target.instance()),
            Self::Scan => "pnputil /scan-devices".to_owned(),
            Self::PlugIn(child) => number(IOCTL_SAMPLE_BUS_PLUG_IN, child),
            Self::Unplug(child) => number(IOCTL_SAMPLE_BUS_UNPLUG, child),
        }
    }
}

/// What a line has to lead to, beside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    /// The command fails.
    Error,
    /// The request is completed with this status.
    Status(&'static str),
}

/// The devices that there are, what the bus reports, and what an administrator disabled.
#[derive(Clone, Debug, Default)]
struct Model {
    /// Whether the bus is in the tree.
    bus: bool,
    /// What the bus reports while it runs.
    plugged: BTreeSet<u32>,
    /// The children that are in the tree.
    found: BTreeSet<u32>,
    bus_disabled: bool,
    disabled: BTreeSet<u32>,
}

impl Model {
    fn apply(&mut self, operation: Operation) -> Answer {
        match operation {
            Operation::Add => {
                self.bus = true;
                self.start_bus();
                Answer::Done
            }
            Operation::Scan => {
                self.enumerate();
                Answer::Done
            }
            Operation::PlugIn(child) => self.plug(child, true),
            Operation::Unplug(child) => self.plug(child, false),
            Operation::Remove(target)
            | Operation::SurpriseRemove(target)
            | Operation::Disable(target)
            | Operation::Enable(target)
            | Operation::Restart(target) => self.change(operation, target),
        }
    }

    const fn runs(&self) -> bool {
        self.bus && !self.bus_disabled
    }

    fn start_bus(&mut self) {
        self.found.clear();
        if self.runs() {
            self.plugged = BTreeSet::from([1, 2]);
            self.enumerate();
        }
    }

    /// The tree has what the bus reports.
    fn enumerate(&mut self) {
        if self.runs() {
            self.found.clone_from(&self.plugged);
        }
    }

    fn plug(&mut self, child: u32, in_: bool) -> Answer {
        if !self.runs() {
            return Answer::Error;
        }
        let changed = if in_ {
            self.plugged.insert(child)
        } else {
            self.plugged.remove(&child)
        };
        match (changed, in_) {
            (true, _) => {
                self.enumerate();
                Answer::Status("STATUS_SUCCESS")
            }
            (false, true) => Answer::Status("STATUS_OBJECT_NAME_COLLISION"),
            (false, false) => Answer::Status("STATUS_NO_SUCH_DEVICE"),
        }
    }

    fn change(&mut self, operation: Operation, target: Target) -> Answer {
        match target {
            Target::Bus if self.bus => self.change_bus(operation),
            Target::Child(child) if self.found.contains(&child) => self.change_child(operation, child),
            Target::Bus | Target::Child(_) => return Answer::Error,
        }
        Answer::Done
    }

    fn change_bus(&mut self, operation: Operation) {
        match operation {
            Operation::Remove(_) => (self.bus, self.bus_disabled) = (false, false),
            Operation::SurpriseRemove(_) => self.bus = false,
            Operation::Disable(_) => self.bus_disabled = true,
            Operation::Enable(_) if !self.bus_disabled => return,
            Operation::Enable(_) => self.bus_disabled = false,
            _ => {}
        }
        self.start_bus();
    }

    fn change_child(&mut self, operation: Operation, child: u32) {
        match operation {
            Operation::Remove(_) => {
                // It is forgotten, and a new device for the next scan.
                self.disabled.remove(&child);
                self.found.remove(&child);
            }
            Operation::SurpriseRemove(_) => drop(self.found.remove(&child)),
            Operation::Disable(_) => drop(self.disabled.insert(child)),
            Operation::Enable(_) => drop(self.disabled.remove(&child)),
            _ => {}
        }
    }

    /// What the lab shows: each device, and whether it is started.
    fn tree(&self) -> BTreeMap<String, bool> {
        let bus = self.bus.then(|| (BUS.to_owned(), !self.bus_disabled));
        let children = self.found.iter().map(|child| {
            let instance = Target::Child(*child).instance();
            (instance, !self.disabled.contains(child))
        });
        bus.into_iter().chain(children).collect()
    }
}

/// The trees that a run showed, one for each time it was asked.
fn trees(output: &str) -> Vec<BTreeMap<String, bool>> {
    let asked = format!("> {TREE}\n");
    let shown = output.split(&asked).skip(1);
    shown
        .map(|text| tree(text.split("\n> ").next().unwrap_or_default()))
        .collect()
}

fn tree(text: &str) -> BTreeMap<String, bool> {
    let devices = text.lines().filter(|line| line.contains("driver: "));
    let device = |line: &str| {
        let instance = line.split_whitespace().next().unwrap_or_default();
        (instance.to_owned(), line.ends_with("Started"))
    };
    devices.map(device).collect()
}

/// The script of these operations, with what the model says about each, and the trees that it has to show.
fn script(operations: &[Operation]) -> (Vec<String>, Vec<BTreeMap<String, bool>>) {
    let mut model = Model::default();
    let (mut lines, mut wanted) = (vec![ADD_BUS.to_owned(), ADD_CHILD.to_owned()], Vec::new());
    for operation in operations {
        if matches!(operation, Operation::Add) && model.bus {
            // A second bus is another device, and the model has one.
            continue;
        }
        let line = operation.line();
        match model.apply(*operation) {
            Answer::Done => lines.push(line),
            Answer::Error => lines.push(format!("expect-error {line}")),
            Answer::Status(status) => lines.extend([line, format!("expect {status}")]),
        }
        lines.push(TREE.to_owned());
        wanted.push(model.tree());
    }
    (lines, wanted)
}

fn check(operations: &[Operation]) -> Result<()> {
    let (lines, wanted) = script(operations);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let run = Lab::new(Build::Release)?.run(&lines)?;
    run.passes()?;
    let shown = trees(&run.output);
    for (step, (shown, wanted)) in shown.iter().zip(&wanted).enumerate() {
        ensure!(
            shown == wanted,
            "tree {step} is {shown:#?}, the model says {wanted:#?}\n{}",
            run.output
        );
    }
    ensure!(
        shown.len() == wanted.len(),
        "{} trees\n{}",
        shown.len(),
        run.output
    );
    Ok(())
}

fn any_target() -> impl Strategy<Value = Target> {
    prop_oneof![1 => Just(Target::Bus), 3 => (1..=CHILDREN).prop_map(Target::Child)]
}

fn any_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => Just(Operation::Add),
        1 => Just(Operation::Scan),
        1 => any_target().prop_map(Operation::Remove),
        1 => any_target().prop_map(Operation::SurpriseRemove),
        1 => any_target().prop_map(Operation::Disable),
        1 => any_target().prop_map(Operation::Enable),
        1 => any_target().prop_map(Operation::Restart),
        2 => (1..=CHILDREN).prop_map(Operation::PlugIn),
        2 => (1..=CHILDREN).prop_map(Operation::Unplug),
    ]
}

proptest! {
    // Each case is a process.
    #![proptest_config(Config { cases: 24, failure_persistence: None, max_shrink_iters: 60, ..Config::default() })]

    #[test]
    fn the_tree_is_what_the_model_says(operations in prop::collection::vec(any_operation(), 1..30)) {
        check(&operations).map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
    }
}
