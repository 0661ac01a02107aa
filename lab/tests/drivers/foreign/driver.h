/* Written as drivers for Microsoft's compiler are: names of headers in any case, trace macros of a configuration block, declarations that differ in handles. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <NTDDK.H>
#include <wdf.h>
#define NTSTRSAFE_LIB
#include <ntstrsafe.h>
#include <ntintsafe.h>
#include <WdmSec.h>
#include <initguid.h>

// begin_wpp config
// FUNC Note{LEVEL=TRACE_LEVEL_INFORMATION}(MSG, ...);
// end_wpp

DEFINE_GUID(GUID_DEVINTERFACE_FOREIGN, 0x2a54a5c5, 0x9a3c, 0x4b5e, 0x8d, 0x10, 0x5b, 0x1e, 0x6f, 0x7a, 0x90, 0x21);

typedef struct _DEVICE_CONTEXT {
    ULONG Asked;
} DEVICE_CONTEXT, *PDEVICE_CONTEXT;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DEVICE_CONTEXT, GetDeviceContext)

DRIVER_INITIALIZE DriverEntry;
EVT_WDF_DRIVER_DEVICE_ADD ForeignEvtDeviceAdd;
EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL ForeignEvtIoDeviceControl;
EVT_WDF_DEVICE_CONTEXT_CLEANUP ForeignEvtDeviceContextCleanup;
NTSTATUS ForeignAnswer(PVOID Device, PSTR Buffer, size_t Length);
