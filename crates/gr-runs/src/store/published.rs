//! Published copies of results folders: rows, curves and manifests, without what is large. Manifests keep the lengths and
//! hashes of what was left out, so that a run that is trained again is compared with all of it.

use std::path::Path;

use super::{StoreError, write_if_changed};
use crate::run::FileRecord;

/// The file that tells a published copy.
const MARK: &str = "published.toml";

const TEXT: &str = "# A published copy of a sweep: policies and policy tables may be left out. Manifests have their lengths and hashes.\n\
                    schema_version = 1\n";

/// Whether `folder` is a published copy.
pub(super) fn is_published(folder: &Path) -> bool {
    folder.join(MARK).exists()
}

/// Marks `folder` as a published copy.
pub(super) fn mark(folder: &Path) -> Result<(), StoreError> {
    write_if_changed(&folder.join(MARK), TEXT.as_bytes())
}

impl FileRecord {
    /// Whether a published copy may do without the file: a policy, or a table of one.
    pub fn may_be_left_out(&self) -> bool {
        self.name.starts_with("checkpoints/") || self.name.starts_with("policy_tables_")
    }
}
