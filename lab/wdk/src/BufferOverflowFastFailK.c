/*
 * The stack cookie of images that a C compiler built with /GS, and the load configuration, in the place of the WDK's BufferOverflowFastFailK.lib.
 * Through the load configuration the loader of Windows sets the cookie, and puts its own routines in the place of the two of Control Flow Guard
 * where the system enforces it; the lab's loader does the first of these.
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

/* What an indirect call of an image with Control Flow Guard goes through, as long as no loader puts in a routine that checks the target. */
static void __guard_check_icall_nop(void)
{
}

/* The target is in a register that no calling convention uses: RAX on x64, X9 on ARM64. */
__attribute__((naked)) static void __guard_dispatch_icall_nop(void)
{
#if defined(_AMD64_)
    __asm__("jmp *%rax");
#else
    __asm__("br x9");
#endif
}

typedef void (*GUARD_ROUTINE)(void);

/* In a section that is never writable after the image is loaded. */
__attribute__((section(".00cfg"))) const GUARD_ROUTINE __guard_check_icall_fptr = __guard_check_icall_nop;
__attribute__((section(".00cfg"))) const GUARD_ROUTINE __guard_dispatch_icall_fptr = __guard_dispatch_icall_nop;

/* The linker makes these: their addresses are the values. */
extern const char __guard_fids_table, __guard_fids_count, __guard_flags;
extern const char __guard_iat_table, __guard_iat_count, __guard_longjmp_table, __guard_longjmp_count;

/* IMAGE_LOAD_CONFIG_DIRECTORY64 of ntimage.h, up to the last member that the linker fills here. */
typedef struct {
    ULONG Size;
    ULONG Unused1[5];
    ULONGLONG Unused2[8];
    const ULONG_PTR *SecurityCookie;
    ULONGLONG SEHandlers[2];
    const void *GuardCFCheckFunctionPointer;
    const void *GuardCFDispatchFunctionPointer;
    const void *GuardCFFunctionTable;
    const void *GuardCFFunctionCount;
    /* 32 bits; the next member, CodeIntegrity, begins with 4 bytes that are zero. */
    const void *GuardFlags;
    ULONGLONG CodeIntegrity;
    const void *GuardAddressTakenIatEntryTable;
    const void *GuardAddressTakenIatEntryCount;
    const void *GuardLongJumpTargetTable;
    const void *GuardLongJumpTargetCount;
} LOAD_CONFIG;

C_ASSERT(FIELD_OFFSET(LOAD_CONFIG, SecurityCookie) == 88);
C_ASSERT(FIELD_OFFSET(LOAD_CONFIG, GuardCFCheckFunctionPointer) == 112);
C_ASSERT(FIELD_OFFSET(LOAD_CONFIG, GuardFlags) == 144);
C_ASSERT(FIELD_OFFSET(LOAD_CONFIG, GuardAddressTakenIatEntryTable) == 160);

/* The linker puts this into the image's directory of load configurations, by its name. */
const LOAD_CONFIG _load_config_used = {
    .Size = sizeof(LOAD_CONFIG),
    .SecurityCookie = &__security_cookie,
    .GuardCFCheckFunctionPointer = &__guard_check_icall_fptr,
    .GuardCFDispatchFunctionPointer = &__guard_dispatch_icall_fptr,
    .GuardCFFunctionTable = &__guard_fids_table,
    .GuardCFFunctionCount = &__guard_fids_count,
    .GuardFlags = &__guard_flags,
    .GuardAddressTakenIatEntryTable = &__guard_iat_table,
    .GuardAddressTakenIatEntryCount = &__guard_iat_count,
    .GuardLongJumpTargetTable = &__guard_longjmp_table,
    .GuardLongJumpTargetCount = &__guard_longjmp_count,
};
