//! A table with half a pointer in it.

#[derive(Clone, Copy)]
#[repr(C, packed(4))]
pub struct Table {
    pub header: [u64; 4],
    pub flags: u32,
}

direct_call::bind! {
    /// A queue.
    pub enum Fifo: unsafe table(Table, header), guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30"), version(1);
}

fn main() {}
