// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel as a WDM driver sees it (x64): this file pulls the parts together, in the order they depend on each other.
#pragma once
#ifndef _NTDDK_
#define _WDMDDK_
#endif
#include "ntdef.h"
#include "ntstatus.h"
#include "bugcodes.h"
#include "devioctl.h"
#ifdef __cplusplus
extern "C" {
#endif
#include "wdm_exception.h"
#include "wdm_ke.h"
#include "wdm_io.h"
#include "wdm_pnp.h"
#include "wdm_ke_functions.h"
#include "wdm_ex_functions.h"
#include "wdm_rtl_functions.h"
#include "wdm_zw_functions.h"
#include "wdm_io_functions.h"
#ifdef __cplusplus
}
#endif
