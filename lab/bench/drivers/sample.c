/*
 * sample.sys once more, in C: the same bus, filter and kernel DLL, with the same interfaces, checks and lines in the log. `cargo xtask bench`
 * compares the size of the two images, and runs the demo with this one to see that it does the same.
 */
#define SAMPLE_INTERNAL
#include <ntddk.h>
#include <initguid.h>
#include <wdf.h>
#include "sample.h"
#include "context.h"

/* How the names of a child's number end. */
#define DIGITS 2
#define DEFAULT_CHILD_COUNT 2
#define ROLE_BUS 0
#define ROLE_FILTER 1
/* US English, winnt.h. */
#define LOCALE 0x409

/* {1E86B7D4-C03A-47F9-B2D5-08F4A96C7138}, as interface-guid.rs has it. */
DEFINE_GUID(GUID_BUS_TYPE_SAMPLE, 0x1e86b7d4, 0xc03a, 0x47f9, 0xb2, 0xd5, 0x08, 0xf4, 0xa9, 0x6c, 0x71, 0x38);

typedef struct {
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER Header;
    ULONG Number;
} IDENTIFICATION;

/* What the bus publishes; its data are the children that are plugged in, a bit for each. */
typedef struct {
    COUNTED *Bus;
    COUNTED *Doubler;
} BUS_CONTEXT;

typedef struct {
    COUNTED *Doubler;
} DOUBLER_CONTEXT;

typedef struct {
    WDFCHILDLIST List;
    KSPIN_LOCK Lock;
    ULONG64 Plugged;
} CHILDREN;

typedef struct {
    volatile LONG64 Failures;
} CALLS;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(BUS_CONTEXT, BusOf)
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DOUBLER_CONTEXT, DoublerOf)

DRIVER_INITIALIZE DriverEntry;

/* The routines of the tables. */

NTSTATUS SampleDouble(INT *Value)
{
    INT doubled;
    if (Value == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (__builtin_mul_overflow(*Value, 2, &doubled)) {
        return STATUS_INTEGER_OVERFLOW;
    }
    *Value = doubled;
    return STATUS_SUCCESS;
}

static NTSTATUS CheckPointer(const VOID *Pointer, SIZE_T Alignment)
{
    if (Pointer == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return (ULONG_PTR)Pointer % Alignment == 0 ? STATUS_SUCCESS : STATUS_DATATYPE_MISALIGNMENT;
}

static NTSTATUS CheckArray(const INT *Values, SIZE_T Count, const SIZE_T *Done)
{
    NTSTATUS status = CheckPointer(Done, sizeof(*Done));
    if (NT_SUCCESS(status) && Count != 0) {
        status = CheckPointer(Values, sizeof(*Values));
    }
    if (NT_SUCCESS(status) && Count > (SIZE_T)MAXLONGLONG / sizeof(INT)) {
        status = STATUS_INVALID_PARAMETER;
    }
    return status;
}

static NTSTATUS SampleDoubleArray(PVOID Context, INT *Values, SIZE_T Count, SIZE_T *Done)
{
    COUNTED *counted = Context;
    NTSTATUS status;
    if (!Enter(counted)) {
        return STATUS_DEVICE_REMOVED;
    }
    status = CheckArray(Values, Count, Done);
    if (NT_SUCCESS(status)) {
        SIZE_T i = 0;
        while (i < Count && NT_SUCCESS(SampleDouble(&Values[i]))) {
            i++;
        }
        *Done = i;
        status = i == Count ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW;
    }
    if (!NT_SUCCESS(status)) {
        InterlockedIncrement64(&((CALLS *)counted->Data)->Failures);
    }
    Leave(counted, TRUE);
    return status;
}

static NTSTATUS SampleQueryStatistics(PVOID Context, PSAMPLE_STATISTICS Statistics, ULONG Length)
{
    COUNTED *counted = Context;
    NTSTATUS status;
    if (!Enter(counted)) {
        return STATUS_DEVICE_REMOVED;
    }
    status = CheckPointer(Statistics, sizeof(ULONGLONG));
    if (NT_SUCCESS(status) && Length < sizeof(*Statistics)) {
        status = STATUS_BUFFER_TOO_SMALL;
    }
    if (NT_SUCCESS(status)) {
        Statistics->Calls = CountedCalls(counted);
        Statistics->Failures = (ULONGLONG)((CALLS *)counted->Data)->Failures;
        Statistics->References = HeldReferences(counted);
    }
    Leave(counted, FALSE);
    return status;
}

/* The children of a bus. */

static NTSTATUS PlugIn(CHILDREN *Children, ULONG Number)
{
    IDENTIFICATION identification;
    NTSTATUS status = STATUS_OBJECT_NAME_COLLISION;
    ULONG64 bit = 1ULL << ((Number - 1) % 64);
    KIRQL irql;
    if (Number == 0 || Number > SAMPLE_BUS_CHILD_LIMIT) {
        return STATUS_INVALID_PARAMETER;
    }
    KeAcquireSpinLock(&Children->Lock, &irql);
    if ((Children->Plugged & bit) == 0) {
        WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER_INIT(&identification.Header, sizeof(identification));
        identification.Number = Number;
        status = WdfChildListAddOrUpdateChildDescriptionAsPresent(Children->List, &identification.Header, NULL);
        if (NT_SUCCESS(status)) {
            status = STATUS_SUCCESS;
            Children->Plugged |= bit;
        }
    }
    KeReleaseSpinLock(&Children->Lock, irql);
    return status;
}

static NTSTATUS Unplug(CHILDREN *Children, ULONG Number)
{
    IDENTIFICATION identification;
    NTSTATUS status = STATUS_NO_SUCH_DEVICE;
    ULONG64 bit = 1ULL << ((Number - 1) % 64);
    KIRQL irql;
    if (Number == 0 || Number > SAMPLE_BUS_CHILD_LIMIT) {
        return STATUS_INVALID_PARAMETER;
    }
    KeAcquireSpinLock(&Children->Lock, &irql);
    if ((Children->Plugged & bit) != 0) {
        WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER_INIT(&identification.Header, sizeof(identification));
        identification.Number = Number;
        status = WdfChildListUpdateChildDescriptionAsMissing(Children->List, &identification.Header);
        if (NT_SUCCESS(status)) {
            Children->Plugged &= ~bit;
        }
    }
    KeReleaseSpinLock(&Children->Lock, irql);
    return status;
}

static NTSTATUS Announce(CHILDREN *Children, ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG number;
    WdfChildListBeginScan(Children->List);
    for (number = 1; number <= Count && NT_SUCCESS(status); number++) {
        status = PlugIn(Children, number);
    }
    WdfChildListEndScan(Children->List);
    return status;
}

static ULONG CountChildren(CHILDREN *Children)
{
    ULONG count;
    KIRQL irql;
    KeAcquireSpinLock(&Children->Lock, &irql);
    count = (ULONG)__builtin_popcountll(Children->Plugged);
    KeReleaseSpinLock(&Children->Lock, irql);
    return count;
}

static NTSTATUS SampleBusChildCount(PVOID Context, ULONG *Count)
{
    COUNTED *counted = Context;
    NTSTATUS status;
    if (!Enter(counted)) {
        return STATUS_DEVICE_REMOVED;
    }
    status = CheckPointer(Count, sizeof(*Count));
    if (NT_SUCCESS(status)) {
        *Count = CountChildren((CHILDREN *)counted->Data);
    }
    Leave(counted, FALSE);
    return status;
}

static NTSTATUS SampleBusPlugIn(PVOID Context, ULONG Number)
{
    COUNTED *counted = Context;
    NTSTATUS status = STATUS_DEVICE_REMOVED;
    if (Enter(counted)) {
        status = PlugIn((CHILDREN *)counted->Data, Number);
        Leave(counted, FALSE);
    }
    return status;
}

static NTSTATUS SampleBusUnplug(PVOID Context, ULONG Number)
{
    COUNTED *counted = Context;
    NTSTATUS status = STATUS_DEVICE_REMOVED;
    if (Enter(counted)) {
        status = Unplug((CHILDREN *)counted->Data, Number);
        Leave(counted, FALSE);
    }
    return status;
}

/* Publishing. */

static VOID FirstTable(COUNTED *Counted, SAMPLE_INTERFACE *Table)
{
    FillHeader(Counted, &Table->InterfaceHeader, sizeof(*Table), SAMPLE_INTERFACE_VERSION_1);
    Table->SampleDouble = SampleDouble;
}

static VOID SecondTable(COUNTED *Counted, SAMPLE_INTERFACE_2 *Table)
{
    FillHeader(Counted, &Table->InterfaceHeader, sizeof(*Table), SAMPLE_INTERFACE_VERSION_2);
    Table->SampleDouble = SampleDouble;
    Table->SampleDoubleArray = SampleDoubleArray;
    Table->SampleQueryStatistics = SampleQueryStatistics;
}

static NTSTATUS Publish(WDFDEVICE Device, const GUID *Type, PINTERFACE Table)
{
    WDF_QUERY_INTERFACE_CONFIG config;
    WDF_QUERY_INTERFACE_CONFIG_INIT(&config, Table, Type, NULL);
    return WdfDeviceAddQueryInterface(Device, &config);
}

static NTSTATUS PublishDoublers(WDFDEVICE Device, COUNTED **Doubler)
{
    SAMPLE_INTERFACE first;
    SAMPLE_INTERFACE_2 second;
    NTSTATUS status;
    *Doubler = NewCounted(WdfDeviceWdmGetDeviceObject(Device), sizeof(CALLS));
    if (*Doubler == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    FirstTable(*Doubler, &first);
    status = Publish(Device, &GUID_SAMPLE_INTERFACE, &first.InterfaceHeader);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    SecondTable(*Doubler, &second);
    return Publish(Device, &GUID_SAMPLE_INTERFACE_2, &second.InterfaceHeader);
}

static VOID EvtDoublerCleanup(WDFOBJECT Device)
{
    DropOwner(DoublerOf(Device)->Doubler);
}

static NTSTATUS CreateDoubler(PWDFDEVICE_INIT Init, WDFDEVICE *Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, DOUBLER_CONTEXT);
    attributes.EvtCleanupCallback = EvtDoublerCleanup;
    status = WdfDeviceCreate(&Init, &attributes, Device);
    return NT_SUCCESS(status) ? PublishDoublers(*Device, &DoublerOf(*Device)->Doubler) : status;
}

/* The physical device of a child. */

static VOID Number(UNICODE_STRING *Text, ULONG Value)
{
    USHORT at = Text->Length / sizeof(WCHAR);
    ULONG digit;
    for (digit = 0; digit < DIGITS; digit++) {
        Text->Buffer[--at] = (WCHAR)(L'0' + Value % 10);
        Value /= 10;
    }
}

static NTSTATUS AssignIds(PWDFDEVICE_INIT Init, ULONG Value)
{
    static const UNICODE_STRING id = RTL_CONSTANT_STRING(L"SAMPLEBUS\\Doubler");
    static const UNICODE_STRING compatible = RTL_CONSTANT_STRING(L"SAMPLEBUS\\Device");
    WCHAR text[] = L"00";
    UNICODE_STRING instance = RTL_CONSTANT_STRING(text);
    NTSTATUS status = WdfPdoInitAssignDeviceID(Init, &id);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = WdfPdoInitAddHardwareID(Init, &id);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = WdfPdoInitAddCompatibleID(Init, &compatible);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Number(&instance, Value);
    return WdfPdoInitAssignInstanceID(Init, &instance);
}

static NTSTATUS AddText(PWDFDEVICE_INIT Init, ULONG Value)
{
    WCHAR what[] = L"Sample doubler 00", where[] = L"Sample bus slot 00";
    UNICODE_STRING description = RTL_CONSTANT_STRING(what), location = RTL_CONSTANT_STRING(where);
    NTSTATUS status;
    Number(&description, Value);
    Number(&location, Value);
    status = WdfPdoInitAddDeviceText(Init, &description, &location, LOCALE);
    if (NT_SUCCESS(status)) {
        WdfPdoInitSetDefaultLocale(Init, LOCALE);
    }
    return status;
}

static VOID SetCapabilities(WDFDEVICE Device, ULONG Value)
{
    WDF_DEVICE_PNP_CAPABILITIES capabilities;
    WDF_DEVICE_PNP_CAPABILITIES_INIT(&capabilities);
    capabilities.EjectSupported = WdfFalse;
    capabilities.Removable = WdfTrue;
    capabilities.DockDevice = WdfFalse;
    capabilities.UniqueID = WdfFalse;
    capabilities.SurpriseRemovalOK = WdfTrue;
    capabilities.Address = Value;
    capabilities.UINumber = Value;
    WdfDeviceSetPnpCapabilities(Device, &capabilities);
}

static NTSTATUS ForwardToParent(WDFDEVICE Child)
{
    WDF_QUERY_INTERFACE_CONFIG config;
    WDF_QUERY_INTERFACE_CONFIG_INIT(&config, NULL, &GUID_SAMPLE_BUS_INTERFACE, NULL);
    config.SendQueryToParentStack = TRUE;
    return WdfDeviceAddQueryInterface(Child, &config);
}

static NTSTATUS EvtChildListCreateDevice(WDFCHILDLIST List, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER Identification, PWDFDEVICE_INIT Init)
{
    ULONG number = ((const IDENTIFICATION *)Identification)->Number;
    WDFDEVICE device;
    NTSTATUS status = AssignIds(Init, number);
    UNREFERENCED_PARAMETER(List);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = AddText(Init, number);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = CreateDoubler(Init, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    SetCapabilities(device, number);
    return ForwardToParent(device);
}

/* Requests to the bus. */

static VOID TellRefusal(const SAMPLE_GET_INTERFACE *Asked, NTSTATUS Status)
{
    const GUID *guid = &Asked->InterfaceType;
    DbgPrint("sample: no table for {%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}, size %u, version %u: %08X\n", guid->Data1, guid->Data2,
             guid->Data3, guid->Data4[0], guid->Data4[1], guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5], guid->Data4[6],
             guid->Data4[7], Asked->Size, Asked->Version, Status);
}

static NTSTATUS HandOut(WDFREQUEST Request, COUNTED *Doubler, const SAMPLE_GET_INTERFACE *Asked, size_t *Written)
{
    SAMPLE_INTERFACE_2 table;
    BOOLEAN first = IsEqualGUID(&Asked->InterfaceType, &GUID_SAMPLE_INTERFACE);
    SIZE_T size = first ? sizeof(SAMPLE_INTERFACE) : sizeof(SAMPLE_INTERFACE_2);
    USHORT version = first ? SAMPLE_INTERFACE_VERSION_1 : SAMPLE_INTERFACE_VERSION_2;
    PVOID output;
    NTSTATUS status;
    if (!first && !IsEqualGUID(&Asked->InterfaceType, &GUID_SAMPLE_INTERFACE_2)) {
        return STATUS_NOT_SUPPORTED;
    }
    if (Asked->Size < size || Asked->Version < version) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    status = WdfRequestRetrieveOutputBuffer(Request, size, &output, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (first) {
        FirstTable(Doubler, (SAMPLE_INTERFACE *)&table);
    } else {
        SecondTable(Doubler, &table);
    }
    InterfaceReference(Doubler);
    RtlCopyMemory(output, &table, size);
    *Written = size;
    return STATUS_SUCCESS;
}

static NTSTATUS GetInterface(WDFREQUEST Request, COUNTED *Doubler, size_t *Written)
{
    SAMPLE_GET_INTERFACE asked;
    PVOID input;
    NTSTATUS status;
    /* A table is full of kernel addresses. */
    if (WdfRequestGetRequestorMode(Request) != KernelMode) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    status = WdfRequestRetrieveInputBuffer(Request, sizeof(asked), &input, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    asked = *(const SAMPLE_GET_INTERFACE *)input;
    status = HandOut(Request, Doubler, &asked, Written);
    if (!NT_SUCCESS(status)) {
        TellRefusal(&asked, status);
    }
    return status;
}

static VOID EvtIoInternalDeviceControl(WDFQUEUE Queue, WDFREQUEST Request, size_t Output, size_t Input, ULONG Code)
{
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    size_t written = 0;
    UNREFERENCED_PARAMETER(Output);
    UNREFERENCED_PARAMETER(Input);
    if (Code == IOCTL_INTERNAL_SAMPLE_GET_INTERFACE) {
        status = GetInterface(Request, BusOf(WdfIoQueueGetDevice(Queue))->Doubler, &written);
    }
    WdfRequestCompleteWithInformation(Request, status, written);
}

static VOID EvtIoDeviceControl(WDFQUEUE Queue, WDFREQUEST Request, size_t Output, size_t Input, ULONG Code)
{
    CHILDREN *children = (CHILDREN *)BusOf(WdfIoQueueGetDevice(Queue))->Bus->Data;
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    ULONG *number;
    UNREFERENCED_PARAMETER(Output);
    UNREFERENCED_PARAMETER(Input);
    if (Code == IOCTL_SAMPLE_BUS_PLUG_IN || Code == IOCTL_SAMPLE_BUS_UNPLUG) {
        status = WdfRequestRetrieveInputBuffer(Request, sizeof(*number), (PVOID *)&number, NULL);
        if (NT_SUCCESS(status)) {
            status = Code == IOCTL_SAMPLE_BUS_PLUG_IN ? PlugIn(children, *number) : Unplug(children, *number);
        }
    }
    WdfRequestCompleteWithInformation(Request, status, 0);
}

static NTSTATUS CreateQueue(WDFDEVICE Bus)
{
    WDF_IO_QUEUE_CONFIG config;
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&config, WdfIoQueueDispatchParallel);
    config.PowerManaged = WdfFalse;
    config.EvtIoDeviceControl = EvtIoDeviceControl;
    config.EvtIoInternalDeviceControl = EvtIoInternalDeviceControl;
    return WdfIoQueueCreate(Bus, &config, WDF_NO_OBJECT_ATTRIBUTES, NULL);
}

/* The bus. */

static NTSTATUS QueryParameter(WDFDRIVER Driver, const WCHAR *Name, ULONG *Value)
{
    UNICODE_STRING name;
    WDFKEY key;
    NTSTATUS status = WdfDriverOpenParametersRegistryKey(Driver, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES, &key);
    if (NT_SUCCESS(status)) {
        RtlInitUnicodeString(&name, Name);
        status = WdfRegistryQueryULong(key, &name, Value);
        WdfRegistryClose(key);
    }
    if (status == STATUS_OBJECT_NAME_NOT_FOUND) {
        return STATUS_SUCCESS;
    }
    return status == STATUS_OBJECT_TYPE_MISMATCH ? STATUS_INVALID_PARAMETER : status;
}

static NTSTATUS ReadChildCount(WDFDRIVER Driver, ULONG *Count)
{
    NTSTATUS status;
    *Count = DEFAULT_CHILD_COUNT;
    status = QueryParameter(Driver, L"ChildCount", Count);
    if (!NT_SUCCESS(status)) {
        DbgPrint("sample: ChildCount cannot be read as a REG_DWORD of 0 to %u (%08X); the device is refused\n", SAMPLE_BUS_CHILD_LIMIT, status);
        return status;
    }
    if (*Count > SAMPLE_BUS_CHILD_LIMIT) {
        DbgPrint("sample: ChildCount is %u, at most %u is allowed; the device is refused\n", *Count, SAMPLE_BUS_CHILD_LIMIT);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static VOID EvtBusCleanup(WDFOBJECT Bus)
{
    DropOwner(BusOf(Bus)->Bus);
    DropOwner(BusOf(Bus)->Doubler);
}

static VOID ConfigureBus(PWDFDEVICE_INIT Init)
{
    WDF_CHILD_LIST_CONFIG config;
    WDF_CHILD_LIST_CONFIG_INIT(&config, sizeof(IDENTIFICATION), EvtChildListCreateDevice);
    WdfFdoInitSetDefaultChildListConfig(Init, &config, WDF_NO_OBJECT_ATTRIBUTES);
    WdfDeviceInitSetDeviceType(Init, FILE_DEVICE_BUS_EXTENDER);
    WdfDeviceInitSetCharacteristics(Init, FILE_DEVICE_SECURE_OPEN, TRUE);
}

static NTSTATUS PublishBus(WDFDEVICE Bus, ULONG Count)
{
    BUS_CONTEXT *context = BusOf(Bus);
    SAMPLE_BUS_INTERFACE table;
    CHILDREN *children;
    NTSTATUS status;
    context->Bus = NewCounted(WdfDeviceWdmGetDeviceObject(Bus), sizeof(CHILDREN));
    context->Doubler = NewCounted(WdfDeviceWdmGetDeviceObject(Bus), sizeof(CALLS));
    if (context->Bus == NULL || context->Doubler == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    children = (CHILDREN *)context->Bus->Data;
    KeInitializeSpinLock(&children->Lock);
    children->List = WdfFdoGetDefaultChildList(Bus);
    status = Announce(children, Count);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    FillHeader(context->Bus, &table.InterfaceHeader, sizeof(table), SAMPLE_BUS_INTERFACE_VERSION_1);
    table.SampleBusChildCount = SampleBusChildCount;
    table.SampleBusPlugIn = SampleBusPlugIn;
    table.SampleBusUnplug = SampleBusUnplug;
    return Publish(Bus, &GUID_SAMPLE_BUS_INTERFACE, &table.InterfaceHeader);
}

static NTSTATUS AddBus(WDFDRIVER Driver, PWDFDEVICE_INIT Init)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    PNP_BUS_INFORMATION information;
    WDFDEVICE bus;
    ULONG count;
    NTSTATUS status = ReadChildCount(Driver, &count);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ConfigureBus(Init);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, BUS_CONTEXT);
    attributes.EvtCleanupCallback = EvtBusCleanup;
    status = WdfDeviceCreate(&Init, &attributes, &bus);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    information.BusTypeGuid = GUID_BUS_TYPE_SAMPLE;
    information.LegacyBusType = PNPBus;
    information.BusNumber = 0;
    WdfDeviceSetBusInformationForChildren(bus, &information);
    status = PublishBus(bus, count);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = CreateQueue(bus);
    return NT_SUCCESS(status) ? WdfDeviceCreateDeviceInterface(bus, &GUID_DEVINTERFACE_SAMPLE_BUS, NULL) : status;
}

/* The filter. */

static BOOLEAN IsOffered(const GUID *Type)
{
    return Type != NULL && (IsEqualGUID(Type, &GUID_SAMPLE_INTERFACE) || IsEqualGUID(Type, &GUID_SAMPLE_INTERFACE_2));
}

/* What something below answers stands; the framework would overwrite it. */
static NTSTATUS EvtPreprocessQueryInterface(WDFDEVICE Device, PIRP Irp)
{
    if (IsOffered(IoGetCurrentIrpStackLocation(Irp)->Parameters.QueryInterface.InterfaceType) &&
        IoForwardIrpSynchronously(WdfDeviceWdmGetAttachedDevice(Device), Irp) && Irp->IoStatus.Status != STATUS_NOT_SUPPORTED) {
        NTSTATUS status = Irp->IoStatus.Status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return WdfDeviceWdmDispatchPreprocessedIrp(Device, Irp);
}

static NTSTATUS AddFilter(PWDFDEVICE_INIT Init)
{
    UCHAR minor = IRP_MN_QUERY_INTERFACE;
    WDFDEVICE device;
    NTSTATUS status;
    WdfFdoInitSetFilter(Init);
    status = WdfDeviceInitAssignWdmIrpPreprocessCallback(Init, EvtPreprocessQueryInterface, IRP_MJ_PNP, &minor, 1);
    return NT_SUCCESS(status) ? CreateDoubler(Init, &device) : status;
}

/* Entry. */

static NTSTATUS EvtDriverDeviceAdd(WDFDRIVER Driver, PWDFDEVICE_INIT Init)
{
    ULONG role = ROLE_BUS;
    NTSTATUS status = QueryParameter(Driver, L"Role", &role);
    if (!NT_SUCCESS(status)) {
        DbgPrint("sample: Role cannot be read as a REG_DWORD (%08X); the device is refused\n", status);
        return status;
    }
    switch (role) {
    case ROLE_BUS:
        return AddBus(Driver, Init);
    case ROLE_FILTER:
        return AddFilter(Init);
    default:
        DbgPrint("sample: Role is %u, not %u (bus) or %u (filter); the device is refused\n", role, ROLE_BUS, ROLE_FILTER);
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WDF_DRIVER_CONFIG config;
    if (DriverObject == NULL) {
        return STATUS_SUCCESS;
    }
    WDF_DRIVER_CONFIG_INIT(&config, EvtDriverDeviceAdd);
    config.DriverPoolTag = POOL_TAG;
    return WdfDriverCreate(DriverObject, RegistryPath, WDF_NO_OBJECT_ATTRIBUTES, &config, WDF_NO_HANDLE);
}

NTSTATUS DllInitialize(PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}

NTSTATUS DllUnload(VOID) { return STATUS_SUCCESS; }
