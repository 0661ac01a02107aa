//! Device control requests to the bus and to a child: any codes and buffers, against what the contract says of each.

use arbitrary::Arbitrary;
use nthost::io::{Answer, File};
use nthost::pnp;
use sample_interface::{
    IOCTL_CHILD_DOUBLE, IOCTL_CHILD_DOUBLE_ARRAY, IOCTL_CHILD_QUERY_STATISTICS,
    IOCTL_INTERNAL_SAMPLE_GET_INTERFACE, IOCTL_SAMPLE_BUS_PLUG_IN, IOCTL_SAMPLE_BUS_UNPLUG, NtStatus,
    SAMPLE_BUS_CHILD_LIMIT, SAMPLE_STATISTICS, double_value, double_values,
};

use crate::kernel;

/// The child that the requests go to stays plugged in.
const OPENED: u32 = 1;
/// Bit `number - 1` of each child that is plugged in when a run begins.
const PLUGGED: u64 = (1 << kernel::CHILDREN) - 1;

#[derive(Arbitrary, Debug)]
struct Request {
    to: Device,
    code: Code,
    input: Vec<u8>,
    room: u16,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Device {
    Bus,
    Child,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Code {
    Double,
    DoubleArray,
    QueryStatistics,
    GetInterface,
    PlugIn,
    Unplug,
    Any(u32),
}

impl Code {
    const fn number(self) -> u32 {
        match self {
            Self::Double => IOCTL_CHILD_DOUBLE,
            Self::DoubleArray => IOCTL_CHILD_DOUBLE_ARRAY,
            Self::QueryStatistics => IOCTL_CHILD_QUERY_STATISTICS,
            Self::GetInterface => IOCTL_INTERNAL_SAMPLE_GET_INTERFACE,
            Self::PlugIn => IOCTL_SAMPLE_BUS_PLUG_IN,
            Self::Unplug => IOCTL_SAMPLE_BUS_UNPLUG,
            Self::Any(code) => code,
        }
    }
}

/// The devices, open.
struct Files {
    bus: File,
    child: File,
}

impl Files {
    fn open() -> Self {
        let bus = kernel::bus();
        let children = pnp::children_of(bus.id);
        let child = children.first().expect("the bus has children");
        Self {
            child: kernel::open(child),
            bus: kernel::open(&bus),
        }
    }

    fn send(&self, request: &Request) -> Answer {
        let file = match request.to {
            Device::Bus => &self.bus,
            Device::Child => &self.child,
        };
        file.ioctl(request.code.number(), &request.input, request.room.into())
    }
}

/// See the module.
///
/// # Panics
///
/// When an answer is not the contract's.
pub fn run(data: &[u8]) {
    let requests: Vec<Request> = crate::input(data).unwrap_or_default();
    send_all(&Files::open(), &requests);
}

fn send_all(files: &Files, requests: &[Request]) {
    let mut plugged = PLUGGED;
    for request in requests {
        if request.code.number() == IOCTL_SAMPLE_BUS_UNPLUG && number(&request.input) == Some(OPENED) {
            continue;
        }
        let answer = files.send(request);
        check(request, &answer, &mut plugged);
    }
    restore(files, plugged);
}

/// Undoes what the requests have plugged in and out.
fn restore(files: &Files, plugged: u64) {
    let changed = (1..=SAMPLE_BUS_CHILD_LIMIT).filter(|number| (plugged ^ PLUGGED) & bit(*number) != 0);
    for number in changed {
        let is_there = plugged & bit(number) != 0;
        let code = if is_there { Code::Unplug } else { Code::PlugIn };
        let request = Request {
            to: Device::Bus,
            code,
            input: number.to_le_bytes().to_vec(),
            room: 0,
        };
        assert!(files.send(&request).status.is_success(), "{request:?}");
    }
    pnp::settle();
}

const fn bit(number: u32) -> u64 {
    1 << (number - 1)
}

/// The number at the beginning of a buffer.
fn number(input: &[u8]) -> Option<u32> {
    input.first_chunk().copied().map(u32::from_le_bytes)
}

/// What the contract says of a request: the bytes written, or the status.
fn check(request: &Request, answer: &Answer, plugged: &mut u64) {
    let expected = expected(request, plugged);
    let status = expected
        .as_ref()
        .err()
        .copied()
        .unwrap_or(NtStatus::STATUS_SUCCESS);
    assert_eq!(answer.status.0, status.0, "{request:?}");
    match expected {
        Ok(Written::Bytes(bytes)) => assert_eq!(
            answer.output.get(..answer.information),
            Some(&*bytes),
            "{request:?}"
        ),
        Ok(Written::Statistics) => {
            assert_eq!(answer.information, size_of::<SAMPLE_STATISTICS>(), "{request:?}");
        }
        Err(_) => assert_eq!(answer.information, 0, "{request:?}"),
    }
}

/// What a request that succeeds writes.
enum Written {
    Bytes(Vec<u8>),
    /// Numbers that nobody here keeps.
    Statistics,
}

fn expected(request: &Request, plugged: &mut u64) -> Result<Written, NtStatus> {
    let (input, room) = (&*request.input, usize::from(request.room));
    match (request.to, request.code.number()) {
        (Device::Child, IOCTL_CHILD_DOUBLE) => double(input, room),
        (Device::Child, IOCTL_CHILD_DOUBLE_ARRAY) => double_array(input, room),
        (Device::Child, IOCTL_CHILD_QUERY_STATISTICS) => {
            holds(room, size_of::<SAMPLE_STATISTICS>()).map(|()| Written::Statistics)
        }
        (Device::Bus, code @ (IOCTL_SAMPLE_BUS_PLUG_IN | IOCTL_SAMPLE_BUS_UNPLUG)) => {
            let number = number(input).ok_or(NtStatus::STATUS_BUFFER_TOO_SMALL)?;
            plug(number, code == IOCTL_SAMPLE_BUS_PLUG_IN, plugged)
        }
        _ => Err(NtStatus::STATUS_INVALID_DEVICE_REQUEST),
    }
}

const fn holds(length: usize, wanted: usize) -> Result<(), NtStatus> {
    if length < wanted {
        Err(NtStatus::STATUS_BUFFER_TOO_SMALL)
    } else {
        Ok(())
    }
}

fn double(input: &[u8], room: usize) -> Result<Written, NtStatus> {
    let value = number(input).ok_or(NtStatus::STATUS_BUFFER_TOO_SMALL)?;
    holds(room, size_of::<i32>())?;
    let doubled = double_value(value.cast_signed())?;
    Ok(Written::Bytes(doubled.to_le_bytes().to_vec()))
}

fn double_array(input: &[u8], room: usize) -> Result<Written, NtStatus> {
    holds(input.len(), size_of::<i32>())?;
    holds(room, input.len())?;
    let (values, []) = input.as_chunks() else {
        return Err(NtStatus::STATUS_INVALID_PARAMETER);
    };
    let mut values: Vec<i32> = values.iter().copied().map(i32::from_le_bytes).collect();
    let done = double_values(&mut values);
    Ok(Written::Bytes(
        values[..done]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    ))
}

const fn plug(number: u32, into: bool, plugged: &mut u64) -> Result<Written, NtStatus> {
    if number == 0 || number > SAMPLE_BUS_CHILD_LIMIT {
        return Err(NtStatus::STATUS_INVALID_PARAMETER);
    }
    match (into, *plugged & bit(number) != 0) {
        (true, true) => Err(NtStatus::STATUS_OBJECT_NAME_COLLISION),
        (false, false) => Err(NtStatus::STATUS_NO_SUCH_DEVICE),
        _ => {
            *plugged ^= bit(number);
            Ok(Written::Bytes(Vec::new()))
        }
    }
}
