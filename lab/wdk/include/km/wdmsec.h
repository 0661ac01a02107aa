// SPDX-License-Identifier: MIT OR Apache-2.0
// SDDL strings for device objects, and IoCreateDeviceSecure: on Windows code of wdmsec.lib, here a routine of ntoskrnl.lib.
#pragma once
#include "wdm.h"
#define SDDL_DEVOBJ_KERNEL_ONLY_TEXT L"D:P"
#define SDDL_DEVOBJ_SYS_ALL_TEXT L"D:P(A;;GA;;;SY)"
#define SDDL_DEVOBJ_SYS_ALL_ADM_ALL_TEXT L"D:P(A;;GA;;;SY)(A;;GA;;;BA)"
#ifdef __cplusplus
extern "C" {
#endif
DECLARE_GLOBAL_CONST_UNICODE_STRING(SDDL_DEVOBJ_KERNEL_ONLY, SDDL_DEVOBJ_KERNEL_ONLY_TEXT);
DECLARE_GLOBAL_CONST_UNICODE_STRING(SDDL_DEVOBJ_SYS_ALL, SDDL_DEVOBJ_SYS_ALL_TEXT);
DECLARE_GLOBAL_CONST_UNICODE_STRING(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, SDDL_DEVOBJ_SYS_ALL_ADM_ALL_TEXT);
NTKERNELAPI NTSTATUS IoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive, PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid, PDEVICE_OBJECT *DeviceObject);
#ifdef __cplusplus
}
#endif
