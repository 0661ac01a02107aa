// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#ifndef _NTDDK_
#define _NTDDK_
#endif
#include "wdm.h"
#ifdef __cplusplus
extern "C" {
#endif
typedef VOID CREATE_PROCESS_NOTIFY_ROUTINE(HANDLE ParentId, HANDLE ProcessId, BOOLEAN Create);
typedef CREATE_PROCESS_NOTIFY_ROUTINE *PCREATE_PROCESS_NOTIFY_ROUTINE;
NTKERNELAPI NTSTATUS PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine, BOOLEAN Remove);
NTKERNELAPI PEPROCESS IoGetInitiatorProcess(PFILE_OBJECT FileObject);
NTKERNELAPI HANDLE PsGetProcessInheritedFromUniqueProcessId(PEPROCESS Process);
#ifdef __cplusplus
}
#endif
