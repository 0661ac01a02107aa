/*
 * What the drivers of the conformance tests share: counted checks, and a function driver for ROOT\Conform whose control requests name a
 * case. A driver includes this and defines Configure, Added and Control. Expectations are those of the framework's published sources; the file
 * is named where a group begins.
 */
#pragma once
#include <ntddk.h>
#include <initguid.h>
#include <wdf.h>

/* {1F2B6C1E-7A54-4A0E-9B42-6A3D0C5E8F11}, under which the script finds the device. */
DEFINE_GUID(GUID_DEVINTERFACE_CONFORM, 0x1f2b6c1e, 0x7a54, 0x4a0e, 0x9b, 0x42, 0x6a, 0x3d, 0x0c, 0x5e, 0x8f, 0x11);

static LONG Checks, Failures;

static VOID Checked(PCSTR What, BOOLEAN Holds, ULONG Line)
{
    InterlockedIncrement(&Checks);
    if (!Holds) {
        InterlockedIncrement(&Failures);
        DbgPrint(NAME ": line %lu: does not hold: %s\n", Line, What);
    }
}

static VOID CheckedStatus(PCSTR What, NTSTATUS Expected, NTSTATUS Found, ULONG Line)
{
    Checked(What, Expected == Found, Line);
    if (Expected != Found) {
        DbgPrint(NAME ": line %lu: 0x%08X is expected, 0x%08X found\n", Line, Expected, Found);
    }
}

/* A condition that must hold, and a call that must return a status. */
#define CHECK(Condition) Checked(#Condition, (BOOLEAN)((Condition) != 0), __LINE__)
#define CHECK_STATUS(Expected, Expression) CheckedStatus(#Expression, (Expected), (Expression), __LINE__)

/* The scope of the device. */
#ifndef DEVICE_SCOPE
#define DEVICE_SCOPE WdfSynchronizationScopeInheritFromParent
#endif

/* Before the device exists. */
static VOID Configure(PWDFDEVICE_INIT Init);
/* When it exists, before its start. */
static NTSTATUS Added(WDFDEVICE Device);
/* A control request of the script, at PASSIVE_LEVEL. */
static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code);

static VOID ConformControl(WDFQUEUE Queue, WDFREQUEST Request, size_t Output, size_t Input, ULONG Code)
{
    UNREFERENCED_PARAMETER(Output);
    UNREFERENCED_PARAMETER(Input);
    WdfRequestComplete(Request, Control(WdfIoQueueGetDevice(Queue), Request, Code));
}

static NTSTATUS ConformAdd(WDFDRIVER Driver, PWDFDEVICE_INIT Init)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_IO_QUEUE_CONFIG queue;
    WDFDEVICE device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Driver);
    Configure(Init);
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.SynchronizationScope = DEVICE_SCOPE;
    status = WdfDeviceCreate(&Init, &attributes, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&queue, WdfIoQueueDispatchParallel);
    queue.PowerManaged = WdfFalse;
    queue.EvtIoDeviceControl = ConformControl;
    /* The script's requests are handled at PASSIVE_LEVEL, whatever the device's scope. */
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.SynchronizationScope = WdfSynchronizationScopeNone;
    attributes.ExecutionLevel = WdfExecutionLevelPassive;
    status = WdfIoQueueCreate(device, &queue, &attributes, NULL);
    if (NT_SUCCESS(status)) {
        status = WdfDeviceCreateDeviceInterface(device, &GUID_DEVINTERFACE_CONFORM, NULL);
    }
    return NT_SUCCESS(status) ? Added(device) : status;
}

static VOID ConformUnload(WDFDRIVER Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    DbgPrint(NAME ": %ld checks, %ld do not hold\n", Checks, Failures);
}

#ifndef DRIVER_ATTRIBUTES
#define DRIVER_ATTRIBUTES WDF_NO_OBJECT_ATTRIBUTES
#endif

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG config;
    WDF_DRIVER_CONFIG_INIT(&config, ConformAdd);
    config.EvtDriverUnload = ConformUnload;
    return WdfDriverCreate(DriverObject, RegistryPath, DRIVER_ATTRIBUTES, &config, WDF_NO_HANDLE);
}
