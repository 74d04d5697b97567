//! A saved policy. One that is taken is written and read back as the same.
#![no_main]

use gr_fuzz::{file, seed};
use gr_learn::{Architecture, NetworkKind, SavedPolicy};

libfuzzer_sys::fuzz_target!(
    init: {
        for kind in NetworkKind::ALL {
            let architecture = Architecture { kind, num_cells: 4, hidden: 2 };
            let parameters = architecture.initial_parameters(0);
            let notes = [("rows".to_string(), "2".to_string())].into();
            let policy = SavedPolicy { architecture, parameters, notes };
            seed(&format!("{kind:?}"), &policy.to_bytes(&[]));
        }
    },
    |bytes: &[u8]| {
        if let Ok(policy) = SavedPolicy::read(&file("policy.safetensors", bytes)) {
            let again = SavedPolicy::read(&file("again.safetensors", &policy.to_bytes(&[])));
            assert_eq!(again.expect("it was accepted before"), policy);
        }
    }
);
