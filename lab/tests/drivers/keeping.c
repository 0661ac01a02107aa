/*
 * A legacy driver that takes version 2 from the bus and keeps it when it should not. The lab does not count these references: the driver's own
 * count is all there is. TOO_OFTEN gives it back twice more than it was taken, USE_AFTER_UNLOAD calls through it when it stops.
 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"
#include "bus.h"

static SAMPLE_INTERFACE_2 Doubler;

static NTSTATUS Take(PDEVICE_OBJECT Device)
{
    SAMPLE_GET_INTERFACE question = { GUID_SAMPLE_INTERFACE_2, sizeof(Doubler), SAMPLE_INTERFACE_VERSION_2 };
    return AskBus(Device, &question, sizeof(question), &Doubler, sizeof(Doubler), TRUE).Status;
}

static VOID GiveBack(VOID) { Doubler.InterfaceHeader.InterfaceDereference(Doubler.InterfaceHeader.Context); }

static VOID TellReferences(VOID)
{
    SAMPLE_STATISTICS statistics = { 0 };
    NTSTATUS status = Doubler.SampleQueryStatistics(Doubler.InterfaceHeader.Context, &statistics, sizeof(statistics));
    DbgPrint("keeping: %08X, %llu references\n", status, statistics.References);
}

static VOID Keep(PDEVICE_OBJECT Device)
{
    NTSTATUS status = Take(Device);
    DbgPrint("keeping: taken: %08X\n", status);
    TellReferences();
    GiveBack();
#ifdef TOO_OFTEN
    GiveBack();
    GiveBack();
    Take(Device);
    TellReferences();
    GiveBack();
#endif
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
#ifdef USE_AFTER_UNLOAD
    {
        INT value = 21;
        DbgPrint("keeping: after all: %08X\n", Doubler.SampleDouble(&value));
    }
#endif
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    NTSTATUS status = OpenBus(&file, &device);
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    if (NT_SUCCESS(status)) {
        Keep(device);
        ObDereferenceObject(file);
    }
    return status;
}
