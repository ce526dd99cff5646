//! The built program with real Helm 3, real Helm 4 and Go's own YAML reader, on whole streams.

mod bad_input;
mod go_yaml;
mod helm3;
mod helm4;
mod large;
mod program;
mod recorded_streams;
