/*
 * A KMDF driver outside of Plug and Play whose remote target is the first child of the bus, without callbacks: the framework's defaults
 * decide what happens to the target. A device control request of code 0x222000 doubles its INT through the target, and prints the target's
 * state; 0x222004 closes the target, 0x222008 opens it again.
 */
#include <ntddk.h>
#include <initguid.h>
#include <wdf.h>
#include "sample.h"

static WDFIOTARGET Target;

static NTSTATUS Double(WDFREQUEST Request, size_t *Written)
{
    INT *value;
    ULONG_PTR bytes;
    WDF_MEMORY_DESCRIPTOR descriptor;
    NTSTATUS status = WdfRequestRetrieveOutputBuffer(Request, sizeof(*value), (PVOID *)&value, NULL);
    DbgPrint(NAME ": state %d, file %d, PDO %d\n", WdfIoTargetGetState(Target), WdfIoTargetWdmGetTargetFileObject(Target) != NULL,
             WdfIoTargetWdmGetTargetPhysicalDevice(Target) != NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, value, sizeof(*value));
    status = WdfIoTargetSendIoctlSynchronously(Target, NULL, IOCTL_CHILD_DOUBLE, &descriptor, &descriptor, NULL, &bytes);
    *Written = NT_SUCCESS(status) ? bytes : 0;
    return status;
}

static NTSTATUS Reopen(VOID)
{
    WDF_IO_TARGET_OPEN_PARAMS parameters;
    WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(&parameters);
    return WdfIoTargetOpen(Target, &parameters);
}

static VOID OnControl(WDFQUEUE Queue, WDFREQUEST Request, size_t Output, size_t Input, ULONG Code)
{
    NTSTATUS status = STATUS_SUCCESS;
    size_t written = 0;
    UNREFERENCED_PARAMETER(Queue);
    UNREFERENCED_PARAMETER(Output);
    UNREFERENCED_PARAMETER(Input);
    switch (Code) {
    case 0x222000:
        status = Double(Request, &written);
        break;
    case 0x222004:
        WdfIoTargetClose(Target);
        break;
    default:
        status = Reopen();
        break;
    }
    WdfRequestCompleteWithInformation(Request, status, written);
}

static NTSTATUS MakeDevice(WDFDRIVER Driver, WDFDEVICE *Device)
{
    static const UNICODE_STRING security = RTL_CONSTANT_STRING(L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
    static const UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\targeting");
    WDF_IO_QUEUE_CONFIG queue;
    PWDFDEVICE_INIT init = WdfControlDeviceInitAllocate(Driver, &security);
    NTSTATUS status = init == NULL ? STATUS_INSUFFICIENT_RESOURCES : WdfDeviceInitAssignName(init, &name);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, Device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&queue, WdfIoQueueDispatchSequential);
    queue.EvtIoDeviceControl = OnControl;
    status = WdfIoQueueCreate(*Device, &queue, WDF_NO_OBJECT_ATTRIBUTES, NULL);
    WdfControlFinishInitializing(*Device);
    return status;
}

static NTSTATUS Open(WDFDEVICE Device)
{
    WDF_IO_TARGET_OPEN_PARAMS parameters;
    PZZWSTR links;
    UNICODE_STRING link;
    NTSTATUS status = WdfIoTargetCreate(Device, WDF_NO_OBJECT_ATTRIBUTES, &Target);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DbgPrint(NAME ": to reopen: 0x%08x\n", Reopen());
    status = IoGetDeviceInterfaces(&GUID_DEVINTERFACE_CHILD, NULL, 0, &links);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlInitUnicodeString(&link, links);
    WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&parameters, &link, GENERIC_READ | GENERIC_WRITE);
    status = WdfIoTargetOpen(Target, &parameters);
    DbgPrint(NAME ": to open twice: 0x%08x\n", WdfIoTargetOpen(Target, &parameters));
    ExFreePool(links);
    return status;
}

static VOID Unload(WDFDRIVER Driver)
{
    UNREFERENCED_PARAMETER(Driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG config;
    WDFDRIVER driver;
    WDFDEVICE device;
    NTSTATUS status;
    WDF_DRIVER_CONFIG_INIT(&config, WDF_NO_EVENT_CALLBACK);
    config.DriverInitFlags = WdfDriverInitNonPnpDriver;
    config.EvtDriverUnload = Unload;
    status = WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config, &driver);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = MakeDevice(driver, &device);
    return NT_SUCCESS(status) ? Open(device) : status;
}
