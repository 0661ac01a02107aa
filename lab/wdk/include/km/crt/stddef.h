// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once
#include "vcruntime_types.h"
#ifndef offsetof
#define offsetof(t, m) __builtin_offsetof(t, m)
#endif
