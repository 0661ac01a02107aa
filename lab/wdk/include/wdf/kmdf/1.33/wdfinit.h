/* What C drivers use beside the functions: initializers of configurations, context types, queue states. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LAB_WDK_WDFINIT_H
#define LAB_WDK_WDFINIT_H

WDF_EXTERN_C_START

/* A client that runs on an older framework must pass that framework's sizes; the lab's framework is never older. */
#define WDF_STRUCTURE_SIZE(type) ((ULONG)sizeof(type))
#define WDF_IS_FUNCTION_AVAILABLE(function) (!WdfClientVersionHigherThanFramework || (function##TableIndex) < WdfFunctionCount)
#define WDF_IS_STRUCTURE_AVAILABLE(type) (!WdfClientVersionHigherThanFramework || (INDEX_##type) < WdfStructureCount)

/* Zeroes the structure that `it` points to and sets its size. */
#define LAB_WDF_START(it, type)               \
    memset((it), 0, sizeof(type));            \
    (it)->Size = WDF_STRUCTURE_SIZE(type)

FORCEINLINE VOID WDF_OBJECT_ATTRIBUTES_INIT(PWDF_OBJECT_ATTRIBUTES it)
{
    LAB_WDF_START(it, WDF_OBJECT_ATTRIBUTES);
    it->ExecutionLevel = WdfExecutionLevelInheritFromParent;
    it->SynchronizationScope = WdfSynchronizationScopeInheritFromParent;
}

FORCEINLINE VOID WDF_DRIVER_CONFIG_INIT(PWDF_DRIVER_CONFIG it, PFN_WDF_DRIVER_DEVICE_ADD add)
{
    LAB_WDF_START(it, WDF_DRIVER_CONFIG);
    it->EvtDriverDeviceAdd = add;
}

FORCEINLINE VOID WDF_DRIVER_VERSION_AVAILABLE_PARAMS_INIT(PWDF_DRIVER_VERSION_AVAILABLE_PARAMS it, ULONG major, ULONG minor)
{
    LAB_WDF_START(it, WDF_DRIVER_VERSION_AVAILABLE_PARAMS);
    it->MajorVersion = major;
    it->MinorVersion = minor;
}

FORCEINLINE VOID WDF_PNPPOWER_EVENT_CALLBACKS_INIT(PWDF_PNPPOWER_EVENT_CALLBACKS it)
{
    LAB_WDF_START(it, WDF_PNPPOWER_EVENT_CALLBACKS);
}

FORCEINLINE VOID WDF_POWER_POLICY_EVENT_CALLBACKS_INIT(PWDF_POWER_POLICY_EVENT_CALLBACKS it)
{
    LAB_WDF_START(it, WDF_POWER_POLICY_EVENT_CALLBACKS);
}

FORCEINLINE VOID WDF_FDO_EVENT_CALLBACKS_INIT(PWDF_FDO_EVENT_CALLBACKS it)
{
    LAB_WDF_START(it, WDF_FDO_EVENT_CALLBACKS);
}

FORCEINLINE VOID WDF_PDO_EVENT_CALLBACKS_INIT(PWDF_PDO_EVENT_CALLBACKS it)
{
    LAB_WDF_START(it, WDF_PDO_EVENT_CALLBACKS);
}

FORCEINLINE VOID WDF_INTERRUPT_INFO_INIT(PWDF_INTERRUPT_INFO it)
{
    LAB_WDF_START(it, WDF_INTERRUPT_INFO);
}

FORCEINLINE VOID WDF_FILEOBJECT_CONFIG_INIT(PWDF_FILEOBJECT_CONFIG it, PFN_WDF_DEVICE_FILE_CREATE create, PFN_WDF_FILE_CLOSE close, PFN_WDF_FILE_CLEANUP cleanup)
{
    LAB_WDF_START(it, WDF_FILEOBJECT_CONFIG);
    it->EvtDeviceFileCreate = create;
    it->EvtFileClose = close;
    it->EvtFileCleanup = cleanup;
    it->FileObjectClass = WdfFileObjectWdfCannotUseFsContexts;
    it->AutoForwardCleanupClose = WdfUseDefault;
}

FORCEINLINE VOID WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(PWDF_DEVICE_POWER_POLICY_IDLE_SETTINGS it, WDF_POWER_POLICY_S0_IDLE_CAPABILITIES capabilities)
{
    LAB_WDF_START(it, WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS);
    it->IdleTimeout = (ULONG)IdleTimeoutDefaultConstant;
    it->UserControlOfIdleSettings = IdleAllowUserControl;
    it->IdleTimeoutType = DriverManagedIdleTimeout;
    it->IdleCaps = capabilities;
    it->DxState = capabilities == IdleCannotWakeFromS0 ? PowerDeviceD3 : PowerDeviceMaximum;
    it->Enabled = WdfUseDefault;
    it->PowerUpIdleDeviceOnSystemWake = WdfUseDefault;
    it->ExcludeD3Cold = WdfUseDefault;
}

FORCEINLINE VOID WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS_INIT(PWDF_DEVICE_POWER_POLICY_WAKE_SETTINGS it)
{
    LAB_WDF_START(it, WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS);
    it->Enabled = WdfUseDefault;
    it->DxState = PowerDeviceMaximum;
    it->UserControlOfWakeSettings = WakeAllowUserControl;
}

FORCEINLINE VOID WDF_DEVICE_STATE_INIT(PWDF_DEVICE_STATE it)
{
    LAB_WDF_START(it, WDF_DEVICE_STATE);
    it->Disabled = WdfUseDefault;
    it->DontDisplayInUI = WdfUseDefault;
    it->Failed = WdfUseDefault;
    it->NotDisableable = WdfUseDefault;
    it->Removed = WdfUseDefault;
    it->ResourcesChanged = WdfUseDefault;
    it->AssignedToGuest = WdfUseDefault;
}

FORCEINLINE VOID WDF_DEVICE_PNP_CAPABILITIES_INIT(PWDF_DEVICE_PNP_CAPABILITIES it)
{
    LAB_WDF_START(it, WDF_DEVICE_PNP_CAPABILITIES);
    it->LockSupported = WdfUseDefault;
    it->EjectSupported = WdfUseDefault;
    it->Removable = WdfUseDefault;
    it->DockDevice = WdfUseDefault;
    it->UniqueID = WdfUseDefault;
    it->SilentInstall = WdfUseDefault;
    it->SurpriseRemovalOK = WdfUseDefault;
    it->HardwareDisabled = WdfUseDefault;
    it->NoDisplayInUI = WdfUseDefault;
    it->Address = MAXULONG;
    it->UINumber = MAXULONG;
}

FORCEINLINE VOID WDF_DEVICE_POWER_CAPABILITIES_INIT(PWDF_DEVICE_POWER_CAPABILITIES it)
{
    LAB_WDF_START(it, WDF_DEVICE_POWER_CAPABILITIES);
    it->DeviceD1 = WdfUseDefault;
    it->DeviceD2 = WdfUseDefault;
    it->WakeFromD0 = WdfUseDefault;
    it->WakeFromD1 = WdfUseDefault;
    it->WakeFromD2 = WdfUseDefault;
    it->WakeFromD3 = WdfUseDefault;
    for (ULONG state = 0; state < RTL_NUMBER_OF(it->DeviceState); state++) {
        it->DeviceState[state] = PowerDeviceMaximum;
    }
    it->DeviceWake = PowerDeviceMaximum;
    it->SystemWake = PowerSystemMaximum;
    it->D1Latency = MAXULONG;
    it->D2Latency = MAXULONG;
    it->D3Latency = MAXULONG;
    it->IdealDxStateForSx = PowerDeviceMaximum;
}

FORCEINLINE VOID WDF_REMOVE_LOCK_OPTIONS_INIT(PWDF_REMOVE_LOCK_OPTIONS it, ULONG flags)
{
    LAB_WDF_START(it, WDF_REMOVE_LOCK_OPTIONS);
    it->Flags = flags;
}

FORCEINLINE VOID WDF_POWER_FRAMEWORK_SETTINGS_INIT(PWDF_POWER_FRAMEWORK_SETTINGS it)
{
    LAB_WDF_START(it, WDF_POWER_FRAMEWORK_SETTINGS);
    it->DirectedPoFxEnabled = WdfUseDefault;
}

FORCEINLINE VOID WDF_IO_TYPE_CONFIG_INIT(PWDF_IO_TYPE_CONFIG it)
{
    LAB_WDF_START(it, WDF_IO_TYPE_CONFIG);
    it->ReadWriteIoType = WdfDeviceIoBuffered;
    it->DeviceControlIoType = WdfDeviceIoBuffered;
}

FORCEINLINE VOID WDF_DEVICE_PROPERTY_DATA_INIT(PWDF_DEVICE_PROPERTY_DATA it, const DEVPROPKEY *key)
{
    LAB_WDF_START(it, WDF_DEVICE_PROPERTY_DATA);
    it->PropertyKey = key;
}

FORCEINLINE VOID WDF_QUERY_INTERFACE_CONFIG_INIT(PWDF_QUERY_INTERFACE_CONFIG it, PINTERFACE table, const GUID *type, PFN_WDF_DEVICE_PROCESS_QUERY_INTERFACE_REQUEST process)
{
    LAB_WDF_START(it, WDF_QUERY_INTERFACE_CONFIG);
    it->Interface = table;
    it->InterfaceType = type;
    it->EvtDeviceProcessQueryInterfaceRequest = process;
}

FORCEINLINE VOID WDF_CHILD_LIST_CONFIG_INIT(PWDF_CHILD_LIST_CONFIG it, ULONG size, PFN_WDF_CHILD_LIST_CREATE_DEVICE create)
{
    LAB_WDF_START(it, WDF_CHILD_LIST_CONFIG);
    it->IdentificationDescriptionSize = size;
    it->EvtChildListCreateDevice = create;
}

FORCEINLINE VOID WDF_CHILD_RETRIEVE_INFO_INIT(PWDF_CHILD_RETRIEVE_INFO it, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER identification)
{
    LAB_WDF_START(it, WDF_CHILD_RETRIEVE_INFO);
    it->IdentificationDescription = identification;
}

FORCEINLINE VOID WDF_CHILD_LIST_ITERATOR_INIT(PWDF_CHILD_LIST_ITERATOR it, ULONG flags)
{
    LAB_WDF_START(it, WDF_CHILD_LIST_ITERATOR);
    it->Flags = flags;
}

FORCEINLINE VOID WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER_INIT(PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER it, ULONG size)
{
    memset(it, 0, size);
    it->IdentificationDescriptionSize = size;
}

FORCEINLINE VOID WDF_CHILD_ADDRESS_DESCRIPTION_HEADER_INIT(PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER it, ULONG size)
{
    memset(it, 0, size);
    it->AddressDescriptionSize = size;
}

FORCEINLINE VOID WDF_IO_QUEUE_CONFIG_INIT(PWDF_IO_QUEUE_CONFIG it, WDF_IO_QUEUE_DISPATCH_TYPE type)
{
    LAB_WDF_START(it, WDF_IO_QUEUE_CONFIG);
    it->PowerManaged = WdfUseDefault;
    it->DispatchType = type;
    if (type == WdfIoQueueDispatchParallel) {
        it->Settings.Parallel.NumberOfPresentedRequests = MAXULONG;
    }
}

FORCEINLINE VOID WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(PWDF_IO_QUEUE_CONFIG it, WDF_IO_QUEUE_DISPATCH_TYPE type)
{
    WDF_IO_QUEUE_CONFIG_INIT(it, type);
    it->DefaultQueue = TRUE;
}

FORCEINLINE VOID WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY_DEFAULT_INIT(PWDF_IO_QUEUE_FORWARD_PROGRESS_POLICY it, ULONG requests)
{
    LAB_WDF_START(it, WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY);
    it->TotalForwardProgressRequests = requests;
    it->ForwardProgressReservedPolicy = WdfIoForwardProgressReservedPolicyAlwaysUseReservedRequest;
}

FORCEINLINE VOID WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY_PAGINGIO_INIT(PWDF_IO_QUEUE_FORWARD_PROGRESS_POLICY it, ULONG requests)
{
    LAB_WDF_START(it, WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY);
    it->TotalForwardProgressRequests = requests;
    it->ForwardProgressReservedPolicy = WdfIoForwardProgressReservedPolicyPagingIO;
}

FORCEINLINE VOID WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY_EXAMINE_INIT(PWDF_IO_QUEUE_FORWARD_PROGRESS_POLICY it, ULONG requests, PFN_WDF_IO_WDM_IRP_FOR_FORWARD_PROGRESS examine)
{
    LAB_WDF_START(it, WDF_IO_QUEUE_FORWARD_PROGRESS_POLICY);
    it->TotalForwardProgressRequests = requests;
    it->ForwardProgressReservedPolicy = WdfIoForwardProgressReservedPolicyUseExamine;
    it->ForwardProgressReservePolicySettings.Policy.ExaminePolicy.EvtIoWdmIrpForForwardProgress = examine;
}

FORCEINLINE VOID WDF_REQUEST_PARAMETERS_INIT(PWDF_REQUEST_PARAMETERS it)
{
    memset(it, 0, sizeof(WDF_REQUEST_PARAMETERS));
    it->Size = (USHORT)WDF_STRUCTURE_SIZE(WDF_REQUEST_PARAMETERS);
}

FORCEINLINE VOID WDF_REQUEST_COMPLETION_PARAMS_INIT(PWDF_REQUEST_COMPLETION_PARAMS it)
{
    LAB_WDF_START(it, WDF_REQUEST_COMPLETION_PARAMS);
    it->Type = WdfRequestTypeNoFormat;
}

FORCEINLINE VOID WDF_REQUEST_REUSE_PARAMS_INIT(PWDF_REQUEST_REUSE_PARAMS it, ULONG flags, NTSTATUS status)
{
    LAB_WDF_START(it, WDF_REQUEST_REUSE_PARAMS);
    it->Flags = flags;
    it->Status = status;
}

FORCEINLINE VOID WDF_REQUEST_REUSE_PARAMS_SET_NEW_IRP(PWDF_REQUEST_REUSE_PARAMS it, PIRP irp)
{
    it->Flags |= WDF_REQUEST_REUSE_SET_NEW_IRP;
    it->NewIrp = irp;
}

FORCEINLINE VOID WDF_REQUEST_SEND_OPTIONS_INIT(PWDF_REQUEST_SEND_OPTIONS it, ULONG flags)
{
    LAB_WDF_START(it, WDF_REQUEST_SEND_OPTIONS);
    it->Flags = flags;
}

FORCEINLINE VOID WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(PWDF_REQUEST_SEND_OPTIONS it, LONGLONG timeout)
{
    it->Flags |= WDF_REQUEST_SEND_OPTION_TIMEOUT;
    it->Timeout = timeout;
}

FORCEINLINE VOID WDF_REQUEST_FORWARD_OPTIONS_INIT(PWDF_REQUEST_FORWARD_OPTIONS it)
{
    LAB_WDF_START(it, WDF_REQUEST_FORWARD_OPTIONS);
    it->Flags = WDF_REQUEST_FORWARD_OPTION_SEND_AND_FORGET;
}

FORCEINLINE VOID WDF_TASK_SEND_OPTIONS_INIT(PWDF_TASK_SEND_OPTIONS it, ULONG flags)
{
    LAB_WDF_START(it, WDF_TASK_SEND_OPTIONS);
    it->Flags = flags;
}

FORCEINLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_EXISTING_DEVICE(PWDF_IO_TARGET_OPEN_PARAMS it, PDEVICE_OBJECT device)
{
    LAB_WDF_START(it, WDF_IO_TARGET_OPEN_PARAMS);
    it->Type = WdfIoTargetOpenUseExistingDevice;
    it->TargetDeviceObject = device;
}

FORCEINLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_CREATE_BY_NAME(PWDF_IO_TARGET_OPEN_PARAMS it, PCUNICODE_STRING name, ACCESS_MASK access)
{
    LAB_WDF_START(it, WDF_IO_TARGET_OPEN_PARAMS);
    it->Type = WdfIoTargetOpenByName;
    it->TargetDeviceName = *name;
    it->DesiredAccess = access;
    it->CreateOptions = FILE_NON_DIRECTORY_FILE;
}

FORCEINLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(PWDF_IO_TARGET_OPEN_PARAMS it, PCUNICODE_STRING name, ACCESS_MASK access)
{
    WDF_IO_TARGET_OPEN_PARAMS_INIT_CREATE_BY_NAME(it, name, access);
    it->CreateDisposition = FILE_OPEN;
}

FORCEINLINE VOID WDF_IO_TARGET_OPEN_PARAMS_INIT_REOPEN(PWDF_IO_TARGET_OPEN_PARAMS it)
{
    LAB_WDF_START(it, WDF_IO_TARGET_OPEN_PARAMS);
    it->Type = WdfIoTargetOpenReopen;
}

FORCEINLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(PWDF_MEMORY_DESCRIPTOR it, PVOID buffer, ULONG length)
{
    memset(it, 0, sizeof(WDF_MEMORY_DESCRIPTOR));
    it->Type = WdfMemoryDescriptorTypeBuffer;
    it->u.BufferType.Buffer = buffer;
    it->u.BufferType.Length = length;
}

FORCEINLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(PWDF_MEMORY_DESCRIPTOR it, WDFMEMORY memory, PWDFMEMORY_OFFSET offsets)
{
    memset(it, 0, sizeof(WDF_MEMORY_DESCRIPTOR));
    it->Type = WdfMemoryDescriptorTypeHandle;
    it->u.HandleType.Memory = memory;
    it->u.HandleType.Offsets = offsets;
}

FORCEINLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_MDL(PWDF_MEMORY_DESCRIPTOR it, PMDL mdl, ULONG length)
{
    memset(it, 0, sizeof(WDF_MEMORY_DESCRIPTOR));
    it->Type = WdfMemoryDescriptorTypeMdl;
    it->u.MdlType.Mdl = mdl;
    it->u.MdlType.BufferLength = length;
}

FORCEINLINE VOID WDF_TIMER_CONFIG_INIT(PWDF_TIMER_CONFIG it, PFN_WDF_TIMER routine)
{
    LAB_WDF_START(it, WDF_TIMER_CONFIG);
    it->EvtTimerFunc = routine;
    it->AutomaticSerialization = TRUE;
}

FORCEINLINE VOID WDF_DPC_CONFIG_INIT(PWDF_DPC_CONFIG it, PFN_WDF_DPC routine)
{
    LAB_WDF_START(it, WDF_DPC_CONFIG);
    it->EvtDpcFunc = routine;
    it->AutomaticSerialization = TRUE;
}

FORCEINLINE VOID WDF_WORKITEM_CONFIG_INIT(PWDF_WORKITEM_CONFIG it, PFN_WDF_WORKITEM routine)
{
    LAB_WDF_START(it, WDF_WORKITEM_CONFIG);
    it->EvtWorkItemFunc = routine;
    it->AutomaticSerialization = TRUE;
}

FORCEINLINE VOID WDF_TIMER_CONFIG_INIT_PERIODIC(PWDF_TIMER_CONFIG it, PFN_WDF_TIMER routine, LONG period)
{
    WDF_TIMER_CONFIG_INIT(it, routine);
    it->Period = (ULONG)period;
}

FORCEINLINE VOID WDF_INTERRUPT_CONFIG_INIT(PWDF_INTERRUPT_CONFIG it, PFN_WDF_INTERRUPT_ISR isr, PFN_WDF_INTERRUPT_DPC dpc)
{
    LAB_WDF_START(it, WDF_INTERRUPT_CONFIG);
    it->EvtInterruptIsr = isr;
    it->EvtInterruptDpc = dpc;
    it->ShareVector = WdfUseDefault;
    it->ReportInactiveOnPowerDown = WdfUseDefault;
}

FORCEINLINE VOID WDF_INTERRUPT_EXTENDED_POLICY_INIT(PWDF_INTERRUPT_EXTENDED_POLICY it)
{
    LAB_WDF_START(it, WDF_INTERRUPT_EXTENDED_POLICY);
    it->Policy = WdfIrqPolicyMachineDefault;
    it->Priority = WdfIrqPriorityUndefined;
}

FORCEINLINE VOID WDF_COMMON_BUFFER_CONFIG_INIT(PWDF_COMMON_BUFFER_CONFIG it, ULONG alignment)
{
    LAB_WDF_START(it, WDF_COMMON_BUFFER_CONFIG);
    it->AlignmentRequirement = alignment;
}

FORCEINLINE VOID WDF_DMA_ENABLER_CONFIG_INIT(PWDF_DMA_ENABLER_CONFIG it, WDF_DMA_PROFILE profile, size_t length)
{
    LAB_WDF_START(it, WDF_DMA_ENABLER_CONFIG);
    it->Profile = profile;
    it->MaximumLength = length;
}

FORCEINLINE VOID WDF_DMA_SYSTEM_PROFILE_CONFIG_INIT(PWDF_DMA_SYSTEM_PROFILE_CONFIG it, PHYSICAL_ADDRESS address, DMA_WIDTH width, PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor)
{
    LAB_WDF_START(it, WDF_DMA_SYSTEM_PROFILE_CONFIG);
    it->DeviceAddress = address;
    it->DmaWidth = width;
    it->DmaDescriptor = descriptor;
}

FORCEINLINE VOID WDF_WMI_PROVIDER_CONFIG_INIT(PWDF_WMI_PROVIDER_CONFIG it, const GUID *guid)
{
    LAB_WDF_START(it, WDF_WMI_PROVIDER_CONFIG);
    it->Guid = *guid;
}

FORCEINLINE VOID WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER(PWDF_WMI_INSTANCE_CONFIG it, WDFWMIPROVIDER provider)
{
    LAB_WDF_START(it, WDF_WMI_INSTANCE_CONFIG);
    it->Provider = provider;
}

FORCEINLINE VOID WDF_WMI_INSTANCE_CONFIG_INIT_PROVIDER_CONFIG(PWDF_WMI_INSTANCE_CONFIG it, PWDF_WMI_PROVIDER_CONFIG provider)
{
    LAB_WDF_START(it, WDF_WMI_INSTANCE_CONFIG);
    it->ProviderConfig = provider;
}

/* Whether every bit of `wanted` and none of `unwanted` is set in a queue's state. */
FORCEINLINE BOOLEAN LabQueueStateIs(WDF_IO_QUEUE_STATE state, ULONG wanted, ULONG unwanted)
{
    return (BOOLEAN)(((ULONG)state & (wanted | unwanted)) == wanted);
}
#define WDF_IO_QUEUE_IDLE(state) LabQueueStateIs((state), WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests, 0)
#define WDF_IO_QUEUE_READY(state) LabQueueStateIs((state), WdfIoQueueDispatchRequests | WdfIoQueueAcceptRequests, WdfIoQueuePnpHeld)
#define WDF_IO_QUEUE_STOPPED(state) LabQueueStateIs((state), WdfIoQueueAcceptRequests | WdfIoQueueDriverNoRequests, WdfIoQueueDispatchRequests)
#define WDF_IO_QUEUE_DRAINED(state) LabQueueStateIs((state), WdfIoQueueDispatchRequests | WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests, WdfIoQueueAcceptRequests)
#define WDF_IO_QUEUE_PURGED(state) LabQueueStateIs((state), WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests, WdfIoQueueAcceptRequests)

FORCEINLINE PVOID WdfObjectGetTypedContextWorker(WDFOBJECT Handle, PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo)
{
    return ((PFN_WDFOBJECTGETTYPEDCONTEXTWORKER)WdfFunctions[WdfObjectGetTypedContextWorkerTableIndex])(WdfDriverGlobals, Handle, TypeInfo);
}

FORCEINLINE WDFOBJECT WdfObjectContextGetObject(PVOID ContextPointer)
{
    return ((PFN_WDFOBJECTCONTEXTGETOBJECT)WdfFunctions[WdfObjectContextGetObjectTableIndex])(WdfDriverGlobals, ContextPointer);
}

/* A context type is known by the address of its description, which every file of the driver that declares it shares. */
#define WDF_TYPE_NAME_TO_TYPE_INFO(type) _WDF_##type##_TYPE_INFO
#define WDF_GET_CONTEXT_TYPE_INFO(type) (&WDF_TYPE_NAME_TO_TYPE_INFO(type))
#define WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(type, accessor)                                                            \
    WDF_EXTERN_C const WDF_OBJECT_CONTEXT_TYPE_INFO WDF_TYPE_NAME_TO_TYPE_INFO(type);                                 \
    WDF_EXTERN_C __declspec(selectany) const WDF_OBJECT_CONTEXT_TYPE_INFO WDF_TYPE_NAME_TO_TYPE_INFO(type) = {        \
        sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), #type, sizeof(type), WDF_GET_CONTEXT_TYPE_INFO(type), NULL};            \
    FORCEINLINE type *accessor(WDFOBJECT handle)                                                                      \
    {                                                                                                                 \
        return (type *)WdfObjectGetTypedContextWorker(handle, WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType);           \
    }
#define WDF_DECLARE_CONTEXT_TYPE(type) WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(type, WdfObjectGet_##type)
#define WdfObjectGetTypedContext(handle, type) \
    ((type *)WdfObjectGetTypedContextWorker((WDFOBJECT)(handle), WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType))
#define WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(attributes, type) \
    ((attributes)->ContextTypeInfo = WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType)
#define WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(attributes, type) \
    WDF_OBJECT_ATTRIBUTES_INIT(attributes);                       \
    WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(attributes, type)

#define WdfObjectReferenceWithTag(handle, tag) WdfObjectReferenceActual((handle), (tag), __LINE__, __FILE__)
#define WdfObjectReference(handle) WdfObjectReferenceWithTag((handle), NULL)
#define WdfObjectDereferenceWithTag(handle, tag) WdfObjectDereferenceActual((handle), (tag), __LINE__, __FILE__)
#define WdfObjectDereference(handle) WdfObjectDereferenceWithTag((handle), NULL)
#define WdfDeviceStopIdleWithTag(device, wait, tag) WdfDeviceStopIdleActual((device), (wait), (tag), __LINE__, __FILE__)
#define WdfDeviceStopIdle(device, wait) WdfDeviceStopIdleWithTag((device), (wait), NULL)
#define WdfDeviceResumeIdleWithTag(device, tag) WdfDeviceResumeIdleActual((device), (tag), __LINE__, __FILE__)
#define WdfDeviceResumeIdle(device) WdfDeviceResumeIdleWithTag((device), NULL)

WDF_EXTERN_C_END

#endif
