/* What a KMDF client and WDFLDR.SYS agree on. Private to the kit: no driver includes it. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LAB_WDK_WDFLDR_H
#define LAB_WDK_WDFLDR_H

typedef struct _WDF_VERSION {
    ULONG Major;
    ULONG Minor;
    ULONG Build;
} WDF_VERSION, *PWDF_VERSION;

typedef PVOID WDF_COMPONENT_GLOBALS, *PWDF_COMPONENT_GLOBALS;

typedef struct _WDF_BIND_INFO {
    ULONG Size;
    PWCHAR Component;
    WDF_VERSION Version;
    ULONG FuncCount;
    PVOID FuncTable;
    PVOID Module;
} WDF_BIND_INFO, *PWDF_BIND_INFO;

/* What a client that names a minimum version passes: Size tells the two forms apart. */
typedef struct _WDF_BIND_INFO2 {
    WDF_BIND_INFO V1;
    PULONG MinimumVersionRequired;
    PBOOLEAN ClientVersionHigherThanFramework;
    PULONG FuncCountPtr;
    PULONG StructCountPtr;
    WDF_STRUCT_INFO *StructTable;
} WDF_BIND_INFO2, *PWDF_BIND_INFO2;

/* What the loader and the framework library exchange; the lab's wdfldr.sys is both, so only the layouts matter here. */
typedef NTSTATUS (*PFNLIBRARYCOMMISSION)(VOID);
typedef NTSTATUS (*PFNLIBRARYDECOMMISSION)(VOID);
typedef NTSTATUS (*PFNLIBRARYREGISTERCLIENT)(PWDF_BIND_INFO Info, PWDF_COMPONENT_GLOBALS *ComponentGlobals, PVOID *Context);
typedef NTSTATUS (*PFNLIBRARYUNREGISTERCLIENT)(PWDF_BIND_INFO Info, PWDF_COMPONENT_GLOBALS DriverGlobals);

typedef struct _WDF_LIBRARY_INFO {
    ULONG Size;
    PFNLIBRARYCOMMISSION LibraryCommission;
    PFNLIBRARYDECOMMISSION LibraryDecommission;
    PFNLIBRARYREGISTERCLIENT LibraryRegisterClient;
    PFNLIBRARYUNREGISTERCLIENT LibraryUnregisterClient;
    WDF_VERSION Version;
} WDF_LIBRARY_INFO, *PWDF_LIBRARY_INFO;

typedef struct _CLIENT_INFO {
    ULONG Size;
    PUNICODE_STRING RegistryPath;
    PDRIVER_OBJECT DriverObject;
} CLIENT_INFO, *PCLIENT_INFO;

typedef struct _WDF_INTERFACE_HEADER {
    const GUID *InterfaceType;
    ULONG InterfaceSize;
} WDF_INTERFACE_HEADER, *PWDF_INTERFACE_HEADER;

typedef NTSTATUS (*PWDF_REGISTER_LIBRARY)(PWDF_LIBRARY_INFO LibraryInfo, PUNICODE_STRING ServicePath, PCUNICODE_STRING LibraryDeviceName);
typedef NTSTATUS (*PWDF_VERSION_BIND)(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath, PWDF_BIND_INFO Info, PWDF_COMPONENT_GLOBALS *Globals);
typedef NTSTATUS (*PWDF_VERSION_UNBIND)(PUNICODE_STRING RegistryPath, PWDF_BIND_INFO Info, PWDF_COMPONENT_GLOBALS Globals);
typedef NTSTATUS (*PWDF_LDR_DIAGNOSTICS_VALUE_BY_NAME_AS_ULONG)(PUNICODE_STRING ValueName, PULONG Value);

typedef struct _WDF_LOADER_INTERFACE {
    WDF_INTERFACE_HEADER Header;
    PWDF_REGISTER_LIBRARY RegisterLibrary;
    PWDF_VERSION_BIND VersionBind;
    PWDF_VERSION_UNBIND VersionUnbind;
    PWDF_LDR_DIAGNOSTICS_VALUE_BY_NAME_AS_ULONG DiagnosticsValueByNameAsULONG;
} WDF_LOADER_INTERFACE, *PWDF_LOADER_INTERFACE;

typedef struct DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) _MARKER_TYPE {
    UCHAR Pad[MEMORY_ALLOCATION_ALIGNMENT];
} MARKER_TYPE;

C_ASSERT(sizeof(WDF_BIND_INFO) == 48);
C_ASSERT(FIELD_OFFSET(WDF_BIND_INFO, FuncTable) == 32);
C_ASSERT(sizeof(WDF_BIND_INFO2) == 88);
C_ASSERT(FIELD_OFFSET(WDF_BIND_INFO2, StructTable) == 80);

NTKERNELAPI NTSTATUS WdfVersionBind(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath, PWDF_BIND_INFO BindInfo, PWDF_COMPONENT_GLOBALS *ComponentGlobals);
NTKERNELAPI NTSTATUS WdfVersionUnbind(PUNICODE_STRING RegistryPath, PWDF_BIND_INFO BindInfo, PWDF_COMPONENT_GLOBALS ComponentGlobals);

#endif
