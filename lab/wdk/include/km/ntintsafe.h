// SPDX-License-Identifier: MIT OR Apache-2.0
// Integer arithmetic and conversions that fail with STATUS_INTEGER_OVERFLOW instead of wrapping.
#pragma once
#include "ntdef.h"
#include "ntstatus.h"

#ifndef SIZE_MAX
#define SIZE_MAX 0xffffffffffffffffui64
#endif
#define SIZE_T_MAX SIZE_MAX
#define USHORT_MAX 0xffff
#define ULONG_MAX 0xffffffffUL
#define ULONGLONG_MAX 0xffffffffffffffffui64
#define LONG_MAX 2147483647L
#define LONG_MIN (-2147483647L - 1)

/* A routine that leaves all bits set where the result does not fit, -1 for a signed type. */
#define LAB_INTSAFE_BINARY(name, type, builtin)                                  \
    FORCEINLINE NTSTATUS name(type Left, type Right, type *Result) {             \
        if (builtin(Left, Right, Result)) {                                      \
            *Result = (type)-1;                                                  \
            return STATUS_INTEGER_OVERFLOW;                                      \
        }                                                                        \
        return STATUS_SUCCESS;                                                   \
    }
#define LAB_INTSAFE_CONVERSION(name, from, to)                                   \
    FORCEINLINE NTSTATUS name(from Operand, to *Result) {                        \
        if (__builtin_add_overflow(Operand, (from)0, Result)) {                  \
            *Result = (to)-1;                                                    \
            return STATUS_INTEGER_OVERFLOW;                                      \
        }                                                                        \
        return STATUS_SUCCESS;                                                   \
    }
#define LAB_INTSAFE_ARITHMETIC(name, type)                                       \
    LAB_INTSAFE_BINARY(Rtl##name##Add, type, __builtin_add_overflow)             \
    LAB_INTSAFE_BINARY(Rtl##name##Sub, type, __builtin_sub_overflow)             \
    LAB_INTSAFE_BINARY(Rtl##name##Mult, type, __builtin_mul_overflow)

LAB_INTSAFE_ARITHMETIC(UInt8, UCHAR)
LAB_INTSAFE_ARITHMETIC(UShort, USHORT)
LAB_INTSAFE_ARITHMETIC(UInt, UINT)
LAB_INTSAFE_ARITHMETIC(ULong, ULONG)
LAB_INTSAFE_ARITHMETIC(ULongLong, ULONGLONG)
LAB_INTSAFE_ARITHMETIC(UIntPtr, UINT_PTR)
LAB_INTSAFE_ARITHMETIC(ULongPtr, ULONG_PTR)
LAB_INTSAFE_ARITHMETIC(SizeT, SIZE_T)
LAB_INTSAFE_ARITHMETIC(Int8, SCHAR)
LAB_INTSAFE_ARITHMETIC(Short, SHORT)
LAB_INTSAFE_ARITHMETIC(Int, INT)
LAB_INTSAFE_ARITHMETIC(Long, LONG)
LAB_INTSAFE_ARITHMETIC(LongLong, LONGLONG)
LAB_INTSAFE_ARITHMETIC(IntPtr, INT_PTR)
LAB_INTSAFE_ARITHMETIC(LongPtr, LONG_PTR)
LAB_INTSAFE_ARITHMETIC(PtrdiffT, LONG_PTR)
#define RtlSIZETAdd RtlSizeTAdd
#define RtlSIZETSub RtlSizeTSub
#define RtlSIZETMult RtlSizeTMult

/* From one type to every other that may not hold the value. */
#define LAB_INTSAFE_TO_NARROW(name, type)                                        \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToInt8, type, SCHAR)                       \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToUInt8, type, UCHAR)                      \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToShort, type, SHORT)                      \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToUShort, type, USHORT)                    \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToInt, type, INT)                          \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToLong, type, LONG)
#define LAB_INTSAFE_TO_UNSIGNED(name, type)                                      \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToUInt, type, UINT)                        \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToULong, type, ULONG)
#define LAB_INTSAFE_TO_WIDE(name, type)                                          \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToUIntPtr, type, UINT_PTR)                 \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToULongPtr, type, ULONG_PTR)               \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToSizeT, type, SIZE_T)                     \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToULongLong, type, ULONGLONG)              \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToLongLong, type, LONGLONG)                \
    LAB_INTSAFE_CONVERSION(Rtl##name##ToPtrdiffT, type, LONG_PTR)

LAB_INTSAFE_TO_NARROW(UInt, UINT)
LAB_INTSAFE_TO_NARROW(ULong, ULONG)
LAB_INTSAFE_TO_NARROW(ULongLong, ULONGLONG)
LAB_INTSAFE_TO_NARROW(UIntPtr, UINT_PTR)
LAB_INTSAFE_TO_NARROW(ULongPtr, ULONG_PTR)
LAB_INTSAFE_TO_NARROW(SizeT, SIZE_T)
LAB_INTSAFE_TO_NARROW(Int, INT)
LAB_INTSAFE_TO_NARROW(Long, LONG)
LAB_INTSAFE_TO_NARROW(LongLong, LONGLONG)
LAB_INTSAFE_TO_NARROW(IntPtr, INT_PTR)
LAB_INTSAFE_TO_UNSIGNED(ULongLong, ULONGLONG)
LAB_INTSAFE_TO_UNSIGNED(UIntPtr, UINT_PTR)
LAB_INTSAFE_TO_UNSIGNED(ULongPtr, ULONG_PTR)
LAB_INTSAFE_TO_UNSIGNED(SizeT, SIZE_T)
LAB_INTSAFE_TO_UNSIGNED(Short, SHORT)
LAB_INTSAFE_TO_UNSIGNED(Int, INT)
LAB_INTSAFE_TO_UNSIGNED(Long, LONG)
LAB_INTSAFE_TO_UNSIGNED(LongLong, LONGLONG)
LAB_INTSAFE_TO_UNSIGNED(IntPtr, INT_PTR)
LAB_INTSAFE_TO_WIDE(ULong, ULONG)
LAB_INTSAFE_TO_WIDE(ULongLong, ULONGLONG)
LAB_INTSAFE_TO_WIDE(SizeT, SIZE_T)
LAB_INTSAFE_TO_WIDE(Int, INT)
LAB_INTSAFE_TO_WIDE(Long, LONG)
LAB_INTSAFE_TO_WIDE(LongLong, LONGLONG)

#undef LAB_INTSAFE_BINARY
#undef LAB_INTSAFE_CONVERSION
#undef LAB_INTSAFE_ARITHMETIC
#undef LAB_INTSAFE_TO_NARROW
#undef LAB_INTSAFE_TO_UNSIGNED
#undef LAB_INTSAFE_TO_WIDE
