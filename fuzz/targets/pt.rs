//! A PyTorch state dict. One that is taken is a policy, and nothing in it was executed.
#![no_main]

use std::path::Path;

use gr_fuzz::file;
use gr_learn::SavedPolicy;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(policy) = SavedPolicy::read(&file("policy.pt", bytes)) {
        let again = SavedPolicy::read(&file("again.safetensors", &policy.to_bytes(&[])));
        assert_eq!(again.expect("it was accepted before"), policy);
    }
    // Pickles among the seeds call `os.system("touch executed")`.
    assert!(!Path::new("executed").exists());
});
