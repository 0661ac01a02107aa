/* Conformance: properties, relations, keys, power policy and WMI of a device without hardware. */
#include "conform.h"

/* {0A6E2C53-4B1D-4E0C-8E0A-2F3B5D7C9E11}, 2: a property of the test's own. */
static const DEVPROPKEY Own = { { 0x0a6e2c53, 0x4b1d, 0x4e0c, { 0x8e, 0x0a, 0x2f, 0x3b, 0x5d, 0x7c, 0x9e, 0x11 } }, 2 };
/* DEVPKEY_Device_HardwareIds */
static const DEVPROPKEY HardwareIds = { { 0xa45c254e, 0xdf1c, 0x4efd, { 0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0 } }, 3 };

typedef struct { ULONG Value; } SMALL;
WDF_DECLARE_CONTEXT_TYPE(SMALL);

static NTSTATUS OnQuery(WDFWMIINSTANCE Instance, ULONG Size, PVOID Buffer, PULONG Used)
{
    UNREFERENCED_PARAMETER(Instance);
    UNREFERENCED_PARAMETER(Size);
    UNREFERENCED_PARAMETER(Buffer);
    *Used = 0;
    return STATUS_SUCCESS;
}

static NTSTATUS OnFunction(WDFWMIPROVIDER Provider, WDF_WMI_PROVIDER_CONTROL Control, BOOLEAN Enable)
{
    UNREFERENCED_PARAMETER(Provider);
    UNREFERENCED_PARAMETER(Control);
    UNREFERENCED_PARAMETER(Enable);
    return STATUS_SUCCESS;
}

/* fxdeviceinitapi.cpp WdfFdoInitQueryPropertyEx and WdfFdoInitAllocAndQueryPropertyEx */
static VOID Configure(PWDFDEVICE_INIT Init)
{
    WDF_DEVICE_PROPERTY_DATA property;
    DEVPROPTYPE type;
    ULONG length;
    WCHAR ids[64];
    WDF_DEVICE_PROPERTY_DATA_INIT(&property, &HardwareIds);
    CHECK_STATUS(STATUS_SUCCESS, WdfFdoInitQueryPropertyEx(Init, &property, sizeof(ids), ids, &length, &type));
    CHECK(type == DEVPROP_TYPE_STRING_LIST && length > 2 && ids[length / sizeof(WCHAR) - 1] == 0);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfFdoInitQueryPropertyEx(Init, &property, 0, NULL, &length, &type));
    property.PropertyKey = &Own;
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfFdoInitQueryPropertyEx(Init, &property, sizeof(ids), ids, &length, &type));
    property.Size++;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfFdoInitQueryPropertyEx(Init, &property, sizeof(ids), ids, &length, &type));
}

/* fxdeviceapi.cpp WdfDeviceAssignProperty, WdfDeviceQueryPropertyEx, WdfDeviceAllocAndQueryPropertyEx */
static VOID Properties(WDFDEVICE Device)
{
    WDF_DEVICE_PROPERTY_DATA property;
    WDFMEMORY memory;
    DEVPROPTYPE type;
    ULONG value = 7, length;
    size_t size;
    WDF_DEVICE_PROPERTY_DATA_INIT(&property, &Own);
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfDeviceQueryPropertyEx(Device, &property, sizeof(value), &value, &length, &type));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceAssignProperty(Device, &property, DEVPROP_TYPE_UINT32, 0, &value));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAssignProperty(Device, &property, DEVPROP_TYPE_UINT32, sizeof(value), &value));
    value = 0;
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceQueryPropertyEx(Device, &property, sizeof(value), &value, &length, &type));
    CHECK(value == 7 && length == sizeof(value) && type == DEVPROP_TYPE_UINT32);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfDeviceQueryPropertyEx(Device, &property, 0, NULL, &length, &type));
    CHECK(length == sizeof(value) && type == DEVPROP_TYPE_UINT32);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceQueryPropertyEx(Device, &property, 0, &value, &length, &type));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceQueryPropertyEx(Device, &property, 4, NULL, &length, &type));
    CHECK_STATUS(STATUS_SUCCESS,
                 WdfDeviceAllocAndQueryPropertyEx(Device, &property, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &memory, &type));
    CHECK(*(ULONG *)WdfMemoryGetBuffer(memory, &size) == 7 && size == sizeof(value) && type == DEVPROP_TYPE_UINT32);
    WdfObjectDelete(memory);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAssignProperty(Device, &property, DEVPROP_TYPE_EMPTY, 0, NULL));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 WdfDeviceAllocAndQueryPropertyEx(Device, &property, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &memory, &type));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetQueryTargetProperty(WdfDeviceGetIoTarget(Device), DevicePropertyEnumeratorName, sizeof(value) * 4,
                                                               (WCHAR[8]){ 0 }, &length));
    CHECK(length == sizeof(L"ROOT"));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoTargetAllocAndQueryTargetProperty(WdfDeviceGetIoTarget(Device), DevicePropertyEnumeratorName,
                                                                       NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &memory));
    WdfObjectDelete(memory);
}

static PDEVICE_RELATIONS Relations(WDFDEVICE Device, DEVICE_RELATION_TYPE Type)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(WdfDeviceWdmGetDeviceObject(Device));
    PIO_STACK_LOCATION next;
    IO_STATUS_BLOCK io;
    KEVENT done;
    PIRP irp;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &done, &io);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
    next->Parameters.QueryDeviceRelations.Type = Type;
    if (IoCallDriver(top, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
    ObDereferenceObject(top);
    return NT_SUCCESS(io.Status) ? (PDEVICE_RELATIONS)io.Information : NULL;
}

/* fxpkgpnp.cpp AddRemovalDevice and HandleQueryDeviceRelations, fxrelateddevicelist.cpp */
static VOID Related(WDFDEVICE Device)
{
    PDEVICE_OBJECT pdo = WdfDeviceWdmGetPhysicalDevice(Device);
    PDEVICE_RELATIONS relations;
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAddRemovalRelationsPhysicalDevice(Device, pdo));
    CHECK_STATUS(STATUS_DUPLICATE_OBJECTID, WdfDeviceAddRemovalRelationsPhysicalDevice(Device, pdo));
    relations = Relations(Device, RemovalRelations);
    CHECK(relations != NULL && relations->Count == 1 && relations->Objects[0] == pdo);
    if (relations != NULL) {
        ObDereferenceObject(relations->Objects[0]);
        ExFreePool(relations);
    }
    WdfDeviceRemoveRemovalRelationsPhysicalDevice(Device, pdo);
    WdfDeviceRemoveRemovalRelationsPhysicalDevice(Device, pdo);
    CHECK(Relations(Device, RemovalRelations) == NULL);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAddRemovalRelationsPhysicalDevice(Device, pdo));
    WdfDeviceClearRemovalRelationsDevices(Device);
    CHECK(Relations(Device, RemovalRelations) == NULL);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfPdoAddEjectionRelationsPhysicalDevice(Device, pdo));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAddDependentUsageDeviceObject(Device, pdo));
    CHECK_STATUS(STATUS_DUPLICATE_OBJECTID, WdfDeviceAddDependentUsageDeviceObject(Device, pdo));
    WdfDeviceRemoveDependentUsageDeviceObject(Device, pdo);
    /* One that is left is given back with the device. */
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAddRemovalRelationsPhysicalDevice(Device, pdo));
}

/* fxdeviceapi.cpp WdfDeviceAssignS0IdleSettings and WdfDeviceAssignSxWakeSettings, fxpkgpnp.cpp; a root-enumerated device cannot wake. */
static VOID PowerPolicy(WDFDEVICE Device)
{
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS idle;
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS wake;
    WDF_POWER_FRAMEWORK_SETTINGS framework;
    PO_FX_COMPONENT component;
    WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(&idle, IdleCannotWakeFromS0);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAssignS0IdleSettings(Device, &idle));
    idle.IdleTimeoutType = SystemManagedIdleTimeout;
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceAssignS0IdleSettings(Device, &idle));
    idle.IdleTimeoutType = DriverManagedIdleTimeout;
    idle.DxState = PowerDeviceD0;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceAssignS0IdleSettings(Device, &idle));
    idle.DxState = PowerDeviceD3;
    idle.Enabled = 9;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceAssignS0IdleSettings(Device, &idle));
    idle.Enabled = WdfFalse;
    idle.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfDeviceAssignS0IdleSettings(Device, &idle));
    idle.Size++;
    idle.IdleCaps = IdleCanWakeFromS0;
    CHECK_STATUS(STATUS_POWER_STATE_INVALID, WdfDeviceAssignS0IdleSettings(Device, &idle));
    idle.PowerUpIdleDeviceOnSystemWake = WdfTrue;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceAssignS0IdleSettings(Device, &idle));
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(&wake);
    CHECK_STATUS(STATUS_POWER_STATE_INVALID, WdfDeviceAssignSxWakeSettings(Device, &wake));
    wake.UserControlOfWakeSettings = 9;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceAssignSxWakeSettings(Device, &wake));
    WDF_POWER_FRAMEWORK_SETTINGS_INIT(&framework);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceWdmAssignPowerFrameworkSettings(Device, &framework));
    RtlZeroMemory(&component, sizeof(component));
    framework.Component = &component;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceWdmAssignPowerFrameworkSettings(Device, &framework));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceIndicateWakeStatus(Device, STATUS_PENDING));
    CHECK_STATUS(STATUS_INVALID_DEVICE_STATE, WdfDeviceIndicateWakeStatus(Device, STATUS_SUCCESS));
    CHECK(WdfDeviceGetDevicePowerPolicyState(Device) == WdfDevStatePwrPolStarted);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceStopIdle(Device, TRUE));
    WdfDeviceResumeIdle(Device);
}

static const GUID Block = { 0x5c1b6f10, 0x2d9e, 0x4b77, { 0x91, 0x2a, 0x3c, 0x4d, 0x5e, 0x6f, 0x70, 0x81 } };

/* fxwmiapi.cpp, fxwmiprovider.cpp, fxwmiinstance.cpp */
static VOID Wmi(WDFDEVICE Device)
{
    WDF_WMI_PROVIDER_CONFIG provider;
    WDF_WMI_INSTANCE_CONFIG instance;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFWMIPROVIDER events, data;
    WDFWMIINSTANCE one;
    WDF_WMI_PROVIDER_CONFIG_INIT(&provider, &Block);
    provider.Flags = WdfWmiProviderTracing | WdfWmiProviderEventOnly;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfWmiProviderCreate(Device, &provider, WDF_NO_OBJECT_ATTRIBUTES, &events));
    provider.Flags = WdfWmiProviderEventOnly;
    provider.EvtWmiProviderFunctionControl = OnFunction;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfWmiProviderCreate(Device, &provider, WDF_NO_OBJECT_ATTRIBUTES, &events));
    provider.EvtWmiProviderFunctionControl = NULL;
    RtlZeroMemory(&provider.Guid, sizeof(GUID));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfWmiProviderCreate(Device, &provider, WDF_NO_OBJECT_ATTRIBUTES, &events));
    provider.Guid = Block;
    CHECK_STATUS(STATUS_SUCCESS, WdfWmiProviderCreate(Device, &provider, WDF_NO_OBJECT_ATTRIBUTES, &events));
    CHECK(WdfWmiProviderGetDevice(events) == Device);
    CHECK(!WdfWmiProviderIsEnabled(events, WdfWmiEventControl) && WdfWmiProviderGetTracingHandle(events) == 0);
    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER(&instance, events);
    instance.EvtWmiInstanceQueryInstance = OnQuery;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfWmiInstanceCreate(Device, &instance, WDF_NO_OBJECT_ATTRIBUTES, &one));
    instance.EvtWmiInstanceQueryInstance = NULL;
    CHECK_STATUS(STATUS_SUCCESS, WdfWmiInstanceCreate(Device, &instance, WDF_NO_OBJECT_ATTRIBUTES, &one));
    CHECK(WdfWmiInstanceGetProvider(one) == events && WdfWmiInstanceGetDevice(one) == Device);
    CHECK_STATUS(STATUS_SUCCESS, WdfWmiInstanceRegister(one));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfWmiInstanceRegister(one));
    CHECK_STATUS(STATUS_SUCCESS, WdfWmiInstanceFireEvent(one, 0, NULL));
    WdfWmiInstanceDeregister(one);
    CHECK_STATUS(STATUS_SUCCESS, WdfWmiInstanceRegister(one));
    provider.Flags = 0;
    provider.MinInstanceBufferSize = 16;
    CHECK_STATUS(STATUS_SUCCESS, WdfWmiProviderCreate(Device, &provider, WDF_NO_OBJECT_ATTRIBUTES, &data));
    WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER(&instance, data);
    instance.UseContextForQuery = TRUE;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfWmiInstanceCreate(Device, &instance, WDF_NO_OBJECT_ATTRIBUTES, &one));
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SMALL);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfWmiInstanceCreate(Device, &instance, &attributes, &one));
    instance.ProviderConfig = &provider;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfWmiInstanceCreate(Device, &instance, &attributes, &one));
}

/* fxdeviceapikm.cpp WdfDeviceAssignMofResourceName, fxdeviceapi.cpp WdfDeviceOpenDevicemapKey, fxdriverapikm.cpp, fxdriverapi.cpp */
static VOID Others(WDFDEVICE Device)
{
    DECLARE_CONST_UNICODE_STRING(name, L"Conform");
    DECLARE_CONST_UNICODE_STRING(value, L"Value");
    UNICODE_STRING empty = { 0, 0, NULL };
    WDFCOMPANIONTARGET companion;
    WDFKEY key;
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceAssignMofResourceName(Device, &name));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfDeviceAssignMofResourceName(Device, &name));
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 WdfDeviceOpenDevicemapKey(Device, &empty, KEY_ALL_ACCESS, WDF_NO_OBJECT_ATTRIBUTES, &key));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceOpenDevicemapKey(Device, &name, KEY_ALL_ACCESS, WDF_NO_OBJECT_ATTRIBUTES, &key));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignULong(key, &value, 1));
    WdfRegistryClose(key);
    CHECK_STATUS(STATUS_SUCCESS, WdfDriverOpenPersistentStateRegistryKey(WdfDeviceGetDriver(Device), KEY_ALL_ACCESS,
                                                                         WDF_NO_OBJECT_ATTRIBUTES, &key));
    WdfRegistryClose(key);
    CHECK_STATUS(STATUS_NOT_SUPPORTED, WdfDriverRegisterTraceInfo(WdfDriverWdmGetDriverObject(WdfDeviceGetDriver(Device)), NULL, NULL));
    CHECK_STATUS(STATUS_PROCEDURE_NOT_FOUND, WdfDriverErrorReportApiMissing(WdfDeviceGetDriver(Device), NULL, 999, TRUE));
    CHECK_STATUS(STATUS_NOT_FOUND, WdfDeviceRetrieveCompanionTarget(Device, &companion));
    WdfDeviceSetSpecialFileSupport(Device, WdfSpecialFilePaging, TRUE);
    WdfDeviceSetSpecialFileSupport(Device, WdfSpecialFilePaging, FALSE);
    WdfVerifierDbgBreakPoint();
}

static NTSTATUS Added(WDFDEVICE Device)
{
    CHECK_STATUS(STATUS_POWER_STATE_INVALID, WdfDeviceStopIdle(Device, FALSE));
    CHECK(WdfDeviceGetDevicePowerPolicyState(Device) == WdfDevStatePwrPolObjectCreated);
    return STATUS_SUCCESS;
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    Properties(Device);
    Related(Device);
    PowerPolicy(Device);
    Wmi(Device);
    Others(Device);
    return STATUS_SUCCESS;
}
