//! The function table: 458 slots, each an implementation or a stub that stops the run by name.
#![allow(unsafe_code, reason = "the table is shared, constant data made of addresses")]

use crate::{ddi, unsupported};

include!(concat!(env!("OUT_DIR"), "/functions.rs"));

/// The address of a function.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Slot(*const ());

// SAFETY: The address of a function of this image, never written.
unsafe impl Sync for Slot {}

impl Slot {
    /// The address.
    pub const fn address(self) -> *const core::ffi::c_void {
        self.0.cast()
    }
}

/// The table that clients get.
pub static TABLE: [Slot; COUNT] = table();

/// The names as C strings, for nthost, which reads them by the export's name.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub static WdfCallNames: [Slot; COUNT] = names();

/// A variable that clients have. `wdk-sys` refers to it; defined here, it keeps the client's entry stub out
/// of this image.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub static WdfFunctionCount: u32 = 458;

const _: () = assert!(COUNT == 458);

const fn names() -> [Slot; COUNT] {
    let mut names = [Slot(core::ptr::null()); COUNT];
    let mut at = 0;
    while at < COUNT {
        names[at] = Slot(NAMES[at].as_ptr().cast());
        at += 1;
    }
    names
}

/// What an unimplemented function does.
extern "C" fn stub<const INDEX: usize>() -> ! {
    ddi::count(INDEX);
    unsupported::stop(NAMES[INDEX])
}

/// Puts the implementations over the stubs.
macro_rules! implemented {
    ($($module:path { $($name:ident)* })*) => {
        const fn table() -> [Slot; COUNT] {
            let mut table = STUBS;
            $({
                use $module as module;
                $(table[index::$name] = Slot(module::$name as *const ());)*
            })*
            table
        }
    };
}

implemented! {
    crate::driver {
        WdfDriverCreate WdfDriverGetRegistryPath WdfDriverWdmGetDriverObject WdfWdmDriverGetWdfDriverHandle
        WdfDriverRetrieveVersionString WdfDriverIsVersionAvailable WdfDriverRegisterTraceInfo
        WdfDriverErrorReportApiMissing
    }
    crate::callback_lock {
        WdfObjectAcquireLock WdfObjectReleaseLock
    }
    crate::object::api {
        WdfObjectCreate WdfObjectDelete WdfObjectReferenceActual WdfObjectDereferenceActual
        WdfObjectGetTypedContextWorker WdfObjectAllocateContext WdfObjectContextGetObject WdfObjectQuery
    }
    crate::device_init {
        WdfDeviceInitFree WdfDeviceInitSetPnpPowerEventCallbacks WdfDeviceInitSetPowerPolicyEventCallbacks
        WdfDeviceInitSetPowerPolicyOwnership WdfDeviceInitSetExclusive WdfDeviceInitSetIoType
        WdfDeviceInitSetIoTypeEx WdfDeviceInitSetPowerPageable WdfDeviceInitSetPowerNotPageable
        WdfDeviceInitSetPowerInrush WdfDeviceInitSetDeviceType WdfDeviceInitSetCharacteristics
        WdfDeviceInitAssignName WdfDeviceInitAssignSDDLString WdfDeviceInitSetDeviceClass
        WdfDeviceInitSetFileObjectConfig WdfDeviceInitSetRequestAttributes
        WdfDeviceInitAssignWdmIrpPreprocessCallback WdfDeviceInitSetIoInCallerContextCallback
        WdfDeviceInitAllowSelfIoTarget
    }
    crate::device::api {
        WdfDeviceCreate WdfDeviceGetDriver WdfDeviceWdmGetDeviceObject WdfDeviceWdmGetAttachedDevice
        WdfDeviceWdmGetPhysicalDevice WdfWdmDeviceGetWdfDeviceHandle WdfDeviceGetIoTarget
        WdfDeviceGetDeviceState WdfDeviceSetDeviceState WdfDeviceSetFailed WdfDeviceSetPnpCapabilities
        WdfDeviceSetPowerCapabilities WdfDeviceSetBusInformationForChildren WdfDeviceSetStaticStopRemove
        WdfDeviceSetCharacteristics WdfDeviceGetCharacteristics WdfDeviceGetAlignmentRequirement
        WdfDeviceSetAlignmentRequirement WdfDeviceGetFileObject WdfDeviceRetrieveDeviceName
        WdfDeviceCreateSymbolicLink WdfDeviceWdmDispatchPreprocessedIrp
        WdfDeviceGetSelfIoTarget WdfDeviceAssignMofResourceName WdfDeviceSetSpecialFileSupport WdfDeviceRetrieveCompanionTarget
    }
    crate::device::state {
        WdfDeviceGetDevicePnpState WdfDeviceGetDevicePowerState WdfDeviceGetSystemPowerAction
        WdfDeviceStopIdleNoTrack WdfDeviceResumeIdleNoTrack WdfDeviceStopIdleActual
        WdfDeviceResumeIdleActual WdfDeviceInitSetRemoveLockOptions
        WdfDeviceInitSetReleaseHardwareOrderOnFailure WdfPdoInitRemovePowerDependencyOnParent
    }
    crate::device::wdm_dispatch {
        WdfDeviceConfigureWdmIrpDispatchCallback WdfDeviceWdmDispatchIrp WdfDeviceWdmDispatchIrpToIoQueue
    }
    crate::device::power_policy {
        WdfDeviceAssignS0IdleSettings WdfDeviceAssignSxWakeSettings WdfDeviceIndicateWakeStatus
        WdfDeviceGetDevicePowerPolicyState WdfDeviceWdmAssignPowerFrameworkSettings
    }
    crate::related {
        WdfDeviceAddRemovalRelationsPhysicalDevice WdfDeviceRemoveRemovalRelationsPhysicalDevice
        WdfDeviceClearRemovalRelationsDevices WdfPdoAddEjectionRelationsPhysicalDevice
        WdfPdoRemoveEjectionRelationsPhysicalDevice WdfPdoClearEjectionRelationsDevices
        WdfDeviceAddDependentUsageDeviceObject WdfDeviceRemoveDependentUsageDeviceObject
    }
    crate::wmi {
        WdfWmiProviderCreate WdfWmiProviderGetDevice WdfWmiProviderIsEnabled WdfWmiProviderGetTracingHandle
        WdfWmiInstanceCreate WdfWmiInstanceRegister WdfWmiInstanceDeregister WdfWmiInstanceGetDevice
        WdfWmiInstanceGetProvider WdfWmiInstanceFireEvent
    }
    crate::verifier {
        WdfVerifierDbgBreakPoint WdfVerifierKeBugCheck
    }
    crate::device_interface {
        WdfDeviceCreateDeviceInterface WdfDeviceSetDeviceInterfaceState WdfDeviceSetDeviceInterfaceStateEx
        WdfDeviceRetrieveDeviceInterfaceString
    }
    crate::device_property {
        WdfDeviceQueryProperty WdfDeviceAllocAndQueryProperty
    }
    crate::device_property::keyed {
        WdfDeviceQueryPropertyEx WdfDeviceAllocAndQueryPropertyEx WdfDeviceAssignProperty
        WdfFdoInitQueryPropertyEx WdfFdoInitAllocAndQueryPropertyEx
    }
    crate::fdo {
        WdfFdoInitWdmGetPhysicalDevice WdfFdoInitSetFilter WdfFdoInitSetEventCallbacks
        WdfFdoInitSetDefaultChildListConfig WdfFdoInitOpenRegistryKey WdfFdoInitQueryProperty
        WdfFdoInitAllocAndQueryProperty WdfFdoQueryForInterface WdfFdoGetDefaultChildList
        WdfFdoAddStaticChild WdfFdoLockStaticChildListForIteration WdfFdoRetrieveNextStaticChild
        WdfFdoUnlockStaticChildListFromIteration
    }
    crate::pdo {
        WdfPdoInitAllocate WdfPdoInitSetEventCallbacks WdfPdoInitAssignDeviceID WdfPdoInitAssignInstanceID
        WdfPdoInitAssignContainerID WdfPdoInitAddHardwareID WdfPdoInitAddCompatibleID
        WdfPdoInitAddDeviceText WdfPdoInitSetDefaultLocale WdfPdoInitAssignRawDevice
        WdfPdoInitAllowForwardingRequestToParent WdfPdoMarkMissing WdfPdoGetParent
        WdfPdoRetrieveIdentificationDescription WdfPdoUpdateAddressDescription
        WdfPdoRetrieveAddressDescription
    }
    crate::child_list::api {
        WdfChildListCreate WdfChildListGetDevice WdfChildListBeginScan WdfChildListEndScan
        WdfChildListAddOrUpdateChildDescriptionAsPresent WdfChildListUpdateChildDescriptionAsMissing
        WdfChildListUpdateAllChildDescriptionsAsPresent WdfChildListRetrieveAddressDescription
        WdfChildListRetrievePdo WdfChildListBeginIteration WdfChildListRetrieveNextDevice
        WdfChildListEndIteration
    }
    crate::query_interface {
        WdfDeviceAddQueryInterface WdfIoTargetQueryForInterface
    }
    crate::resource::assigned {
        WdfCmResourceListGetCount WdfCmResourceListGetDescriptor WdfCmResourceListInsertDescriptor
        WdfCmResourceListAppendDescriptor WdfCmResourceListRemove WdfCmResourceListRemoveByDescriptor
    }
    crate::resource::requirements {
        WdfIoResourceRequirementsListSetSlotNumber WdfIoResourceRequirementsListSetInterfaceType
        WdfIoResourceRequirementsListAppendIoResList WdfIoResourceRequirementsListInsertIoResList
        WdfIoResourceRequirementsListGetCount WdfIoResourceRequirementsListGetIoResList
        WdfIoResourceRequirementsListRemove WdfIoResourceRequirementsListRemoveByIoResList
        WdfIoResourceListCreate WdfIoResourceListAppendDescriptor WdfIoResourceListInsertDescriptor
        WdfIoResourceListUpdateDescriptor WdfIoResourceListGetCount WdfIoResourceListGetDescriptor
        WdfIoResourceListRemove WdfIoResourceListRemoveByDescriptor
    }
    crate::queue::api {
        WdfIoQueueCreate WdfIoQueueGetDevice WdfIoQueueGetState WdfIoQueueStart WdfIoQueueStop
        WdfIoQueueStopSynchronously WdfIoQueueDrain WdfIoQueueDrainSynchronously WdfIoQueuePurge
        WdfIoQueuePurgeSynchronously WdfIoQueueStopAndPurge WdfIoQueueStopAndPurgeSynchronously
        WdfIoQueueRetrieveNextRequest WdfIoQueueRetrieveRequestByFileObject WdfIoQueueFindRequest
        WdfIoQueueRetrieveFoundRequest WdfIoQueueReadyNotify WdfDeviceGetDefaultQueue
        WdfDeviceConfigureRequestDispatching WdfDeviceEnqueueRequest
    }
    crate::request {
        WdfRequestComplete WdfRequestCompleteWithInformation WdfRequestCompleteWithPriorityBoost
        WdfRequestGetParameters WdfRequestSetInformation WdfRequestGetInformation WdfRequestGetStatus
        WdfRequestGetRequestorMode WdfRequestGetFileObject WdfRequestWdmGetIrp WdfRequestGetIoQueue
        WdfRequestForwardToIoQueue WdfRequestRequeue WdfRequestMarkCancelable WdfRequestMarkCancelableEx
        WdfRequestUnmarkCancelable WdfRequestIsCanceled WdfRequestStopAcknowledge
        WdfRequestIsFrom32BitProcess WdfRequestIsReserved WdfRequestForwardToParentDeviceIoQueue
        WdfRequestGetRequestorProcessId
    }
    crate::request::own {
        WdfRequestCreate WdfRequestCreateFromIrp WdfRequestReuse WdfRequestChangeTarget WdfRequestAllocateTimer
    }
    crate::request_io {
        WdfRequestRetrieveInputBuffer WdfRequestRetrieveOutputBuffer WdfRequestRetrieveInputMemory
        WdfRequestRetrieveOutputMemory WdfRequestRetrieveInputWdmMdl WdfRequestRetrieveOutputWdmMdl
        WdfRequestRetrieveUnsafeUserInputBuffer WdfRequestRetrieveUnsafeUserOutputBuffer
        WdfRequestProbeAndLockUserBufferForRead WdfRequestProbeAndLockUserBufferForWrite
    }
    crate::file_object {
        WdfFileObjectGetFileName WdfFileObjectGetFlags WdfFileObjectGetDevice WdfFileObjectWdmGetFileObject
        WdfFileObjectGetInitiatorProcessId
    }
    crate::io_target::api {
        WdfIoTargetCreate WdfIoTargetOpen WdfIoTargetClose WdfIoTargetCloseForQueryRemove WdfIoTargetStart
        WdfIoTargetStop WdfIoTargetPurge WdfIoTargetGetState WdfIoTargetGetDevice
        WdfIoTargetWdmGetTargetDeviceObject WdfIoTargetWdmGetTargetPhysicalDevice
        WdfIoTargetWdmGetTargetFileObject WdfIoTargetWdmGetTargetFileHandle
        WdfIoTargetQueryTargetProperty WdfIoTargetAllocAndQueryTargetProperty
        WdfIoTargetSendIoctlSynchronously WdfIoTargetSendInternalIoctlSynchronously
        WdfIoTargetSendInternalIoctlOthersSynchronously WdfIoTargetSendReadSynchronously
        WdfIoTargetSendWriteSynchronously WdfIoTargetFormatRequestForIoctl
        WdfIoTargetFormatRequestForInternalIoctl WdfIoTargetFormatRequestForRead
        WdfIoTargetFormatRequestForWrite WdfIoTargetFormatRequestForInternalIoctlOthers
        WdfIoTargetSelfAssignDefaultIoQueue
        WdfRequestFormatRequestUsingCurrentType WdfRequestWdmFormatUsingStackLocation WdfRequestSend
        WdfRequestCancelSentRequest WdfRequestSetCompletionRoutine WdfRequestGetCompletionParams
    }
    crate::control {
        WdfControlDeviceInitAllocate WdfControlDeviceInitSetShutdownNotification
        WdfControlFinishInitializing
    }
    crate::registry {
        WdfDriverOpenParametersRegistryKey WdfDeviceOpenRegistryKey WdfRegistryOpenKey WdfRegistryCreateKey
        WdfRegistryClose WdfRegistryWdmGetHandle WdfRegistryRemoveKey WdfRegistryRemoveValue
        WdfRegistryQueryULong WdfRegistryQueryValue WdfRegistryQueryString WdfRegistryQueryUnicodeString
        WdfRegistryAssignULong WdfRegistryAssignValue WdfRegistryAssignString WdfRegistryAssignUnicodeString
    }
    crate::registry::places {
        WdfDriverOpenPersistentStateRegistryKey WdfDeviceOpenDevicemapKey
    }
    crate::registry::lists {
        WdfRegistryQueryMemory WdfRegistryAssignMemory WdfRegistryQueryMultiString
        WdfRegistryAssignMultiString
    }
    crate::string {
        WdfStringCreate WdfStringGetUnicodeString
    }
    crate::collection {
        WdfCollectionCreate WdfCollectionGetCount WdfCollectionAdd WdfCollectionRemove
        WdfCollectionRemoveItem WdfCollectionGetItem WdfCollectionGetFirstItem WdfCollectionGetLastItem
    }
    crate::memory {
        WdfMemoryCreate WdfMemoryCreatePreallocated WdfMemoryGetBuffer WdfMemoryAssignBuffer
        WdfMemoryCopyToBuffer WdfMemoryCopyFromBuffer
    }
    crate::lookaside {
        WdfLookasideListCreate WdfMemoryCreateFromLookaside
    }
    crate::lock {
        WdfSpinLockCreate WdfSpinLockAcquire WdfSpinLockRelease WdfWaitLockCreate WdfWaitLockAcquire
        WdfWaitLockRelease
    }
    crate::timer {
        WdfTimerCreate WdfTimerStart WdfTimerStop WdfTimerGetParentObject
    }
    crate::dpc {
        WdfDpcCreate WdfDpcEnqueue WdfDpcCancel WdfDpcGetParentObject WdfDpcWdmGetDpc
    }
    crate::work_item {
        WdfWorkItemCreate WdfWorkItemEnqueue WdfWorkItemGetParentObject WdfWorkItemFlush
    }
}
