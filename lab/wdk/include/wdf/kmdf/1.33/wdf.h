/* The framework as a KMDF 1.33 driver sees it: one header for each of its objects. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LAB_WDK_WDF_H
#define LAB_WDK_WDF_H

#ifdef __cplusplus
#define WDF_EXTERN_C extern "C"
#define WDF_EXTERN_C_START extern "C" {
#define WDF_EXTERN_C_END }
#else
#define WDF_EXTERN_C
#define WDF_EXTERN_C_START

#define WDF_EXTERN_C_END
#endif

#include "wdfcore.h"
#include "wdftypes.h"
#include "wdfglobals.h"
#include "wdffuncenum.h"
#include "wdfstatus.h"
#include "wdfassert.h"
#include "wdfobject.h"
#include "wdfroletypes.h"
#include "wdfsync.h"
#include "wdfdriver.h"
#include "wdfqueryinterface.h"
#include "wdfmemory.h"
#include "wdfchildlist.h"
#include "wdffileobject.h"
#include "wdfrequest.h"
#include "wdfdevice.h"
#include "wdfcollection.h"
#include "wdfdpc.h"
#include "wdftimer.h"
#include "wdfworkitem.h"
#include "wdfinterrupt.h"
#include "wdfresource.h"
#include "wdfiotarget.h"
#include "wdfio.h"
#include "wdffdo.h"
#include "wdfpdo.h"
#include "wdfcontrol.h"
#include "wdfwmi.h"
#include "wdfstring.h"
#include "wdfregistry.h"
#include "wdfdmaenabler.h"
#include "wdfdmatransaction.h"
#include "wdfcommonbuffer.h"
#include "wdfbugcodes.h"
#include "wdfverifier.h"
#include "wdfcompaniontarget.h"
#include "wdfminiport.h"
#include "wdfinit.h"

#endif
