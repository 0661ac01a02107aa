/* Miniport drivers: a port driver owns dispatching, the framework only its objects. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LAB_WDK_WDFMINIPORT_H
#define LAB_WDK_WDFMINIPORT_H

WDF_EXTERN_C_START

typedef NTSTATUS (NTAPI *PFN_WDFDEVICEMINIPORTCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver, PWDF_OBJECT_ATTRIBUTES Attributes, PDEVICE_OBJECT DeviceObject, PDEVICE_OBJECT AttachedDeviceObject, PDEVICE_OBJECT Pdo, WDFDEVICE *Device);
typedef VOID (NTAPI *PFN_WDFDRIVERMINIPORTUNLOAD)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDRIVER Driver);

WDF_EXTERN_C_END

#endif
