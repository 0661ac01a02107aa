//! `WdfIoTarget`…, and the functions of requests that send them.

use core::{ffi::c_void, ptr};

use wdk_sys::{
    _WDF_IO_TARGET_PURGE_IO_ACTION as PurgeAction, _WDF_IO_TARGET_SENT_IO_ACTION as SentAction,
    _WDF_IO_TARGET_STATE as TargetState, _WDF_MEMORY_DESCRIPTOR_TYPE as DescriptorType, BOOLEAN,
    DEVICE_REGISTRY_PROPERTY, HANDLE, PDEVICE_OBJECT, PFILE_OBJECT, PFN_WDF_REQUEST_COMPLETION_ROUTINE,
    PIO_STACK_LOCATION, PLONGLONG, POOL_TYPE, PULONG, PULONG_PTR, PVOID, PWDF_IO_TARGET_OPEN_PARAMS,
    PWDF_MEMORY_DESCRIPTOR, PWDF_OBJECT_ATTRIBUTES, PWDF_REQUEST_COMPLETION_PARAMS,
    PWDF_REQUEST_SEND_OPTIONS, PWDFMEMORY_OFFSET, STATUS_INFO_LENGTH_MISMATCH, STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER, ULONG,
    WDF_IO_TARGET_OPEN_PARAMS, WDF_IO_TARGET_PURGE_IO_ACTION, WDF_IO_TARGET_SENT_IO_ACTION,
    WDF_IO_TARGET_STATE, WDF_MEMORY_DESCRIPTOR, WDFCONTEXT, WDFDEVICE, WDFIOTARGET, WDFMEMORY,
    WDFMEMORY_OFFSET, WDFQUEUE, WDFREQUEST,
};

use super::{
    Completion,
    format::{Buffer, Operation},
    new,
    remote::Reason,
    send::{self, Options},
};
use crate::{
    ddi::{Call, Claimed},
    device_property,
    dispatch::major,
    failure::{Outcome, fail},
    memory::Memory,
    object::{Attributes, Obj, Parent},
    wdm::{bugcheck::Violation, device_object::DeviceObject, mdl, sync},
};

ddi! {
    /// A target that is not open yet; its state says "started" all the same (fxiotarget.cpp).
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfIoTargetCreate: PFN_WDFIOTARGETCREATE(
        call, device: WDFDEVICE, attributes: PWDF_OBJECT_ATTRIBUTES, target: *mut WDFIOTARGET,
    ) -> NTSTATUS {
        let device = device.object(call);
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let parent = call.parent(&attributes, Some(device.header()));
        let created = new(device, None, TargetState::WdfIoTargetStarted, &attributes, parent)?;
        target.not_null(call).put(created.handle());
        Ok(())
    }

    /// Opens a target by the name of a device, again as it was opened by name before, or on a device object that is open already. IRQL:
    /// `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL; nothing to reopen), `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER`,
    /// `STATUS_INVALID_DEVICE_STATE` (open), `STATUS_INSUFFICIENT_RESOURCES`, what `ZwCreateFile` returns.
    fn WdfIoTargetOpen: PFN_WDFIOTARGETOPEN(
        call, target: WDFIOTARGET, parameters: PWDF_IO_TARGET_OPEN_PARAMS,
    ) -> NTSTATUS {
        let target = target.object(call);
        let mut asked = parameters.required(call);
        if sync::irql() != sync::PASSIVE_LEVEL {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        if asked.Size as usize != size_of::<WDF_IO_TARGET_OPEN_PARAMS>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let information = target.open(call, &asked)?;
        asked.FileInformation = u32::try_from(information).unwrap_or(0);
        parameters.put(asked);
        Ok(())
    }

    /// Closes a target. IRQL: `PASSIVE_LEVEL`.
    fn WdfIoTargetClose: PFN_WDFIOTARGETCLOSE(call, target: WDFIOTARGET) {
        target.object(call).close(Reason::Close);
    }

    /// Closes a target whose device is about to go. The driver is still told how that ends. IRQL: `PASSIVE_LEVEL`.
    fn WdfIoTargetCloseForQueryRemove: PFN_WDFIOTARGETCLOSEFORQUERYREMOVE(call, target: WDFIOTARGET) {
        target.object(call).close(Reason::QueryRemove);
    }

    /// Lets requests go to the target, those that waited first.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE` (deleted).
    fn WdfIoTargetStart: PFN_WDFIOTARGETSTART(call, target: WDFIOTARGET) -> NTSTATUS {
        target.object(call).start()
    }

    /// Has requests wait for the next start. What was sent is cancelled and waited for, waited for, or left. IRQL: `PASSIVE_LEVEL` to wait,
    /// else nothing happens.
    fn WdfIoTargetStop: PFN_WDFIOTARGETSTOP(
        call, target: WDFIOTARGET, action: WDF_IO_TARGET_SENT_IO_ACTION,
    ) {
        let target = target.object(call);
        let known = SentAction::WdfIoTargetCancelSentIo..=SentAction::WdfIoTargetLeaveSentIoPending;
        let waits = action != SentAction::WdfIoTargetLeaveSentIoPending;
        if known.contains(&action) && !(waits && sync::irql() != sync::PASSIVE_LEVEL) {
            target.stop(action);
        }
    }

    /// Refuses what comes, and cancels what waits and what was sent. IRQL: `PASSIVE_LEVEL` to wait for that, else nothing happens.
    fn WdfIoTargetPurge: PFN_WDFIOTARGETPURGE(
        call, target: WDFIOTARGET, action: WDF_IO_TARGET_PURGE_IO_ACTION,
    ) {
        let target = target.object(call);
        let known = PurgeAction::WdfIoTargetPurgeIoAndWait..=PurgeAction::WdfIoTargetPurgeIo;
        let waits = action == PurgeAction::WdfIoTargetPurgeIoAndWait;
        if known.contains(&action) && !(waits && sync::irql() != sync::PASSIVE_LEVEL) {
            target.purge(action);
        }
    }

    /// The state of a target.
    fn WdfIoTargetGetState: PFN_WDFIOTARGETGETSTATE(call, target: WDFIOTARGET) -> WDF_IO_TARGET_STATE {
        target.object(call).traffic.state()
    }

    /// Has requests of a device's own target go to this queue of it.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (another device's queue), `STATUS_INVALID_DEVICE_STATE` (after the start). The run ends for another
    /// kind of target.
    fn WdfIoTargetSelfAssignDefaultIoQueue: PFN_WDFIOTARGETSELFASSIGNDEFAULTIOQUEUE(
        call, target: WDFIOTARGET, queue: WDFQUEUE,
    ) -> NTSTATUS {
        let target = target.object(call);
        let Some(own) = &target.own else {
            call.violation(Violation::InvalidHandle, target.handle::<c_void>().addr());
        };
        let queue = queue.object(call);
        if queue.device != target.owner {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        if !target.owner.is_being_set_up() {
            return fail(STATUS_INVALID_DEVICE_STATE);
        }
        own.set(Some(queue));
        Ok(())
    }

    /// The device that sends.
    fn WdfIoTargetGetDevice: PFN_WDFIOTARGETGETDEVICE(call, target: WDFIOTARGET) -> WDFDEVICE {
        target.object(call).owner.handle()
    }

    /// The device object that requests go to.
    fn WdfIoTargetWdmGetTargetDeviceObject: PFN_WDFIOTARGETWDMGETTARGETDEVICEOBJECT(
        call, target: WDFIOTARGET,
    ) -> PDEVICE_OBJECT {
        target.object(call).device.get().map_or(ptr::null_mut(), DeviceObject::pointer)
    }

    /// The PDO of the target's stack; null for a closed target, and for a stack that does not tell.
    fn WdfIoTargetWdmGetTargetPhysicalDevice: PFN_WDFIOTARGETWDMGETTARGETPHYSICALDEVICE(
        call, target: WDFIOTARGET,
    ) -> PDEVICE_OBJECT {
        target.object(call).physical().map_or(ptr::null_mut(), DeviceObject::pointer)
    }

    /// A property of the target's device. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL; no PDO is known), those of `WdfDeviceQueryProperty`.
    fn WdfIoTargetQueryTargetProperty: PFN_WDFIOTARGETQUERYTARGETPROPERTY(
        call, target: WDFIOTARGET, property: DEVICE_REGISTRY_PROPERTY::Type, length: ULONG, buffer: PVOID,
        result: PULONG,
    ) -> NTSTATUS {
        let target = target.object(call);
        result.not_null(call);
        if length > 0 {
            buffer.not_null(call);
        }
        device_property::query(target.physical_at_passive_level()?, property, length, buffer, result)
    }

    /// The same, into memory that is allocated for it.
    ///
    /// # Errors
    /// as above, those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfIoTargetAllocAndQueryTargetProperty: PFN_WDFIOTARGETALLOCANDQUERYTARGETPROPERTY(
        call, target: WDFIOTARGET, property: DEVICE_REGISTRY_PROPERTY::Type, _pool: POOL_TYPE,
        attributes: PWDF_OBJECT_ATTRIBUTES, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        let target = target.object(call);
        memory.not_null(call).put(ptr::null_mut());
        let physical = target.physical_at_passive_level();
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        device_property::allocate(call, physical?, property, &attributes, memory)
    }

    /// The file object of an open target, or null.
    fn WdfIoTargetWdmGetTargetFileObject: PFN_WDFIOTARGETWDMGETTARGETFILEOBJECT(
        call, target: WDFIOTARGET,
    ) -> PFILE_OBJECT {
        target.object(call).remote.file()
    }

    /// The file handle of a target that was opened by name, or null.
    fn WdfIoTargetWdmGetTargetFileHandle: PFN_WDFIOTARGETWDMGETTARGETFILEHANDLE(
        call, target: WDFIOTARGET,
    ) -> HANDLE {
        target.object(call).remote.handle()
    }

    /// Sends an I/O control and waits.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE`, `STATUS_INVALID_PARAMETER` (a descriptor),
    /// `STATUS_INSUFFICIENT_RESOURCES`, the target's status.
    fn WdfIoTargetSendIoctlSynchronously: PFN_WDFIOTARGETSENDIOCTLSYNCHRONOUSLY(
        call, target: WDFIOTARGET, request: WDFREQUEST, code: ULONG, input: PWDF_MEMORY_DESCRIPTOR,
        output: PWDF_MEMORY_DESCRIPTOR, options: PWDF_REQUEST_SEND_OPTIONS, bytes: PULONG_PTR,
    ) -> NTSTATUS {
        let buffers = (described(call, input)?, described(call, output)?);
        let operation = Operation::Control(major::DEVICE_CONTROL, code, buffers.0, buffers.1);
        wait(call, (target, request, options), &operation, bytes)
    }

    /// The same as an internal I/O control.
    fn WdfIoTargetSendInternalIoctlSynchronously: PFN_WDFIOTARGETSENDINTERNALIOCTLSYNCHRONOUSLY(
        call, target: WDFIOTARGET, request: WDFREQUEST, code: ULONG, input: PWDF_MEMORY_DESCRIPTOR,
        output: PWDF_MEMORY_DESCRIPTOR, options: PWDF_REQUEST_SEND_OPTIONS, bytes: PULONG_PTR,
    ) -> NTSTATUS {
        let buffers = (described(call, input)?, described(call, output)?);
        let operation = Operation::Control(major::INTERNAL_DEVICE_CONTROL, code, buffers.0, buffers.1);
        wait(call, (target, request, options), &operation, bytes)
    }

    /// The same with three addresses.
    fn WdfIoTargetSendInternalIoctlOthersSynchronously: PFN_WDFIOTARGETSENDINTERNALIOCTLOTHERSSYNCHRONOUSLY(
        call, target: WDFIOTARGET, request: WDFREQUEST, code: ULONG, first: PWDF_MEMORY_DESCRIPTOR,
        second: PWDF_MEMORY_DESCRIPTOR, fourth: PWDF_MEMORY_DESCRIPTOR, options: PWDF_REQUEST_SEND_OPTIONS,
        bytes: PULONG_PTR,
    ) -> NTSTATUS {
        let arguments = [described(call, first)?.start, described(call, second)?.start, described(call, fourth)?.start];
        wait(call, (target, request, options), &Operation::Others(code, arguments), bytes)
    }

    /// Reads and waits.
    ///
    /// # Errors
    /// as for an I/O control.
    fn WdfIoTargetSendReadSynchronously: PFN_WDFIOTARGETSENDREADSYNCHRONOUSLY(
        call, target: WDFIOTARGET, request: WDFREQUEST, output: PWDF_MEMORY_DESCRIPTOR, offset: PLONGLONG,
        options: PWDF_REQUEST_SEND_OPTIONS, bytes: PULONG_PTR,
    ) -> NTSTATUS {
        let operation = Operation::Read(described(call, output)?, offset.get().unwrap_or(0));
        wait(call, (target, request, options), &operation, bytes)
    }

    /// Writes and waits.
    ///
    /// # Errors
    /// as for an I/O control.
    fn WdfIoTargetSendWriteSynchronously: PFN_WDFIOTARGETSENDWRITESYNCHRONOUSLY(
        call, target: WDFIOTARGET, request: WDFREQUEST, input: PWDF_MEMORY_DESCRIPTOR, offset: PLONGLONG,
        options: PWDF_REQUEST_SEND_OPTIONS, bytes: PULONG_PTR,
    ) -> NTSTATUS {
        let operation = Operation::Write(described(call, input)?, offset.get().unwrap_or(0));
        wait(call, (target, request, options), &operation, bytes)
    }

    /// Prepares a request for an I/O control.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_STATE`, `STATUS_INVALID_PARAMETER` (an offset),
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfIoTargetFormatRequestForIoctl: PFN_WDFIOTARGETFORMATREQUESTFORIOCTL(
        call, target: WDFIOTARGET, request: WDFREQUEST, code: ULONG, input: WDFMEMORY,
        input_part: PWDFMEMORY_OFFSET, output: WDFMEMORY, output_part: PWDFMEMORY_OFFSET,
    ) -> NTSTATUS {
        let buffers = (part(input.optional(call), input_part)?, part(output.optional(call), output_part)?);
        let operation = Operation::Control(major::DEVICE_CONTROL, code, buffers.0, buffers.1);
        prepare(call, target, request, &operation)
    }

    /// Prepares a request for an internal I/O control.
    ///
    /// # Errors
    /// as above.
    fn WdfIoTargetFormatRequestForInternalIoctl: PFN_WDFIOTARGETFORMATREQUESTFORINTERNALIOCTL(
        call, target: WDFIOTARGET, request: WDFREQUEST, code: ULONG, input: WDFMEMORY,
        input_part: PWDFMEMORY_OFFSET, output: WDFMEMORY, output_part: PWDFMEMORY_OFFSET,
    ) -> NTSTATUS {
        let buffers = (part(input.optional(call), input_part)?, part(output.optional(call), output_part)?);
        let operation = Operation::Control(major::INTERNAL_DEVICE_CONTROL, code, buffers.0, buffers.1);
        prepare(call, target, request, &operation)
    }

    /// Prepares a request for an internal I/O control with three addresses.
    ///
    /// # Errors
    /// as above.
    fn WdfIoTargetFormatRequestForInternalIoctlOthers: PFN_WDFIOTARGETFORMATREQUESTFORINTERNALIOCTLOTHERS(
        call, target: WDFIOTARGET, request: WDFREQUEST, code: ULONG, first: WDFMEMORY,
        first_part: PWDFMEMORY_OFFSET, second: WDFMEMORY, second_part: PWDFMEMORY_OFFSET, fourth: WDFMEMORY,
        fourth_part: PWDFMEMORY_OFFSET,
    ) -> NTSTATUS {
        let arguments = [
            part(first.optional(call), first_part)?.start,
            part(second.optional(call), second_part)?.start,
            part(fourth.optional(call), fourth_part)?.start,
        ];
        prepare(call, target, request, &Operation::Others(code, arguments))
    }

    /// Prepares a request for a read.
    ///
    /// # Errors
    /// as above.
    fn WdfIoTargetFormatRequestForRead: PFN_WDFIOTARGETFORMATREQUESTFORREAD(
        call, target: WDFIOTARGET, request: WDFREQUEST, output: WDFMEMORY, output_part: PWDFMEMORY_OFFSET,
        offset: PLONGLONG,
    ) -> NTSTATUS {
        let operation = Operation::Read(part(output.optional(call), output_part)?, offset.get().unwrap_or(0));
        prepare(call, target, request, &operation)
    }

    /// Prepares a request for a write.
    ///
    /// # Errors
    /// as above.
    fn WdfIoTargetFormatRequestForWrite: PFN_WDFIOTARGETFORMATREQUESTFORWRITE(
        call, target: WDFIOTARGET, request: WDFREQUEST, input: WDFMEMORY, input_part: PWDFMEMORY_OFFSET,
        offset: PLONGLONG,
    ) -> NTSTATUS {
        let operation = Operation::Write(part(input.optional(call), input_part)?, offset.get().unwrap_or(0));
        prepare(call, target, request, &operation)
    }

    /// The parameters that it came with are those that it is sent with.
    fn WdfRequestFormatRequestUsingCurrentType: PFN_WDFREQUESTFORMATREQUESTUSINGCURRENTTYPE(
        call, request: WDFREQUEST,
    ) {
        let request = request.object(call);
        let irp = request.irp(call);
        request.sent.major.set(irp.major());
        irp.copy_to_next();
    }

    /// These are the parameters that it is sent with.
    fn WdfRequestWdmFormatUsingStackLocation: PFN_WDFREQUESTWDMFORMATUSINGSTACKLOCATION(
        call, request: WDFREQUEST, stack: PIO_STACK_LOCATION,
    ) {
        let request = request.object(call);
        let stack = stack.required(call);
        request.sent.major.set(stack.MajorFunction);
        request.irp(call).set_next(stack);
    }

    /// Sends a request; whether the target got it. A request that was not sent is still the driver's.
    fn WdfRequestSend: PFN_WDFREQUESTSEND(
        call, request: WDFREQUEST, target: WDFIOTARGET, options: PWDF_REQUEST_SEND_OPTIONS,
    ) -> BOOLEAN {
        let (request, target) = (request.object(call), target.object(call));
        if request.sent.target.get().is_some() {
            call.violation(Violation::Request, request.handle::<c_void>().addr());
        }
        BOOLEAN::from(send::send(request, request.irp(call), target, Options::of(options.get())))
    }

    /// Asks the target to complete a request soon; whether it could be asked.
    fn WdfRequestCancelSentRequest: PFN_WDFREQUESTCANCELSENTREQUEST(call, request: WDFREQUEST) -> BOOLEAN {
        let request = request.object(call);
        // The completion routine may delete it.
        request.reference();
        let asked = request.cancel_sent();
        request.release();
        BOOLEAN::from(asked)
    }

    /// What is called when the target is done.
    fn WdfRequestSetCompletionRoutine: PFN_WDFREQUESTSETCOMPLETIONROUTINE(
        call, request: WDFREQUEST, routine: PFN_WDF_REQUEST_COMPLETION_ROUTINE, context: WDFCONTEXT,
    ) {
        let completion = Completion { routine, context: context.pointer() };
        request.object(call).sent.completion.set(completion);
    }

    /// Status and information of a request that a target completed.
    fn WdfRequestGetCompletionParams: PFN_WDFREQUESTGETCOMPLETIONPARAMS(
        call, request: WDFREQUEST, parameters: PWDF_REQUEST_COMPLETION_PARAMS,
    ) {
        let request = request.object(call);
        let irp = request.irp(call);
        let mut answer = parameters.required(call);
        answer.Type = i32::from(request.sent.major.get());
        answer.IoStatus.__bindgen_anon_1.Status = irp.status();
        answer.IoStatus.Information = irp.information();
        parameters.put(answer);
    }
}

/// The buffer that a descriptor describes.
fn described(call: &Call, descriptor: Claimed<WDF_MEMORY_DESCRIPTOR>) -> Outcome<Buffer> {
    let Some(descriptor) = descriptor.get() else {
        return Ok(Buffer::NONE);
    };
    #[allow(unsafe_code, reason = "the descriptor is a union whose member its type names")]
    match descriptor.Type {
        DescriptorType::WdfMemoryDescriptorTypeBuffer => {
            // SAFETY: The type names this member.
            let buffer = unsafe { descriptor.u.BufferType };
            Ok(Buffer {
                start: buffer.Buffer,
                length: buffer.Length as usize,
            })
        }
        DescriptorType::WdfMemoryDescriptorTypeHandle => {
            // SAFETY: The type names this member.
            let handle = unsafe { descriptor.u.HandleType };
            let memory = call
                .optional_object(handle.Memory.cast())
                .map(|object| object.narrow::<Memory>(call));
            part(memory, call.claim(handle.Offsets))
        }
        DescriptorType::WdfMemoryDescriptorTypeMdl => {
            // SAFETY: The type names this member.
            let described = unsafe { descriptor.u.MdlType };
            let start = mdl::mapped(described.Mdl);
            if start.is_null() {
                return fail(STATUS_INSUFFICIENT_RESOURCES);
            }
            Ok(Buffer {
                start,
                length: described.BufferLength as usize,
            })
        }
        _ => fail(STATUS_INVALID_PARAMETER),
    }
}

/// The part of a memory object that an offset names, all of it without one.
fn part(memory: Option<Obj<Memory>>, offset: Claimed<WDFMEMORY_OFFSET>) -> Outcome<Buffer> {
    let Some(memory) = memory else {
        return Ok(Buffer::NONE);
    };
    let (start, length) = memory.part(offset.get())?;
    Ok(Buffer {
        start: start.cast(),
        length,
    })
}

fn wait(
    call: &Call,
    (target, request, options): (
        Claimed<wdk_sys::WDFIOTARGET__>,
        Claimed<wdk_sys::WDFREQUEST__>,
        Claimed<wdk_sys::WDF_REQUEST_SEND_OPTIONS>,
    ),
    operation: &Operation,
    bytes: Claimed<u64>,
) -> Outcome {
    bytes.put(0);
    let moved = send::send_and_wait(
        target.object(call),
        request.optional(call),
        operation,
        Options::of(options.get()),
    )?;
    bytes.put(moved);
    Ok(())
}

fn prepare(
    call: &Call,
    target: Claimed<wdk_sys::WDFIOTARGET__>,
    request: Claimed<wdk_sys::WDFREQUEST__>,
    operation: &Operation,
) -> Outcome {
    let (target, request) = (target.object(call), request.object(call));
    let device = request.make_room(target)?;
    request
        .sent
        .format(request.irp(call), device, call.client.tag(), operation)
}
