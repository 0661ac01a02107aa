/* Conformance: what a driver sets before and after its device exists, states, properties, and interfaces to query. */
#include "conform.h"

/* {2A4F8E10-55C0-4E86-9B4A-0D1C6E9A7B30} and the next */
DEFINE_GUID(GUID_OFFERED, 0x2a4f8e10, 0x55c0, 0x4e86, 0x9b, 0x4a, 0x0d, 0x1c, 0x6e, 0x9a, 0x7b, 0x30);
DEFINE_GUID(GUID_UNKNOWN, 0x2a4f8e10, 0x55c0, 0x4e86, 0x9b, 0x4a, 0x0d, 0x1c, 0x6e, 0x9a, 0x7b, 0x31);

typedef struct { INTERFACE Header; ULONG Value; } OFFERED;
typedef struct { ULONG Value; } REQUEST;
WDF_DECLARE_CONTEXT_TYPE(REQUEST);

static PDEVICE_OBJECT Physical;
static ULONG Asked;

/* fxdeviceinitapi.cpp */
static VOID Configure(PWDFDEVICE_INIT Init)
{
    WDF_REMOVE_LOCK_OPTIONS lock;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_IO_TYPE_CONFIG type;
    WDFMEMORY memory;
    WDFKEY key;
    WCHAR name[16];
    size_t size;
    ULONG length = 0;
    WdfDeviceInitSetDeviceType(Init, 0x8123);
    WdfDeviceInitSetCharacteristics(Init, FILE_READ_ONLY_DEVICE, TRUE);
    WDF_IO_TYPE_CONFIG_INIT(&type);
    type.ReadWriteIoType = WdfDeviceIoDirect;
    WdfDeviceInitSetIoTypeEx(Init, &type);
    WdfDeviceInitSetExclusive(Init, FALSE);
    WdfDeviceInitSetPowerPageable(Init);
    WdfDeviceInitSetPowerNotPageable(Init);
    WdfDeviceInitSetPowerPolicyOwnership(Init, TRUE);
    WdfDeviceInitSetReleaseHardwareOrderOnFailure(Init, WdfReleaseHardwareOrderOnFailureAfterDescendants);
    WDF_REMOVE_LOCK_OPTIONS_INIT(&lock, WDF_REMOVE_LOCK_OPTION_ACQUIRE_FOR_IO);
    WdfDeviceInitSetRemoveLockOptions(Init, &lock);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, REQUEST);
    WdfDeviceInitSetRequestAttributes(Init, &attributes);
    Physical = WdfFdoInitWdmGetPhysicalDevice(Init);
    CHECK(Physical != NULL);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfFdoInitQueryProperty(Init, DevicePropertyEnumeratorName, 0, NULL, &length));
    CHECK(length == sizeof(L"ROOT"));
    CHECK_STATUS(STATUS_SUCCESS, WdfFdoInitQueryProperty(Init, DevicePropertyEnumeratorName, sizeof(name), name, &length));
    CHECK(length == sizeof(L"ROOT") && name[0] == L'R');
    CHECK_STATUS(STATUS_SUCCESS,
                 WdfFdoInitAllocAndQueryProperty(Init, DevicePropertyEnumeratorName, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &memory));
    WdfMemoryGetBuffer(memory, &size);
    CHECK(size == sizeof(L"ROOT"));
    WdfObjectDelete(memory);
    CHECK_STATUS(STATUS_SUCCESS, WdfFdoInitOpenRegistryKey(Init, PLUGPLAY_REGKEY_DEVICE, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES, &key));
    WdfRegistryClose(key);
}

static VOID Refer(PVOID Context) { UNREFERENCED_PARAMETER(Context); }
static VOID Unrefer(PVOID Context) { UNREFERENCED_PARAMETER(Context); }

static NTSTATUS OnQueryInterface(WDFDEVICE Device, LPGUID Guid, PINTERFACE Exposed, PVOID Data)
{
    UNREFERENCED_PARAMETER(Device);
    CHECK(Guid->Data1 == GUID_OFFERED.Data1 && Data == NULL);
    ((OFFERED *)Exposed)->Value++;
    Asked++;
    return STATUS_SUCCESS;
}

/* fxqueryinterfaceapi.cpp, fxdeviceapi.cpp; states: fxpkgpnp.cpp */
static NTSTATUS Added(WDFDEVICE Device)
{
    PDEVICE_OBJECT object = WdfDeviceWdmGetDeviceObject(Device);
    WDF_DEVICE_PNP_CAPABILITIES capabilities;
    WDF_QUERY_INTERFACE_CONFIG config;
    PNP_BUS_INFORMATION bus = { 0 };
    OFFERED offered;
    CHECK(WdfDeviceWdmGetPhysicalDevice(Device) == Physical);
    CHECK(object->DeviceType == 0x8123 && (object->Characteristics & FILE_READ_ONLY_DEVICE) != 0 &&
          (object->Characteristics & FILE_DEVICE_SECURE_OPEN) != 0);
    CHECK(WdfDeviceGetCharacteristics(Device) == object->Characteristics);
    WdfDeviceSetCharacteristics(Device, FILE_DEVICE_SECURE_OPEN);
    CHECK(WdfDeviceGetCharacteristics(Device) == FILE_DEVICE_SECURE_OPEN && object->Characteristics == FILE_DEVICE_SECURE_OPEN);
    CHECK((object->Flags & DO_DIRECT_IO) != 0 && (object->Flags & (DO_BUFFERED_IO | DO_POWER_PAGABLE)) == 0);
    WdfDeviceSetAlignmentRequirement(Device, FILE_QUAD_ALIGNMENT);
    CHECK(WdfDeviceGetAlignmentRequirement(Device) == FILE_QUAD_ALIGNMENT && object->AlignmentRequirement == FILE_QUAD_ALIGNMENT);
    CHECK(WdfDeviceGetDevicePnpState(Device) == WdfDevStatePnpInit);
    CHECK(WdfDeviceGetDevicePowerState(Device) == WdfDevStatePowerObjectCreated);
    CHECK_STATUS(STATUS_POWER_STATE_INVALID, WdfDeviceStopIdle(Device, FALSE));
    WDF_DEVICE_PNP_CAPABILITIES_INIT(&capabilities);
    capabilities.SurpriseRemovalOK = WdfTrue;
    WdfDeviceSetPnpCapabilities(Device, &capabilities);
    WdfDeviceSetBusInformationForChildren(Device, &bus);
    RtlZeroMemory(&offered, sizeof(offered));
    offered.Header.Size = sizeof(offered);
    offered.Header.Version = 3;
    offered.Header.InterfaceReference = Refer;
    offered.Header.InterfaceDereference = Unrefer;
    offered.Value = 40;
    WDF_QUERY_INTERFACE_CONFIG_INIT(&config, &offered.Header, &GUID_OFFERED, OnQueryInterface);
    config.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfDeviceAddQueryInterface(Device, &config));
    config.Size++;
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAddQueryInterface(Device, &config));
    return STATUS_SUCCESS;
}

/* fxqueryinterface.cpp, fxpkgpnp.cpp FxPkgPnp::HandleQueryInterface, fxqueryinterfaceapi.cpp WdfFdoQueryForInterface */
static VOID Interfaces(WDFDEVICE Device)
{
    OFFERED found;
    RtlZeroMemory(&found, sizeof(found));
    CHECK_STATUS(STATUS_NOT_SUPPORTED, WdfFdoQueryForInterface(Device, &GUID_UNKNOWN, &found.Header, sizeof(found), 3, NULL));
    CHECK_STATUS(STATUS_SUCCESS, WdfFdoQueryForInterface(Device, &GUID_OFFERED, &found.Header, sizeof(found), 3, NULL));
    CHECK(Asked == 1 && found.Value == 41 && found.Header.Version == 3 && found.Header.Size == sizeof(found));
    found.Header.InterfaceDereference(found.Header.Context);
}

/* fxiotargetapi.cpp */
static VOID Targets(WDFDEVICE Device)
{
    WDFIOTARGET below = WdfDeviceGetIoTarget(Device);
    CHECK(below != NULL && WdfIoTargetGetDevice(below) == Device);
    CHECK(WdfIoTargetWdmGetTargetDeviceObject(below) == WdfDeviceWdmGetAttachedDevice(Device));
    CHECK(WdfIoTargetWdmGetTargetPhysicalDevice(below) == Physical);
    CHECK(WdfIoTargetWdmGetTargetFileObject(below) == NULL && WdfIoTargetWdmGetTargetFileHandle(below) == NULL);
}

/* fxdeviceapi.cpp WdfDeviceGetDeviceState, WdfDeviceSetDeviceState, fxpkgpnp.cpp FxPkgPnp::PowerReference */
static VOID States(WDFDEVICE Device)
{
    WDF_DEVICE_STATE state;
    CHECK(WdfDeviceGetDevicePnpState(Device) == WdfDevStatePnpStarted);
    CHECK(WdfDeviceGetDevicePowerState(Device) == WdfDevStatePowerD0);
    CHECK(WdfDeviceGetDevicePowerPolicyState(Device) == WdfDevStatePwrPolStarted);
    CHECK(WdfDeviceGetSystemPowerAction(Device) == PowerActionNone);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceStopIdle(Device, TRUE));
    WdfDeviceResumeIdle(Device);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceStopIdleNoTrack(Device, FALSE));
    WdfDeviceResumeIdleNoTrack(Device);
    WDF_DEVICE_STATE_INIT(&state);
    WdfDeviceGetDeviceState(Device, &state);
    CHECK(state.Disabled == WdfUseDefault && state.DontDisplayInUI == WdfUseDefault && state.Failed == WdfUseDefault &&
          state.NotDisableable == WdfUseDefault && state.Removed == WdfUseDefault);
    state.DontDisplayInUI = WdfTrue;
    WdfDeviceSetDeviceState(Device, &state);
    WDF_DEVICE_STATE_INIT(&state);
    WdfDeviceGetDeviceState(Device, &state);
    CHECK(state.DontDisplayInUI == WdfTrue && state.Failed == WdfUseDefault);
    WdfDeviceSetStaticStopRemove(Device, FALSE);
    WdfDeviceSetStaticStopRemove(Device, TRUE);
}

static VOID Properties(WDFDEVICE Device)
{
    WDFMEMORY memory;
    ULONG length = 0;
    WCHAR name[16];
    size_t size;
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfDeviceQueryProperty(Device, DevicePropertyEnumeratorName, 0, NULL, &length));
    CHECK(length == sizeof(L"ROOT"));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceQueryProperty(Device, DevicePropertyEnumeratorName, sizeof(name), name, &length));
    CHECK_STATUS(STATUS_SUCCESS,
                 WdfDeviceAllocAndQueryProperty(Device, DevicePropertyEnumeratorName, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &memory));
    WdfMemoryGetBuffer(memory, &size);
    CHECK(size == sizeof(L"ROOT"));
    WdfObjectDelete(memory);
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    CHECK(WdfObjectGetTypedContext(Request, REQUEST) != NULL && WdfObjectGetTypedContext(Request, REQUEST)->Value == 0);
    UNREFERENCED_PARAMETER(Code);
    Interfaces(Device);
    Targets(Device);
    States(Device);
    Properties(Device);
    return STATUS_SUCCESS;
}
