/*
 * A function driver for the bus's children, in C: it takes every interface, calls each routine with good and bad arguments, and prints what
 * comes back. It keeps version 2 over the removal, calls it once more, and gives it back.
 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"
#include "query.h"

typedef struct {
    PDEVICE_OBJECT Lower;
    SAMPLE_INTERFACE_2 Doubler;
} PROBE_EXTENSION;

static VOID Tell(PCSTR What, NTSTATUS Status) { DbgPrint("probe: %s: %08X\n", What, Status); }

static VOID ProbeArray(PSAMPLE_INTERFACE_2 Doubler)
{
    PVOID context = Doubler->InterfaceHeader.Context;
    INT values[] = { 1, MAXLONG, 2 };
    INT many[100];
    SIZE_T done = 77;
    KIRQL irql;
    ULONG i;
    Tell("array of none", Doubler->SampleDoubleArray(context, NULL, 0, &done));
    DbgPrint("probe: done %llu\n", (ULONGLONG)done);
    done = 77;
    Tell("array without values", Doubler->SampleDoubleArray(context, NULL, 1, &done));
    Tell("array without done", Doubler->SampleDoubleArray(context, values, 3, NULL));
    Tell("array of too many", Doubler->SampleDoubleArray(context, values, (SIZE_T)-1, &done));
    Tell("array of half the addresses", Doubler->SampleDoubleArray(context, values, (SIZE_T)1 << 62, &done));
    Tell("array misaligned", Doubler->SampleDoubleArray(context, (INT *)((PUCHAR)values + 1), 1, &done));
    Tell("done misaligned", Doubler->SampleDoubleArray(context, values, 1, (SIZE_T *)((PUCHAR)&done + 1)));
    DbgPrint("probe: untouched %d %d %d, done %llu\n", values[0], values[1], values[2], (ULONGLONG)done);
    Tell("array that overflows", Doubler->SampleDoubleArray(context, values, 3, &done));
    DbgPrint("probe: stopped %d %d %d, done %llu\n", values[0], values[1], values[2], (ULONGLONG)done);
    for (i = 0; i < RTL_NUMBER_OF(many); i++) {
        many[i] = (INT)i;
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Tell("array at DISPATCH_LEVEL", Doubler->SampleDoubleArray(context, many, RTL_NUMBER_OF(many), &done));
    KeLowerIrql(irql);
    DbgPrint("probe: last %d, done %llu\n", many[RTL_NUMBER_OF(many) - 1], (ULONGLONG)done);
}

static VOID ProbeStatistics(PSAMPLE_INTERFACE_2 Doubler)
{
    PVOID context = Doubler->InterfaceHeader.Context;
    SAMPLE_STATISTICS statistics = { 7, 7, 7 };
    Tell("statistics nowhere", Doubler->SampleQueryStatistics(context, NULL, sizeof(statistics)));
    Tell("statistics too short", Doubler->SampleQueryStatistics(context, &statistics, sizeof(statistics) - 1));
    Tell("statistics misaligned",
         Doubler->SampleQueryStatistics(context, (PSAMPLE_STATISTICS)((PUCHAR)&statistics + 4), sizeof(statistics)));
    DbgPrint("probe: nothing written %llu\n", statistics.Calls);
    Tell("statistics", Doubler->SampleQueryStatistics(context, &statistics, sizeof(statistics)));
    DbgPrint("probe: %llu calls, %llu failures, %llu references\n", statistics.Calls, statistics.Failures, statistics.References);
}

static VOID ProbeBus(PDEVICE_OBJECT Device)
{
    SAMPLE_BUS_INTERFACE bus;
    ULONG count = 77;
    Tell("bus", Query(Device, &GUID_SAMPLE_BUS_INTERFACE, &bus.InterfaceHeader, sizeof(bus), SAMPLE_BUS_INTERFACE_VERSION_1));
    Tell("count nowhere", bus.SampleBusChildCount(bus.InterfaceHeader.Context, NULL));
    Tell("count", bus.SampleBusChildCount(bus.InterfaceHeader.Context, &count));
    DbgPrint("probe: %lu children\n", count);
    Tell("plug in 0", bus.SampleBusPlugIn(bus.InterfaceHeader.Context, 0));
    Tell("plug in 65", bus.SampleBusPlugIn(bus.InterfaceHeader.Context, SAMPLE_BUS_CHILD_LIMIT + 1));
    Tell("plug in again", bus.SampleBusPlugIn(bus.InterfaceHeader.Context, 1));
    Tell("unplug 0", bus.SampleBusUnplug(bus.InterfaceHeader.Context, 0));
    Tell("unplug nobody", bus.SampleBusUnplug(bus.InterfaceHeader.Context, 9));
    Tell("plug in 64", bus.SampleBusPlugIn(bus.InterfaceHeader.Context, SAMPLE_BUS_CHILD_LIMIT));
    Tell("unplug 64", bus.SampleBusUnplug(bus.InterfaceHeader.Context, SAMPLE_BUS_CHILD_LIMIT));
    Tell("unplug twice", bus.SampleBusUnplug(bus.InterfaceHeader.Context, SAMPLE_BUS_CHILD_LIMIT));
    Tell("count", bus.SampleBusChildCount(bus.InterfaceHeader.Context, &count));
    DbgPrint("probe: %lu children\n", count);
    bus.InterfaceHeader.InterfaceDereference(bus.InterfaceHeader.Context);
}

static VOID Probe(PDEVICE_OBJECT Device, PROBE_EXTENSION *Extension)
{
    PSAMPLE_INTERFACE_2 doubler = &Extension->Doubler;
    NTSTATUS status =
        Query(Device, &GUID_SAMPLE_INTERFACE_2, &doubler->InterfaceHeader, sizeof(*doubler), SAMPLE_INTERFACE_VERSION_2);
    Tell("version 2", status);
    if (NT_SUCCESS(status)) {
        ProbeArray(doubler);
        ProbeStatistics(doubler);
    }
    ProbeBus(Device);
}

/* The device below may be gone by now; its interface is not, until it is given back. */
static VOID LastCall(PSAMPLE_INTERFACE_2 Doubler)
{
    INT value = 5;
    SIZE_T done = 77;
    SAMPLE_STATISTICS statistics;
    PVOID context = Doubler->InterfaceHeader.Context;
    Tell("array after removal", Doubler->SampleDoubleArray(context, &value, 1, &done));
    Tell("statistics after removal", Doubler->SampleQueryStatistics(context, &statistics, sizeof(statistics)));
    Tell("double after removal", Doubler->SampleDouble(&value));
    DbgPrint("probe: value %d, done %llu\n", value, (ULONGLONG)done);
    Doubler->InterfaceHeader.InterfaceDereference(context);
}

static NTSTATUS SendDown(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(((PROBE_EXTENSION *)Device->DeviceExtension)->Lower, Irp);
}

static NTSTATUS Start(PDEVICE_OBJECT Device, PROBE_EXTENSION *Extension, PIRP Irp)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    if (IoForwardIrpSynchronously(Extension->Lower, Irp)) {
        status = Irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status)) {
        Probe(Device, Extension);
    }
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS Remove(PDEVICE_OBJECT Device, PROBE_EXTENSION *Extension, PIRP Irp)
{
    SAMPLE_INTERFACE_2 doubler = Extension->Doubler;
    PDEVICE_OBJECT lower = Extension->Lower;
    NTSTATUS status;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = SendDown(Device, Irp);
    IoDetachDevice(lower);
    IoDeleteDevice(Device);
    if (doubler.SampleDoubleArray != NULL) {
        LastCall(&doubler);
    }
    return status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PROBE_EXTENSION *extension = (PROBE_EXTENSION *)Device->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(Device, extension, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Device, extension, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return SendDown(Device, Irp);
    default:
        return SendDown(Device, Irp);
    }
}

static NTSTATUS AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(PROBE_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status)) {
        RtlZeroMemory(device->DeviceExtension, sizeof(PROBE_EXTENSION));
        ((PROBE_EXTENSION *)device->DeviceExtension)->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
        device->Flags &= ~DO_DEVICE_INITIALIZING;
    }
    return status;
}

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG major;
    UNREFERENCED_PARAMETER(Path);
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        Driver->MajorFunction[major] = SendDown;
    }
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
