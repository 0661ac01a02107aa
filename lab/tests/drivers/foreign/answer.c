/* The answer, and what is told at the end. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "driver.h"

NTSTATUS
ForeignAnswer(
    WDFDEVICE Device,
    PSTR Buffer,
    size_t Length
    )
{
    PDEVICE_CONTEXT context = GetDeviceContext(Device);
    size_t product = 0;
    NTSTATUS status;

    context->Asked++;
    try {
        status = RtlSizeTMult(SIZE_MAX, context->Asked, &product);
        if (!NT_SUCCESS(status)) {
            ExRaiseStatus(status);
        }
    } except (GetExceptionCode() == STATUS_INTEGER_OVERFLOW ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        return RtlStringCbPrintfA(Buffer, Length, "%u: too much", context->Asked);
    }
    return RtlStringCbPrintfA(Buffer, Length, "%u", context->Asked);
}

VOID
ForeignEvtDeviceContextCleanup(
    WDFOBJECT Device
    )
{
    DbgPrint("foreign: asked %u times\n", GetDeviceContext(Device)->Asked);
}
