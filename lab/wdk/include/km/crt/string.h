// SPDX-License-Identifier: MIT OR Apache-2.0
// The part of the C library that ntoskrnl.exe exports.
#pragma once
#include "vcruntime_types.h"
#ifdef __cplusplus
extern "C" {
#endif
void *memcpy(void *Destination, const void *Source, size_t Count);
void *memmove(void *Destination, const void *Source, size_t Count);
void *memset(void *Destination, int Value, size_t Count);
int memcmp(const void *Left, const void *Right, size_t Count);
void *memchr(const void *Buffer, int Value, size_t Count);
size_t strlen(const char *String);
size_t strnlen(const char *String, size_t Maximum);
int strcmp(const char *Left, const char *Right);
int strncmp(const char *Left, const char *Right, size_t Count);
char *strcpy(char *Destination, const char *Source);
char *strncpy(char *Destination, const char *Source, size_t Count);
char *strcat(char *Destination, const char *Source);
char *strchr(const char *String, int Value);
char *strrchr(const char *String, int Value);
char *strstr(const char *String, const char *Part);
int _stricmp(const char *Left, const char *Right);
int _strnicmp(const char *Left, const char *Right, size_t Count);
size_t wcslen(const wchar_t *String);
size_t wcsnlen(const wchar_t *String, size_t Maximum);
int wcscmp(const wchar_t *Left, const wchar_t *Right);
int wcsncmp(const wchar_t *Left, const wchar_t *Right, size_t Count);
wchar_t *wcscpy(wchar_t *Destination, const wchar_t *Source);
wchar_t *wcsncpy(wchar_t *Destination, const wchar_t *Source, size_t Count);
wchar_t *wcscat(wchar_t *Destination, const wchar_t *Source);
wchar_t *wcschr(const wchar_t *String, wchar_t Value);
wchar_t *wcsrchr(const wchar_t *String, wchar_t Value);
wchar_t *wcsstr(const wchar_t *String, const wchar_t *Part);
int _wcsicmp(const wchar_t *Left, const wchar_t *Right);
int _wcsnicmp(const wchar_t *Left, const wchar_t *Right, size_t Count);
#ifdef __cplusplus
}
#endif
