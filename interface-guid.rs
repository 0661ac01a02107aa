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

/// The device interface class of a child: what user mode opens to send
/// [`IOCTL_CHILD_DOUBLE`](crate::IOCTL_CHILD_DOUBLE). {c4d9e0a6-2f7d-4b53-9a18-3e6b70f5d138}
pub const GUID_DEVINTERFACE_CHILD: GUID = GUID::build_from_components(
    0xc4d9_e0a6,
    0x2f7d,
    0x4b53,
    &[0x9a, 0x18, 0x3e, 0x6b, 0x70, 0xf5, 0xd1, 0x38],
);

/// The bus type that the children report in `PNP_BUS_INFORMATION`. {1e86b7d4-c03a-47f9-b2d5-08f4a96c7138}
pub const GUID_BUS_TYPE_SAMPLE: GUID = GUID::build_from_components(
    0x1e86_b7d4,
    0xc03a,
    0x47f9,
    &[0xb2, 0xd5, 0x08, 0xf4, 0xa9, 0x6c, 0x71, 0x38],
);
