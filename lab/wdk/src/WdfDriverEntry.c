/*
 * The entry point of a KMDF driver: binds it to the framework, calls its DriverEntry, and unbinds it when it unloads.
 * Linked into every KMDF image built with this kit, in the place of the WDK's WdfDriverEntry.lib.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>
#include <wdf.h>
#include "wdfldr.h"

/* A client that names no minimum runs on its own version or later. */
#ifndef KMDF_MINIMUM_VERSION_REQUIRED
#define KMDF_MINIMUM_VERSION_REQUIRED KMDF_VERSION_MINOR
#endif

/* MAX_PATH is what the loader keeps of a registry path. */
#define REGISTRY_PATH_CHARACTERS 260

const WDFFUNC *WdfFunctions_01033;
PWDF_DRIVER_GLOBALS WdfDriverGlobals;
WDFFUNC WdfDriverMiniportUnloadOverride;
BOOLEAN WdfClientVersionHigherThanFramework;
ULONG WdfFunctionCount = WdfFunctionTableNumEntries;
ULONG WdfStructureCount = WDF_STRUCTURE_TABLE_NUM_ENTRIES;
WDF_STRUCT_INFO WdfStructures;

static ULONG MinimumVersionRequired = KMDF_MINIMUM_VERSION_REQUIRED;

static WDF_BIND_INFO2 BindInfo = {
    .V1 = {
        .Size = sizeof(WDF_BIND_INFO2),
        .Component = (PWCHAR)L"KmdfLibrary",
        .Version = { KMDF_VERSION_MAJOR, KMDF_VERSION_MINOR, 0 },
        .FuncCount = WdfFunctionTableNumEntries,
        .FuncTable = (PVOID)&WdfFunctions_01033,
    },
    .MinimumVersionRequired = &MinimumVersionRequired,
    .ClientVersionHigherThanFramework = &WdfClientVersionHigherThanFramework,
    .FuncCountPtr = &WdfFunctionCount,
    .StructCountPtr = &WdfStructureCount,
    .StructTable = &WdfStructures,
};

static PWDF_COMPONENT_GLOBALS ComponentGlobals;
static PDRIVER_UNLOAD DisplacedDriverUnload;
static WCHAR RegistryPathBuffer[REGISTRY_PATH_CHARACTERS];
static UNICODE_STRING SavedRegistryPath = { 0, sizeof(RegistryPathBuffer), RegistryPathBuffer };

DRIVER_INITIALIZE DriverEntry;

static void Unbind(void)
{
    WdfVersionUnbind(&SavedRegistryPath, &BindInfo.V1, ComponentGlobals);
    ComponentGlobals = NULL;
}

static VOID FxDriverUnload(PDRIVER_OBJECT DriverObject)
{
    if (DisplacedDriverUnload != NULL) {
        DisplacedDriverUnload(DriverObject);
    }
    Unbind();
}

/* A miniport calls this from its own unload routine, which the framework did not set. */
static VOID FxDriverMiniportUnload(VOID)
{
    Unbind();
}

static void TakeOverUnload(PDRIVER_OBJECT DriverObject)
{
    if (WdfDriverGlobals->DisplaceDriverUnload) {
        DisplacedDriverUnload = DriverObject->DriverUnload;
        DriverObject->DriverUnload = FxDriverUnload;
    } else if (WdfDriverGlobals->DriverFlags & WdfDriverInitNoDispatchOverride) {
        WdfDriverMiniportUnloadOverride = FxDriverMiniportUnload;
    }
}

NTSTATUS FxDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;

    /* Loaded as a library of another driver: there is no driver object and nothing to bind. */
    if (DriverObject == NULL) {
        return DriverEntry(DriverObject, RegistryPath);
    }

    RtlCopyUnicodeString(&SavedRegistryPath, RegistryPath);
    status = WdfVersionBind(DriverObject, &SavedRegistryPath, &BindInfo.V1, (PWDF_COMPONENT_GLOBALS *)&WdfDriverGlobals);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ComponentGlobals = (PWDF_COMPONENT_GLOBALS)WdfDriverGlobals;

    status = DriverEntry(DriverObject, RegistryPath);
    if (!NT_SUCCESS(status)) {
        Unbind();
        return status;
    }
    TakeOverUnload(DriverObject);
    return status;
}
