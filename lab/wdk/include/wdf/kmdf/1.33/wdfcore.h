/* Constants and macros that no single object owns. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LAB_WDK_WDFCORE_H
#define LAB_WDK_WDFCORE_H

#define WDF_NO_OBJECT_ATTRIBUTES NULL
#define WDF_NO_EVENT_CALLBACK NULL
#define WDF_NO_HANDLE NULL
#define WDF_NO_CONTEXT NULL
#define WDF_NO_SEND_OPTIONS NULL

/* No limit, and the end of a list. */
#define WDF_INSERT_AT_END ((ULONG)-1)
#define WDF_DMA_ENABLER_UNLIMITED_FRAGMENTS ((ULONG)-1)
#define TolerableDelayUnlimited ((ULONG)-1)
#define WDF_REGKEY_DEVICE_SUBKEY 0
#define WDF_REGKEY_DRIVER_SUBKEY 0
/* Values below a device's hardware key that turn idling and waking on and off. */
#define WDF_S0_IDLE_ENABLED_VALUE_NAME L"IdleInWorkingState"
#define WDF_SX_WAKE_ENABLED_VALUE_NAME L"WakeFromSleepState"
#define WDF_S0_IDLE_DEFAULT_VALUE_NAME L"WdfDefaultIdleInWorkingState"
#define WDF_SX_WAKE_DEFAULT_VALUE_NAME L"WdfDefaultWakeFromSleepState"

/* Bytes of WDF_DRIVER_GLOBALS.DriverName. */
#define WDF_DRIVER_GLOBALS_NAME_LEN 32

/* Timeouts: relative ones are negative, in units of 100 nanoseconds. */
#define WDF_TIMEOUT_TO_SEC (1LL * 10 * 1000 * 1000)
#define WDF_TIMEOUT_TO_MS (1LL * 10 * 1000)
#define WDF_TIMEOUT_TO_US (1LL * 10)
#define WDF_REL_TIMEOUT_IN_SEC(time) (-1 * (LONGLONG)(time) * WDF_TIMEOUT_TO_SEC)
#define WDF_REL_TIMEOUT_IN_MS(time) (-1 * (LONGLONG)(time) * WDF_TIMEOUT_TO_MS)
#define WDF_REL_TIMEOUT_IN_US(time) (-1 * (LONGLONG)(time) * WDF_TIMEOUT_TO_US)
#define WDF_ABS_TIMEOUT_IN_SEC(time) ((LONGLONG)(time) * WDF_TIMEOUT_TO_SEC)
#define WDF_ABS_TIMEOUT_IN_US(time) ((LONGLONG)(time) * WDF_TIMEOUT_TO_US)
#define WDF_ABS_TIMEOUT_IN_MS(time) ((LONGLONG)(time) * WDF_TIMEOUT_TO_MS)

#define WDF_ALIGN_SIZE_DOWN(length, to) ((size_t)(length) & ~((size_t)(to) - 1))
#define WDF_ALIGN_SIZE_UP(length, to) WDF_ALIGN_SIZE_DOWN((size_t)(length) + (to) - 1, (to))
#define WDF_PTR_ADD_OFFSET_TYPE(pointer, offset, type) ((type)((PUCHAR)(pointer) + (offset)))
#define WDF_PTR_ADD_OFFSET(pointer, offset) WDF_PTR_ADD_OFFSET_TYPE(pointer, offset, PVOID)
#define WDF_PTR_GET_OFFSET(base, address) ((size_t)((PUCHAR)(address) - (PUCHAR)(base)))

#endif
