//! The limits up to which a collection stays in a packed encoding.

/// The server's `*-max-listpack-*` settings and their kin. A collection past a limit takes the encoding for large ones, and
/// does not come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `list-max-listpack-size`: elements of a list node, or with -1 to -5 its size as 4, 8, 16, 32 or 64 KiB.
    pub list_max_listpack_size: i64,
    /// `hash-max-listpack-entries`: fields.
    pub hash_max_listpack_entries: usize,
    /// `hash-max-listpack-value`: bytes of a field's name or value.
    pub hash_max_listpack_value: usize,
    /// `set-max-intset-entries`: members.
    pub set_max_intset_entries: usize,
    /// `set-max-listpack-entries`: members.
    pub set_max_listpack_entries: usize,
    /// `set-max-listpack-value`: bytes of a member.
    pub set_max_listpack_value: usize,
    /// `zset-max-listpack-entries`: members.
    pub zset_max_listpack_entries: usize,
    /// `zset-max-listpack-value`: bytes of a member.
    pub zset_max_listpack_value: usize,
    /// `stream-node-max-bytes`: bytes of a stream's node, 0 for no limit.
    pub stream_node_max_bytes: usize,
    /// `stream-node-max-entries`: entries of a stream's node, 0 for no limit.
    pub stream_node_max_entries: usize,
    /// `hll-sparse-max-bytes`: bytes of a sparse HyperLogLog.
    pub hll_sparse_max_bytes: usize,
    /// Whether values are described as Redis 7.0 does it, which has no small lists, no small sets of text, and no idempotent
    /// producers.
    pub names_of_7_0: bool,
    /// Whether values of RDB versions that are not known are taken, as far as they are understood.
    pub takes_newer_rdb: bool,
    /// Whether values with a wrong checksum are taken, for tests of servers.
    pub skips_checksums: bool,
    /// Decides the order of large hashes and sets; a server's is random, so that nobody can aim at it.
    pub hash_seed: u64,
}

impl Default for Limits {
    /// The defaults of Redis 7.
    fn default() -> Self {
        Limits {
            list_max_listpack_size: -2,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
            hll_sparse_max_bytes: 3000,
            names_of_7_0: false,
            takes_newer_rdb: false,
            skips_checksums: false,
            hash_seed: 0,
        }
    }
}
