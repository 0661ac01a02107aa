//! INF files of small packages, written for a test.

/// A base package for one device: the function driver NAME.sys as the service NAME. `more` is put behind.
#[must_use]
pub fn base(name: &str, hardware_id: &str, more: &str) -> String {
    format!(
        "{}{}AddService = {name}, 0x2, Service_{name}\n{}{more}",
        version("Class = System\nClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}"),
        models(hardware_id, name),
        service(name)
    )
}

/// An extension package for one device: NAME.sys as a filter at `place`, a line such as `FilterPosition = Upper`. The name stands for
/// the `ExtensionId` too.
#[must_use]
pub fn extension(name: &str, hardware_id: &str, place: &str) -> String {
    let id = format!("ExtensionId = {{{name}}}");
    format!(
        "{}{}AddService = {name},, Service_{name}\n{}[Install.NT.Filters]\nAddFilter = {name},, Place\n[Place]\n{place}\n",
        version(&format!(
            "Class = Extension\nClassGuid = {{e2f84ce7-8efa-411c-aa69-97454ca4cb57}}\n{id}"
        )),
        models(hardware_id, name),
        service(name)
    )
}

/// `[Version]` with its class lines.
#[must_use]
pub fn version(class: &str) -> String {
    format!(
        "[Version]\nSignature = \"$WINDOWS NT$\"\n{class}\nProvider = Tests\nDriverVer = 11/21/2026,1.0.0.0\nPnpLockdown = 1\n"
    )
}

/// One model, whose install section copies NAME.sys into the driver store; the `.Services` section is open at the end.
fn models(hardware_id: &str, name: &str) -> String {
    format!(
        "[DestinationDirs]\nDefaultDestDir = 13\n\
         [SourceDisksNames]\n1 = Disk\n\
         [SourceDisksFiles]\n{name}.sys = 1\n\
         [Manufacturer]\nTests = Models, NTamd64.10.0...16299\n\
         [Models.NTamd64.10.0...16299]\n\"Device of {name}\" = Install, {hardware_id}\n\
         [Install.NT]\nCopyFiles = Files\n\
         [Files]\n{name}.sys\n\
         [Install.NT.Services]\n"
    )
}

/// A service-install section for NAME.sys.
#[must_use]
pub fn service(name: &str) -> String {
    format!(
        "[Service_{name}]\nServiceType = 1\nStartType = 3\nErrorControl = 1\nServiceBinary = %13%\\{name}.sys\n"
    )
}

/// More images that the package brings.
#[must_use]
pub fn more_files(names: &[&str]) -> String {
    let lines = names.iter().map(|name| format!("{name}.sys = 1\n"));
    lines.fold(String::from("[SourceDisksFiles]\n"), |text, line| text + &line)
}

/// A primitive package: these images go to System32\\drivers, and each is a service of its own name.
#[must_use]
pub fn primitive(names: &[&str]) -> String {
    let files = names.iter().map(|name| format!("{name}.sys\n"));
    let files = files.fold(String::from("[Files]\n"), |text, line| text + &line);
    let adds = names
        .iter()
        .map(|name| format!("AddService = {name},, Service_{name}\n"));
    let adds = adds.fold(
        String::from("[DefaultInstall.NTamd64.Services]\n"),
        |text, line| text + &line,
    );
    let services = names.iter().map(|name| service(name).replace("%13%", "%12%"));
    [
        version("Class = System\nClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}"),
        String::from("[DestinationDirs]\nDefaultDestDir = 12\n[SourceDisksNames]\n1 = Disk\n"),
        more_files(names),
        String::from("[DefaultInstall.NTamd64]\nCopyFiles = Files\n"),
        files,
        adds,
        services.collect(),
        String::from("[DefaultUninstall.NTamd64]\nLegacyUninstall = 1\n"),
    ]
    .concat()
}
