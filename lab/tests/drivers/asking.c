/*
 * A legacy driver that asks the bus for a table, as its compiler's options say: GUID_FIRST (the first part of the GUID), SIZE, VERSION, INPUT
 * and OUTPUT (bytes of the buffers), INTERNAL (FALSE for an ordinary device control request).
 */
#include <ntddk.h>
#include <initguid.h>
#include "sample.h"
#include "bus.h"

#define UNTOUCHED 0xEE

static ULONG Touched(const UCHAR *Bytes, ULONG Length)
{
    ULONG touched = 0;
    while (Length-- > 0) {
        touched += *Bytes++ != UNTOUCHED;
    }
    return touched;
}

static VOID Ask(PDEVICE_OBJECT Device)
{
    SAMPLE_GET_INTERFACE question = { { GUID_FIRST, 0x94c1, 0x4d0e, { 0x8f, 0x0b, 0x51, 0xa7, 0xd2, 0xc9, 0xe6, 0x19 } }, SIZE, VERSION };
    DECLSPEC_ALIGN(8) UCHAR table[64];
    IO_STATUS_BLOCK end;
    RtlFillMemory(table, sizeof(table), UNTOUCHED);
    end = AskBus(Device, &question, INPUT, table, OUTPUT, INTERNAL);
    DbgPrint(NAME ": 0x%08x, %d bytes, %d touched\n", end.Status, (ULONG)end.Information, Touched(table, sizeof(table)));
    if (NT_SUCCESS(end.Status)) {
        PINTERFACE header = (PINTERFACE)table;
        header->InterfaceDereference(header->Context);
    }
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    NTSTATUS status = OpenBus(&file, &device);
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    if (NT_SUCCESS(status)) {
        Ask(device);
        ObDereferenceObject(file);
    }
    return status;
}
