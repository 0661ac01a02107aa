/* Conformance: resource lists, and a driver's own dispatch routines. */
#include "conform.h"
#include "self.h"

#define SHOWN CTL_CODE(FILE_DEVICE_UNKNOWN, 0x810, METHOD_BUFFERED, FILE_ANY_ACCESS)

static ULONG Prepared, Filtered, Removed, Dispatched, Presented;
static WDFQUEUE Other;
static UCHAR Mode;

/* fxresourceapi.cpp WdfCmResourceList...: what a start gives cannot be changed. */
static NTSTATUS OnPrepare(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = { .Type = CmResourceTypePort };
    UNREFERENCED_PARAMETER(Device);
    Prepared++;
    CHECK(Raw != NULL && Translated != NULL && Raw != Translated);
    CHECK(WdfCmResourceListGetCount(Raw) == 0 && WdfCmResourceListGetCount(Translated) == 0);
    CHECK(WdfCmResourceListGetDescriptor(Raw, 0) == NULL);
    CHECK_STATUS(STATUS_ACCESS_DENIED, WdfCmResourceListAppendDescriptor(Raw, &descriptor));
    CHECK_STATUS(STATUS_ACCESS_DENIED, WdfCmResourceListInsertDescriptor(Translated, &descriptor, 0));
    WdfCmResourceListRemove(Raw, 0);
    WdfCmResourceListRemoveByDescriptor(Raw, &descriptor);
    CHECK(WdfCmResourceListGetCount(Raw) == 0);
    return STATUS_SUCCESS;
}

/* fxresourceapi.cpp WdfIoResourceList..., fxresourcecollection.cpp FxResourceCollection::AddAt */
static VOID Descriptors(WDFIORESLIST List)
{
    IO_RESOURCE_DESCRIPTOR descriptor = { .Type = CmResourceTypePort };
    PIO_RESOURCE_DESCRIPTOR shown;
    CHECK(WdfIoResourceListGetCount(List) == 0 && WdfIoResourceListGetDescriptor(List, 0) == NULL);
    CHECK_STATUS(STATUS_ARRAY_BOUNDS_EXCEEDED, WdfIoResourceListInsertDescriptor(List, &descriptor, 1));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceListInsertDescriptor(List, &descriptor, 0));
    descriptor.Flags = 1;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceListAppendDescriptor(List, &descriptor));
    descriptor.Flags = 2;
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceListInsertDescriptor(List, &descriptor, 1));
    CHECK(WdfIoResourceListGetCount(List) == 3);
    CHECK(WdfIoResourceListGetDescriptor(List, 0)->Flags == 0 && WdfIoResourceListGetDescriptor(List, 1)->Flags == 2 &&
          WdfIoResourceListGetDescriptor(List, 2)->Flags == 1);
    /* The driver sees a copy. */
    shown = WdfIoResourceListGetDescriptor(List, 1);
    shown->Flags = 9;
    CHECK(WdfIoResourceListGetDescriptor(List, 1) == shown && shown->Flags == 2);
    descriptor.Flags = 3;
    WdfIoResourceListUpdateDescriptor(List, &descriptor, 1);
    WdfIoResourceListUpdateDescriptor(List, &descriptor, 7);
    CHECK(WdfIoResourceListGetDescriptor(List, 1)->Flags == 3);
    descriptor.Flags = 1;
    WdfIoResourceListRemoveByDescriptor(List, &descriptor);
    CHECK(WdfIoResourceListGetCount(List) == 2 && WdfIoResourceListGetDescriptor(List, 1)->Flags == 3);
    WdfIoResourceListRemoveByDescriptor(List, &descriptor);
    WdfIoResourceListRemove(List, 0);
    WdfIoResourceListRemove(List, 5);
    CHECK(WdfIoResourceListGetCount(List) == 1 && WdfIoResourceListGetDescriptor(List, 0)->Flags == 3);
}

/* fxpkgfdokm.cpp FxPkgFdo::PnpFilterResourceRequirements */
static NTSTATUS OnFilter(WDFDEVICE Device, WDFIORESREQLIST List)
{
    UNREFERENCED_PARAMETER(Device);
    Filtered++;
    CHECK(Removed == 4);
    CHECK(WdfIoResourceRequirementsListGetCount(List) == 0);
    return STATUS_SUCCESS;
}

/* fxresourceapi.cpp WdfIoResourceRequirementsList...; at the end the list is as empty as it was. */
static NTSTATUS OnRemove(WDFDEVICE Device, WDFIORESREQLIST Requirements)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFIORESLIST first, second, third;
    UNREFERENCED_PARAMETER(Device);
    Removed++;
    CHECK(WdfIoResourceRequirementsListGetCount(Requirements) == 0);
    if (Removed == 3) {
        return STATUS_UNSUCCESSFUL;
    }
    if (Removed == 4) {
        return STATUS_SUCCESS;
    }
    CHECK(WdfIoResourceRequirementsListGetIoResList(Requirements, 0) == NULL);
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    CHECK_STATUS(STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, WdfIoResourceListCreate(Requirements, &attributes, &first));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceListCreate(Requirements, WDF_NO_OBJECT_ATTRIBUTES, &first));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceListCreate(Requirements, WDF_NO_OBJECT_ATTRIBUTES, &second));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceListCreate(Requirements, WDF_NO_OBJECT_ATTRIBUTES, &third));
    CHECK(WdfIoResourceRequirementsListGetCount(Requirements) == 0);
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceRequirementsListAppendIoResList(Requirements, first));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceRequirementsListInsertIoResList(Requirements, second, 0));
    CHECK_STATUS(STATUS_SUCCESS, WdfIoResourceRequirementsListInsertIoResList(Requirements, third, 2));
    CHECK(WdfIoResourceRequirementsListGetCount(Requirements) == 3);
    CHECK(WdfIoResourceRequirementsListGetIoResList(Requirements, 0) == second &&
          WdfIoResourceRequirementsListGetIoResList(Requirements, 1) == first &&
          WdfIoResourceRequirementsListGetIoResList(Requirements, 2) == third);
    Descriptors(first);
    WdfIoResourceRequirementsListRemove(Requirements, 0);
    WdfIoResourceRequirementsListRemove(Requirements, 4);
    WdfIoResourceRequirementsListRemoveByIoResList(Requirements, third);
    CHECK(WdfIoResourceRequirementsListGetCount(Requirements) == 1);
    CHECK(WdfIoResourceRequirementsListGetIoResList(Requirements, 0) == first);
    WdfIoResourceRequirementsListRemove(Requirements, 0);
    CHECK(WdfIoResourceRequirementsListGetCount(Requirements) == 0);
    return STATUS_SUCCESS;
}

static NTSTATUS OnRemoveAdded(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Raw);
    UNREFERENCED_PARAMETER(Translated);
    CHECK(!"resources were added");
    return STATUS_SUCCESS;
}

static VOID Configure(PWDFDEVICE_INIT Init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS power;
    WDF_FDO_EVENT_CALLBACKS callbacks;
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&power);
    power.EvtDevicePrepareHardware = OnPrepare;
    WdfDeviceInitSetPnpPowerEventCallbacks(Init, &power);
    WDF_FDO_EVENT_CALLBACKS_INIT(&callbacks);
    callbacks.EvtDeviceFilterAddResourceRequirements = OnFilter;
    callbacks.EvtDeviceFilterRemoveResourceRequirements = OnRemove;
    callbacks.EvtDeviceRemoveAddedResources = OnRemoveAdded;
    WdfFdoInitSetEventCallbacks(Init, &callbacks);
}

static VOID OnOther(WDFQUEUE Queue, WDFREQUEST Request, size_t Output, size_t Input, ULONG Code)
{
    UNREFERENCED_PARAMETER(Output);
    UNREFERENCED_PARAMETER(Input);
    CHECK(Queue == Other && Code == SHOWN);
    Presented++;
    WdfRequestComplete(Request, STATUS_SUCCESS);
}

/* fxpkgio.cpp FxPkgIo::DispatchStep1, fxdeviceapikm.cpp WdfDeviceWdmDispatchIrpToIoQueue */
static NTSTATUS OnDispatch(WDFDEVICE Device, UCHAR Major, UCHAR Minor, ULONG Code, WDFCONTEXT Driver, PIRP Irp, WDFCONTEXT Context)
{
    CHECK(Major == IRP_MJ_DEVICE_CONTROL && Minor == 0 && Driver == &Dispatched && Context != NULL);
    CHECK(Code == IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode);
    Dispatched++;
    if (Code != SHOWN) {
        return WdfDeviceWdmDispatchIrp(Device, Irp, Context);
    }
    switch (Mode) {
    case 0:
        return WdfDeviceWdmDispatchIrpToIoQueue(Device, Irp, Other, WDF_DISPATCH_IRP_TO_IO_QUEUE_NO_FLAGS);
    case 1:
        /* As if a driver below got it. */
        IoSkipCurrentIrpStackLocation(Irp);
        return WdfDeviceWdmDispatchIrpToIoQueue(Device, Irp, Other, WDF_DISPATCH_IRP_TO_IO_QUEUE_PREPROCESSED_IRP);
    case 2:
        return WdfDeviceWdmDispatchIrpToIoQueue(Device, Irp, Other, 0x10);
    case 3:
        Irp->IoStatus.Status = STATUS_NOT_FOUND;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_NOT_FOUND;
    default:
        return WdfDeviceWdmDispatchIrp(Device, Irp, (WDFCONTEXT)((ULONG_PTR)Context + 16));
    }
}

/* fxdeviceapi.cpp WdfDeviceConfigureWdmIrpDispatchCallback */
static NTSTATUS Added(WDFDEVICE Device)
{
    WDF_IO_QUEUE_CONFIG queue;
    CHECK(Removed == 0 && Prepared == 0);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceConfigureWdmIrpDispatchCallback(Device, NULL, IRP_MJ_CREATE, OnDispatch, NULL));
    CHECK_STATUS(STATUS_SUCCESS,
                 WdfDeviceConfigureWdmIrpDispatchCallback(Device, WdfDeviceGetDriver(Device), IRP_MJ_DEVICE_CONTROL, OnDispatch, &Dispatched));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfDeviceConfigureWdmIrpDispatchCallback(Device, NULL, IRP_MJ_DEVICE_CONTROL, OnDispatch, NULL));
    WDF_IO_QUEUE_CONFIG_INIT(&queue, WdfIoQueueDispatchParallel);
    queue.PowerManaged = WdfFalse;
    queue.EvtIoDeviceControl = OnOther;
    return WdfIoQueueCreate(Device, &queue, WDF_NO_OBJECT_ATTRIBUTES, &Other);
}

static NTSTATUS Ask(UCHAR How)
{
    Mode = How;
    return WdfIoTargetSendIoctlSynchronously(Self, NULL, SHOWN, NULL, NULL, NULL, NULL);
}

static NTSTATUS FilterAgain(WDFDEVICE Device)
{
    PDEVICE_OBJECT device = WdfDeviceWdmGetDeviceObject(Device);
    IO_STATUS_BLOCK result = { 0 };
    KEVENT done;
    PIRP irp;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, device, NULL, 0, NULL, &done, &result);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_FILTER_RESOURCE_REQUIREMENTS;
    if (IoCallDriver(device, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
    return result.Status;
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    /* Removing on the way down, adding on the way up; a list that was changed and has nothing left is no list, which fails the IRP before it
       gets that far (fxresourcecollection.cpp FxIoResReqList::CreateWdmList). The device starts nevertheless. */
    CHECK(Removed == 1 && Filtered == 0 && Prepared == 1);
    CHECK_STATUS(STATUS_INSUFFICIENT_RESOURCES, FilterAgain(Device));
    CHECK_STATUS(STATUS_UNSUCCESSFUL, FilterAgain(Device));
    CHECK(Filtered == 0);
    CHECK_STATUS(STATUS_SUCCESS, FilterAgain(Device));
    CHECK(Removed == 4 && Filtered == 1);
    CHECK(Dispatched == 1 && Presented == 0);
    CHECK_STATUS(STATUS_INVALID_DEVICE_STATE, WdfDeviceConfigureWdmIrpDispatchCallback(Device, NULL, IRP_MJ_READ, OnDispatch, NULL));
    CHECK_STATUS(STATUS_SUCCESS, OpenSelf(Device));
    CHECK_STATUS(STATUS_SUCCESS, Ask(0));
    CHECK_STATUS(STATUS_SUCCESS, Ask(1));
    CHECK(Presented == 2);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, Ask(2));
    CHECK_STATUS(STATUS_NOT_FOUND, Ask(3));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, Ask(4));
    CHECK(Presented == 2 && Dispatched == 6);
    WdfObjectDelete(Self);
    return STATUS_SUCCESS;
}
