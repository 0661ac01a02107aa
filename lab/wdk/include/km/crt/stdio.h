// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "vcruntime_types.h"
#include "stdarg.h"
#ifdef __cplusplus
extern "C" {
#endif
int sprintf(char *Buffer, const char *Format, ...);
int _snprintf(char *Buffer, size_t Count, const char *Format, ...);
int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments);
int _snwprintf(wchar_t *Buffer, size_t Count, const wchar_t *Format, ...);
int _vsnwprintf(wchar_t *Buffer, size_t Count, const wchar_t *Format, va_list Arguments);
#ifdef __cplusplus
}
#endif
