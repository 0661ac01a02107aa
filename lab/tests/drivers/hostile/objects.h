/* The commands about objects, handles, interfaces and registrations. */
#pragma once
#include "../query.h"

/* {D1A6C1B4-5A0E-4B7E-9A7B-2F3C7E0C55D1} */
static const GUID OwnInterface = { 0xd1a6c1b4, 0x5a0e, 0x4b7e, { 0x9a, 0x7b, 0x2f, 0x3c, 0x7e, 0x0c, 0x55, 0xd1 } };

static VOID NoReference(PVOID Context) { UNREFERENCED_PARAMETER(Context); }

/* IRP_MN_QUERY_INTERFACE of the driver's own. */
static NTSTATUS AnswerQuery(PIO_STACK_LOCATION Stack)
{
    PINTERFACE table = Stack->Parameters.QueryInterface.Interface;
    table->Size = sizeof(*table);
    table->Version = 1;
    table->Context = table;
    table->InterfaceReference = NoReference;
    table->InterfaceDereference = NoReference;
    return STATUS_SUCCESS;
}

static NTSTATUS UseInterface(PDEVICE_OBJECT Device, ULONG Dereferences)
{
    INTERFACE table;
    NTSTATUS status = Query(Device, &OwnInterface, &table, sizeof(table), 1);
    for (; NT_SUCCESS(status) && Dereferences > 0; Dereferences--) {
        table.InterfaceDereference(table.Context);
    }
    return status;
}

static NTSTATUS InterfaceNotHeldBreak(CALL *Call) { return UseInterface(Call->Device, 2); }
static NTSTATUS InterfaceLeftBreak(CALL *Call) { return UseInterface(Call->Device, 0); }
static NTSTATUS InterfaceKeep(CALL *Call) { return UseInterface(Call->Device, 1); }

static NTSTATUS ReferenceByPointerBreak(CALL *Call)
{
    KEVENT event;
    UNREFERENCED_PARAMETER(Call);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ObReferenceObject(&event);
    return STATUS_SUCCESS;
}

static NTSTATUS ReferenceByPointerKeep(CALL *Call)
{
    ObReferenceObject(Call->Device);
    ObDereferenceObject(Call->Device);
    return STATUS_SUCCESS;
}

static VOID ShortThread(PVOID Context) { UNREFERENCED_PARAMETER(Context); }

static NTSTATUS ObjectLeftBreak(CALL *Call)
{
    PVOID thread = StartThread(ShortThread, NULL);
    UNREFERENCED_PARAMETER(Call);
    return KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS ObjectLeftKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    EndThread(StartThread(ShortThread, NULL));
    return STATUS_SUCCESS;
}

static NTSTATUS OpenKey(BOOLEAN Close)
{
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Services");
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;
    NTSTATUS status;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    status = ZwOpenKey(&key, KEY_READ, &attributes);
    if (NT_SUCCESS(status) && Close) {
        ZwClose(key);
    }
    return status;
}

static NTSTATUS HandleLeftBreak(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return OpenKey(FALSE);
}

static NTSTATUS HandleLeftKeep(CALL *Call)
{
    UNREFERENCED_PARAMETER(Call);
    return OpenKey(TRUE);
}

static NTSTATUS OnArrival(PVOID Notification, PVOID Context)
{
    UNREFERENCED_PARAMETER(Notification);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_SUCCESS;
}

static NTSTATUS Register(PDEVICE_OBJECT Device, ULONG Unregistrations)
{
    PVOID entry;
    NTSTATUS status = IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, (PVOID)&OwnInterface, Device->DriverObject,
                                                     OnArrival, NULL, &entry);
    for (; NT_SUCCESS(status) && Unregistrations > 0; Unregistrations--) {
        status = IoUnregisterPlugPlayNotificationEx(entry);
    }
    return status;
}

static NTSTATUS RegistrationLeftBreak(CALL *Call) { return Register(Call->Device, 0); }
static NTSTATUS RegistrationInvalidBreak(CALL *Call) { return Register(Call->Device, 2); }
static NTSTATUS RegistrationKeep(CALL *Call) { return Register(Call->Device, 1); }

#define OBJECT_COMMANDS \
    { "reference-by-pointer", ReferenceByPointerBreak, ReferenceByPointerKeep }, \
    { "interface-not-held", InterfaceNotHeldBreak, InterfaceKeep }, { "interface-left", InterfaceLeftBreak, InterfaceKeep }, \
    { "object-left", ObjectLeftBreak, ObjectLeftKeep }, { "handle-left", HandleLeftBreak, HandleLeftKeep }, \
    { "registration-left", RegistrationLeftBreak, RegistrationKeep }, \
    { "registration-invalid", RegistrationInvalidBreak, RegistrationKeep }
