//! The directives, one row each.

use super::key_events::KeyEvents;
use super::kinds::{MemoryLimit, OtherLines, OutputLimit, Primary, SavePoint};
use super::rule::{
    ABSENT_IF_EMPTY, Bytes, PLAIN, Rule, TEXT, checked, checked_absent, int, memory, text,
};
use super::words::*;
use super::*;
use crate::rdb::dialect::REDIS_VERSION_MAX;

const MAX: i64 = i64::MAX;
const I64_MAX: u64 = i64::MAX as u64;
const I32_MAX: i64 = i32::MAX as i64;
const I32_MIN: i64 = i32::MIN as i64;
const U32_MAX: i64 = u32::MAX as i64;
const RDB_VERSION_MAX: i64 = REDIS_VERSION_MAX as i64;
const KB: u64 = 1 << 10;
const MB: u64 = 1 << 20;
const GB: u64 = 1 << 30;

/// What a row leaves out: the servers, the rule.
macro_rules! or {
    ($default:expr;) => {
        $default
    };
    ($default:expr; $given:expr) => {
        $given
    };
}

/// Makes [`Config`] and [`DIRECTIVES`] of rows:
/// `"name" | "alias" ~ "newer name" [FLAGS] in SERVERS => field: type = default, rule;`
macro_rules! directives {
    ($($(#[$doc:meta])* $name:literal $(| $alias:literal)* $(~ $newer:literal)* $([$($flag:ident),*])? $(in $servers:ident)?
        => $field:ident: $type:ty = $default:expr $(, $rule:expr)?;)*) => {
        /// A configuration: the value of each directive.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Config {
            $(
                #[doc = concat!("`", $name, "`.")]
                #[doc = ""]
                $(#[$doc])*
                pub $field: $type,
            )*
            /// The lines of files that are no values.
            pub other: OtherLines,
        }

        impl Default for Config {
            fn default() -> Config {
                Config { $($field: $default,)* other: OtherLines::default() }
            }
        }

        /// The directives that [`find`] knows.
        pub static DIRECTIVES: &[Directive] = &[$(Directive {
            name: $name,
            aliases: &[$($alias),*],
            newer_names: &[$($newer),*],
            flags: Flags::union(&[$($($flag),*)?]),
            servers: or!(ALL; $($servers)?),
            rule: or!(PLAIN; $($rule)?),
            value: |config| &config.$field,
            value_mut: |config| &mut config.$field,
        }),*];
    };
}

directives! {
    // Switches.
    "rdbchecksum" [IMMUTABLE] => rdbchecksum: bool = true;
    "daemonize" [IMMUTABLE] => daemonize: bool = false;
    "io-threads-do-reads" [IMMUTABLE, NO_EFFECT] in UNTIL_8 => io_threads_do_reads: bool = false;
    "always-show-logo" [IMMUTABLE] => always_show_logo: bool = false;
    "protected-mode" => protected_mode: bool = true;
    "rdbcompression" => rdbcompression: bool = true;
    "rdb-del-sync-files" => rdb_del_sync_files: bool = false;
    "activerehashing" [NO_EFFECT] => activerehashing: bool = true;
    "stop-writes-on-bgsave-error" => stop_writes_on_bgsave_error: bool = true;
    "set-proc-title" [IMMUTABLE] => set_proc_title: bool = true;
    "dynamic-hz" [NO_EFFECT] in REDIS => dynamic_hz: bool = true;
    "lazyfree-lazy-eviction" => lazyfree_lazy_eviction: bool = false;
    "lazyfree-lazy-expire" [NO_EFFECT] => lazyfree_lazy_expire: bool = false;
    "lazyfree-lazy-server-del" [NO_EFFECT] => lazyfree_lazy_server_del: bool = false;
    "lazyfree-lazy-user-del" [NO_EFFECT] => lazyfree_lazy_user_del: bool = false;
    "lazyfree-lazy-user-flush" => lazyfree_lazy_user_flush: bool = false;
    "repl-disable-tcp-nodelay" => repl_disable_tcp_nodelay: bool = false;
    "repl-diskless-sync" => repl_diskless_sync: bool = true;
    "aof-rewrite-incremental-fsync" [NO_EFFECT] => aof_rewrite_incremental_fsync: bool = true;
    "no-appendfsync-on-rewrite" => no_appendfsync_on_rewrite: bool = false;
    "cluster-require-full-coverage" => cluster_require_full_coverage: bool = true;
    "rdb-save-incremental-fsync" [NO_EFFECT] => rdb_save_incremental_fsync: bool = true;
    "aof-load-truncated" => aof_load_truncated: bool = true;
    "aof-use-rdb-preamble" => aof_use_rdb_preamble: bool = true;
    "aof-timestamp-enabled" => aof_timestamp_enabled: bool = false;
    "cluster-replica-no-failover" | "cluster-slave-no-failover" => cluster_replica_no_failover: bool = false;
    "replica-lazy-flush" | "slave-lazy-flush" [NO_EFFECT] => replica_lazy_flush: bool = false;
    "replica-serve-stale-data" | "slave-serve-stale-data" => replica_serve_stale_data: bool = true;
    "replica-read-only" | "slave-read-only" => replica_read_only: bool = true;
    "replica-ignore-maxmemory" | "slave-ignore-maxmemory" => replica_ignore_maxmemory: bool = true;
    "jemalloc-bg-thread" [NO_EFFECT] => jemalloc_bg_thread: bool = true;
    "activedefrag" [NO_EFFECT] => activedefrag: bool = false;
    "syslog-enabled" [IMMUTABLE] => syslog_enabled: bool = false;
    "cluster-enabled" [IMMUTABLE] => cluster_enabled: bool = false;
    "appendonly" [DENY_LOADING] => appendonly: bool = false;
    "cluster-allow-reads-when-down" => cluster_allow_reads_when_down: bool = false;
    "cluster-allow-pubsubshard-when-down" => cluster_allow_pubsubshard_when_down: bool = true;
    "crash-log-enabled" => crash_log_enabled: bool = true;
    "crash-memcheck-enabled" [NO_EFFECT] => crash_memcheck_enabled: bool = true;
    "use-exit-on-panic" [HIDDEN, NO_EFFECT] => use_exit_on_panic: bool = false;
    "disable-thp" [IMMUTABLE] => disable_thp: bool = true;
    "cluster-allow-replica-migration" => cluster_allow_replica_migration: bool = true;
    "replica-announced" => replica_announced: bool = true;
    "latency-tracking" => latency_tracking: bool = true;
    "aof-disable-auto-gc" => aof_disable_auto_gc: bool = false;
    "replica-ignore-disk-write-errors" => replica_ignore_disk_write_errors: bool = false;

    // Texts.
    "aclfile" [IMMUTABLE] => aclfile: Bytes = Bytes::new(), TEXT;
    "unixsocket" [IMMUTABLE] => unixsocket: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "pidfile" [IMMUTABLE] => pidfile: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "replica-announce-ip" | "slave-announce-ip" => replica_announce_ip: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "masteruser" ~ "primaryuser" [SENSITIVE] => masteruser: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "cluster-announce-ip" => cluster_announce_ip: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "cluster-config-file" [IMMUTABLE] => cluster_config_file: Bytes = text("nodes.conf"), TEXT;
    "cluster-announce-hostname" => cluster_announce_hostname: Bytes = Bytes::new(), checked_absent(checks::host_name);
    "syslog-ident" [IMMUTABLE] => syslog_ident: Bytes = text("redis"), TEXT;
    "dbfilename" [PROTECTED] => dbfilename: Bytes = text("dump.rdb"), checked(checks::db_file_name);
    "appendfilename" [IMMUTABLE] => appendfilename: Bytes = text("appendonly.aof"), checked(checks::append_file_name);
    "appenddirname" [IMMUTABLE] => appenddirname: Bytes = text("appendonlydir"), checked(checks::append_dir_name);
    "server_cpulist" ~ "server-cpulist" [IMMUTABLE] => server_cpulist: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "bio_cpulist" ~ "bio-cpulist" [IMMUTABLE] => bio_cpulist: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "aof_rewrite_cpulist" ~ "aof-rewrite-cpulist" [IMMUTABLE] => aof_rewrite_cpulist: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "bgsave_cpulist" ~ "bgsave-cpulist" [IMMUTABLE] => bgsave_cpulist: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "ignore-warnings" [NO_EFFECT] => ignore_warnings: Bytes = Bytes::new(), TEXT;
    "proc-title-template" => proc_title_template: Bytes = text("{title} {listen-addr} {server-mode}"), checked(checks::title_template);
    "bind-source-addr" => bind_source_addr: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "logfile" [IMMUTABLE] => logfile: Bytes = Bytes::new(), TEXT;
    "masterauth" ~ "primaryauth" [SENSITIVE] => masterauth: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "requirepass" [SENSITIVE] => requirepass: Bytes = Bytes::new(), ABSENT_IF_EMPTY;

    // Words.
    "supervised" [IMMUTABLE] => supervised: Supervised = Supervised::No;
    "syslog-facility" [IMMUTABLE] => syslog_facility: SyslogFacility = SyslogFacility::Local0;
    "repl-diskless-load" [DENY_LOADING] => repl_diskless_load: DisklessLoad = DisklessLoad::Disabled;
    "loglevel" => loglevel: LogLevel = LogLevel::Notice;
    "maxmemory-policy" => maxmemory_policy: MaxmemoryPolicy = MaxmemoryPolicy::NoEviction;
    "appendfsync" => appendfsync: AppendFsync = AppendFsync::EverySec;
    "oom-score-adj" => oom_score_adj: OomScoreAdj = OomScoreAdj::No;
    "acl-pubsub-default" [NO_EFFECT] => acl_pubsub_default: AclPubsubDefault = AclPubsubDefault::ResetChannels;
    "sanitize-dump-payload" [NO_EFFECT] => sanitize_dump_payload: SanitizePayload = SanitizePayload::No;
    "enable-protected-configs" [IMMUTABLE] => enable_protected_configs: ProtectedAction = ProtectedAction::No;
    "enable-debug-command" [IMMUTABLE] => enable_debug_command: ProtectedAction = ProtectedAction::No;
    "enable-module-command" [IMMUTABLE] => enable_module_command: ProtectedAction = ProtectedAction::No;
    "cluster-preferred-endpoint-type" => cluster_preferred_endpoint_type: EndpointType = EndpointType::Ip;
    "propagation-error-behavior" => propagation_error_behavior: PropagationError = PropagationError::Ignore;
    "shutdown-on-sigint" [MULTI] => shutdown_on_sigint: ShutdownOn = ShutdownOn::default();
    "shutdown-on-sigterm" [MULTI] => shutdown_on_sigterm: ShutdownOn = ShutdownOn::default();

    // Numbers.
    "databases" [IMMUTABLE] => databases: i64 = 16, int(1, I32_MAX);
    /// TCP port, 0 for none.
    "port" => port: i64 = 6379, int(0, 65535);
    "io-threads" [IMMUTABLE] => io_threads: i64 = 1, int(1, 128);
    "auto-aof-rewrite-percentage" => auto_aof_rewrite_percentage: i64 = 100, int(0, I32_MAX);
    "cluster-replica-validity-factor" | "cluster-slave-validity-factor" => cluster_replica_validity_factor: i64 = 10, int(0, I32_MAX);
    /// Elements of a node, or -1 to -5 for 4 to 64 kB.
    "list-max-listpack-size" | "list-max-ziplist-size" => list_max_listpack_size: i64 = -2, int(I32_MIN, I32_MAX);
    /// Seconds, 0 for none.
    "tcp-keepalive" => tcp_keepalive: i64 = 300, int(0, I32_MAX);
    "cluster-migration-barrier" => cluster_migration_barrier: i64 = 1, int(0, I32_MAX);
    "active-defrag-cycle-min" [NO_EFFECT] => active_defrag_cycle_min: i64 = 1, int(1, 99);
    "active-defrag-cycle-max" [NO_EFFECT] => active_defrag_cycle_max: i64 = 25, int(1, 99);
    "active-defrag-threshold-lower" [NO_EFFECT] => active_defrag_threshold_lower: i64 = 10, int(0, 1000);
    "active-defrag-threshold-upper" [NO_EFFECT] => active_defrag_threshold_upper: i64 = 100, int(0, 1000);
    "lfu-log-factor" => lfu_log_factor: i64 = 10, int(0, I32_MAX);
    /// Minutes.
    "lfu-decay-time" => lfu_decay_time: i64 = 1, int(0, I32_MAX);
    "replica-priority" | "slave-priority" => replica_priority: i64 = 100, int(0, I32_MAX);
    /// Seconds.
    "repl-diskless-sync-delay" => repl_diskless_sync_delay: i64 = 5, int(0, I32_MAX);
    "maxmemory-samples" => maxmemory_samples: i64 = 5, int(1, I32_MAX);
    "maxmemory-eviction-tenacity" => maxmemory_eviction_tenacity: i64 = 10, int(0, 100);
    /// Seconds until an idle client is closed, 0 for never.
    "timeout" => timeout: i64 = 0, int(0, I32_MAX);
    "replica-announce-port" | "slave-announce-port" => replica_announce_port: i64 = 0, int(0, 65535);
    "tcp-backlog" [IMMUTABLE] => tcp_backlog: i64 = 511, int(0, I32_MAX);
    "cluster-port" [IMMUTABLE] => cluster_port: i64 = 0, int(0, 65535);
    "cluster-announce-bus-port" => cluster_announce_bus_port: i64 = 0, int(0, 65535);
    "cluster-announce-port" => cluster_announce_port: i64 = 0, int(0, 65535);
    "cluster-announce-tls-port" => cluster_announce_tls_port: i64 = 0, int(0, 65535);
    /// Seconds.
    "repl-timeout" => repl_timeout: i64 = 60, int(1, I32_MAX);
    "repl-ping-replica-period" | "repl-ping-slave-period" => repl_ping_replica_period: i64 = 10, int(1, I32_MAX);
    "list-compress-depth" [NO_EFFECT] => list_compress_depth: i64 = 0, int(0, I32_MAX);
    /// Microseconds for each key while saving; negative: keys for each microsecond. For tests.
    "rdb-key-save-delay" [HIDDEN] => rdb_key_save_delay: i64 = 0, int(I32_MIN, I32_MAX);
    /// Microseconds for each key while loading; negative: keys for each microsecond. For tests.
    "key-load-delay" [HIDDEN] => key_load_delay: i64 = 0, int(I32_MIN, I32_MAX);
    "active-expire-effort" => active_expire_effort: i64 = 1, int(1, 10);
    /// Runs of the timer in a second; values out of range are brought into it.
    "hz" => hz: i64 = 10, Rule::Clamped { min: 1, max: 500 };
    "min-replicas-to-write" | "min-slaves-to-write" => min_replicas_to_write: i64 = 0, int(0, I32_MAX);
    "min-replicas-max-lag" | "min-slaves-max-lag" => min_replicas_max_lag: i64 = 10, int(0, I32_MAX);
    /// Milliseconds for which the server may be away before the log is told, 0 for no limit.
    "watchdog-period" [HIDDEN] => watchdog_period: i64 = 0, int(0, I32_MAX);
    /// Seconds that replicas get to catch up.
    "shutdown-timeout" => shutdown_timeout: i64 = 10, int(0, I32_MAX);
    "repl-diskless-sync-max-replicas" => repl_diskless_sync_max_replicas: i64 = 0, int(0, I32_MAX);
    "maxclients" => maxclients: i64 = 10_000, int(1, U32_MAX);
    /// Mode bits, 0 to leave them.
    "unixsocketperm" [IMMUTABLE] => unixsocketperm: i64 = 0, Rule::Octal { max: 0o777 };
    "socket-mark-id" [IMMUTABLE] => socket_mark_id: i64 = 0, int(0, U32_MAX);
    "active-defrag-max-scan-fields" [NO_EFFECT] => active_defrag_max_scan_fields: i64 = 1000, int(1, MAX);
    "slowlog-max-len" ~ "commandlog-slow-execution-max-len" => slowlog_max_len: i64 = 128, int(0, MAX);
    "acllog-max-len" [NO_EFFECT] => acllog_max_len: i64 = 128, int(0, MAX);
    /// Milliseconds.
    "busy-reply-threshold" | "lua-time-limit" [NO_EFFECT] => busy_reply_threshold: i64 = 5000, int(0, MAX);
    /// Milliseconds.
    "cluster-node-timeout" => cluster_node_timeout: i64 = 15_000, int(0, MAX);
    /// Microseconds; negative turns the log off.
    "slowlog-log-slower-than" ~ "commandlog-execution-slower-than" => slowlog_log_slower_than: i64 = 10_000, int(-1, MAX);
    /// Milliseconds, 0 turns the monitor off.
    "latency-monitor-threshold" => latency_monitor_threshold: i64 = 0, int(0, MAX);
    "proto-max-bulk-len" => proto_max_bulk_len: u64 = 512 * MB, memory(MB, I64_MAX);
    "stream-node-max-entries" => stream_node_max_entries: i64 = 100, int(0, MAX);
    /// Bytes; what is set by command counts as 16 kB at least.
    "repl-backlog-size" => repl_backlog_size: u64 = MB, memory(1, I64_MAX);
    /// Bytes, 0 for no limit.
    "maxmemory" => maxmemory: u64 = 0, memory(0, u64::MAX);
    "cluster-link-sendbuf-limit" => cluster_link_sendbuf_limit: u64 = 0, memory(0, u64::MAX);
    "hash-max-listpack-entries" | "hash-max-ziplist-entries" => hash_max_listpack_entries: i64 = 512, int(0, MAX);
    "set-max-intset-entries" => set_max_intset_entries: i64 = 512, int(0, MAX);
    "zset-max-listpack-entries" | "zset-max-ziplist-entries" => zset_max_listpack_entries: i64 = 128, int(0, MAX);
    "active-defrag-ignore-bytes" [NO_EFFECT] => active_defrag_ignore_bytes: u64 = 100 * MB, memory(1, I64_MAX);
    "hash-max-listpack-value" | "hash-max-ziplist-value" => hash_max_listpack_value: u64 = 64, memory(0, I64_MAX);
    "stream-node-max-bytes" => stream_node_max_bytes: u64 = 4 * KB, memory(0, I64_MAX);
    "zset-max-listpack-value" | "zset-max-ziplist-value" => zset_max_listpack_value: u64 = 64, memory(0, I64_MAX);
    "hll-sparse-max-bytes" => hll_sparse_max_bytes: u64 = 3000, memory(0, I64_MAX);
    "tracking-table-max-keys" [NO_EFFECT] => tracking_table_max_keys: i64 = 1_000_000, int(0, MAX);
    "client-query-buffer-limit" => client_query_buffer_limit: u64 = GB, memory(MB, I64_MAX);
    /// Bytes or a share of `maxmemory`, 0 for no limit.
    "maxmemory-clients" => maxmemory_clients: MemoryLimit = MemoryLimit::Bytes(0);
    /// Seconds without replicas until the backlog is freed, 0 for never.
    "repl-backlog-ttl" => repl_backlog_ttl: i64 = 3600, int(0, MAX);
    /// Bytes.
    "auto-aof-rewrite-min-size" => auto_aof_rewrite_min_size: u64 = 64 * MB, memory(0, I64_MAX);
    "loading-process-events-interval-bytes" [HIDDEN, NO_EFFECT] => loading_process_events_interval_bytes: i64 = 2_097_152, int(1024, I32_MAX);

    // TLS.
    "tls-port" => tls_port: i64 = 0, int(0, 65535);
    "tls-session-cache-size" => tls_session_cache_size: i64 = 20_480, int(0, I32_MAX);
    "tls-session-cache-timeout" => tls_session_cache_timeout: i64 = 300, int(0, I32_MAX);
    "tls-cluster" => tls_cluster: bool = false;
    "tls-replication" => tls_replication: bool = false;
    "tls-auth-clients" => tls_auth_clients: TlsAuthClients = TlsAuthClients::Yes;
    "tls-prefer-server-ciphers" => tls_prefer_server_ciphers: bool = false;
    "tls-session-caching" => tls_session_caching: bool = true;
    "tls-cert-file" [VOLATILE] => tls_cert_file: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-key-file" [VOLATILE] => tls_key_file: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-key-file-pass" [SENSITIVE] => tls_key_file_pass: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-client-cert-file" [VOLATILE] => tls_client_cert_file: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-client-key-file" [VOLATILE] => tls_client_key_file: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-client-key-file-pass" [SENSITIVE] => tls_client_key_file_pass: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-dh-params-file" [VOLATILE] => tls_dh_params_file: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-ca-cert-file" [VOLATILE] => tls_ca_cert_file: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-ca-cert-dir" [VOLATILE] => tls_ca_cert_dir: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-protocols" => tls_protocols: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-ciphers" => tls_ciphers: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "tls-ciphersuites" => tls_ciphersuites: Bytes = Bytes::new(), ABSENT_IF_EMPTY;

    // Lists and the like.
    /// The working folder. Only as given: whoever changes to it puts the absolute path here.
    "dir" [PROTECTED, DENY_LOADING] => dir: Bytes = text("."), Rule::Dir;
    "save" [MULTI] => save: Vec<SavePoint> = SavePoint::defaults();
    "client-output-buffer-limit" [MULTI] => client_output_buffer_limit: [OutputLimit; 3] = OutputLimit::DEFAULTS;
    "oom-score-adj-values" [MULTI] => oom_score_adj_values: [i64; 3] = [0, 200, 800];
    "notify-keyspace-events" => notify_keyspace_events: KeyEvents = KeyEvents::default();
    "bind" [MULTI] => bind: Vec<Bytes> = vec![text("*"), text("-::*")];
    /// The primary, if this is a replica.
    "replicaof" | "slaveof" [IMMUTABLE, MULTI] => replicaof: Option<Primary> = None;
    "latency-tracking-info-percentiles" [MULTI] => latency_tracking_info_percentiles: Vec<f64> = vec![50.0, 99.0, 99.9];

    // Of later Redis.
    "repl-rdb-channel" [HIDDEN] in R8 => repl_rdb_channel: bool = false;
    "hide-user-data-from-log" [NO_EFFECT] in SINCE_74 => hide_user_data_from_log: bool = false;
    "lazyexpire-nested-arbitrary-keys" [HIDDEN, NO_EFFECT] in R8 => lazyexpire_nested_arbitrary_keys: bool = true;
    "cluster-slot-stats-enabled" [MULTI] in SINCE_8 => cluster_slot_stats_enabled: SlotStats = SlotStats::default();
    "lua-enable-deprecated-api" ~ "lua-enable-insecure-api" [IMMUTABLE, HIDDEN, NO_EFFECT] in SINCE_8 => lua_enable_deprecated_api: bool = false;
    "key-memory-histograms" [NO_EFFECT] in R8 => key_memory_histograms: bool = false;
    "cluster-announce-human-nodename" in SINCE_72 => cluster_announce_human_nodename: Bytes = Bytes::new(), checked_absent(checks::node_name);
    "req-res-logfile" [IMMUTABLE, HIDDEN, NO_EFFECT] in SINCE_72 => req_res_logfile: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "locale-collate" [NO_EFFECT] in SINCE_72 => locale_collate: Bytes = Bytes::new(), TEXT;
    "prefetch-batch-max-size" [HIDDEN, NO_EFFECT] in SINCE_8 => prefetch_batch_max_size: i64 = 16, int(0, 128);
    "cluster-compatibility-sample-ratio" in R8 => cluster_compatibility_sample_ratio: i64 = 0, int(0, 100);
    "cluster-slot-migration-max-archived-tasks" [HIDDEN] in R8 => cluster_slot_migration_max_archived_tasks: i64 = 32, int(1, I32_MAX);
    "lookahead" [NO_EFFECT] in R8 => lookahead: i64 = 16, int(1, I32_MAX);
    "max-new-connections-per-cycle" [NO_EFFECT] in SINCE_74 => max_new_connections_per_cycle: i64 = 10, int(1, 1000);
    "max-new-tls-connections-per-cycle" [NO_EFFECT] in SINCE_74 => max_new_tls_connections_per_cycle: i64 = 1, int(1, 1000);
    "client-default-resp" [IMMUTABLE, HIDDEN] in SINCE_72 => client_default_resp: i64 = 2, int(2, 3);
    "cluster-ping-interval" [HIDDEN] in SINCE_72 => cluster_ping_interval: i64 = 0, int(0, MAX);
    "cluster-slot-migration-handoff-max-lag-bytes" in R8 => cluster_slot_migration_handoff_max_lag_bytes: u64 = MB, memory(0, I64_MAX);
    "cluster-slot-migration-write-pause-timeout" in R8 => cluster_slot_migration_write_pause_timeout: i64 = 10_000, int(0, MAX);
    "cluster-slot-migration-sync-buffer-drain-timeout" [HIDDEN] in R8 => cluster_slot_migration_sync_buffer_drain_timeout: i64 = 60_000, int(0, MAX);
    "stream-idmp-duration" [NO_EFFECT] in R8 => stream_idmp_duration: i64 = 100, int(1, 86_400);
    "stream-idmp-maxsize" [NO_EFFECT] in R8 => stream_idmp_maxsize: i64 = 100, int(1, 10_000);
    "replica-full-sync-buffer-limit" in R8 => replica_full_sync_buffer_limit: u64 = 0, memory(0, I64_MAX);
    "set-max-listpack-entries" in SINCE_72 => set_max_listpack_entries: i64 = 128, int(0, MAX);
    "set-max-listpack-value" in SINCE_72 => set_max_listpack_value: i64 = 64, int(0, MAX);
    "aof-load-corrupt-tail-max-size" in R8 => aof_load_corrupt_tail_max_size: i64 = 0, int(0, MAX);
    "tls-auth-clients-user" in SINCE_8 => tls_auth_clients_user: TlsAuthUser = TlsAuthUser::Off;
    "vset-force-single-threaded-execution" [NO_EFFECT] in R8 => vset_force_single_threaded_execution: bool = false;

    // Of Valkey alone.
    "repl-mptcp" [IMMUTABLE, NO_EFFECT, HIDDEN] in VALKEY => repl_mptcp: bool = false;
    "dual-channel-replication-enabled" [HIDDEN] in VALKEY => dual_channel_replication_enabled: bool = false;
    "extended-redis-compatibility" [NO_EFFECT, HIDDEN] in VALKEY => extended_redis_compatibility: bool = false;
    "enable-debug-assert" [IMMUTABLE, HIDDEN, NO_EFFECT] in VALKEY => enable_debug_assert: bool = false;
    "import-mode" [HIDDEN, NO_EFFECT] in VALKEY => import_mode: bool = false;
    "io-threads-always-active" [HIDDEN] in VALKEY => io_threads_always_active: bool = false;
    "unixsocketgroup" [IMMUTABLE, HIDDEN] in VALKEY => unixsocketgroup: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "cluster-announce-client-ipv4" [HIDDEN] in VALKEY => cluster_announce_client_ipv4: Bytes = Bytes::new(), checked_absent(checks::ipv4);
    "cluster-announce-client-ipv6" [HIDDEN] in VALKEY => cluster_announce_client_ipv6: Bytes = Bytes::new(), checked_absent(checks::ipv6);
    "debug-context" [HIDDEN, NO_EFFECT] in VALKEY => debug_context: Bytes = Bytes::new(), TEXT;
    "availability-zone" [HIDDEN] in VALKEY => availability_zone: Bytes = Bytes::new(), TEXT;
    "hash-seed" [IMMUTABLE, NO_EFFECT, HIDDEN] in VALKEY => hash_seed: Bytes = Bytes::new(), ABSENT_IF_EMPTY;
    "cluster-config-save-behavior" [HIDDEN] in VALKEY => cluster_config_save_behavior: ClusterSave = ClusterSave::Sync;
    "log-format" [HIDDEN] in VALKEY => log_format: LogFormat = LogFormat::Legacy;
    "log-timestamp-format" [HIDDEN] in VALKEY => log_timestamp_format: LogTimestamp = LogTimestamp::Legacy;
    "rdb-version-check" [HIDDEN] in VALKEY => rdb_version_check: RdbVersionCheck = RdbVersionCheck::Strict;
    "cluster-databases" [IMMUTABLE, HIDDEN] in VALKEY => cluster_databases: i64 = 1, int(1, I32_MAX);
    "min-io-threads-avoid-copy-reply" [HIDDEN, NO_EFFECT] in VALKEY => min_io_threads_avoid_copy_reply: i64 = 7, int(0, I32_MAX);
    "min-string-size-avoid-copy-reply" [HIDDEN, NO_EFFECT] in VALKEY => min_string_size_avoid_copy_reply: i64 = 16_384, int(0, I32_MAX);
    "min-string-size-avoid-copy-reply-threaded" [HIDDEN, NO_EFFECT] in VALKEY => min_string_size_avoid_copy_reply_threaded: i64 = 65536, int(0, I32_MAX);
    "active-defrag-cycle-us" [NO_EFFECT, HIDDEN] in VALKEY => active_defrag_cycle_us: i64 = 500, int(0, 100_000);
    "mptcp" [IMMUTABLE, NO_EFFECT, HIDDEN] in VALKEY => mptcp: bool = false;
    "cluster-announce-client-port" [HIDDEN] in VALKEY => cluster_announce_client_port: i64 = 0, int(0, 65535);
    "cluster-announce-client-tls-port" [HIDDEN] in VALKEY => cluster_announce_client_tls_port: i64 = 0, int(0, 65535);
    "rdma-port" [NO_EFFECT, HIDDEN] in VALKEY => rdma_port: i64 = 0, int(0, 65535);
    "rdma-rx-size" [IMMUTABLE, NO_EFFECT, HIDDEN] in VALKEY => rdma_rx_size: i64 = 1_048_576, int(65536, 16_777_216);
    "rdma-completion-vector" [IMMUTABLE, NO_EFFECT, HIDDEN] in VALKEY => rdma_completion_vector: i64 = -1, int(-1, 1024);
    "cluster-message-gossip-perc" [HIDDEN] in VALKEY => cluster_message_gossip_perc: i64 = 10, int(1, 100);
    "commandlog-large-request-max-len" [HIDDEN] in VALKEY => commandlog_large_request_max_len: i64 = 128, int(0, MAX);
    "commandlog-large-reply-max-len" [HIDDEN] in VALKEY => commandlog_large_reply_max_len: i64 = 128, int(0, MAX);
    "cluster-blacklist-ttl" [HIDDEN] in VALKEY => cluster_blacklist_ttl: i64 = 60, int(0, MAX);
    "cluster-slot-migration-log-max-len" [HIDDEN] in VALKEY => cluster_slot_migration_log_max_len: i64 = 1000, int(0, MAX);
    "commandlog-request-larger-than" [HIDDEN] in VALKEY => commandlog_request_larger_than: i64 = 1_048_576, int(-1, MAX);
    "commandlog-reply-larger-than" [HIDDEN] in VALKEY => commandlog_reply_larger_than: i64 = 1_048_576, int(-1, MAX);
    "cluster-manual-failover-timeout" [HIDDEN] in VALKEY => cluster_manual_failover_timeout: i64 = 5000, int(1, I32_MAX);
    "slot-migration-max-failover-repl-bytes" [HIDDEN] in VALKEY => slot_migration_max_failover_repl_bytes: u64 = 0, memory(0, I64_MAX);
    "tls-auto-reload-interval" [HIDDEN] in VALKEY => tls_auto_reload_interval: i64 = 0, int(0, I32_MAX);
    "rdma-bind" [MULTI, NO_EFFECT, HIDDEN] in VALKEY => rdma_bind: Vec<Bytes> = Vec::new();

    // Directives of this server.
    /// What a damaged append-only file does to the start.
    "aof-on-corruption" in OWN => aof_on_corruption: OnCorruption = OnCorruption::Refuse;
    /// The version of the RDB files that are written, 0 for the oldest that holds the data, from that of Redis 7.0 on.
    "rdb-write-version" in OWN => rdb_write_version: i64 = 0, int(0, RDB_VERSION_MAX);
    /// TCP port of the Prometheus endpoint, 0 for none.
    "metrics-port" in OWN => metrics_port: i64 = 0, int(0, 65535);
    /// Bytes of the stream that are kept on disk behind the backlog, for replicas that are slow or come back; 0 for none.
    "repl-log-max-size" in OWN => repl_log_max_size: u64 = 2 * GB, memory(0, I64_MAX);
    /// Seconds for which they are kept there, 0 for no limit by age.
    "repl-log-max-age" in OWN => repl_log_max_age: i64 = 0, int(0, MAX);
}
