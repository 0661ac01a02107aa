// SPDX-License-Identifier: MIT OR Apache-2.0
// The bounded string functions of one character type; ntstrsafe.h includes this file once for each.

FORCEINLINE NTSTATUS LAB_NAME(RtlStringCchLength)(const LAB_CHARACTER *String, size_t Maximum, size_t *Length) {
    size_t n = 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (String != NULL && Maximum <= NTSTRSAFE_MAX_CCH) {
        while (n < Maximum && String[n] != 0)
            n++;
        status = n < Maximum ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (Length != NULL)
        *Length = NT_SUCCESS(status) ? n : 0;
    return status;
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCbLength)(const LAB_CHARACTER *String, size_t Maximum, size_t *Length) {
    NTSTATUS status = LAB_NAME(RtlStringCchLength)(String, Maximum / sizeof(LAB_CHARACTER), Length);
    if (Length != NULL)
        *Length *= sizeof(LAB_CHARACTER);
    return status;
}
/* Copies up to `Count` characters, and cuts off what does not fit; the result always ends with a null. */
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCchCopyN)(LAB_CHARACTER *Destination, size_t Size, const LAB_CHARACTER *Source, size_t Count) {
    size_t n = 0;
    if (Size == 0 || Size > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    for (; n + 1 < Size && n < Count && Source[n] != 0; n++)
        Destination[n] = Source[n];
    Destination[n] = 0;
    return n == Count || Source[n] == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCbCopyN)(LAB_CHARACTER *Destination, size_t Bytes, const LAB_CHARACTER *Source, size_t CountBytes) {
    return LAB_NAME(RtlStringCchCopyN)(Destination, Bytes / sizeof(LAB_CHARACTER), Source, CountBytes / sizeof(LAB_CHARACTER));
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCchCopy)(LAB_CHARACTER *Destination, size_t Size, const LAB_CHARACTER *Source) {
    return LAB_NAME(RtlStringCchCopyN)(Destination, Size, Source, NTSTRSAFE_MAX_CCH);
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCbCopy)(LAB_CHARACTER *Destination, size_t Bytes, const LAB_CHARACTER *Source) {
    return LAB_NAME(RtlStringCchCopy)(Destination, Bytes / sizeof(LAB_CHARACTER), Source);
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCchCatN)(LAB_CHARACTER *Destination, size_t Size, const LAB_CHARACTER *Source, size_t Count) {
    size_t length;
    NTSTATUS status = LAB_NAME(RtlStringCchLength)(Destination, Size, &length);
    return !NT_SUCCESS(status) ? status : LAB_NAME(RtlStringCchCopyN)(Destination + length, Size - length, Source, Count);
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCbCatN)(LAB_CHARACTER *Destination, size_t Bytes, const LAB_CHARACTER *Source, size_t CountBytes) {
    return LAB_NAME(RtlStringCchCatN)(Destination, Bytes / sizeof(LAB_CHARACTER), Source, CountBytes / sizeof(LAB_CHARACTER));
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCchCat)(LAB_CHARACTER *Destination, size_t Size, const LAB_CHARACTER *Source) {
    return LAB_NAME(RtlStringCchCatN)(Destination, Size, Source, NTSTRSAFE_MAX_CCH);
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCbCat)(LAB_CHARACTER *Destination, size_t Bytes, const LAB_CHARACTER *Source) {
    return LAB_NAME(RtlStringCchCat)(Destination, Bytes / sizeof(LAB_CHARACTER), Source);
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCchVPrintf)(LAB_CHARACTER *Destination, size_t Size, const LAB_CHARACTER *Format, va_list Arguments) {
    int written;
    if (Size == 0 || Size > NTSTRSAFE_MAX_CCH)
        return STATUS_INVALID_PARAMETER;
    written = LAB_PRINT(Destination, Size - 1, Format, Arguments);
    if (written >= 0 && (size_t)written < Size - 1)
        return STATUS_SUCCESS;
    Destination[Size - 1] = 0;
    return written >= 0 && (size_t)written == Size - 1 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}
FORCEINLINE NTSTATUS LAB_NAME(RtlStringCbVPrintf)(LAB_CHARACTER *Destination, size_t Bytes, const LAB_CHARACTER *Format, va_list Arguments) {
    return LAB_NAME(RtlStringCchVPrintf)(Destination, Bytes / sizeof(LAB_CHARACTER), Format, Arguments);
}
/* Not FORCEINLINE: a function with `...` cannot be inlined. */
static __inline __attribute__((unused)) NTSTATUS LAB_NAME(RtlStringCchPrintf)(LAB_CHARACTER *Destination, size_t Size, const LAB_CHARACTER *Format, ...) {
    va_list arguments;
    NTSTATUS status;
    va_start(arguments, Format);
    status = LAB_NAME(RtlStringCchVPrintf)(Destination, Size, Format, arguments);
    va_end(arguments);
    return status;
}
static __inline __attribute__((unused)) NTSTATUS LAB_NAME(RtlStringCbPrintf)(LAB_CHARACTER *Destination, size_t Bytes, const LAB_CHARACTER *Format, ...) {
    va_list arguments;
    NTSTATUS status;
    va_start(arguments, Format);
    status = LAB_NAME(RtlStringCbVPrintf)(Destination, Bytes, Format, arguments);
    va_end(arguments);
    return status;
}
