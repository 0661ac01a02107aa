//! Small drivers and kernel DLLs in C, compiled in a lab's folder against the kit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::{Lab, variable};

/// The version under which the kit has its folders.
const KIT_VERSION: &str = "10.0.26100.0";
/// The version of the framework that the kit has.
const KMDF_VERSION: &str = "1.33";
/// The kernel-mode flags of the kit.
const C_FLAGS: &[&str] = &[
    "--target=x86_64-pc-windows-msvc",
    "-ffreestanding",
    "-funwind-tables",
    "-O2",
    "-D_KERNEL_MODE",
    "-D_WIN64",
    "-D_AMD64_",
    "-DAMD64",
];
const LINK_FLAGS: &[&str] = &["/nologo", "/driver", "/subsystem:native", "/nodefaultlib"];

/// A driver that prints when it starts and when it stops.
pub const QUIET: &str = r#"
#include <ntddk.h>
static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); DbgPrint(NAME ": DriverUnload\n"); }
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    DbgPrint(NAME ": DriverEntry\n");
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
"#;

/// The same, with a call of the imported `Answer` in between.
pub const ASKING: &str = r#"
#include <ntddk.h>
__declspec(dllimport) int Answer(void);
static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); DbgPrint(NAME ": DriverUnload\n"); }
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    DbgPrint(NAME ": the answer is %d\n", Answer());
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
"#;

/// A kernel DLL with `Answer`, which is a driver too. `INITIALIZE` and `UNLOAD` are the statuses of its routines.
pub const ANSWERING: &str = r#"
#include <ntddk.h>
#ifndef INITIALIZE
#define INITIALIZE STATUS_SUCCESS
#endif
#ifndef UNLOAD
#define UNLOAD STATUS_SUCCESS
#endif
NTSTATUS DllInitialize(PUNICODE_STRING Path) { DbgPrint(NAME ": DllInitialize(%wZ)\n", Path); return INITIALIZE; }
NTSTATUS DllUnload(void) { DbgPrint(NAME ": DllUnload\n"); return UNLOAD; }
int Answer(void) { return 42; }
static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); DbgPrint(NAME ": DriverUnload\n"); }
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    DbgPrint(NAME ": DriverEntry\n");
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
"#;

/// A WDM driver that attaches a device to every stack it is added to, tells of each `PnP` IRP that passes, and sends everything down.
///
/// `ADD` is what `AddDevice` returns; with `DETACHED` it attaches nothing; with `SERVES` it answers queries for version 1 of the sample's
/// interface itself, and tells at the end how many references are left.
pub const LAYER: &str = r#"
#include <ntddk.h>
#ifndef ADD
#define ADD STATUS_SUCCESS
#endif
typedef struct { PDEVICE_OBJECT Lower; } LAYER_EXTENSION;

static PCSTR NameOf(UCHAR Minor)
{
    switch (Minor) {
    case IRP_MN_START_DEVICE: return "START_DEVICE";
    case IRP_MN_QUERY_REMOVE_DEVICE: return "QUERY_REMOVE_DEVICE";
    case IRP_MN_REMOVE_DEVICE: return "REMOVE_DEVICE";
    default: return NULL;
    }
}

static NTSTATUS SendDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((LAYER_EXTENSION *)Device->DeviceExtension)->Lower, Irp);
}

#ifdef SERVES
/* {7B0A3F52-94C1-4D0E-8F0B-51A7D2C9E619} */
static const GUID Served = { 0x7b0a3f52, 0x94c1, 0x4d0e, { 0x8f, 0x0b, 0x51, 0xa7, 0xd2, 0xc9, 0xe6, 0x19 } };
typedef struct { INTERFACE Header; NTSTATUS (*Double)(INT *); } SERVED_TABLE;
static LONG References;
static VOID Reference(PVOID Context) { UNREFERENCED_PARAMETER(Context); InterlockedIncrement(&References); }
static VOID Dereference(PVOID Context) { UNREFERENCED_PARAMETER(Context); InterlockedDecrement(&References); }
static NTSTATUS Double(INT *Value) { DbgPrint(NAME ": Double\n"); *Value *= 2; return STATUS_SUCCESS; }

static BOOLEAN Serve(PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    SERVED_TABLE *table = (SERVED_TABLE *)stack->Parameters.QueryInterface.Interface;
    if (!IsEqualGUID(stack->Parameters.QueryInterface.InterfaceType, &Served)) {
        return FALSE;
    }
    table->Header.Size = sizeof(*table);
    table->Header.Version = 1;
    table->Header.Context = table;
    table->Header.InterfaceReference = Reference;
    table->Header.InterfaceDereference = Dereference;
    table->Double = Double;
    Reference(NULL);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return TRUE;
}
#endif

static NTSTATUS Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    PDEVICE_OBJECT lower = ((LAYER_EXTENSION *)Device->DeviceExtension)->Lower;
    NTSTATUS status;
#ifdef SERVES
    if (minor == IRP_MN_QUERY_INTERFACE && Serve(Irp)) {
        return STATUS_SUCCESS;
    }
#endif
    if (NameOf(minor) != NULL) {
        DbgPrint(NAME ": %s\n", NameOf(minor));
    }
    if (minor == IRP_MN_START_DEVICE || minor == IRP_MN_QUERY_REMOVE_DEVICE || minor == IRP_MN_REMOVE_DEVICE) {
        Irp->IoStatus.Status = STATUS_SUCCESS;
    }
    status = SendDown(Device, Irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        IoDetachDevice(lower);
        IoDeleteDevice(Device);
    }
    return status;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status;
    DbgPrint(NAME ": AddDevice\n");
#ifdef DETACHED
    UNREFERENCED_PARAMETER(Driver);
    UNREFERENCED_PARAMETER(Pdo);
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(status);
#else
    if (!NT_SUCCESS(ADD)) {
        return ADD;
    }
    status = IoCreateDevice(Driver, sizeof(LAYER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ((LAYER_EXTENSION *)device->DeviceExtension)->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
#endif
    return ADD;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
#ifdef SERVES
    DbgPrint(NAME ": %d references left\n", References);
#endif
    DbgPrint(NAME ": DriverUnload\n");
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG major;
    UNREFERENCED_PARAMETER(Path);
    DbgPrint(NAME ": DriverEntry\n");
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        Driver->MajorFunction[major] = SendDown;
    }
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
"#;

/// Opens the first child, and tells of what happens to it; its options stand in the source.
pub const WATCHING: &str = include_str!("../drivers/watching.c");

/// Asks the bus for a table in a device control request; its options stand in the source.
pub const ASKING_THE_BUS: &str = include_str!("../drivers/asking.c");

/// Takes a table from the bus in a device control request and keeps it too long; its options stand in the source.
pub const KEEPING: &str = include_str!("../drivers/keeping.c");

/// A function driver for the bus's children that breaks the contract; its options stand in the source.
pub const ABUSING: &str = include_str!("../drivers/abusing.c");

/// Answers every device control request; its options stand in the source.
pub const ANSWERING_REQUESTS: &str = include_str!("../drivers/answering.c");

/// Has a remote target of the framework's, without callbacks.
pub const TARGETING: &str = include_str!("../drivers/targeting.c");

/// A function driver for the bus's children that calls every routine of every interface with good and bad arguments.
pub const PROBE: &str = include_str!("../drivers/probe.c");

/// A function driver for the bus's children that pulls them out and plugs them in, while threads call through their interfaces.
pub const STRESS: &str = include_str!("../drivers/stress.c");

/// Breaks a rule of the verifier on command, and keeps it on another.
pub const HOSTILE: &str = include_str!("../drivers/hostile/hostile.c");

/// The same for the rules of the framework.
pub const HOSTILE_KMDF: &str = include_str!("../drivers/hostile/hostile-kmdf.c");

/// Raises exceptions, and tells what its handlers see; its options stand in the source.
pub const EXCEPTIONS: &str = include_str!("../drivers/seh.c");

/// Does what compilers and the WDK's headers write into drivers themselves; its option stands in the source.
pub const INLINE: &str = include_str!("../drivers/inline.c");

/// Writes and reads a file below `\SystemRoot`; its option stands in the source.
pub const FILING: &str = include_str!("../drivers/filing.c");

/// Where the drivers in C are, and what they share.
pub(crate) const DRIVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers");
/// Where sample.h is.
const INCLUDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../include");

/// A driver to be made in a lab's folder.
#[derive(Clone, Copy, Debug)]
pub struct CDriver<'a> {
    /// The image, without `.sys`. The source has it as `NAME`.
    pub name: &'a str,
    /// The C source.
    pub source: &'a str,
    /// Options of the compiler, such as `-DUNLOAD=STATUS_UNSUCCESSFUL`.
    pub defines: &'a [&'a str],
    /// What the linker exports: the lines behind `/export:`.
    pub exports: &'a [&'a str],
    /// The import libraries in the folder, of [`Lab::import_library`].
    pub libraries: &'a [&'a str],
}

impl Lab {
    /// Makes a [`LAYER`].
    ///
    /// # Errors
    ///
    /// As [`Lab::compile`].
    pub fn layer(&self, name: &str, defines: &[&str]) -> Result<()> {
        self.compile(&CDriver {
            name,
            source: LAYER,
            defines,
            exports: &[],
            libraries: &[],
        })
    }

    /// Makes a driver, such as [`PROBE`], with a package for these hardware IDs.
    ///
    /// # Errors
    ///
    /// As [`Lab::compile`].
    pub fn function_driver(&self, name: &str, source: &str, ids: &str) -> Result<()> {
        self.compile(&CDriver {
            name,
            source,
            defines: &[],
            exports: &[],
            libraries: &[],
        })?;
        self.write(&format!("{name}.inf"), crate::inf::base(name, ids, "").as_bytes())
    }

    /// Compiles and links a driver.
    ///
    /// # Errors
    ///
    /// When `cargo xtask test` did not say where the kit is, or a tool refuses the source.
    pub fn compile(&self, driver: &CDriver<'_>) -> Result<()> {
        let kit = variable("LAB_KIT")?;
        self.object(driver, &kit, &[])?;
        self.link(driver, &kit, "/entry:DriverEntry", &[])
    }

    /// The same for a KMDF driver.
    ///
    /// # Errors
    ///
    /// As [`Lab::compile`].
    pub fn compile_kmdf(&self, driver: &CDriver<'_>) -> Result<()> {
        let kit = variable("LAB_KIT")?;
        let libraries = kit.join("Lib/wdf/kmdf/x64").join(KMDF_VERSION);
        let include = kit.join("Include/wdf/kmdf").join(KMDF_VERSION);
        self.object(driver, &kit, &[&include])?;
        let libraries = ["WdfDriverEntry.lib", "WdfLdr.lib"].map(|name| libraries.join(name));
        self.link(driver, &kit, "/entry:FxDriverEntry", &libraries)
    }

    fn object(&self, driver: &CDriver<'_>, kit: &Path, more_folders: &[&Path]) -> Result<()> {
        let (source, object) = (format!("{}.c", driver.name), format!("{}.obj", driver.name));
        self.write(&source, driver.source.as_bytes())?;
        let mut clang = Command::new("clang");
        clang.args(C_FLAGS).args(driver.defines);
        clang.arg(format!("-DNAME=\"{}\"", driver.name));
        let folders =
            ["km/crt", "km", "shared"].map(|folder| kit.join("Include").join(KIT_VERSION).join(folder));
        for folder in folders
            .iter()
            .map(PathBuf::as_path)
            .chain(more_folders.iter().copied())
        {
            clang.arg("-I").arg(folder);
        }
        clang.args(["-I", INCLUDE, "-I", DRIVERS]);
        self.tool(clang.args(["-c", &source, "-o", &object]))
    }

    fn link(&self, driver: &CDriver<'_>, kit: &Path, entry: &str, libraries: &[PathBuf]) -> Result<()> {
        let mut linker = Command::new(variable("LAB_LINKER")?);
        linker
            .args(LINK_FLAGS)
            .arg(entry)
            .arg(format!("{}.obj", driver.name))
            .arg(format!("/out:{}.sys", driver.name))
            .arg(format!("/map:{}.map", driver.name));
        linker.args(driver.exports.iter().map(|export| format!("/export:{export}")));
        linker.args(driver.libraries.iter().map(|library| format!("{library}.lib")));
        // The linker writes one beside an image with exports; the tests make their own, with the image's name in it.
        linker.arg(format!("/implib:{}.linked.lib", driver.name));
        linker.args(libraries);
        let kernel = kit.join("Lib").join(KIT_VERSION).join("km/x64");
        let names = ["BufferOverflowFastFailK.lib", "libcntpr.lib", "ntoskrnl.lib"];
        linker.args(names.map(|name| kernel.join(name)));
        self.tool(&mut linker)
    }

    /// Makes the import library `NAME.lib` for NAME.sys; an export may be `Name @7 NONAME`.
    ///
    /// # Errors
    ///
    /// When llvm-dlltool refuses the list.
    pub fn import_library(&self, name: &str, exports: &[&str]) -> Result<()> {
        let definition = format!("{name}.def");
        let text = format!("LIBRARY {name}.sys\nEXPORTS\n{}\n", exports.join("\n"));
        self.write(&definition, text.as_bytes())?;
        let mut tool = Command::new("llvm-dlltool");
        tool.args([
            "-m",
            "i386:x86-64",
            "-d",
            &definition,
            "-l",
            &format!("{name}.lib"),
        ]);
        self.tool(&mut tool)
    }

    fn tool(&self, command: &mut Command) -> Result<()> {
        let output = command.current_dir(self.path("")).output()?;
        ensure!(
            output.status.success(),
            "{command:?} failed\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}
