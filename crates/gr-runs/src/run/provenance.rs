//! What made a result: program, machine and backend.

use gethostname::gethostname;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hex;

/// Where and with what a run was trained. On a CPU, results are equal bit for bit where the code that trains,
/// the backend, the adapter and the CPU features are; on a GPU, the last digits of a run depend on the runs
/// that share its batch, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the program.
    pub version: String,
    /// Commit that it was built from, or "unknown".
    pub commit: String,
    /// SHA-256 of the program file.
    pub binary_sha256: String,
    /// Fingerprint of the code that trains, which all programs of one build share: their sources, the exact
    /// versions and features of the dependencies, the compiler, its flags and profile, and the target. What
    /// the fingerprint leaves out (command lines, reports, figures, documentation) cannot change a result.
    /// Manifests of earlier versions lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_code: Option<String>,
    /// Backend that trained: `cpu`, `ndarray`, `wgpu`.
    pub backend: String,
    /// The device as its driver names it.
    pub adapter: String,
    /// Vector instructions that the CPU offers, widest first.
    pub cpu_features: String,
    /// Host name.
    pub host: String,
}

impl Provenance {
    /// Describes this process, whose code that trains has the fingerprint `training_code`, on the given
    /// backend.
    pub fn of_this_process(
        version: &str,
        commit: &str,
        training_code: &str,
        backend: &str,
        adapter: &str,
    ) -> Self {
        let binary = std::env::current_exe().and_then(std::fs::read);
        Self {
            version: version.into(),
            commit: commit.into(),
            binary_sha256: binary
                .map_or_else(|_| "unknown".into(), |bytes| hex(&Sha256::digest(bytes))),
            training_code: Some(training_code.into()),
            backend: backend.into(),
            adapter: adapter.into(),
            cpu_features: cpu_features(),
            host: gethostname().to_string_lossy().into_owned(),
        }
    }

    /// What differs from `other` among the parts that results depend on, one line each. Where one of them
    /// does not say which code trained, the program file as a whole stands for it.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let code = match (&self.training_code, &other.training_code) {
            (Some(here), Some(there)) => ("training code", here, there),
            _ => ("binary", &self.binary_sha256, &other.binary_sha256),
        };
        [
            code,
            ("backend", &self.backend, &other.backend),
            ("adapter", &self.adapter, &other.adapter),
            ("CPU features", &self.cpu_features, &other.cpu_features),
        ]
        .into_iter()
        .filter(|(_, here, there)| here != there)
        .map(|(part, here, there)| format!("{part}: {there} -> {here}"))
        .collect()
    }
}

/// The vector instructions that the matrix products choose between.
fn cpu_features() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let mut features = Vec::new();
        if std::arch::is_x86_feature_detected!("avx512f") {
            features.push("avx512f");
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            features.push("avx2");
        }
        if std::arch::is_x86_feature_detected!("fma") {
            features.push("fma");
        }
        features.join(" ")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::env::consts::ARCH.into()
    }
}
