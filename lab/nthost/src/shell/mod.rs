//! What a person types: the commands of a Windows administrator and a few of the lab's own, from a script or a prompt.

mod commands;
mod device;
mod net;
mod pnputil;
mod prompt;
mod recovery;
mod registry;
mod run;
mod sc;
mod script;
mod services;
mod session;
mod soak;
pub mod words;

pub use commands::COMMANDS;
pub use prompt::prompt;
pub use run::{RunPlan, run_plan};
pub use script::{finish, run_line, run_script};
pub use session::{CommandError, CommandResult, Session};
