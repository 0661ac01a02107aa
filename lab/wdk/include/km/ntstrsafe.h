// SPDX-License-Identifier: MIT OR Apache-2.0
// Bounded string functions, always inline: what a driver links with ntstrsafe.lib on Windows. Not here: the `Ex` forms, and reading from standard input.
#pragma once
#include "ntdef.h"
#include "ntstatus.h"
#include "stdio.h"
#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(wchar_t))
#define STRSAFE_MAX_CCH NTSTRSAFE_MAX_CCH
#define STRSAFE_MAX_LENGTH NTSTRSAFE_MAX_LENGTH
typedef char *NTSTRSAFE_PSTR;
typedef const char *NTSTRSAFE_PCSTR;
typedef wchar_t *NTSTRSAFE_PWSTR;
typedef const wchar_t *NTSTRSAFE_PCWSTR;

#define LAB_CHARACTER char
#define LAB_NAME(name) name##A
#define LAB_PRINT _vsnprintf
#include "ntstrsafe_characters.h"
#undef LAB_CHARACTER
#undef LAB_NAME
#undef LAB_PRINT

#define LAB_CHARACTER wchar_t
#define LAB_NAME(name) name##W
#define LAB_PRINT _vsnwprintf
#include "ntstrsafe_characters.h"
#undef LAB_CHARACTER
#undef LAB_NAME
#undef LAB_PRINT

#ifdef UNICODE
#define LAB_STRING(name) name##W
#else
#define LAB_STRING(name) name##A
#endif
#define RtlStringCchCopy LAB_STRING(RtlStringCchCopy)
#define RtlStringCbCopy LAB_STRING(RtlStringCbCopy)
#define RtlStringCchCopyN LAB_STRING(RtlStringCchCopyN)
#define RtlStringCbCopyN LAB_STRING(RtlStringCbCopyN)
#define RtlStringCchCat LAB_STRING(RtlStringCchCat)
#define RtlStringCbCat LAB_STRING(RtlStringCbCat)
#define RtlStringCchCatN LAB_STRING(RtlStringCchCatN)
#define RtlStringCbCatN LAB_STRING(RtlStringCbCatN)
#define RtlStringCchPrintf LAB_STRING(RtlStringCchPrintf)
#define RtlStringCbPrintf LAB_STRING(RtlStringCbPrintf)
#define RtlStringCchVPrintf LAB_STRING(RtlStringCchVPrintf)
#define RtlStringCbVPrintf LAB_STRING(RtlStringCbVPrintf)
#define RtlStringCchLength LAB_STRING(RtlStringCchLength)
#define RtlStringCbLength LAB_STRING(RtlStringCbLength)

/* A counted string is well formed when its lengths are even and in order, and a buffer is there for them. */
FORCEINLINE NTSTATUS RtlUnicodeStringValidate(PCUNICODE_STRING String) {
    if (String == NULL)
        return STATUS_INVALID_PARAMETER;
    if (String->Length % sizeof(wchar_t) != 0 || String->MaximumLength % sizeof(wchar_t) != 0 || String->Length > String->MaximumLength)
        return STATUS_INVALID_PARAMETER;
    return String->Buffer == NULL && String->MaximumLength != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}
FORCEINLINE NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Source) {
    size_t length = 0;
    if (String == NULL)
        return STATUS_INVALID_PARAMETER;
    if (Source != NULL && !NT_SUCCESS(RtlStringCchLengthW(Source, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &length)))
        return STATUS_INVALID_PARAMETER;
    String->Buffer = (PWCH)Source;
    String->Length = (USHORT)(length * sizeof(wchar_t));
    String->MaximumLength = Source == NULL ? 0 : (USHORT)(String->Length + sizeof(wchar_t));
    return STATUS_SUCCESS;
}
/* Puts up to `Count` characters of `Source` behind the first `At` of the string, and cuts off what does not fit. */
FORCEINLINE NTSTATUS LabUnicodeStringPut(PUNICODE_STRING String, size_t At, NTSTRSAFE_PCWSTR Source, size_t Count) {
    size_t room = String->MaximumLength / sizeof(wchar_t);
    size_t n = 0;
    for (; n < Count && Source[n] != 0 && At + n < room; n++)
        String->Buffer[At + n] = Source[n];
    String->Length = (USHORT)((At + n) * sizeof(wchar_t));
    return n == Count || Source[n] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
FORCEINLINE NTSTATUS RtlUnicodeStringCchCopyStringN(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Source, size_t Count) {
    NTSTATUS status = RtlUnicodeStringValidate(String);
    return !NT_SUCCESS(status) ? status : LabUnicodeStringPut(String, 0, Source, Count);
}
FORCEINLINE NTSTATUS RtlUnicodeStringCbCopyStringN(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Source, size_t Bytes) {
    return RtlUnicodeStringCchCopyStringN(String, Source, Bytes / sizeof(wchar_t));
}
FORCEINLINE NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Source) {
    return RtlUnicodeStringCchCopyStringN(String, Source, NTSTRSAFE_MAX_CCH);
}
FORCEINLINE NTSTATUS RtlUnicodeStringCchCatStringN(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Source, size_t Count) {
    NTSTATUS status = RtlUnicodeStringValidate(String);
    return !NT_SUCCESS(status) ? status : LabUnicodeStringPut(String, String->Length / sizeof(wchar_t), Source, Count);
}
FORCEINLINE NTSTATUS RtlUnicodeStringCbCatStringN(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Source, size_t Bytes) {
    return RtlUnicodeStringCchCatStringN(String, Source, Bytes / sizeof(wchar_t));
}
FORCEINLINE NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Source) {
    return RtlUnicodeStringCchCatStringN(String, Source, NTSTRSAFE_MAX_CCH);
}
FORCEINLINE NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING String, PCUNICODE_STRING Source) {
    NTSTATUS status = RtlUnicodeStringValidate(Source);
    return !NT_SUCCESS(status) ? status : RtlUnicodeStringCbCopyStringN(String, Source->Buffer, Source->Length);
}
FORCEINLINE NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING String, PCUNICODE_STRING Source) {
    NTSTATUS status = RtlUnicodeStringValidate(Source);
    return !NT_SUCCESS(status) ? status : RtlUnicodeStringCbCatStringN(String, Source->Buffer, Source->Length);
}
FORCEINLINE NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Format, va_list Arguments) {
    NTSTATUS status = RtlUnicodeStringValidate(String);
    size_t room;
    int written;
    if (!NT_SUCCESS(status))
        return status;
    room = String->MaximumLength / sizeof(wchar_t);
    written = _vsnwprintf(String->Buffer, room, Format, Arguments);
    if (written < 0 || (size_t)written > room) {
        String->Length = (USHORT)(room * sizeof(wchar_t));
        return STATUS_BUFFER_OVERFLOW;
    }
    String->Length = (USHORT)((size_t)written * sizeof(wchar_t));
    return STATUS_SUCCESS;
}
/* Not FORCEINLINE: a function with `...` cannot be inlined. */
static __inline __attribute__((unused)) NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING String, NTSTRSAFE_PCWSTR Format, ...) {
    va_list arguments;
    NTSTATUS status;
    va_start(arguments, Format);
    status = RtlUnicodeStringVPrintf(String, Format, arguments);
    va_end(arguments);
    return status;
}
