//! Prints the C file of assertions: `cargo run -p lab-abi --example asserts > target/asserts.c`.

fn main() {
    print!("{}", lab_abi::c_layout_asserts());
}
