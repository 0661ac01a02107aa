//! Prints the interface for drivers in C.

fn main() {
    print!("{}", fifo_interface::Fifo::c_header());
}
