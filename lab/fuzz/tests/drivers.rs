//! Every input of the drivers in `corpus/`, once each, in a process of their own: the lab's devices and registry are the process's.
#![forbid(unsafe_code)]

mod corpus;

use corpus::replay;
use lab_fuzz::{parameters, requests};

/// One test: the lab belongs to the thread that started it.
#[test]
fn the_drivers_answer_as_the_contract_says() {
    replay("lab/fuzz/corpus/requests", requests::run);
    replay("lab/fuzz/corpus/parameters", parameters::run);
}
