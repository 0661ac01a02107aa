/* Conformance: the driver object, names and links, device interfaces, control devices and file objects. */
#include "conform.h"

/* {6D0B5A0E-1C44-4B92-8E9E-3C9E4C0F7A21}, which the device interface tests of their own use. */
DEFINE_GUID(GUID_OTHER, 0x6d0b5a0e, 0x1c44, 0x4b92, 0x8e, 0x9e, 0x3c, 0x9e, 0x4c, 0x0f, 0x7a, 0x21);

/* The one with a reference string, because the name of one without would lead there, too. */
DEFINE_GUID(GUID_THIRD, 0x6d0b5a0e, 0x1c44, 0x4b92, 0x8e, 0x9e, 0x3c, 0x9e, 0x4c, 0x0f, 0x7a, 0x22);

DECLARE_CONST_UNICODE_STRING(Security, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
DECLARE_CONST_UNICODE_STRING(ControlName, L"\\Device\\ConformControl");
DECLARE_CONST_UNICODE_STRING(LinkName, L"\\DosDevices\\ConformControl");
DECLARE_CONST_UNICODE_STRING(Reference, L"reference");

typedef struct { ULONG Value; } OPENED;
WDF_DECLARE_CONTEXT_TYPE(OPENED);

static ULONG Creates, Cleanups, Closes;
static WDFDEVICE TheControl;

static VOID OnShutdown(WDFDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);
    CHECK(!"the lab shuts down");
}

static VOID Configure(PWDFDEVICE_INIT Init)
{
    UNICODE_STRING odd = ControlName;
    odd.Length--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceInitAssignName(Init, &odd));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceInitAssignSDDLString(Init, &odd));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceInitAssignSDDLString(Init, NULL));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceInitAssignName(Init, &ControlName));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceInitAssignName(Init, NULL));
}

/* fxdriverapi.cpp */
static VOID AskDriver(WDFDEVICE Device)
{
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS version;
    WDFDRIVER driver = WdfDeviceGetDriver(Device), second;
    UNICODE_STRING path, shown, prefix = RTL_CONSTANT_STRING(L"Kernel Mode Driver Framework version 1.");
    WDF_DRIVER_CONFIG config;
    WDFSTRING string;
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&version, 1, 33);
    CHECK(WdfDriverIsVersionAvailable(driver, &version));
    version.MinorVersion = 0;
    CHECK(WdfDriverIsVersionAvailable(driver, &version));
    version.MinorVersion = 34;
    CHECK(!WdfDriverIsVersionAvailable(driver, &version));
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&version, 2, 0);
    CHECK(!WdfDriverIsVersionAvailable(driver, &version));
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(&version, 1, 0);
    version.Size--;
    CHECK(!WdfDriverIsVersionAvailable(driver, &version));
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(NULL, WDF_NO_OBJECT_ATTRIBUTES, &string));
    CHECK_STATUS(STATUS_SUCCESS, WdfDriverRetrieveVersionString(driver, string));
    WdfStringGetUnicodeString(string, &shown);
    CHECK(RtlPrefixUnicodeString(&prefix, &shown, FALSE));
    WdfObjectDelete(string);
    RtlInitUnicodeString(&path, WdfDriverGetRegistryPath(driver));
    CHECK(path.Length > 20 && path.Buffer[0] == L'\\');
    CHECK(WdfWdmDriverGetWdfDriverHandle(WdfDriverWdmGetDriverObject(driver)) == driver);
    WDF_DRIVER_CONFIG_INIT(&config, NULL);
    config.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH,
                 WdfDriverCreate(WdfDriverWdmGetDriverObject(driver), &path, WDF_NO_OBJECT_ATTRIBUTES, &config, &second));
    config.Size++;
    config.DriverInitFlags = 0x80;
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 WdfDriverCreate(WdfDriverWdmGetDriverObject(driver), &path, WDF_NO_OBJECT_ATTRIBUTES, &config, &second));
    config.DriverInitFlags = 0;
    CHECK_STATUS(STATUS_DRIVER_INTERNAL_ERROR,
                 WdfDriverCreate(WdfDriverWdmGetDriverObject(driver), &path, WDF_NO_OBJECT_ATTRIBUTES, &config, &second));
}

static BOOLEAN IsOn(WDFDEVICE Device, PCUNICODE_STRING Name)
{
    UNICODE_STRING name;
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    WDFSTRING string;
    NTSTATUS status = WdfStringCreate(NULL, WDF_NO_OBJECT_ATTRIBUTES, &string);
    if (NT_SUCCESS(status)) {
        status = WdfDeviceRetrieveDeviceInterfaceString(Device, Name == NULL ? &GUID_OTHER : &GUID_THIRD, Name, string);
        CHECK_STATUS(STATUS_SUCCESS, status);
        WdfStringGetUnicodeString(string, &name);
        status = IoGetDeviceObjectPointer(&name, FILE_READ_ATTRIBUTES, &file, &device);
        if (NT_SUCCESS(status)) {
            ObDereferenceObject(file);
        }
        WdfObjectDelete(string);
    }
    return NT_SUCCESS(status);
}

/* fxdeviceinterfaceapi.cpp, pnpstatemachine.cpp FxPkgPnp::PnpEnableInterfacesAndRegisterWmi */
static NTSTATUS Added(WDFDEVICE Device)
{
    UNICODE_STRING odd = Reference;
    odd.Length--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceCreateDeviceInterface(Device, &GUID_OTHER, &odd));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceCreateDeviceInterface(Device, &GUID_OTHER, NULL));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceCreateDeviceInterface(Device, &GUID_THIRD, &Reference));
    /* Off until the start, which turns it on; the other stays as it is left here. */
    WdfDeviceSetDeviceInterfaceState(Device, &GUID_OTHER, NULL, FALSE);
    WdfDeviceSetDeviceInterfaceStateEx(Device, &GUID_THIRD, &Reference, FALSE);
    return STATUS_SUCCESS;
}

static VOID Interfaces(WDFDEVICE Device)
{
    DECLARE_CONST_UNICODE_STRING(unknown, L"unknown");
    UNICODE_STRING odd = Reference;
    WDFSTRING string;
    odd.Length--;
    CHECK(IsOn(Device, NULL));
    CHECK(!IsOn(Device, &Reference));
    WdfDeviceSetDeviceInterfaceState(Device, &GUID_THIRD, &Reference, TRUE);
    WdfDeviceSetDeviceInterfaceState(Device, &GUID_OTHER, NULL, FALSE);
    CHECK(!IsOn(Device, NULL) && IsOn(Device, &Reference));
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(NULL, WDF_NO_OBJECT_ATTRIBUTES, &string));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfDeviceRetrieveDeviceInterfaceString(Device, &GUID_THIRD, &unknown, string));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceRetrieveDeviceInterfaceString(Device, &GUID_OTHER, &odd, string));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceRetrieveDeviceName(Device, string));
    WdfObjectDelete(string);
}

static VOID OnCreate(WDFDEVICE Device, WDFREQUEST Request, WDFFILEOBJECT File)
{
    UNICODE_STRING below = RTL_CONSTANT_STRING(L"\\below");
    Creates++;
    CHECK(Device == TheControl && WdfFileObjectGetDevice(File) == Device && WdfRequestGetFileObject(Request) == File);
    CHECK(RtlEqualUnicodeString(WdfFileObjectGetFileName(File), &below, FALSE));
    CHECK(WdfDeviceGetFileObject(Device, WdfFileObjectWdmGetFileObject(File)) == File);
    CHECK(WdfFileObjectGetFlags(File) == WdfFileObjectWdmGetFileObject(File)->Flags);
    CHECK(WdfObjectGetTypedContext(File, OPENED) != NULL);
    WdfRequestComplete(Request, Creates == 1 ? STATUS_ACCESS_DENIED : STATUS_SUCCESS);
}

static VOID OnCleanup(WDFFILEOBJECT File)
{
    CHECK(Closes == 0 && WdfFileObjectGetDevice(File) == TheControl);
    Cleanups++;
}

static VOID OnClose(WDFFILEOBJECT File)
{
    CHECK(Cleanups == 1 && WdfFileObjectGetDevice(File) == TheControl);
    Closes++;
}

/* fxdeviceinitapi.cpp WdfControlDeviceInitAllocate, fxdevicecontrolapi.cpp, fxdevicekm.cpp FxDevice::CreateSymbolicLink */
static VOID ControlDevice(WDFDEVICE Device)
{
    WDFDRIVER driver = WdfDeviceGetDriver(Device);
    DECLARE_CONST_UNICODE_STRING(opened, L"\\DosDevices\\ConformControl\\below");
    UNICODE_STRING odd = Security, empty = { 0 }, name, shown;
    WDF_IO_TARGET_OPEN_PARAMS open;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_FILEOBJECT_CONFIG files;
    PWDFDEVICE_INIT init;
    WDFIOTARGET target;
    WDFSTRING string;
    odd.Length--;
    CHECK(WdfControlDeviceInitAllocate(driver, &odd) == NULL);
    init = WdfControlDeviceInitAllocate(driver, &Security);
    CHECK(init != NULL);
    WdfDeviceInitFree(init);
    init = WdfControlDeviceInitAllocate(driver, &Security);
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceInitAssignSDDLString(init, NULL));
    WdfControlDeviceInitSetShutdownNotification(init, OnShutdown, WdfDeviceShutdown);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceInitAssignName(init, &ControlName));
    WDF_FILEOBJECT_CONFIG_INIT(&files, OnCreate, OnClose, OnCleanup);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, OPENED);
    WdfDeviceInitSetFileObjectConfig(init, &files, &attributes);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, &TheControl));
    CHECK(init == NULL && WdfDeviceGetDriver(TheControl) == driver);
    CHECK(WdfDeviceWdmGetAttachedDevice(TheControl) == NULL && WdfDeviceWdmGetPhysicalDevice(TheControl) == NULL);
    CHECK(WdfWdmDeviceGetWdfDeviceHandle(WdfDeviceWdmGetDeviceObject(TheControl)) == TheControl);
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceCreateDeviceInterface(TheControl, &GUID_OTHER, NULL));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceCreateSymbolicLink(TheControl, &empty));
    odd = LinkName;
    odd.Length--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceCreateSymbolicLink(TheControl, &odd));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceCreateSymbolicLink(TheControl, &LinkName));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceCreateSymbolicLink(TheControl, &LinkName));
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(NULL, WDF_NO_OBJECT_ATTRIBUTES, &string));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceRetrieveDeviceName(TheControl, string));
    WdfStringGetUnicodeString(string, &shown);
    CHECK(RtlEqualUnicodeString(&shown, &ControlName, FALSE));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceRetrieveDeviceInterfaceString(TheControl, &GUID_OTHER, NULL, string));
    WdfObjectDelete(string);
    name = opened;
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&open, &name, FILE_READ_ATTRIBUTES);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetCreate(Device, WDF_NO_OBJECT_ATTRIBUTES, &target));
    WdfControlFinishInitializing(TheControl);
    CHECK_STATUS(STATUS_ACCESS_DENIED, WdfIoTargetOpen(target, &open));
    CHECK(Creates == 1 && Cleanups == 0 && Closes == 0);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetOpen(target, &open));
    CHECK(Creates == 2 && Cleanups == 0 && Closes == 0);
    WdfIoTargetClose(target);
    CHECK(Cleanups == 1 && Closes == 1);
    WdfObjectDelete(target);
    WdfObjectDelete(TheControl);
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    AskDriver(Device);
    Interfaces(Device);
    ControlDevice(Device);
    return STATUS_SUCCESS;
}
