//! Reading the files of many runs at once.

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

/// How many are read at once at least: readers of small files mostly wait for the disk, and disks do
/// more in the same time when more is asked of them.
const READERS: usize = 16;

/// What `read` gives for each of `items`, in their order.
///
/// # Errors
/// One of those that `read` gives.
pub fn read_all<T, R, E>(items: &[T], read: impl Fn(&T) -> Result<R, E> + Sync) -> Result<Vec<R>, E>
where
    T: Sync,
    R: Send,
    E: Send,
{
    let all = || items.par_iter().map(&read).collect();
    let readers = READERS.max(rayon::current_num_threads()).min(items.len());
    // A system that grants no further threads has those of the whole process.
    match ThreadPoolBuilder::new().num_threads(readers).build() {
        Ok(pool) => pool.install(all),
        Err(_) => all(),
    }
}
