/* Assertions that are made while the driver's framework verifier is on. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LAB_WDK_WDFASSERT_H
#define LAB_WDK_WDFASSERT_H

#define WDFVERIFY(e)                                                       \
    do {                                                                   \
        if ((WdfDriverGlobals->DriverFlags & WdfVerifyOn) && !(e)) {       \
            RtlAssert((PVOID)#e, (PVOID)__FILE__, __LINE__, NULL);         \
        }                                                                  \
    } while (0)
#define VERIFY_IS_IRQL_PASSIVE_LEVEL() WDFVERIFY(KeGetCurrentIrql() == PASSIVE_LEVEL)
#define IS_AT_PASSIVE() VERIFY_IS_IRQL_PASSIVE_LEVEL()
#define WDFCASSERT(e) C_ASSERT(e)

#endif
