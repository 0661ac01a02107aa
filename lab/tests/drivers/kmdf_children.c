/* Conformance: children of a bus, in a list that the framework keeps and created by the driver itself. */
#include "conform.h"

typedef struct { WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER Header; ULONG Id; } IDENTIFICATION;
typedef struct { WDF_CHILD_ADDRESS_DESCRIPTION_HEADER Header; ULONG Place; } ADDRESS;

static LONG Created, Resources, Requirements;
static NTSTATUS NotAChild;

DECLARE_CONST_UNICODE_STRING(ChildId, L"LAB\\ConformChild");
DECLARE_CONST_UNICODE_STRING(Security, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");

/* fxpkgpdokm.cpp FxPkgPdo::PnpQueryResources: the list may be changed; one that stays empty is no answer. */
static NTSTATUS OnResources(WDFDEVICE Device, WDFCMRESLIST List)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor = { .Type = CmResourceTypePort };
    UNREFERENCED_PARAMETER(Device);
    InterlockedIncrement(&Resources);
    CHECK(WdfCmResourceListGetCount(List) == 0);
    CHECK_STATUS(STATUS_ARRAY_BOUNDS_EXCEEDED, WdfCmResourceListInsertDescriptor(List, &descriptor, 1));
    CHECK_STATUS(STATUS_SUCCESS, WdfCmResourceListAppendDescriptor(List, &descriptor));
    descriptor.Type = CmResourceTypeMemory;
    CHECK_STATUS(STATUS_SUCCESS, WdfCmResourceListInsertDescriptor(List, &descriptor, 0));
    CHECK(WdfCmResourceListGetCount(List) == 2 && WdfCmResourceListGetDescriptor(List, 0)->Type == CmResourceTypeMemory &&
          WdfCmResourceListGetDescriptor(List, 1)->Type == CmResourceTypePort);
    WdfCmResourceListRemoveByDescriptor(List, &descriptor);
    CHECK(WdfCmResourceListGetCount(List) == 1 && WdfCmResourceListGetDescriptor(List, 0)->Type == CmResourceTypePort);
    WdfCmResourceListRemove(List, 0);
    WdfCmResourceListRemove(List, 0);
    CHECK(WdfCmResourceListGetCount(List) == 0);
    return STATUS_SUCCESS;
}

static NTSTATUS OnRequirements(WDFDEVICE Device, WDFIORESREQLIST List)
{
    UNREFERENCED_PARAMETER(Device);
    InterlockedIncrement(&Requirements);
    CHECK(WdfIoResourceRequirementsListGetCount(List) == 0);
    return STATUS_SUCCESS;
}

/* fxdeviceinitapi.cpp WdfPdoInit...: what a child is. */
static NTSTATUS Describe(PWDFDEVICE_INIT Init, PCUNICODE_STRING Instance)
{
    DECLARE_CONST_UNICODE_STRING(description, L"Child");
    DECLARE_CONST_UNICODE_STRING(location, L"Here");
    WDF_PDO_EVENT_CALLBACKS callbacks;
    UNICODE_STRING odd = ChildId;
    odd.Length--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfPdoInitAssignDeviceID(Init, &odd));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoInitAssignDeviceID(Init, &ChildId));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoInitAddHardwareID(Init, &ChildId));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoInitAddCompatibleID(Init, &ChildId));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoInitAssignInstanceID(Init, Instance));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoInitAddDeviceText(Init, &description, &location, 0x409));
    WdfPdoInitSetDefaultLocale(Init, 0x409);
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoInitAssignRawDevice(Init, &GUID_DEVINTERFACE_CONFORM));
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceInitAssignSDDLString(Init, &Security));
    WdfPdoInitAllowForwardingRequestToParent(Init);
    WDF_PDO_EVENT_CALLBACKS_INIT(&callbacks);
    callbacks.EvtDeviceResourcesQuery = OnResources;
    callbacks.EvtDeviceResourceRequirementsQuery = OnRequirements;
    WdfPdoInitSetEventCallbacks(Init, &callbacks);
    return STATUS_SUCCESS;
}

static NTSTATUS OnCreate(WDFCHILDLIST List, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER Header, PWDFDEVICE_INIT Init)
{
    DECLARE_CONST_UNICODE_STRING(instance, L"dynamic");
    WDFDEVICE child;
    UNREFERENCED_PARAMETER(List);
    CHECK(CONTAINING_RECORD(Header, IDENTIFICATION, Header)->Id == 1);
    InterlockedIncrement(&Created);
    Describe(Init, &instance);
    return WdfDeviceCreate(&Init, WDF_NO_OBJECT_ATTRIBUTES, &child);
}

static BOOLEAN RefuseAll(WDFCHILDLIST List, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER First, PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER Second)
{
    UNREFERENCED_PARAMETER(List);
    CHECK(CONTAINING_RECORD(First, IDENTIFICATION, Header)->Id == 9 && CONTAINING_RECORD(Second, IDENTIFICATION, Header)->Id == 1);
    return FALSE;
}

static VOID Configure(PWDFDEVICE_INIT Init)
{
    WDF_CHILD_LIST_CONFIG config;
    WDF_CHILD_LIST_CONFIG_INIT(&config, sizeof(IDENTIFICATION), OnCreate);
    config.AddressDescriptionSize = sizeof(ADDRESS);
    WdfFdoInitSetDefaultChildListConfig(Init, &config, WDF_NO_OBJECT_ATTRIBUTES);
    NotAChild = WdfPdoInitAssignDeviceID(Init, &ChildId);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfPdoInitAssignRawDevice(Init, &GUID_DEVINTERFACE_CONFORM));
}

/* fxchildlist.cpp FxChildList::_ValidateConfig */
static NTSTATUS Added(WDFDEVICE Device)
{
    WDF_CHILD_LIST_CONFIG config;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFCHILDLIST list = NULL;
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, NotAChild);
    WDF_CHILD_LIST_CONFIG_INIT(&config, sizeof(IDENTIFICATION), OnCreate);
    config.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfChildListCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &list));
    WDF_CHILD_LIST_CONFIG_INIT(&config, 0, OnCreate);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfChildListCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &list));
    WDF_CHILD_LIST_CONFIG_INIT(&config, sizeof(IDENTIFICATION), NULL);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfChildListCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &list));
    WDF_CHILD_LIST_CONFIG_INIT(&config, sizeof(IDENTIFICATION), OnCreate);
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    CHECK_STATUS(STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, WdfChildListCreate(Device, &config, &attributes, &list));
    CHECK_STATUS(STATUS_SUCCESS, WdfChildListCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &list));
    CHECK(list != NULL && list != WdfFdoGetDefaultChildList(Device) && WdfChildListGetDevice(list) == Device);
    return STATUS_SUCCESS;
}

static BOOLEAN WaitFor(LONG *Place, LONG Wanted)
{
    LARGE_INTEGER shortly = { .QuadPart = -10 * 1000 * 10 };
    ULONG tries;
    for (tries = 0; tries < 1000 && *(volatile LONG *)Place < Wanted; tries++) {
        KeDelayExecutionThread(KernelMode, FALSE, &shortly);
    }
    return *Place == Wanted;
}

static IDENTIFICATION Identify(ULONG Id)
{
    IDENTIFICATION identification;
    RtlZeroMemory(&identification, sizeof(identification));
    WDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER_INIT(&identification.Header, sizeof(identification));
    identification.Id = Id;
    return identification;
}

static ADDRESS AddressOf(ULONG Place)
{
    ADDRESS address;
    RtlZeroMemory(&address, sizeof(address));
    WDF_CHILD_ADDRESS_DESCRIPTION_HEADER_INIT(&address.Header, sizeof(address));
    address.Place = Place;
    return address;
}

/* fxchildlistapi.cpp */
static WDFDEVICE Report(WDFCHILDLIST List)
{
    LARGE_INTEGER shortly = { .QuadPart = -10 * 1000 * 10 };
    IDENTIFICATION one = Identify(1), other = Identify(2), wrong = Identify(1);
    ADDRESS address = AddressOf(5), found = AddressOf(0), wrongAddress = AddressOf(0);
    WDF_CHILD_RETRIEVE_INFO info;
    WDFDEVICE child = NULL;
    ULONG tries;
    wrong.Header.IdentificationDescriptionSize--;
    wrongAddress.Header.AddressDescriptionSize--;
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfChildListAddOrUpdateChildDescriptionAsPresent(List, &wrong.Header, &address.Header));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfChildListAddOrUpdateChildDescriptionAsPresent(List, &one.Header, NULL));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfChildListAddOrUpdateChildDescriptionAsPresent(List, &one.Header, &wrongAddress.Header));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfChildListUpdateChildDescriptionAsMissing(List, &wrong.Header));
    CHECK_STATUS(STATUS_NO_SUCH_DEVICE, WdfChildListUpdateChildDescriptionAsMissing(List, &one.Header));
    CHECK_STATUS(STATUS_SUCCESS, WdfChildListAddOrUpdateChildDescriptionAsPresent(List, &one.Header, &address.Header));
    CHECK(WaitFor(&Requirements, 1) && Created == 1);
    CHECK_STATUS(STATUS_OBJECT_NAME_EXISTS, WdfChildListAddOrUpdateChildDescriptionAsPresent(List, &one.Header, &address.Header));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfChildListRetrieveAddressDescription(List, &wrong.Header, &found.Header));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfChildListRetrieveAddressDescription(List, &one.Header, &wrongAddress.Header));
    CHECK_STATUS(STATUS_NO_SUCH_DEVICE, WdfChildListRetrieveAddressDescription(List, &other.Header, &found.Header));
    CHECK_STATUS(STATUS_SUCCESS, WdfChildListRetrieveAddressDescription(List, &one.Header, &found.Header));
    CHECK(found.Place == 5);
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &wrong.Header);
    CHECK(WdfChildListRetrievePdo(List, &info) == NULL && info.Status == WdfChildListRetrieveDeviceUndefined);
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &other.Header);
    CHECK(WdfChildListRetrievePdo(List, &info) == NULL && info.Status == WdfChildListRetrieveDeviceNoSuchDevice);
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &one.Header);
    for (tries = 0; tries < 1000 && child == NULL; tries++) {
        child = WdfChildListRetrievePdo(List, &info);
        KeDelayExecutionThread(KernelMode, FALSE, &shortly);
    }
    CHECK(child != NULL && info.Status == WdfChildListRetrieveDeviceSuccess);
    return child;
}

static VOID Walk(WDFCHILDLIST List, WDFDEVICE Child)
{
    IDENTIFICATION found = Identify(0), wrong = Identify(0);
    ADDRESS address = AddressOf(0);
    WDF_CHILD_LIST_ITERATOR iterator;
    WDF_CHILD_RETRIEVE_INFO info;
    WDFDEVICE next;
    WDF_CHILD_LIST_ITERATOR_INIT(&iterator, WdfRetrievePresentChildren);
    WdfChildListBeginIteration(List, &iterator);
    iterator.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfChildListRetrieveNextDevice(List, &iterator, &next, NULL));
    iterator.Size++;
    iterator.Flags = 0x10;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfChildListRetrieveNextDevice(List, &iterator, &next, NULL));
    iterator.Flags = WdfRetrievePresentChildren;
    wrong.Header.IdentificationDescriptionSize--;
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &wrong.Header);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfChildListRetrieveNextDevice(List, &iterator, &next, &info));
    info.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfChildListRetrieveNextDevice(List, &iterator, &next, &info));
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &found.Header);
    info.AddressDescription = &address.Header;
    CHECK_STATUS(STATUS_SUCCESS, WdfChildListRetrieveNextDevice(List, &iterator, &next, &info));
    CHECK(next == Child && found.Id == 1 && address.Place == 5 && info.Status == WdfChildListRetrieveDeviceSuccess);
    CHECK_STATUS(STATUS_NO_MORE_ENTRIES, WdfChildListRetrieveNextDevice(List, &iterator, &next, &info));
    CHECK(next == NULL);
    WdfChildListEndIteration(List, &iterator);
    WDF_CHILD_LIST_ITERATOR_INIT(&iterator, WdfRetrieveMissingChildren);
    WdfChildListBeginIteration(List, &iterator);
    CHECK_STATUS(STATUS_NO_MORE_ENTRIES, WdfChildListRetrieveNextDevice(List, &iterator, &next, NULL));
    WdfChildListEndIteration(List, &iterator);
    WDF_CHILD_LIST_ITERATOR_INIT(&iterator, WdfRetrievePresentChildren);
    WdfChildListBeginIteration(List, &iterator);
    found = Identify(9);
    WDF_CHILD_RETRIEVE_INFO_INIT(&info, &found.Header);
    info.EvtChildListIdentificationDescriptionCompare = RefuseAll;
    CHECK_STATUS(STATUS_NO_MORE_ENTRIES, WdfChildListRetrieveNextDevice(List, &iterator, &next, &info));
    WdfChildListEndIteration(List, &iterator);
}

/* fxdevicepdoapi.cpp */
static VOID AskChild(WDFDEVICE Bus, WDFDEVICE Child)
{
    IDENTIFICATION found = Identify(0), wrong = Identify(0);
    ADDRESS address = AddressOf(6), wrongAddress = AddressOf(0);
    wrong.Header.IdentificationDescriptionSize++;
    wrongAddress.Header.AddressDescriptionSize++;
    CHECK(WdfPdoGetParent(Child) == Bus && WdfPdoGetParent(Bus) == NULL);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfPdoRetrieveIdentificationDescription(Bus, &found.Header));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfPdoRetrieveIdentificationDescription(Child, &wrong.Header));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoRetrieveIdentificationDescription(Child, &found.Header));
    CHECK(found.Id == 1);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfPdoUpdateAddressDescription(Bus, &address.Header));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfPdoUpdateAddressDescription(Child, &wrongAddress.Header));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoUpdateAddressDescription(Child, &address.Header));
    address = AddressOf(0);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfPdoRetrieveAddressDescription(Bus, &address.Header));
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfPdoRetrieveAddressDescription(Child, &wrongAddress.Header));
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoRetrieveAddressDescription(Child, &address.Header));
    CHECK(address.Place == 6);
    CHECK(Resources == 1 && Requirements == 1);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfPdoMarkMissing(Bus));
}

/* fxchildlist.cpp MatchStateToFlags; the child has no driver, so it stays until its bus goes. */
static VOID Leave(WDFCHILDLIST List, WDFDEVICE Child)
{
    WDF_CHILD_LIST_ITERATOR iterator;
    WDFDEVICE next;
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoMarkMissing(Child));
    WDF_CHILD_LIST_ITERATOR_INIT(&iterator, WdfRetrievePresentChildren);
    WdfChildListBeginIteration(List, &iterator);
    CHECK_STATUS(STATUS_NO_MORE_ENTRIES, WdfChildListRetrieveNextDevice(List, &iterator, &next, NULL));
    WdfChildListEndIteration(List, &iterator);
    WDF_CHILD_LIST_ITERATOR_INIT(&iterator, WdfRetrieveMissingChildren);
    WdfChildListBeginIteration(List, &iterator);
    CHECK_STATUS(STATUS_SUCCESS, WdfChildListRetrieveNextDevice(List, &iterator, &next, NULL));
    CHECK(next == Child);
    WdfChildListEndIteration(List, &iterator);
}

/* fxdevicefdoapi.cpp, fxdeviceinitapi.cpp WdfPdoInitAllocate */
static VOID Static(WDFDEVICE Bus)
{
    DECLARE_CONST_UNICODE_STRING(instance, L"static");
    IDENTIFICATION found = Identify(0);
    PWDFDEVICE_INIT init;
    WDFDEVICE child;
    init = WdfPdoInitAllocate(Bus);
    CHECK(init != NULL);
    WdfDeviceInitFree(init);
    init = WdfPdoInitAllocate(Bus);
    Describe(init, &instance);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceCreate(&init, WDF_NO_OBJECT_ATTRIBUTES, &child));
    CHECK(init == NULL && WdfPdoGetParent(child) == Bus);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfFdoAddStaticChild(child, child));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfFdoAddStaticChild(Bus, Bus));
    WdfFdoLockStaticChildListForIteration(Bus);
    CHECK(WdfFdoRetrieveNextStaticChild(Bus, NULL, WdfRetrieveAllChildren) == NULL);
    WdfFdoUnlockStaticChildListFromIteration(Bus);
    CHECK_STATUS(STATUS_SUCCESS, WdfFdoAddStaticChild(Bus, child));
    CHECK(WaitFor(&Requirements, 2));
    CHECK_STATUS(STATUS_OBJECT_NAME_EXISTS, WdfFdoAddStaticChild(Bus, child));
    WdfFdoLockStaticChildListForIteration(Bus);
    CHECK(WdfFdoRetrieveNextStaticChild(Bus, NULL, WdfRetrievePresentChildren) == child);
    CHECK(WdfFdoRetrieveNextStaticChild(Bus, child, WdfRetrievePresentChildren) == NULL);
    CHECK(WdfFdoRetrieveNextStaticChild(Bus, NULL, WdfRetrieveMissingChildren) == NULL);
    WdfFdoUnlockStaticChildListFromIteration(Bus);
    CHECK_STATUS(STATUS_INVALID_DEVICE_REQUEST, WdfPdoRetrieveIdentificationDescription(child, &found.Header));
    CHECK(Created == 1 && Resources == 2 && Requirements == 2);
    CHECK_STATUS(STATUS_SUCCESS, WdfPdoMarkMissing(child));
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    WDFCHILDLIST list = WdfFdoGetDefaultChildList(Device);
    WDFDEVICE child;
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    CHECK(WdfChildListGetDevice(list) == Device);
    child = Report(list);
    if (child != NULL) {
        Walk(list, child);
        AskChild(Device, child);
        Leave(list, child);
        Static(Device);
    }
    return STATUS_SUCCESS;
}
