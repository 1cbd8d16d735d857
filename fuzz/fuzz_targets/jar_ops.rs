#![no_main]

libfuzzer_sys::fuzz_target!(|play: hardtack_fuzz::Play| hardtack_fuzz::jar_ops(&play));
