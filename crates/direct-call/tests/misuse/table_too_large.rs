//! A table of more bytes than the header's Size can say.

#[derive(Clone, Copy)]
#[repr(C)]
pub struct Table {
    pub header: direct_call::Header,
    pub routines: [unsafe extern "system" fn(u8) -> i32; 8_188],
}

direct_call::bind! {
    /// A queue.
    pub enum Fifo: unsafe table(Table, header), guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30"), version(1);
}

fn main() {}
