//! One command for a driver of somebody else: its packages are installed, its devices started, asked, started again and removed.

use super::session::{CommandError, Session};
use super::{run_line, script};
use crate::pnp::{self, Problem};
use lab_inf::Inf;

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct RunPlan {
    /// INF files, in the order in which they are added.
    pub packages: Vec<String>,
    /// Hardware IDs of devices to make.
    pub devices: Vec<String>,
    /// The image of a driver without a package, which runs as a service.
    pub service: Option<String>,
    /// What the requests go to: an instance ID or a name; the last device that was made unless told.
    pub target: Option<String>,
    /// `ioctl CODE …`, `read LENGTH …`, `write BYTES …`, `expect TEXT`, in order.
    pub requests: Vec<String>,
}

/// The name under which the target is kept open.
const OPEN: &str = "target";
/// What stands for the place of a line in errors.
const PLACE: &str = "lab run";

/// Carries out a plan, as lines that anybody could type.
pub fn run_plan(session: &mut Session, plan: &RunPlan) {
    PLACE.clone_into(&mut session.place);
    for package in &plan.packages {
        if package.to_lowercase().ends_with(".inx") {
            let text = format!(
                "{package} is the source of an INF file; stamp it first: `cargo xtask cc --inx {package} …` does, and stampinf of the Windows kits"
            );
            session.fail(PLACE, &CommandError::Environment(text));
            return;
        }
        line(session, &format!("pnputil /add-driver \"{package}\" /install"));
    }
    let service = plan.service.as_deref().map(service_name);
    if let (Some(name), Some(image)) = (&service, &plan.service) {
        line(
            session,
            &format!("sc create {name} binPath= \"{image}\" type= kernel"),
        );
        line(session, &format!("net start {name}"));
    }
    let instances: Vec<String> = plan
        .devices
        .iter()
        .filter_map(|id| start(session, plan, id))
        .collect();
    if !plan.devices.is_empty() {
        line(session, "pnputil /enum-devicetree");
    }
    // What does not start is asked nothing.
    if instances.len() == plan.devices.len() {
        ask(session, plan, instances.last());
        for instance in &instances {
            line(session, &format!("pnputil /restart-device \"{instance}\""));
        }
    }
    for instance in instances.iter().rev() {
        line(session, &format!("pnputil /remove-device \"{instance}\""));
    }
    if let Some(name) = &service {
        line(session, &format!("net stop {name}"));
    }
}

/// Shows a line and runs it.
fn line(session: &mut Session, text: &str) {
    script::show(text);
    run_line(session, text);
}

/// Makes a device. Its instance ID, if it started.
fn start(session: &mut Session, plan: &RunPlan, hardware_id: &str) -> Option<String> {
    let before = pnp::nodes();
    line(session, &format!("devgen /add /hardwareid \"{hardware_id}\""));
    let is_new = |node: &pnp::Node| !before.iter().any(|old| old.id == node.id);
    let instance = session.variables.get("device").cloned()?;
    let node = pnp::find_instance(&instance).filter(is_new)?;
    let problem = node.problem.filter(|problem| *problem != Problem::Disabled);
    let Some(problem) = problem else {
        return Some(instance);
    };
    if problem == Problem::NoDriver {
        // The end of the run would say it again.
        session.driverless.clear();
        session.fail(PLACE, &no_driver(plan, hardware_id));
        return None;
    }
    let (code, name) = problem.code();
    let status = problem
        .status()
        .map_or_else(String::new, |status| format!(": {status}"));
    let text = format!("{instance} does not start: problem {code} ({name}){status}");
    session.fail(PLACE, &CommandError::Failed(text));
    None
}

/// Says which hardware IDs the packages are for.
fn no_driver(plan: &RunPlan, hardware_id: &str) -> CommandError {
    let infs = plan
        .packages
        .iter()
        .filter_map(|package| Inf::read(package.as_ref()).ok());
    let mut ids: Vec<String> = infs.flat_map(|inf| inf.device_ids()).collect();
    ids.dedup();
    let advice = if ids.is_empty() {
        String::from("no INF file that could be read names a device")
    } else {
        format!("give --device one of {}", ids.join(", "))
    };
    CommandError::Environment(format!("no package is for {hardware_id}; {advice}"))
}

/// Sends the requests through one open file.
fn ask(session: &mut Session, plan: &RunPlan, instance: Option<&String>) {
    if plan.requests.is_empty() {
        return;
    }
    let Some(target) = plan.target.as_ref().or(instance) else {
        let text = "the requests have no target; give --target the name of a device, such as \\Device\\Name";
        session.fail(PLACE, &CommandError::Script(text.to_owned()));
        return;
    };
    line(session, &format!("open {OPEN} \"{target}\""));
    if !session.files.contains_key(OPEN) {
        return;
    }
    for request in &plan.requests {
        let (verb, rest) = request.split_once(' ').unwrap_or((request, ""));
        let text = match verb {
            "expect" => format!("expect \"{rest}\""),
            _ => format!("{verb} {OPEN} {rest}"),
        };
        line(session, &text);
    }
    line(session, &format!("close {OPEN}"));
}

/// The name of a service for an image: that of the file.
fn service_name(image: &str) -> String {
    let file = image.rsplit(['/', '\\']).next().unwrap_or(image);
    file.rsplit_once('.').map_or(file, |(name, _)| name).to_owned()
}
