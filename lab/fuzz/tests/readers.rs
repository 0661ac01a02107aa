//! Every input of the readers in `corpus/`, and the other files that fuzzing begins with, once each.
#![forbid(unsafe_code)]

mod corpus;

use corpus::replay;
use lab_fuzz::{command_line, inf, loader, registry};

#[test]
fn the_loader_reads_or_refuses_its_corpus() {
    replay("lab/fuzz/corpus/loader", loader::run);
}

#[test]
fn the_inf_reader_reads_or_refuses_its_corpus() {
    replay("lab/fuzz/corpus/inf", inf::run);
    replay("packages", inf::run);
}

/// One test: the command line empties the registry of the process behind each input.
#[test]
fn the_registry_keeps_what_its_corpus_sets_and_the_command_line_takes_its_own() {
    replay("lab/fuzz/corpus/registry", registry::run);
    replay("lab/fuzz/corpus/command_line", command_line::run);
    replay("lab/scenarios", command_line::run);
}
