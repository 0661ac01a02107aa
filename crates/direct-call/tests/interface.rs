//! A declared interface, between a provider and clients in one process.
#![allow(unsafe_code, reason = "tests call through tables")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering};

use direct_call::counted::{self, Owner, Pin};
use direct_call::interface::ProvidedBy;
use direct_call::rundown::Sleeper;
use direct_call::two_way::{self, TwoWay};
use direct_call::{Client, Connect, Failure, Header, Interface, QueryError};

direct_call::interface! {
    /// A queue of bytes that drivers share.
    pub struct Fifo(FifoTable): unsafe guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30"), version(3);

    /// What a provider of a queue does.
    pub trait FifoRoutines {
        /// Appends a byte.
        fn push(&self, value: u8);
        /// Takes the oldest byte.
        fn pop(&self) -> u8;
        /// How many bytes fit.
        ///
        /// Needs no device.
        fn capacity() -> u32;
        /// Appends bytes, as far as they fit, and says how many that were.
        unsafe fn push_all(&self, values: *const u8, count: usize) -> usize;
    }
}

direct_call::interface! {
    /// What a client of an alarm does.
    pub struct Bell(BellTable): unsafe guid("5d3b0a7e-92c4-4b1f-8a66-07f1e9c2d384"), version(1);

    /// What a client of an alarm does.
    pub trait BellRoutines {
        /// The level was passed.
        fn ring(&self, level: u32);
    }
}

direct_call::interface! {
    /// Calls back when a level is passed.
    pub struct Alarm(AlarmTable): unsafe guid("e94c17d5-3f08-4e6a-b2d9-6c50f8a3b174"), version(2), callbacks(Bell);

    /// What an alarm does.
    pub trait AlarmRoutines {
        /// Says what the level is now.
        fn report(&self, level: u32);
    }
}

/// A table that was written by hand.
#[derive(Clone, Copy)]
#[repr(C)]
struct GaugeTable {
    header: Header,
    read: unsafe extern "system" fn(*mut i32) -> i32,
}

direct_call::bind! {
    /// What stands for it.
    enum Gauge: unsafe table(GaugeTable, header), guid("2f64c1d8-7a0e-4b35-91c6-d83e5f0a7b42"), version(4);
}

/// One for each device of a test, so that Miri's leak check sees the contexts only.
static PINS: [AtomicI64; 64] = [const { AtomicI64::new(0) }; 64];
/// The next of [`PINS`] to use.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A device object that nobody has to keep.
#[derive(Clone, Copy, Debug)]
struct Device(&'static AtomicI64);

impl Device {
    fn new() -> Self {
        Self(&PINS[NEXT.fetch_add(1, Ordering::Relaxed)])
    }

    fn pins(self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Pin for Device {
    fn pin(self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct NeverSleeps;

impl Sleeper for NeverSleeps {
    fn sleep(&self) {
        panic!("no call is in progress");
    }
    fn wake(&self) {}
}

unsafe extern "system" fn reference(context: *mut c_void) {
    // SAFETY: the context of an owner that the test keeps, or of a client's table.
    unsafe { counted::reference::<Device, NeverSleeps>(context) }
}

unsafe extern "system" fn dereference(context: *mut c_void) {
    // SAFETY: as for `reference`; the client gives its own up.
    if let Some(device) = unsafe { counted::dereference::<Device, NeverSleeps>(context) } {
        device.0.fetch_sub(1, Ordering::Relaxed);
    }
}

type Provider<T> = Owner<Device, NeverSleeps, T>;

fn provider<T>(device: Device, data: T) -> Provider<T> {
    Owner::new(device, NeverSleeps, data).expect("there is memory")
}

fn table<I: ProvidedBy<T>, T>(provider: &Provider<T>) -> I::Table {
    I::table::<Device, NeverSleeps>(Header {
        size: I::SIZE,
        version: I::VERSION,
        context: provider.context(),
        reference: Some(reference),
        dereference: Some(dereference),
    })
}

/// What a framework does with a query.
fn query<I: ProvidedBy<T>, T>(provider: &Provider<T>) -> Result<Client<I>, QueryError> {
    let table = table::<I, T>(provider);
    // SAFETY: the provider is alive.
    unsafe { reference(provider.context()) };
    // SAFETY: just filled, with a reference.
    unsafe { Client::accept(MaybeUninit::new(table)) }
}

#[derive(Default)]
struct Queue(Mutex<Vec<u8>>);

const EMPTY: Failure = Failure::new(0x8000_001A_u32.cast_signed());
const CAPACITY: usize = 4;

impl FifoRoutines for Queue {
    fn push(&self, value: u8) -> Result<(), Failure> {
        // SAFETY: one byte, on the stack.
        let pushed = unsafe { self.push_all(&raw const value, 1) }?;
        if pushed == 1 {
            Ok(())
        } else {
            Err(Failure::INSUFFICIENT_RESOURCES)
        }
    }

    fn pop(&self) -> Result<u8, Failure> {
        let mut bytes = self.0.lock().expect("nobody panics");
        if bytes.is_empty() {
            Err(EMPTY)
        } else {
            Ok(bytes.remove(0))
        }
    }

    fn capacity() -> Result<u32, Failure> {
        Ok(4)
    }

    unsafe fn push_all(&self, values: *const u8, count: usize) -> Result<usize, Failure> {
        if values.is_null() {
            return Err(Failure::INVALID_PARAMETER);
        }
        // SAFETY: not null, so so many bytes, by the caller's promise.
        let values = unsafe { std::slice::from_raw_parts(values, count) };
        let mut bytes = self.0.lock().expect("nobody panics");
        let fit = values.len().min(CAPACITY - bytes.len());
        bytes.extend(&values[..fit]);
        drop(bytes);
        Ok(fit)
    }
}

#[test]
fn a_client_calls_what_the_provider_has_written() {
    let device = Device::new();
    let provider = provider(device, Queue::default());
    let fifo = Fifo::from(query(&provider).expect("the table is the very one"));
    assert_eq!((provider.held(), device.pins()), (1, 1));
    assert_eq!(fifo.capacity(), Ok(4));
    assert_eq!(fifo.pop(), Err(EMPTY));
    for value in 1..=3 {
        assert_eq!(fifo.push(value), Ok(()));
    }
    let more = [4, 5, 6];
    // SAFETY: an array on the stack.
    assert_eq!(unsafe { fifo.push_all(more.as_ptr(), more.len()) }, Ok(1));
    assert_eq!(fifo.push(7), Err(Failure::INSUFFICIENT_RESOURCES));
    let other = fifo.clone();
    assert_eq!((provider.held(), device.pins()), (2, 2));
    drop(other);
    assert_eq!([1, 2, 3, 4].map(|_| fifo.pop()), [1, 2, 3, 4].map(Ok));
    drop(fifo);
    assert_eq!((provider.held(), device.pins()), (0, 0));
}

#[test]
fn after_the_removal_routines_that_need_the_device_say_so_and_the_others_work() {
    let device = Device::new();
    let provider = provider(device, Queue::default());
    let fifo = Fifo::from(query(&provider).expect("the table is the very one"));
    drop(provider);
    assert_eq!(fifo.push(1), Err(Failure::DEVICE_REMOVED));
    assert_eq!(fifo.pop(), Err(Failure::DEVICE_REMOVED));
    assert_eq!(fifo.capacity(), Ok(4));
    drop(fifo);
    assert_eq!(device.pins(), 0);
}

#[test]
fn a_result_without_a_place_is_refused_before_the_routine_runs() {
    let provider = provider(Device::new(), Queue::default());
    let fifo = Fifo::from(query(&provider).expect("the table is the very one"));
    fifo.push(1).expect("there is room");
    let pop = fifo.client().table().pop;
    // SAFETY: the table's own context; null is what the routine has to refuse.
    let status = unsafe { pop(fifo.client().context(), std::ptr::null_mut()) };
    assert_eq!(status, Failure::INVALID_PARAMETER.status());
    let capacity = fifo.client().table().capacity;
    // SAFETY: misaligned, which the routine has to refuse.
    let status = unsafe { capacity(std::ptr::without_provenance_mut(2)) };
    assert_eq!(status, Failure::DATATYPE_MISALIGNMENT.status());
    assert_eq!(fifo.pop(), Ok(1), "the byte is still there");
}

#[test]
fn a_failed_routine_writes_no_result() {
    let provider = provider(Device::new(), Queue::default());
    let fifo = Fifo::from(query(&provider).expect("the table is the very one"));
    let mut result = 0x5A;
    let pop = fifo.client().table().pop;
    // SAFETY: the table's own context, and a place on the stack.
    let status = unsafe { pop(fifo.client().context(), &raw mut result) };
    assert_eq!((status, result), (EMPTY.status(), 0x5A));
}

#[test]
fn the_table_is_what_c_has() {
    assert_eq!((Fifo::SIZE, Fifo::VERSION), (64, 3));
    assert_eq!(std::mem::offset_of!(FifoTable, push), 32);
    assert_eq!(std::mem::offset_of!(FifoTable, push_all), 56);
    assert_eq!((Bell::SIZE, Alarm::SIZE), (40, 80));
    assert_eq!(Alarm::CALLBACKS, 40);
}

#[test]
fn a_bound_table_is_as_long_as_it_is() {
    assert_eq!((Gauge::SIZE, Gauge::ROUTINES, Gauge::VERSION), (40, 1, 4));
    assert_eq!(std::mem::offset_of!(GaugeTable, read), 32);
    assert_eq!(
        Gauge::GUID.to_string().to_lowercase(),
        "2f64c1d8-7a0e-4b35-91c6-d83e5f0a7b42"
    );
}

#[test]
fn an_older_table_is_given_back() {
    let device = Device::new();
    let provider = provider(device, Queue::default());
    let mut table = table::<Fifo, _>(&provider);
    table.header.version = 2;
    // SAFETY: the provider is alive.
    unsafe { reference(provider.context()) };
    // SAFETY: filled, with a reference.
    let refused = unsafe { Client::<Fifo>::accept(MaybeUninit::new(table)) };
    assert_eq!(refused.err(), Some(QueryError::Version { needed: 3, given: 2 }));
    assert_eq!((provider.held(), device.pins()), (0, 0));
}

#[test]
fn a_table_with_a_hole_is_given_back() {
    let device = Device::new();
    let provider = provider(device, Queue::default());
    for entry in 0..Fifo::ROUTINES {
        let mut table = MaybeUninit::new(table::<Fifo, _>(&provider));
        let entries = table
            .as_mut_ptr()
            .wrapping_byte_add(size_of::<Header>())
            .cast::<usize>();
        // SAFETY: the entry lies in the table, behind the header.
        unsafe { entries.wrapping_add(entry).write(0) };
        // SAFETY: the provider is alive.
        unsafe { reference(provider.context()) };
        // SAFETY: filled but for the hole, with a reference.
        let refused = unsafe { Client::<Fifo>::accept(table) };
        assert_eq!(refused.err(), Some(QueryError::NullEntry(entry)));
        assert_eq!((provider.held(), device.pins()), (0, 0));
    }
    assert_eq!(Fifo::ROUTINES, 4);
}

#[test]
fn a_client_shows_its_header_only() {
    let provider = provider(Device::new(), Queue::default());
    let client: Client<Fifo> = query(&provider).expect("the table is the very one");
    let shown = format!("{client:?}");
    assert!(
        shown.starts_with("Client { header: Header { size: 64, version: 3,") && shown.ends_with(", .. }"),
        "{shown}"
    );
}

/// A client of an alarm, and what it heard.
#[derive(Default)]
struct Listener(AtomicU32);

impl BellRoutines for Listener {
    fn ring(&self, level: u32) -> Result<(), Failure> {
        self.0.store(level, Ordering::Relaxed);
        Ok(())
    }
}

/// An alarm with its one client.
#[derive(Default)]
struct Siren(Mutex<Option<Bell>>);

impl Connect<Alarm> for Siren {
    fn connect(&self, bell: Bell) -> Result<(), Failure> {
        let mut connected = self.0.lock().expect("nobody panics");
        if connected.is_some() {
            return Err(Failure::INVALID_PARAMETER);
        }
        *connected = Some(bell);
        drop(connected);
        Ok(())
    }
}

impl AlarmRoutines for Siren {
    fn report(&self, level: u32) -> Result<(), Failure> {
        let bell = self.0.lock().expect("nobody panics");
        bell.as_ref().map_or(Ok(()), |bell| bell.ring(level))
    }
}

/// A table of callbacks that cannot be given back.
fn leave_a_hole(table: &mut AlarmTable) {
    // SAFETY: the test has filled it.
    unsafe { table.callbacks.assume_init_mut() }.header.dereference = None;
}

/// What framework and provider do with the query of a two-way client.
fn connect(siren: &Provider<Siren>, request: &mut MaybeUninit<AlarmTable>) -> Result<(), Failure> {
    let filled = table::<Alarm, _>(siren);
    // SAFETY: the test has filled the request, and keeps what is in it.
    unsafe { two_way::answer::<Alarm>(request.as_mut_ptr(), filled, |bell| siren.data().connect(bell)) }?;
    // SAFETY: answered, so filled.
    let header = unsafe { request.assume_init_ref() }.header;
    let reference = header
        .reference
        .expect("an answered query has a reference routine");
    // SAFETY: the routine and the context that the provider has set.
    unsafe { reference(header.context) };
    Ok(())
}

/// A client with its reference.
fn alarm(siren: &Provider<Siren>, listener: &Provider<Listener>) -> Alarm {
    let mut request = two_way::request::<Alarm>(table::<Bell, _>(listener));
    connect(siren, &mut request).expect("the client is of this version, and the first");
    // SAFETY: filled by `connect`, with a reference.
    Alarm::from(unsafe { Client::accept(request) }.expect("the table is the very one"))
}

#[test]
fn a_two_way_interface_calls_both_ways_and_counts_both_ways() {
    let (ears, horn) = (Device::new(), Device::new());
    let (listener, siren) = (
        provider(ears, Listener::default()),
        provider(horn, Siren::default()),
    );
    let alarm = alarm(&siren, &listener);
    assert_eq!((siren.held(), listener.held()), (1, 1));
    assert_eq!(alarm.report(7), Ok(()));
    assert_eq!(listener.data().0.load(Ordering::Relaxed), 7);

    drop(listener);
    assert_eq!(
        alarm.report(8),
        Err(Failure::DEVICE_REMOVED),
        "from the client, which is gone"
    );
    drop(siren);
    assert_eq!((horn.pins(), ears.pins()), (1, 1));
    drop(alarm);
    assert_eq!(
        (horn.pins(), ears.pins()),
        (0, 0),
        "the provider's data goes last, and with it the callbacks"
    );
}

#[test]
fn a_refused_two_way_query_leaves_no_reference_and_no_reference_routine() {
    const INVALID_BUFFER_SIZE: Failure = Failure::new(0xC000_0206_u32.cast_signed());
    const REVISION_MISMATCH: Failure = Failure::new(0xC000_0059_u32.cast_signed());
    type Spoil = fn(&mut AlarmTable);
    let cases: [(Spoil, Failure); 5] = [
        (|table| table.header.size += 8, INVALID_BUFFER_SIZE),
        (|table| table.header.version = 3, REVISION_MISMATCH),
        (
            |table| table.callbacks = MaybeUninit::zeroed(),
            INVALID_BUFFER_SIZE,
        ),
        (leave_a_hole, Failure::UNSUCCESSFUL),
        // Spoils nothing: the provider refuses a second client.
        (|_| (), Failure::INVALID_PARAMETER),
    ];
    let (ears, horn) = (Device::new(), Device::new());
    let (listener, siren) = (
        provider(ears, Listener::default()),
        provider(horn, Siren::default()),
    );
    let _first = alarm(&siren, &listener);
    for (spoil, failure) in cases {
        // Somebody up the stack has left reference routines in the client's table.
        let mut asked = table::<Alarm, _>(&siren);
        asked.callbacks = MaybeUninit::new(table::<Bell, _>(&listener));
        spoil(&mut asked);
        let mut asked = MaybeUninit::new(asked);
        assert_eq!(connect(&siren, &mut asked), Err(failure));
        // SAFETY: every field is filled.
        let header = unsafe { asked.assume_init_ref() }.header;
        assert!(
            header.reference.is_none() && header.dereference.is_none(),
            "{failure}"
        );
        assert_eq!((siren.held(), listener.held()), (1, 1), "{failure}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "compares files")]
fn the_c_header_reads_as_it_should() {
    insta::assert_snapshot!("fifo", Fifo::c_header().to_string());
    insta::assert_snapshot!("alarm", Alarm::c_header().to_string());
}
