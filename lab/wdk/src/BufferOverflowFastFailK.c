/*
 * The stack cookie of images that a C compiler built with /GS, in the place of the WDK's BufferOverflowFastFailK.lib.
 * The loader of Windows sets the cookie through the load configuration; an image without one keeps the default.
 */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <ntddk.h>

/* The fast-fail code of a broken stack cookie: FAST_FAIL_STACK_COOKIE_CHECK_FAILURE of ntddk.h. */
#define STACK_COOKIE_CHECK_FAILURE 2

#define DEFAULT_SECURITY_COOKIE 0x00002B992DDFA232ULL

ULONG_PTR __security_cookie = DEFAULT_SECURITY_COOKIE;
ULONG_PTR __security_cookie_complement = ~DEFAULT_SECURITY_COOKIE;

void __security_check_cookie(ULONG_PTR cookie)
{
    /* The top sixteen bits of a cookie are zero, so that no string operation can write them. */
    if (cookie != __security_cookie || (cookie >> 48) != 0) {
        __fastfail(STACK_COOKIE_CHECK_FAILURE);
    }
}

/* IMAGE_LOAD_CONFIG_DIRECTORY64 up to its SEHandlerCount; the linker makes the directory of a variable of this name. */
typedef struct {
    ULONG Size;
    UCHAR Unused[0x54];
    ULONG_PTR *SecurityCookie;
    ULONG64 SEHandlerTable;
    ULONG64 SEHandlerCount;
} LOAD_CONFIG;
C_ASSERT(FIELD_OFFSET(LOAD_CONFIG, SecurityCookie) == 0x58);
const LOAD_CONFIG _load_config_used = { sizeof(LOAD_CONFIG), { 0 }, &__security_cookie, 0, 0 };

/* Drivers call this first thing: the loader has set the cookie, and its complement is for comparisons. */
void __security_init_cookie(void)
{
    __security_cookie_complement = ~__security_cookie;
}

/* What a language handler answers to let the unwinder go on: ExceptionContinueSearch of excpt.h. */
#define EXCEPTION_CONTINUE_SEARCH_DISPOSITION 1

/* The handler of frames that have a cookie and no handler of their own: nothing to do, the epilogue checks. */
int __GSHandlerCheck(void *record, void *frame, void *context, void *dispatcher)
{
    UNREFERENCED_PARAMETER(record);
    UNREFERENCED_PARAMETER(frame);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(dispatcher);
    return EXCEPTION_CONTINUE_SEARCH_DISPOSITION;
}
