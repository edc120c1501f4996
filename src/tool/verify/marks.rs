//! What a stretch of the file says that must be seen in the order of the file: marks between keys,
//! and how many keys stood in front of each.

use crate::rdb::module::ModuleId;

/// Keys counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Keys.
    pub(super) keys: u64,
    /// Those with an expiry.
    pub(super) expires: u64,
}

impl Tally {
    /// Adds another.
    pub(super) fn add(&mut self, other: Tally) {
        self.keys += other.keys;
        self.expires += other.expires;
    }
}

/// A mark between keys.
#[derive(Debug)]
pub(super) enum Mark {
    Db(u64),
    Resize(Tally),
    Slot(u64, Tally),
    Library(Vec<u8>),
    Module(ModuleId),
    /// The file's end, or the end of what can be read of it.
    End,
}

/// A mark at its place.
#[derive(Debug)]
pub(super) struct Placed {
    /// Keys since the mark before.
    pub(super) before: Tally,
    pub(super) offset: u64,
    pub(super) mark: Mark,
}

/// Marks of one stretch.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub(super) placed: Vec<Placed>,
    /// Keys behind the last mark.
    pub(super) tally: Tally,
    /// Modules told already.
    modules: Vec<ModuleId>,
}

/// Modules remembered; those beyond are told again.
const MODULES_MAX: usize = 64;

impl Marks {
    /// Counts a key.
    #[inline]
    pub(super) fn key(&mut self, expires: bool) {
        self.tally.keys += 1;
        self.tally.expires += u64::from(expires);
    }

    /// Adds a mark.
    pub(super) fn push(&mut self, offset: u64, mark: Mark) {
        let before = std::mem::take(&mut self.tally);
        self.placed.push(Placed { before, offset, mark });
    }

    /// Adds a mark for a module unless there was one.
    pub(super) fn module(&mut self, offset: u64, module: ModuleId) {
        if !self.modules.contains(&module) {
            if self.modules.len() < MODULES_MAX {
                self.modules.push(module);
            }
            self.push(offset, Mark::Module(module));
        }
    }
}
