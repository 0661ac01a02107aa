// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#define _NTIFS_
#include "ntddk.h"
#ifdef __cplusplus
extern "C" {
#endif
NTKERNELAPI NTSTATUS PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process);
NTKERNELAPI NTSTATUS PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread);
NTKERNELAPI VOID KeInitializeApc(PRKAPC Apc, PKTHREAD Thread, LONG Environment, PKKERNEL_ROUTINE KernelRoutine, PKRUNDOWN_ROUTINE RundownRoutine, PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE ProcessorMode, PVOID NormalContext);
NTKERNELAPI BOOLEAN KeInsertQueueApc(PRKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2, KPRIORITY Increment);
#ifdef __cplusplus
}
#endif
