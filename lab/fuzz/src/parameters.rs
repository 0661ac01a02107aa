//! The values that sample.sys reads in its `Parameters` key: any type and bytes. A bus starts with as many children as a sound value says, and
//! else is refused.

use arbitrary::Arbitrary;
use nthost::abi::REG_DWORD;
use nthost::cm::{self, Value};
use nthost::pnp;
use sample_interface::SAMPLE_BUS_CHILD_LIMIT;

use crate::kernel;

/// `Role` of a bus; see src/role.rs.
const ROLE_BUS: u32 = 0;
/// `Role` of a filter.
const ROLE_FILTER: u32 = 1;

#[derive(Arbitrary, Debug)]
struct Parameters {
    children: Contents,
    role: Option<Contents>,
}

/// Of a value. Mostly numbers, so that not every device is refused.
#[derive(Arbitrary, Debug)]
enum Contents {
    Number(u32),
    Small(u8),
    Other(u32, Vec<u8>),
}

impl Contents {
    fn value(self) -> Value {
        match self {
            Self::Number(number) => Value::dword(number),
            Self::Small(number) => Value::dword(number.into()),
            Self::Other(kind, data) => Value { kind, data },
        }
    }
}

/// How many children a bus with these values has; `None` for one that is refused. What a filter does here is not asked.
fn expected(children: &Value, role: &Value) -> Option<usize> {
    let number = |value: &Value| value.as_dword().filter(|_| value.kind == REG_DWORD);
    if number(role)? != ROLE_BUS {
        return None;
    }
    let count = number(children).filter(|count| *count <= SAMPLE_BUS_CHILD_LIMIT)?;
    usize::try_from(count).ok()
}

/// See the module.
///
/// # Panics
///
/// When a device runs that should have been refused, or has another number of children.
pub fn run(data: &[u8]) {
    let Some(parameters) = crate::input::<Parameters>(data) else {
        return;
    };
    kernel::bus();
    let children = parameters.children.value();
    let role = parameters
        .role
        .map_or_else(|| Value::dword(ROLE_BUS), Contents::value);
    let key = format!(r"{}\sample\Parameters", cm::SERVICES);
    cm::set(&key, "ChildCount", children.clone());
    cm::set(&key, "Role", role.clone());
    // The installation would have written `Role` again.
    let node = kernel::restarted_bus();
    if role.as_dword() != Some(ROLE_FILTER) {
        let found = node.problem.is_none().then(|| pnp::children_of(node.id).len());
        assert_eq!(
            found,
            expected(&children, &role),
            "ChildCount {children:?}, Role {role:?}"
        );
    }
}
