// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "vcruntime_types.h"
#ifdef __cplusplus
extern "C" {
#endif
int atoi(const char *String);
long atol(const char *String);
unsigned long wcstoul(const wchar_t *String, wchar_t **End, int Base);
void qsort(void *Base, size_t Count, size_t Size, int (*Compare)(const void *, const void *));
#ifdef __cplusplus
}
#endif
