// SPDX-License-Identifier: MIT OR Apache-2.0
// From here on DEFINE_GUID defines.
#ifndef INITGUID
#define INITGUID
#endif
#include "guiddef.h"
