// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "vcruntime_types.h"
#ifdef __cplusplus
extern "C" {
#endif
int isdigit(int Character);
int isspace(int Character);
int isxdigit(int Character);
int isupper(int Character);
int islower(int Character);
int isprint(int Character);
int tolower(int Character);
int toupper(int Character);
wchar_t towlower(wchar_t Character);
wchar_t towupper(wchar_t Character);
#ifdef __cplusplus
}
#endif
