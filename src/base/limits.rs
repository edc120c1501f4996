//! Every bound on what a file or a peer may ask of us, with its unit and its reason.

/// Longest single string, in bytes. Servers stop at 4 GiB per list node and at
/// `proto-max-bulk-len` (512 MiB unless raised) per string; beyond 64 GiB a length is a lie.
pub const STRING_BYTES_MAX: u64 = 64 << 30;

/// Most elements one value can declare. Each takes at least a byte of file.
pub const ELEMENTS_MAX: u64 = 1 << 40;

/// Highest database number. Servers default to 16 and take any `int`.
pub const DB_MAX: u64 = i32::MAX as u64;

/// Bytes of hash template field names kept in memory at once. A file of Redis 8.10 holds one
/// template per distinct set of field names, some hundreds of bytes each.
pub const TEMPLATE_BYTES_MAX: usize = 32 << 20;

/// Number of cluster hash slots.
pub const SLOTS: u64 = 16384;

/// Latest field expiry a server can hold, in unix milliseconds (`EB_EXPIRE_TIME_MAX`, 48 bits).
pub const FIELD_EXPIRE_MS_MAX: i64 = (1 << 48) - 1;

/// Latest field expiry that commands of a server set, in unix milliseconds: a quarter of what it can hold.
pub const FIELD_EXPIRE_SET_MS_MAX: i64 = (1 << 46) - 1;

/// Length of a slot import's job name, in bytes.
pub const SLOT_IMPORT_JOB_BYTES: usize = 40;

/// Longest stretch of an input that is not a regular file kept in memory while an entry is
/// incomplete, in bytes; longer entries go to an unnamed temporary file.
pub const ENTRY_BUFFER_BYTES: usize = 8 << 20;

/// Most arguments of one command: servers count them in a C `int`.
pub const AOF_ARGUMENTS_MAX: i64 = i32::MAX as i64;

/// Longest annotation of an append-only file with its line end, in bytes: servers read lines into
/// 1024 bytes and take the rest of a longer one for a new line.
pub const AOF_LINE_BYTES_MAX: usize = 1023;
