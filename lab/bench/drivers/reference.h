/* What reference.sys offers: the tables of sample.h, made in C. */
#pragma once

#ifndef REFERENCE_IMPORT
#define REFERENCE_IMPORT DECLSPEC_IMPORT
#endif

/* SampleDouble, by the contract of sample.h. */
REFERENCE_IMPORT NTSTATUS ReferenceDouble(INT *Value);

/* The loop that a C programmer writes for SampleDoubleArray: returns how many were doubled, and stops at the first that does not fit. */
REFERENCE_IMPORT SIZE_T ReferenceLoop(INT *Values, SIZE_T Count);

/* Reads and writes every value once, with the widest registers that the compiler takes: what memory allows. */
REFERENCE_IMPORT VOID ReferenceSweep(INT *Values, SIZE_T Count);

/* A table with a context of its own. SampleQueryStatistics stays NULL; the reference routines do nothing. */
REFERENCE_IMPORT VOID ReferenceTable(PSAMPLE_INTERFACE_2 Table);
