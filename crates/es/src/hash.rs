//! Hash maps and sets for ids and texts, where order does not matter. Their hashes are quick, and
//! the same everywhere: no seed is drawn.
//!
//! Why not the crate `rustc-hash`: it is as quick (`cargo xtask bench`: 8.1 s of CPU time with
//! each), and the page is 0.9 kB larger after brotli, because the codec brings `XxHash64` into it
//! anyway.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use twox_hash::XxHash64;
use uuid::Uuid;

/// Many ids, in no order.
pub type IdSet = HashSet<Uuid, BuildHasherDefault<IdHasher>>;
/// Something by names, such as streams and event types.
pub type NameMap<K, V> = HashMap<K, V, BuildHasherDefault<NameHasher>>;
/// Names, in no order.
pub type NameSet<K> = HashSet<K, BuildHasherDefault<NameHasher>>;

/// Ids are random or hashes already; their own bits serve as the hash.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.0 = self.0.rotate_left(29) ^ u64::from_le_bytes(word);
        }
    }
}

/// A text is hashed in one go, which for short ones is quicker than piece by piece.
#[derive(Default)]
pub struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = XxHash64::oneshot(self.0, bytes);
    }

    /// Hashes the byte that ends a text.
    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(5) ^ u64::from(byte);
    }
}
