//! A table by hand that begins with something else.

#[derive(Clone, Copy)]
#[repr(C)]
pub struct Table {
    pub size: u32,
    pub version: u32,
    pub push: [unsafe extern "system" fn(u8) -> i32; 4],
}

direct_call::bind! {
    /// A queue.
    pub enum Fifo: unsafe table(Table, size), guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30"), version(1);
}

fn main() {}
