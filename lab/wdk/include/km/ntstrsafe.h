// SPDX-License-Identifier: MIT OR Apache-2.0
// The bounded string functions that our own C uses; the library has many more.
#pragma once
#include "ntdef.h"
#include "ntstatus.h"
#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(wchar_t))

FORCEINLINE NTSTATUS RtlStringCchLengthW(PCWSTR String, size_t Maximum, size_t *Length) {
    size_t n = 0;
    while (n < Maximum && String[n] != 0)
        n++;
    if (Length != NULL)
        *Length = n < Maximum ? n : 0;
    return n < Maximum ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
FORCEINLINE NTSTATUS RtlStringCchCopyW(PWSTR Destination, size_t Size, PCWSTR Source) {
    size_t n = 0;
    if (Size == 0)
        return STATUS_INVALID_PARAMETER;
    for (; n + 1 < Size && Source[n] != 0; n++)
        Destination[n] = Source[n];
    Destination[n] = 0;
    return Source[n] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
FORCEINLINE NTSTATUS RtlStringCbCopyW(PWSTR Destination, size_t Bytes, PCWSTR Source) {
    return RtlStringCchCopyW(Destination, Bytes / sizeof(WCHAR), Source);
}
FORCEINLINE NTSTATUS RtlStringCchCopyA(PSTR Destination, size_t Size, PCSTR Source) {
    size_t n = 0;
    if (Size == 0)
        return STATUS_INVALID_PARAMETER;
    for (; n + 1 < Size && Source[n] != 0; n++)
        Destination[n] = Source[n];
    Destination[n] = 0;
    return Source[n] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
