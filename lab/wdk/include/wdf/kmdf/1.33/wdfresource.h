/* Hardware resource lists. */
/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef LAB_WDK_WDFRESOURCE_H
#define LAB_WDK_WDFRESOURCE_H

WDF_EXTERN_C_START

typedef VOID (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTSETSLOTNUMBER)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, ULONG SlotNumber);
typedef VOID (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTSETINTERFACETYPE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, INTERFACE_TYPE InterfaceType);
typedef NTSTATUS (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTAPPENDIORESLIST)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList);
typedef NTSTATUS (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTINSERTIORESLIST)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList, ULONG Index);
typedef ULONG (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTGETCOUNT)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList);
typedef WDFIORESLIST (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, ULONG Index);
typedef VOID (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, ULONG Index);
typedef VOID (NTAPI *PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVEBYIORESLIST)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList);
typedef NTSTATUS (NTAPI *PFN_WDFIORESOURCELISTCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESREQLIST RequirementsList, PWDF_OBJECT_ATTRIBUTES Attributes, WDFIORESLIST *ResourceList);
typedef NTSTATUS (NTAPI *PFN_WDFIORESOURCELISTAPPENDDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor);
typedef NTSTATUS (NTAPI *PFN_WDFIORESOURCELISTINSERTDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor, ULONG Index);
typedef VOID (NTAPI *PFN_WDFIORESOURCELISTUPDATEDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor, ULONG Index);
typedef ULONG (NTAPI *PFN_WDFIORESOURCELISTGETCOUNT)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList);
typedef PIO_RESOURCE_DESCRIPTOR (NTAPI *PFN_WDFIORESOURCELISTGETDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, ULONG Index);
typedef VOID (NTAPI *PFN_WDFIORESOURCELISTREMOVE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, ULONG Index);
typedef VOID (NTAPI *PFN_WDFIORESOURCELISTREMOVEBYDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor);
typedef NTSTATUS (NTAPI *PFN_WDFCMRESOURCELISTAPPENDDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor);
typedef NTSTATUS (NTAPI *PFN_WDFCMRESOURCELISTINSERTDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor, ULONG Index);
typedef ULONG (NTAPI *PFN_WDFCMRESOURCELISTGETCOUNT)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List);
typedef PCM_PARTIAL_RESOURCE_DESCRIPTOR (NTAPI *PFN_WDFCMRESOURCELISTGETDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, ULONG Index);
typedef VOID (NTAPI *PFN_WDFCMRESOURCELISTREMOVE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, ULONG Index);
typedef VOID (NTAPI *PFN_WDFCMRESOURCELISTREMOVEBYDESCRIPTOR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor);

FORCEINLINE VOID WdfIoResourceRequirementsListSetSlotNumber(WDFIORESREQLIST RequirementsList, ULONG SlotNumber)
{
    ((PFN_WDFIORESOURCEREQUIREMENTSLISTSETSLOTNUMBER)WdfFunctions[WdfIoResourceRequirementsListSetSlotNumberTableIndex])(WdfDriverGlobals, RequirementsList, SlotNumber);
}

FORCEINLINE VOID WdfIoResourceRequirementsListSetInterfaceType(WDFIORESREQLIST RequirementsList, INTERFACE_TYPE InterfaceType)
{
    ((PFN_WDFIORESOURCEREQUIREMENTSLISTSETINTERFACETYPE)WdfFunctions[WdfIoResourceRequirementsListSetInterfaceTypeTableIndex])(WdfDriverGlobals, RequirementsList, InterfaceType);
}

FORCEINLINE NTSTATUS WdfIoResourceRequirementsListAppendIoResList(WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList)
{
    return ((PFN_WDFIORESOURCEREQUIREMENTSLISTAPPENDIORESLIST)WdfFunctions[WdfIoResourceRequirementsListAppendIoResListTableIndex])(WdfDriverGlobals, RequirementsList, IoResList);
}

FORCEINLINE NTSTATUS WdfIoResourceRequirementsListInsertIoResList(WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList, ULONG Index)
{
    return ((PFN_WDFIORESOURCEREQUIREMENTSLISTINSERTIORESLIST)WdfFunctions[WdfIoResourceRequirementsListInsertIoResListTableIndex])(WdfDriverGlobals, RequirementsList, IoResList, Index);
}

FORCEINLINE ULONG WdfIoResourceRequirementsListGetCount(WDFIORESREQLIST RequirementsList)
{
    return ((PFN_WDFIORESOURCEREQUIREMENTSLISTGETCOUNT)WdfFunctions[WdfIoResourceRequirementsListGetCountTableIndex])(WdfDriverGlobals, RequirementsList);
}

FORCEINLINE WDFIORESLIST WdfIoResourceRequirementsListGetIoResList(WDFIORESREQLIST RequirementsList, ULONG Index)
{
    return ((PFN_WDFIORESOURCEREQUIREMENTSLISTGETIORESLIST)WdfFunctions[WdfIoResourceRequirementsListGetIoResListTableIndex])(WdfDriverGlobals, RequirementsList, Index);
}

FORCEINLINE VOID WdfIoResourceRequirementsListRemove(WDFIORESREQLIST RequirementsList, ULONG Index)
{
    ((PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVE)WdfFunctions[WdfIoResourceRequirementsListRemoveTableIndex])(WdfDriverGlobals, RequirementsList, Index);
}

FORCEINLINE VOID WdfIoResourceRequirementsListRemoveByIoResList(WDFIORESREQLIST RequirementsList, WDFIORESLIST IoResList)
{
    ((PFN_WDFIORESOURCEREQUIREMENTSLISTREMOVEBYIORESLIST)WdfFunctions[WdfIoResourceRequirementsListRemoveByIoResListTableIndex])(WdfDriverGlobals, RequirementsList, IoResList);
}

FORCEINLINE NTSTATUS WdfIoResourceListCreate(WDFIORESREQLIST RequirementsList, PWDF_OBJECT_ATTRIBUTES Attributes, WDFIORESLIST *ResourceList)
{
    return ((PFN_WDFIORESOURCELISTCREATE)WdfFunctions[WdfIoResourceListCreateTableIndex])(WdfDriverGlobals, RequirementsList, Attributes, ResourceList);
}

FORCEINLINE NTSTATUS WdfIoResourceListAppendDescriptor(WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor)
{
    return ((PFN_WDFIORESOURCELISTAPPENDDESCRIPTOR)WdfFunctions[WdfIoResourceListAppendDescriptorTableIndex])(WdfDriverGlobals, ResourceList, Descriptor);
}

FORCEINLINE NTSTATUS WdfIoResourceListInsertDescriptor(WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor, ULONG Index)
{
    return ((PFN_WDFIORESOURCELISTINSERTDESCRIPTOR)WdfFunctions[WdfIoResourceListInsertDescriptorTableIndex])(WdfDriverGlobals, ResourceList, Descriptor, Index);
}

FORCEINLINE VOID WdfIoResourceListUpdateDescriptor(WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor, ULONG Index)
{
    ((PFN_WDFIORESOURCELISTUPDATEDESCRIPTOR)WdfFunctions[WdfIoResourceListUpdateDescriptorTableIndex])(WdfDriverGlobals, ResourceList, Descriptor, Index);
}

FORCEINLINE ULONG WdfIoResourceListGetCount(WDFIORESLIST ResourceList)
{
    return ((PFN_WDFIORESOURCELISTGETCOUNT)WdfFunctions[WdfIoResourceListGetCountTableIndex])(WdfDriverGlobals, ResourceList);
}

FORCEINLINE PIO_RESOURCE_DESCRIPTOR WdfIoResourceListGetDescriptor(WDFIORESLIST ResourceList, ULONG Index)
{
    return ((PFN_WDFIORESOURCELISTGETDESCRIPTOR)WdfFunctions[WdfIoResourceListGetDescriptorTableIndex])(WdfDriverGlobals, ResourceList, Index);
}

FORCEINLINE VOID WdfIoResourceListRemove(WDFIORESLIST ResourceList, ULONG Index)
{
    ((PFN_WDFIORESOURCELISTREMOVE)WdfFunctions[WdfIoResourceListRemoveTableIndex])(WdfDriverGlobals, ResourceList, Index);
}

FORCEINLINE VOID WdfIoResourceListRemoveByDescriptor(WDFIORESLIST ResourceList, PIO_RESOURCE_DESCRIPTOR Descriptor)
{
    ((PFN_WDFIORESOURCELISTREMOVEBYDESCRIPTOR)WdfFunctions[WdfIoResourceListRemoveByDescriptorTableIndex])(WdfDriverGlobals, ResourceList, Descriptor);
}

FORCEINLINE NTSTATUS WdfCmResourceListAppendDescriptor(WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor)
{
    return ((PFN_WDFCMRESOURCELISTAPPENDDESCRIPTOR)WdfFunctions[WdfCmResourceListAppendDescriptorTableIndex])(WdfDriverGlobals, List, Descriptor);
}

FORCEINLINE NTSTATUS WdfCmResourceListInsertDescriptor(WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor, ULONG Index)
{
    return ((PFN_WDFCMRESOURCELISTINSERTDESCRIPTOR)WdfFunctions[WdfCmResourceListInsertDescriptorTableIndex])(WdfDriverGlobals, List, Descriptor, Index);
}

FORCEINLINE ULONG WdfCmResourceListGetCount(WDFCMRESLIST List)
{
    return ((PFN_WDFCMRESOURCELISTGETCOUNT)WdfFunctions[WdfCmResourceListGetCountTableIndex])(WdfDriverGlobals, List);
}

FORCEINLINE PCM_PARTIAL_RESOURCE_DESCRIPTOR WdfCmResourceListGetDescriptor(WDFCMRESLIST List, ULONG Index)
{
    return ((PFN_WDFCMRESOURCELISTGETDESCRIPTOR)WdfFunctions[WdfCmResourceListGetDescriptorTableIndex])(WdfDriverGlobals, List, Index);
}

FORCEINLINE VOID WdfCmResourceListRemove(WDFCMRESLIST List, ULONG Index)
{
    ((PFN_WDFCMRESOURCELISTREMOVE)WdfFunctions[WdfCmResourceListRemoveTableIndex])(WdfDriverGlobals, List, Index);
}

FORCEINLINE VOID WdfCmResourceListRemoveByDescriptor(WDFCMRESLIST List, PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor)
{
    ((PFN_WDFCMRESOURCELISTREMOVEBYDESCRIPTOR)WdfFunctions[WdfCmResourceListRemoveByDescriptorTableIndex])(WdfDriverGlobals, List, Descriptor);
}

WDF_EXTERN_C_END

#endif
