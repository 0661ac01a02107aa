/* Conformance: registry keys and values (fxregistryapi.cpp, fxregkeykm.cpp, fxregkey.cpp). */
#include "conform.h"

static VOID Configure(PWDFDEVICE_INIT Init) { UNREFERENCED_PARAMETER(Init); }
static NTSTATUS Added(WDFDEVICE Device) { UNREFERENCED_PARAMETER(Device); return STATUS_SUCCESS; }

DECLARE_CONST_UNICODE_STRING(Number, L"Number");
DECLARE_CONST_UNICODE_STRING(Missing, L"Missing");
DECLARE_CONST_UNICODE_STRING(Some, L"Text");
DECLARE_CONST_UNICODE_STRING(Several, L"Several");
DECLARE_CONST_UNICODE_STRING(Bytes, L"Bytes");
DECLARE_CONST_UNICODE_STRING(Nothing, L"Nothing");
DECLARE_CONST_UNICODE_STRING(Below, L"Below");

static VOID Numbers(WDFKEY Key)
{
    UNICODE_STRING odd = Number;
    ULONGLONG wide = 5;
    ULONG value = 0, length = 0, type = 0;
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfRegistryQueryULong(Key, &Missing, &value));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignULong(Key, &Number, 7));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryULong(Key, &Number, &value));
    CHECK(value == 7);
    odd.Length--;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfRegistryQueryULong(Key, &odd, &value));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfRegistryAssignULong(Key, &odd, 7));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfRegistryRemoveValue(Key, &odd));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryValue(Key, &Number, sizeof(value), &value, &length, &type));
    CHECK(length == sizeof(value) && type == REG_DWORD && value == 7);
    length = type = 0;
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, WdfRegistryQueryValue(Key, &Number, 0, NULL, &length, &type));
    CHECK(length == sizeof(value) && type == REG_DWORD);
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, WdfRegistryQueryValue(Key, &Number, 2, &value, &length, &type));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignValue(Key, &Number, REG_DWORD, sizeof(wide), &wide));
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, WdfRegistryQueryULong(Key, &Number, &value));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignValue(Key, &Number, REG_QWORD, sizeof(wide), &wide));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH, WdfRegistryQueryULong(Key, &Number, &value));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryRemoveValue(Key, &Number));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfRegistryRemoveValue(Key, &Number));
}

static VOID Texts(WDFKEY Key)
{
    DECLARE_CONST_UNICODE_STRING(seven, L"seven");
    DECLARE_UNICODE_STRING_SIZE(room, 16);
    UNICODE_STRING shown;
    WDFSTRING string;
    USHORT length = 0;
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(NULL, WDF_NO_OBJECT_ATTRIBUTES, &string));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfRegistryQueryString(Key, &Missing, string));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignUnicodeString(Key, &Some, &seven));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryString(Key, &Some, string));
    WdfStringGetUnicodeString(string, &shown);
    CHECK(RtlEqualUnicodeString(&shown, &seven, FALSE));
    /* The length counts the NUL of the value, and the buffer needs room for it. */
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, WdfRegistryQueryUnicodeString(Key, &Some, &length, NULL));
    CHECK(length == sizeof(L"seven"));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryUnicodeString(Key, &Some, &length, &room));
    CHECK(length == sizeof(L"seven") && RtlEqualUnicodeString(&room, &seven, FALSE));
    room.Length = 0;
    room.MaximumLength = sizeof(L"seven") - sizeof(WCHAR);
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, WdfRegistryQueryUnicodeString(Key, &Some, &length, &room));
    room.MaximumLength = 0;
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfRegistryQueryUnicodeString(Key, &Some, &length, &room));
    room.MaximumLength = sizeof(room_buffer);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignULong(Key, &Number, 7));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH, WdfRegistryQueryUnicodeString(Key, &Number, &length, &room));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH, WdfRegistryQueryString(Key, &Number, string));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignValue(Key, &Nothing, REG_SZ, 0, room.Buffer));
    CHECK_STATUS(STATUS_RESOURCE_DATA_NOT_FOUND, WdfRegistryQueryString(Key, &Nothing, string));
    /* One with an expression is a text, too, and one without a NUL is all of it. */
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignValue(Key, &Nothing, REG_EXPAND_SZ, 6, L"abc"));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryString(Key, &Nothing, string));
    WdfStringGetUnicodeString(string, &shown);
    CHECK(shown.Length == 6);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignString(Key, &Nothing, string));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryUnicodeString(Key, &Nothing, &length, &room));
    CHECK(length == 8 && room.Length == 6);
    WdfObjectDelete(string);
}

static VOID Lists(WDFKEY Key)
{
    DECLARE_CONST_UNICODE_STRING(one, L"one");
    DECLARE_CONST_UNICODE_STRING(two, L"two");
    WDFCOLLECTION collection;
    WDFSTRING string;
    WDFOBJECT other;
    UNICODE_STRING shown;
    ULONG length;
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionCreate(WDF_NO_OBJECT_ATTRIBUTES, &collection));
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(&one, WDF_NO_OBJECT_ATTRIBUTES, &string));
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionAdd(collection, string));
    WdfObjectDelete(string);
    CHECK_STATUS(STATUS_SUCCESS, WdfStringCreate(&two, WDF_NO_OBJECT_ATTRIBUTES, &string));
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionAdd(collection, string));
    WdfObjectDelete(string);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignMultiString(Key, &Several, collection));
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, WdfRegistryQueryValue(Key, &Several, 0, NULL, &length, NULL));
    CHECK(length == sizeof(L"one\0two\0"));
    CHECK_STATUS(STATUS_SUCCESS, WdfObjectCreate(WDF_NO_OBJECT_ATTRIBUTES, &other));
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionAdd(collection, other));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, WdfRegistryAssignMultiString(Key, &Several, collection));
    WdfObjectDelete(other);
    WdfObjectDelete(collection);
    CHECK_STATUS(STATUS_SUCCESS, WdfCollectionCreate(WDF_NO_OBJECT_ATTRIBUTES, &collection));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH, WdfRegistryQueryMultiString(Key, &Some, WDF_NO_OBJECT_ATTRIBUTES, collection));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryMultiString(Key, &Several, WDF_NO_OBJECT_ATTRIBUTES, collection));
    CHECK(WdfCollectionGetCount(collection) == 2);
    WdfStringGetUnicodeString((WDFSTRING)WdfCollectionGetLastItem(collection), &shown);
    CHECK(RtlEqualUnicodeString(&shown, &two, FALSE));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignValue(Key, &Several, REG_MULTI_SZ, 6, L"abc"));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH, WdfRegistryQueryMultiString(Key, &Several, WDF_NO_OBJECT_ATTRIBUTES, collection));
    CHECK(WdfCollectionGetCount(collection) == 2);
    while (WdfCollectionGetCount(collection) != 0) {
        WDFOBJECT item = WdfCollectionGetFirstItem(collection);
        WdfCollectionRemoveItem(collection, 0);
        WdfObjectDelete(item);
    }
    WdfObjectDelete(collection);
}

static VOID Memories(WDFKEY Key)
{
    WDFMEMORY_OFFSET part = { 2, 3 };
    WDFMEMORY memory, read;
    UCHAR *bytes;
    size_t size;
    ULONG type;
    CHECK_STATUS(STATUS_SUCCESS, WdfMemoryCreate(WDF_NO_OBJECT_ATTRIBUTES, NonPagedPoolNx, 0, 8, &memory, (PVOID *)&bytes));
    bytes[2] = 9;
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignMemory(Key, &Bytes, REG_BINARY, memory, &part));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryMemory(Key, &Bytes, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &read, &type));
    CHECK(*(UCHAR *)WdfMemoryGetBuffer(read, &size) == 9 && size == 3 && type == REG_BINARY);
    WdfObjectDelete(read);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignMemory(Key, &Bytes, REG_BINARY, memory, NULL));
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryQueryMemory(Key, &Bytes, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &read, NULL));
    WdfMemoryGetBuffer(read, &size);
    CHECK(size == 8);
    WdfObjectDelete(read);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryAssignValue(Key, &Bytes, REG_BINARY, 0, bytes));
    CHECK_STATUS(STATUS_RESOURCE_DATA_NOT_FOUND,
                 WdfRegistryQueryMemory(Key, &Bytes, NonPagedPoolNx, WDF_NO_OBJECT_ATTRIBUTES, &read, NULL));
    CHECK(read == NULL);
    WdfObjectDelete(memory);
}

static VOID Keys(WDFKEY Key)
{
    WDFKEY below;
    ULONG how = 0;
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfRegistryOpenKey(Key, &Below, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES, &below));
    CHECK(below == NULL);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryCreateKey(Key, &Below, KEY_READ | KEY_WRITE | DELETE, REG_OPTION_NON_VOLATILE, &how,
                                                      WDF_NO_OBJECT_ATTRIBUTES, &below));
    CHECK(how == REG_CREATED_NEW_KEY && WdfRegistryWdmGetHandle(below) != NULL);
    WdfRegistryClose(below);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryCreateKey(Key, &Below, KEY_READ | KEY_WRITE | DELETE, REG_OPTION_NON_VOLATILE, &how,
                                                      WDF_NO_OBJECT_ATTRIBUTES, &below));
    CHECK(how == REG_OPENED_EXISTING_KEY);
    CHECK_STATUS(STATUS_SUCCESS, WdfRegistryRemoveKey(below));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, WdfRegistryOpenKey(Key, &Below, KEY_READ, WDF_NO_OBJECT_ATTRIBUTES, &below));
}

static NTSTATUS Control(WDFDEVICE Device, WDFREQUEST Request, ULONG Code)
{
    WDFKEY key;
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Code);
    CHECK_STATUS(STATUS_SUCCESS, WdfDeviceOpenRegistryKey(Device, PLUGPLAY_REGKEY_DEVICE, KEY_READ | KEY_WRITE, WDF_NO_OBJECT_ATTRIBUTES, &key));
    Numbers(key);
    Texts(key);
    Lists(key);
    Memories(key);
    Keys(key);
    WdfRegistryClose(key);
    CHECK_STATUS(STATUS_SUCCESS, WdfDriverOpenParametersRegistryKey(WdfDeviceGetDriver(Device), KEY_READ, WDF_NO_OBJECT_ATTRIBUTES, &key));
    WdfRegistryClose(key);
    return STATUS_SUCCESS;
}
