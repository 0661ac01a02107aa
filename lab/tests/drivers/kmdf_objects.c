/* Conformance: objects, their contexts and their end; memory, lookaside lists, strings and collections. */
#include "conform.h"

typedef struct { ULONG Value; } FIRST;
typedef struct { ULONGLONG Value[2]; } SECOND;
typedef struct { ULONG Value; } THIRD;
WDF_DECLARE_CONTEXT_TYPE(FIRST);
WDF_DECLARE_CONTEXT_TYPE(SECOND);
WDF_DECLARE_CONTEXT_TYPE(THIRD);

/* What happened, a letter each. */
static CHAR Told[64];
static ULONG ToldCount;

static VOID Tell(CHAR What)
{
    if (ToldCount < sizeof(Told) - 1) {
        Told[ToldCount++] = What;
        Told[ToldCount] = 0;
    }
}

static BOOLEAN ToldIs(PCSTR Expected)
{
    BOOLEAN equal = strcmp(Told, Expected) == 0;
    if (!equal) {
        DbgPrint(NAME ": told %s\n", Told);
    }
    ToldCount = 0;
    Told[0] = 0;
    return equal;
}

static VOID CleanupParent(WDFOBJECT Object) { UNREFERENCED_PARAMETER(Object); Tell('P'); }
static VOID DestroyParent(WDFOBJECT Object) { UNREFERENCED_PARAMETER(Object); Tell('p'); }
static VOID CleanupChild(WDFOBJECT Object) { UNREFERENCED_PARAMETER(Object); Tell('C'); }
static VOID DestroyChild(WDFOBJECT Object) { UNREFERENCED_PARAMETER(Object); Tell('c'); }
static VOID CleanupLate(WDFOBJECT Object) { UNREFERENCED_PARAMETER(Object); Tell('L'); }
static VOID DestroyLate(WDFOBJECT Object) { UNREFERENCED_PARAMETER(Object); Tell('l'); }

/* fxobject.cpp FxObject::AddContext: an object on its way out takes no context. */
static VOID CleanupAdds(WDFOBJECT Object)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, THIRD);
    CHECK_STATUS(STATUS_DELETE_PENDING, WdfObjectAllocateContext(Object, &attributes, NULL));
    CHECK(WdfObjectGetTypedContext(Object, FIRST)->Value == 7);
    Tell('A');
}

static VOID Configure(PWDFDEVICE_INIT Init) { UNREFERENCED_PARAMETER(Init); }
static NTSTATUS Added(WDFDEVICE Device) { UNREFERENCED_PARAMETER(Device); return STATUS_SUCCESS; }

static WDFOBJECT Make(WDFOBJECT Parent, PFN_WDF_OBJECT_CONTEXT_CLEANUP Cleanup, PFN_WDF_OBJECT_CONTEXT_DESTROY Destroy)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFOBJECT object = NULL;
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, FIRST);
    attributes.ParentObject = Parent;
    attributes.EvtCleanupCallback = Cleanup;
    attributes.EvtDestroyCallback = Destroy;
    CHECK_STATUS(STATUS_SUCCESS, WdfObjectCreate(&attributes, &object));
    return object;
}

/* fxobjectstatemachine.cpp: children go before their parent is cleaned up; a reference keeps the memory, not the object. */
static VOID Ends(WDFDEVICE Device)
{
    WDFOBJECT parent, child, grandchild;
    parent = Make(Device, CleanupParent, DestroyParent);
    child = Make(parent, CleanupChild, DestroyChild);
    WdfObjectDelete(child);
    CHECK(ToldIs("Cc"));
    child = Make(parent, CleanupChild, DestroyChild);
    grandchild = Make(child, CleanupLate, DestroyLate);
    UNREFERENCED_PARAMETER(grandchild);
    WdfObjectDelete(parent);
    CHECK(ToldIs("LCPlcp"));
    parent = Make(Device, CleanupParent, DestroyParent);
    child = Make(parent, CleanupChild, DestroyChild);
    WdfObjectGetTypedContext(child, FIRST)->Value = 3;
    WdfObjectReference(child);
    WdfObjectDelete(parent);
    CHECK(ToldIs("CPp"));
    CHECK(WdfObjectGetTypedContext(child, FIRST)->Value == 3);
    WdfObjectDereference(child);
    CHECK(ToldIs("c"));
    parent = Make(Device, CleanupAdds, DestroyParent);
    WdfObjectGetTypedContext(parent, FIRST)->Value = 7;
    WdfObjectDelete(parent);
    CHECK(ToldIs("Ap"));
}

/* handleapi.cpp FxObjectAllocateContext, WdfObjectGetTypedContextWorker, WdfObjectContextGetObject */
static VOID Contexts(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFOBJECT object = Make(Device, CleanupParent, DestroyParent);
    SECOND *second = NULL, *again = NULL;
    FIRST *first = WdfObjectGetTypedContext(object, FIRST);
    CHECK(first != NULL && first->Value == 0);
    CHECK(WdfObjectGetTypedContext(object, SECOND) == NULL);
    CHECK(WdfObjectContextGetObject(first) == object);
    CHECK_STATUS(STATUS_WDF_PARENT_NOT_SPECIFIED, WdfObjectAllocateContext(object, WDF_NO_OBJECT_ATTRIBUTES, NULL));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    CHECK_STATUS(STATUS_OBJECT_NAME_INVALID, WdfObjectAllocateContext(object, &attributes, NULL));
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, SECOND);
    attributes.ParentObject = Device;
    CHECK_STATUS(STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, WdfObjectAllocateContext(object, &attributes, NULL));
    attributes.ParentObject = NULL;
    attributes.ContextSizeOverride = 4;
    CHECK_STATUS(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID, WdfObjectAllocateContext(object, &attributes, NULL));
    attributes.ContextSizeOverride = 64;
    attributes.EvtCleanupCallback = CleanupLate;
    attributes.EvtDestroyCallback = DestroyLate;
    CHECK_STATUS(STATUS_SUCCESS, WdfObjectAllocateContext(object, &attributes, (PVOID *)&second));
    CHECK(second != NULL && second->Value[0] == 0 && second == WdfObjectGetTypedContext(object, SECOND));
    CHECK(WdfObjectContextGetObject(second) == object);
    RtlZeroMemory(second, 64);
    CHECK_STATUS(STATUS_OBJECT_NAME_EXISTS, WdfObjectAllocateContext(object, &attributes, (PVOID *)&again));
    CHECK(again == second);
    WdfObjectDelete(object);
    /* The oldest first. */
    CHECK(ToldIs("PLpl"));
}

/* fxvalidatefunctions.cpp FxValidateObjectAttributes */
static VOID AttributesAreChecked(VOID)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFOBJECT object;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.Size--;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, WdfObjectCreate(&attributes, &object));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ContextSizeOverride = 8;
    CHECK_STATUS(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID, WdfObjectCreate(&attributes, &object));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ExecutionLevel = WdfExecutionLevelDispatch + 1;
    CHECK_STATUS(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID, WdfObjectCreate(&attributes, &object));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.SynchronizationScope = WdfSynchronizationScopeNone + 1;
    CHECK_STATUS(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID, WdfObjectCreate(&attributes, &object));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.SynchronizationScope = WdfSynchronizationScopeQueue;
    CHECK_STATUS(STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID, WdfObjectCreate(&attributes, &object));
    CHECK_STATUS(STATUS_SUCCESS, WdfObjectCreate(WDF_NO_OBJECT_ATTRIBUTES, &object));
    CHECK_STATUS(STATUS_NOT_FOUND, WdfObjectQuery(object, &GUID_DEVINTERFACE_CONFORM, 0, NULL));
    WdfObjectDelete(object);
}

/* fxmemorybufferapi.cpp, fxmemoryobject.cpp IFxMemory::_CopyPtrToPtr, fxmemorybufferpreallocatedapi.cpp */
static VOID Memory(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFMEMORY memory = (WDFMEMORY)1;
    UCHAR bytes[16] = { 1, 2, 3 };
    PVOID buffer;
    size_t size;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfMemoryCreate(WDF_NO_OBJECT_ATTRIBUTES, NonPagedPoolNx, 0, 0, &memory, NULL));
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryCreate(&attributes, NonPagedPoolNx, 0, 8, &memory, &buffer));
    CHECK(WdfMemoryGetBuffer(memory, &size) == buffer && size == 8);
    CHECK(WdfMemoryGetBuffer(memory, NULL) == buffer);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfMemoryCopyFromBuffer(memory, 0, bytes, 0));
    CHECK_STATUS(STATUS_INVALID_BUFFER_SIZE, WdfMemoryCopyFromBuffer(memory, 0, bytes, 9));
    CHECK_STATUS(STATUS_INVALID_BUFFER_SIZE, WdfMemoryCopyFromBuffer(memory, 8, bytes, 1));
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryCopyFromBuffer(memory, 5, bytes, 3));
    CHECK(((UCHAR *)buffer)[4] == 0 && ((UCHAR *)buffer)[5] == 1 && ((UCHAR *)buffer)[7] == 3);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfMemoryCopyToBuffer(memory, 0, bytes, 0));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfMemoryCopyToBuffer(memory, 0, bytes, 9));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, WdfMemoryCopyToBuffer(memory, 8, bytes, 1));
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryCopyToBuffer(memory, 6, bytes, 2));
    CHECK(bytes[0] == 2 && bytes[1] == 3);
    WdfObjectDelete(memory);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfMemoryCreatePreallocated(&attributes, bytes, 0, &memory));
    CHECK(memory == NULL);
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryCreatePreallocated(&attributes, bytes, 4, &memory));
    CHECK(WdfMemoryGetBuffer(memory, &size) == bytes && size == 4);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfMemoryAssignBuffer(memory, bytes, 0));
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryAssignBuffer(memory, bytes + 8, 8));
    CHECK(WdfMemoryGetBuffer(memory, &size) == bytes + 8 && size == 8);
    WdfObjectDelete(memory);
}

/* fxlookasidelistapi.cpp */
static VOID Lookasides(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes, ofMemory;
    WDFLOOKASIDE list = NULL;
    WDFMEMORY first, second;
    size_t size;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfLookasideListCreate(&attributes, 0, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, 0, &list));
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&ofMemory, FIRST);
    ofMemory.ParentObject = Device;
    CHECK_STATUS(STATUS_SUCCESS, WdfLookasideListCreate(&attributes, 24, NonPagedPoolNx, &ofMemory, 'kooL', &list));
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryCreateFromLookaside(list, &first));
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryCreateFromLookaside(list, &second));
    CHECK(WdfMemoryGetBuffer(first, &size) != WdfMemoryGetBuffer(second, NULL) && size == 24);
    CHECK(WdfObjectGetTypedContext(first, FIRST) != NULL);
    WdfObjectDelete(first);
    WdfObjectDelete(second);
    WdfObjectDelete(list);
}

/* fxstringapi.cpp, fxcollectionapi.cpp */
static VOID Collections(WDFDEVICE Device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING text = RTL_CONSTANT_STRING(L"seven"), shown;
    WDFCOLLECTION collection;
    WDFSTRING first, second;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    attributes.EvtDestroyCallback = DestroyChild;
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(&text, &attributes, &first));
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(NULL, &attributes, &second));
    WdfStringGetUnicodeString(first, &shown);
    CHECK(RtlEqualUnicodeString(&shown, &text, FALSE) && shown.Buffer != text.Buffer);
    WdfStringGetUnicodeString(second, &shown);
    CHECK(shown.Length == 0);
    text.Length--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfStringCreate(&text, &attributes, &second));
    CHECK(second == NULL);
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(NULL, &attributes, &second));
    attributes.EvtDestroyCallback = NULL;
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionCreate(&attributes, &collection));
    CHECK(WdfCollectionGetCount(collection) == 0 && WdfCollectionGetFirstItem(collection) == NULL &&
          WdfCollectionGetLastItem(collection) == NULL && WdfCollectionGetItem(collection, 0) == NULL);
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionAdd(collection, first));
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionAdd(collection, second));
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionAdd(collection, first));
    CHECK(WdfCollectionGetCount(collection) == 3 && WdfCollectionGetItem(collection, 1) == second);
    CHECK(WdfCollectionGetFirstItem(collection) == first && WdfCollectionGetLastItem(collection) == first);
    WdfCollectionRemove(collection, first);
    CHECK(WdfCollectionGetCount(collection) == 2 && WdfCollectionGetFirstItem(collection) == second);
    WdfCollectionRemoveItem(collection, 0);
    CHECK(WdfCollectionGetCount(collection) == 1 && WdfCollectionGetItem(collection, 0) == first);
    WdfObjectDelete(second);
    CHECK(ToldIs("c"));
    /* The collection holds a reference. */
    WdfObjectDelete(first);
    CHECK(ToldIs(""));
    WdfObjectDelete(collection);
    CHECK(ToldIs("c"));
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    Ends(Device);
    Contexts(Device);
    AttributesAreChecked();
    Memory(Device);
    Lookasides(Device);
    Collections(Device);
    return STATUS_SUCCESS;
}
