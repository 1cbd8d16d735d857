#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| hardtack_fuzz::formats(octets));
