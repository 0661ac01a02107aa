//! Every GUID of the project, once. `sample-interface` carries this file as its module `guid`; driver,
//! clients and tests read it from there.

use guid_create::GUID;

/// The direct-call interface of a child: [`SAMPLE_INTERFACE`](crate::SAMPLE_INTERFACE), version 1.
/// {7b0a3f52-94c1-4d0e-8f0b-51a7d2c9e619}
pub const GUID_SAMPLE_INTERFACE: GUID = GUID::build_from_components(
    0x7b0a_3f52,
    0x94c1,
    0x4d0e,
    &[0x8f, 0x0b, 0x51, 0xa7, 0xd2, 0xc9, 0xe6, 0x19],
);

/// The same with routines that take the context: [`SAMPLE_INTERFACE_2`](crate::SAMPLE_INTERFACE_2), version 2.
/// A GUID of its own, since KMDF answers with the first table of a GUID.
///
/// {2c6e91b8-0d57-4fa3-a2be-943f7c15d06a}
pub const GUID_SAMPLE_INTERFACE_2: GUID = GUID::build_from_components(
    0x2c6e_91b8,
    0x0d57,
    0x4fa3,
    &[0xa2, 0xbe, 0x94, 0x3f, 0x7c, 0x15, 0xd0, 0x6a],
);

/// The interface of the bus itself: [`SAMPLE_BUS_INTERFACE`](crate::SAMPLE_BUS_INTERFACE), version 1. Children pass the query to their
/// parent's stack. {b85d3f07-61ca-4e92-9d30-f7a48e2b5c13}
pub const GUID_SAMPLE_BUS_INTERFACE: GUID = GUID::build_from_components(
    0xb85d_3f07,
    0x61ca,
    0x4e92,
    &[0x9d, 0x30, 0xf7, 0xa4, 0x8e, 0x2b, 0x5c, 0x13],
);

/// The device interface class of a bus: what administrators open to send
/// [`IOCTL_SAMPLE_BUS_PLUG_IN`](crate::IOCTL_SAMPLE_BUS_PLUG_IN).
///
/// {e07f2a94-58b3-4c1d-8a66-3bd9c5f10e72}
pub const GUID_DEVINTERFACE_SAMPLE_BUS: GUID = GUID::build_from_components(
    0xe07f_2a94,
    0x58b3,
    0x4c1d,
    &[0x8a, 0x66, 0x3b, 0xd9, 0xc5, 0xf1, 0x0e, 0x72],
);

/// The device interface class of a child: what user mode opens to send
/// [`IOCTL_CHILD_DOUBLE`](crate::IOCTL_CHILD_DOUBLE). {c4d9e0a6-2f7d-4b53-9a18-3e6b70f5d138}
pub const GUID_DEVINTERFACE_CHILD: GUID = GUID::build_from_components(
    0xc4d9_e0a6,
    0x2f7d,
    0x4b53,
    &[0x9a, 0x18, 0x3e, 0x6b, 0x70, 0xf5, 0xd1, 0x38],
);

/// The device interface class of the remote client, which takes [`IOCTL_CHILD_DOUBLE`](crate::IOCTL_CHILD_DOUBLE) too.
/// {5f1b8c2e-73d9-4e06-b4a7-d2609c3e81f5}
pub const GUID_DEVINTERFACE_REMOTE: GUID = GUID::build_from_components(
    0x5f1b_8c2e,
    0x73d9,
    0x4e06,
    &[0xb4, 0xa7, 0xd2, 0x60, 0x9c, 0x3e, 0x81, 0xf5],
);

/// The bus type that the children report in `PNP_BUS_INFORMATION`. {1e86b7d4-c03a-47f9-b2d5-08f4a96c7138}
pub const GUID_BUS_TYPE_SAMPLE: GUID = GUID::build_from_components(
    0x1e86_b7d4,
    0xc03a,
    0x47f9,
    &[0xb2, 0xd5, 0x08, 0xf4, 0xa9, 0x6c, 0x71, 0x38],
);
