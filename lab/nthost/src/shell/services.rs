//! What `net` and `sc` share: services in the registry, and Windows' error numbers and texts.

use super::session::{CommandError, Session};
use crate::abi::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_DLL_INIT_FAILED, STATUS_DLL_NOT_FOUND,
    STATUS_DRIVER_UNABLE_TO_LOAD, STATUS_ENTRYPOINT_NOT_FOUND, STATUS_IMAGE_ALREADY_LOADED,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_IMAGE_FORMAT,
    STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY, STATUS_NO_SUCH_DEVICE, STATUS_NO_SUCH_FILE,
    STATUS_NOT_SUPPORTED, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_ORDINAL_NOT_FOUND, STATUS_UNSUCCESSFUL,
};
use crate::io::{self, DriverError};
use crate::{cm, pnp};

/// A system error of winerror.h: its number and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SystemError(pub(super) u32, pub(super) &'static str);

/// `ERROR_SERVICE_DOES_NOT_EXIST`.
pub(super) const NO_SUCH_SERVICE: SystemError = SystemError(
    1060,
    "The specified service does not exist as an installed service.",
);
/// `ERROR_SERVICE_EXISTS`.
pub(super) const SERVICE_EXISTS: SystemError = SystemError(1073, "The specified service already exists.");
/// `ERROR_SERVICE_MARKED_FOR_DELETE`.
pub(super) const MARKED_FOR_DELETE: SystemError =
    SystemError(1072, "The specified service has been marked for deletion.");
/// `ERROR_SERVICE_ALREADY_RUNNING`.
pub(super) const ALREADY_RUNNING: SystemError =
    SystemError(1056, "An instance of the service is already running.");
/// `ERROR_SERVICE_NOT_ACTIVE`.
pub(super) const NOT_ACTIVE: SystemError = SystemError(1062, "The service has not been started.");
/// `ERROR_INVALID_SERVICE_CONTROL`.
pub(super) const INVALID_CONTROL: SystemError =
    SystemError(1052, "The requested control is not valid for this service.");

/// `ERROR_FILE_NOT_FOUND`.
const FILE_NOT_FOUND: SystemError = SystemError(2, "The system cannot find the file specified.");
/// `ERROR_MR_MID_NOT_FOUND`, which a status without a counterpart becomes.
const NO_COUNTERPART: SystemError = SystemError(
    317,
    "The system cannot find message text for this message number.",
);

/// The part of `RtlNtStatusToDosError` that the start of a driver can meet.
const FROM_STATUS: &[(NTSTATUS, SystemError)] = &[
    (STATUS_NO_SUCH_FILE, FILE_NOT_FOUND),
    (STATUS_OBJECT_NAME_NOT_FOUND, FILE_NOT_FOUND),
    (STATUS_NO_SUCH_DEVICE, FILE_NOT_FOUND),
    (
        STATUS_DLL_NOT_FOUND,
        SystemError(126, "The specified module could not be found."),
    ),
    (
        STATUS_ENTRYPOINT_NOT_FOUND,
        SystemError(127, "The specified procedure could not be found."),
    ),
    (
        STATUS_ORDINAL_NOT_FOUND,
        SystemError(182, "The operating system cannot run this program."),
    ),
    (
        STATUS_INVALID_IMAGE_FORMAT,
        SystemError(193, "The file is not a valid Win32 application."),
    ),
    (
        STATUS_DLL_INIT_FAILED,
        SystemError(
            1114,
            "A dynamic link library (DLL) initialization routine failed.",
        ),
    ),
    (
        STATUS_DRIVER_UNABLE_TO_LOAD,
        SystemError(2001, "The specified driver is invalid."),
    ),
    (STATUS_IMAGE_ALREADY_LOADED, ALREADY_RUNNING),
    (
        STATUS_UNSUCCESSFUL,
        SystemError(31, "A device attached to the system is not functioning."),
    ),
    (STATUS_ACCESS_DENIED, SystemError(5, "Access is denied.")),
    (
        STATUS_NOT_SUPPORTED,
        SystemError(50, "The request is not supported."),
    ),
    (
        STATUS_INVALID_PARAMETER,
        SystemError(87, "The parameter is incorrect."),
    ),
    (
        STATUS_INVALID_DEVICE_REQUEST,
        SystemError(1, "Incorrect function."),
    ),
    (
        STATUS_OBJECT_NAME_COLLISION,
        SystemError(183, "Cannot create a file when that file already exists."),
    ),
    (
        STATUS_NO_MEMORY,
        SystemError(
            8,
            "Not enough memory resources are available to process this command.",
        ),
    ),
    (
        STATUS_INSUFFICIENT_RESOURCES,
        SystemError(
            1450,
            "Insufficient system resources exist to complete the requested service.",
        ),
    ),
];

/// The system error that a status becomes on its way to a program.
pub(super) fn system_error(status: NTSTATUS) -> SystemError {
    FROM_STATUS
        .iter()
        .find(|(known, _)| *known == status)
        .map_or(NO_COUNTERPART, |(_, error)| *error)
}

/// The service's key in the registry.
pub(super) fn key(service: &str) -> String {
    format!(r"{}\{service}", cm::SERVICES)
}

/// The registry's spelling of an installed service's name.
pub(super) fn installed(service: &str) -> Option<String> {
    cm::subkeys(cm::SERVICES)
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(service))
}

/// The registry value of a service that goes when its driver does.
pub(super) const DELETE_FLAG: &str = "DeleteFlag";

/// Loads the service's driver and runs it. As on Windows a system thread does that: the one that loads drivers for devices.
pub(super) fn start(session: &mut Session, service: &str) -> Result<(), DriverError> {
    let name = service.to_owned();
    pnp::run(move || io::load(&name).map(drop))?;
    session.note_run(service);
    Ok(())
}

/// Why a service is not stopped.
pub(super) enum StopError {
    /// Its driver is not loaded.
    NotStarted,
    /// The driver cannot go now.
    Refused(&'static str),
}

/// Unloads the driver, and takes a service away that was deleted while it ran.
pub(super) fn stop(service: &str) -> Result<(), StopError> {
    let name = service.to_owned();
    pnp::run(move || {
        // Looked for here: another user may have stopped it meanwhile.
        let driver = io::loaded(&name).ok_or(StopError::NotStarted)?;
        if let Some(reason) = io::unstoppable(driver) {
            return Err(StopError::Refused(reason));
        }
        io::unload(driver);
        let key = key(&name);
        if cm::dword(&key, DELETE_FLAG).is_some() {
            cm::delete_key(&key);
        }
        Ok(())
    })
}

/// What Windows tells of a load that failed.
pub(super) fn system_error_of(error: &DriverError) -> SystemError {
    match error {
        DriverError::NoService(_) => NO_SUCH_SERVICE,
        DriverError::Load(_, load) => system_error(load.status),
        DriverError::NoEntry(_) => system_error(STATUS_INVALID_IMAGE_FORMAT),
        DriverError::Entry(_, status) => system_error(*status),
    }
}

/// A status that `DriverEntry` returned is the driver's doing; everything else is the machine's.
pub(super) fn blame(error: &DriverError, told: CommandError) -> CommandError {
    match error {
        DriverError::Entry(..) => CommandError::Failed(told.to_string()),
        _ => told,
    }
}

/// Shows what the Windows program prints, and fails with the same text and what it leaves out.
pub(super) fn fail(session: &mut Session, text: &str, detail: &str) -> CommandError {
    session.say(text);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    CommandError::Environment(format!("{line} ({detail})"))
}

#[cfg(test)]
mod tests {
    use super::{FILE_NOT_FOUND, NO_COUNTERPART, system_error};
    use crate::abi::{
        STATUS_DLL_NOT_FOUND, STATUS_ENTRYPOINT_NOT_FOUND, STATUS_NO_SUCH_FILE, STATUS_TIMEOUT,
    };

    #[test]
    fn statuses_become_the_numbers_of_windows() {
        assert_eq!(system_error(STATUS_NO_SUCH_FILE), FILE_NOT_FOUND);
        assert_eq!(system_error(STATUS_DLL_NOT_FOUND).0, 126);
        assert_eq!(system_error(STATUS_ENTRYPOINT_NOT_FOUND).0, 127);
        assert_eq!(system_error(STATUS_TIMEOUT), NO_COUNTERPART);
    }
}
