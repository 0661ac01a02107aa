//! Relations of a bus: what the `PnP` manager hears about its children, and what becomes of those that are gone.
#![allow(
    unsafe_code,
    reason = "builds and reads `DEVICE_RELATIONS`, which carry their own count"
)]

use core::{mem, ptr};

use wdk_sys::{DEVICE_RELATIONS, PDEVICE_OBJECT, STATUS_NO_SUCH_DEVICE, STATUS_RETRY, ULONG};

use super::{ChildList, Entry, EntryId, Presence, free_descriptions};
use crate::{
    device::Device,
    device_init::DeviceInit,
    failure::{Failure, Outcome, check, fail},
    object::Obj,
    pool::{self, Array, NO_MEMORY, Tag},
    related::Related,
    trace,
    wdm::device_object::DeviceObject,
};

/// The children of a bus for `IRP_MN_QUERY_DEVICE_RELATIONS`: what is there, added to what the IRP carries.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn bus_relations(
    device: Obj<Device>,
    prior: *mut DEVICE_RELATIONS,
) -> Outcome<Option<*mut DEVICE_RELATIONS>> {
    let mut objects = Relations::of(device, prior)?;
    for at in 0.. {
        let Some(list) = ({ device.child_lists.lock().as_slice().get(at).copied() }) else {
            break;
        };
        list.enumerate(&mut objects)?;
    }
    let answer = objects.finish(prior)?;
    for at in 0.. {
        let Some(list) = ({ device.child_lists.lock().as_slice().get(at).copied() }) else {
            break;
        };
        list.report_missing();
    }
    Ok(answer)
}

/// Devices of other stacks that go with this one, added to what the IRP carries; `None` when there are none.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn with_related(
    device: Obj<Device>,
    prior: *mut DEVICE_RELATIONS,
    related: &Related,
) -> Outcome<Option<*mut DEVICE_RELATIONS>> {
    let mut relations = Relations::of(device, prior)?;
    let devices = related.devices();
    for other in devices.as_slice() {
        relations.objects.push(other.pointer())?;
        other.reference();
        relations.changed = true;
    }
    drop(devices);
    relations.finish(prior)
}

/// The answer that names this device's own PDO.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn only(device: Obj<Device>) -> Outcome<*mut DEVICE_RELATIONS> {
    let mut relations = Relations {
        objects: Array::new(device.header.client.tag()),
        prior: 0,
        tag: device.header.client.tag(),
        changed: true,
    };
    report(&mut relations, device)?;
    relations
        .finish(ptr::null_mut())
        .map(|answer| answer.unwrap_or(ptr::null_mut()))
}

/// The device objects of an answer, each with a reference, which goes with the answer or is given back.
struct Relations {
    objects: Array<PDEVICE_OBJECT>,
    /// How many of them the IRP carries already, with their references.
    prior: usize,
    tag: Tag,
    changed: bool,
}

impl Relations {
    fn of(device: Obj<Device>, prior: *mut DEVICE_RELATIONS) -> Outcome<Self> {
        let tag = device.header.client.tag();
        let mut objects = Array::new(tag);
        let mut count = 0;
        if !prior.is_null() {
            // SAFETY: What a driver above put into the IRP; the layout carries its own count.
            count = unsafe { (*prior).Count } as usize;
            // SAFETY: As above.
            let start = unsafe { (&raw const (*prior).Objects).cast::<PDEVICE_OBJECT>() };
            // SAFETY: As above.
            objects.extend(unsafe { core::slice::from_raw_parts(start, count) })?;
        }
        Ok(Self {
            objects,
            prior: count,
            tag,
            changed: false,
        })
    }

    /// The structure for the `PnP` manager, `None` when nothing changed.
    fn finish(mut self, prior: *mut DEVICE_RELATIONS) -> Outcome<Option<*mut DEVICE_RELATIONS>> {
        if !self.changed {
            return Ok(None);
        }
        let objects = self.objects.as_slice();
        let count = ULONG::try_from(objects.len()).map_err(|_| NO_MEMORY)?;
        let bytes = mem::size_of::<DEVICE_RELATIONS>() + mem::size_of_val(objects);
        let answer = pool::allocate(self.tag, bytes)?
            .cast::<DEVICE_RELATIONS>()
            .as_ptr();
        // SAFETY: A fresh block with room for the count.
        unsafe { (*answer).Count = count };
        // SAFETY: As above, for the place of the objects.
        let start = unsafe { (&raw mut (*answer).Objects).cast::<PDEVICE_OBJECT>() };
        // SAFETY: The block has room for this many behind the count.
        unsafe { ptr::copy_nonoverlapping(objects.as_ptr(), start, objects.len()) };
        pool::free_foreign(prior.cast());
        self.prior = objects.len();
        Ok(Some(answer))
    }
}

impl Drop for Relations {
    fn drop(&mut self) {
        let own = self.objects.as_slice().iter().skip(self.prior);
        own.filter_map(|object| DeviceObject::of(*object))
            .for_each(DeviceObject::dereference);
    }
}

impl Obj<ChildList> {
    /// Creates what is new, reports what is there, notes what is missing.
    ///
    /// What is added meanwhile waits for the next query, which it asks for: it may be a child that is reported here, went and came
    /// again. The framework holds changes back while it answers (fxchildlist.cpp, `ListLockedForEnum`).
    fn enumerate(self, relations: &mut Relations) -> Outcome {
        let mut again = false;
        let end = self.next_id();
        for at in 0.. {
            let Some(entry) = self.at(at).filter(|entry| entry.id.is_before(end)) else {
                break;
            };
            match entry.presence {
                Presence::New => {
                    relations.changed = true;
                    match self.bring_up(entry) {
                        Ok(Some(pdo)) => report(relations, pdo)?,
                        Ok(None) => {}
                        Err(failure) => again |= failure == Failure::new(STATUS_RETRY),
                    }
                }
                Presence::Present => {
                    relations.changed = true;
                    if let Some(pdo) = entry.pdo {
                        report(relations, pdo)?;
                    }
                }
                Presence::Missing => {
                    relations.changed = true;
                    self.update(entry.id, |entry| {
                        (entry.presence, entry.report) = (Presence::ReportedMissing, true);
                    });
                }
                Presence::InCreation | Presence::ReportedMissing => {}
            }
        }
        if again && let Some(physical) = self.device.physical.get() {
            physical.invalidate_relations();
        }
        Ok(())
    }

    /// The PDO of a new child, created unless the driver did that itself; none when the child went missing before its turn.
    fn bring_up(self, entry: Entry) -> Outcome<Option<Obj<Device>>> {
        if !self.claim(entry.id) {
            return Ok(None);
        }
        let pdo = entry.pdo.map_or_else(|| self.instantiate(entry), Ok);
        pdo.map(Some)
    }

    /// Begins with a child that is still new. From then on its entry, and with it the descriptions, stays until the `PnP` manager has heard that
    /// it is missing; a new one without a PDO goes at once when it is lost.
    fn claim(self, id: EntryId) -> bool {
        let mut claimed = false;
        self.update(id, |entry| {
            claimed = entry.presence == Presence::New;
            if claimed {
                entry.presence = entry.pdo.map_or(Presence::InCreation, |_| Presence::Present);
            }
        });
        claimed
    }

    /// The PDO of a child did not come to be: it is tried again, or forgotten, as is one that went missing meanwhile.
    fn give_up(self, id: EntryId, retry: bool) {
        let mut missing = false;
        self.update(id, |entry| {
            missing = !entry.presence.is_present();
            entry.presence = Presence::New;
        });
        if missing || !retry {
            self.lose(&mut self.entries.lock(), id);
        }
    }

    /// Has the driver create the PDO of a child.
    fn instantiate(self, entry: Entry) -> Outcome<Obj<Device>> {
        let init = DeviceInit::for_child(self.device, self, entry.id)
            .inspect_err(|_| self.give_up(entry.id, true))?;
        let create = self.config.EvtChildListCreateDevice;
        let answer =
            invoke!(create, self.handle(), entry.identification, init.pointer()).map_or(Ok(()), check);
        let created = init.created.get();
        let retry = answer == fail(STATUS_RETRY);
        let pdo = init
            .finish(answer)
            .and_then(|()| created.ok_or(Failure::new(STATUS_NO_SUCH_DEVICE)));
        match pdo {
            Ok(pdo) => self.update(entry.id, |entry| {
                entry.pdo = Some(pdo);
                // It may have gone missing meanwhile.
                if entry.presence == Presence::InCreation {
                    entry.presence = Presence::Present;
                }
            }),
            Err(failure) => {
                trace::failed(c"EvtChildListCreateDevice", failure.status());
                self.give_up(entry.id, retry);
            }
        }
        pdo
    }

    /// Calls `EvtDeviceReportedMissing` for each child that was just reported missing.
    fn report_missing(self) {
        for at in 0.. {
            let Some(entry) = self.at(at) else { break };
            if entry.report {
                self.update(entry.id, |entry| entry.report = false);
                if let Some(pdo) = entry.pdo {
                    invoke!(pdo.settings.pdo.EvtDeviceReportedMissing, pdo.handle());
                }
            }
        }
    }

    /// Whether a child that is being removed is gone for good: then its entry goes, and the caller deletes
    /// the PDO.
    pub fn forget_if_missing(self, id: EntryId) -> bool {
        let mut entries = self.entries.lock();
        let missing = entries
            .get_mut(id)
            .is_some_and(|entry| entry.presence == Presence::ReportedMissing);
        let entry = if missing { entries.remove(id) } else { None };
        drop(entries);
        if let Some(entry) = entry {
            self.clean(&entry);
        }
        entry.is_some()
    }

    /// The driver's own clean-up of descriptions that it duplicated, and the memory.
    fn clean(self, entry: &Entry) {
        invoke!(
            self.config.EvtChildListIdentificationDescriptionCleanup,
            self.handle(),
            entry.identification
        );
        if !entry.address.is_null() {
            invoke!(
                self.config.EvtChildListAddressDescriptionCleanup,
                self.handle(),
                entry.address
            );
        }
        free_descriptions(self.header.client.tag(), entry);
    }

    /// The bus is being removed: all children are missing. Those that the `PnP` manager has finished with go
    /// now; one whose surprise removal waits for its last handle goes with its own `IRP_MN_REMOVE_DEVICE`.
    pub fn lose_all(self) {
        let mut kept = 0;
        while let Some(entry) = self.at(kept) {
            match entry.pdo {
                Some(pdo) if pdo.is_removal_pending() => {
                    self.update(entry.id, |entry| entry.presence = Presence::ReportedMissing);
                    kept += 1;
                }
                _ => self.discard(entry),
            }
        }
    }

    fn discard(self, entry: Entry) {
        let removed = self.entries.lock().remove(entry.id);
        if let Some(removed) = removed {
            self.clean(&removed);
        }
        if let Some(pdo) = entry.pdo {
            pdo.abandon();
        }
    }
}

fn report(relations: &mut Relations, pdo: Obj<Device>) -> Outcome {
    let Some(wdm) = pdo.wdm.get() else { return Ok(()) };
    relations.objects.push(wdm.pointer())?;
    DeviceObject::reference(wdm);
    Ok(())
}
