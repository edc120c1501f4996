//! Commands on the server.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("acl", Group::Server, "6.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("getuser", Group::Server, "6.0.0", 3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .args(&[
                    text("username")
                ]),
            Spec::new("cat", Group::Server, "6.0.0", -2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .args(&[
                    text("category").optional()
                ]),
            Spec::new("save", Group::Server, "6.0.0", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
            Spec::new("log", Group::Server, "6.0.0", -2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .args(&[
                    one_of("operation", &[integer("count"), token("reset", "RESET")]).optional()
                ]),
            Spec::new("help", Group::Server, "6.0.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("dryrun", Group::Server, "7.0.0", -4)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .complexity("O(1).")
                .args(&[
                    text("username"),
                    text("command"),
                    text("arg").optional().many()
                ]),
            Spec::new("users", Group::Server, "6.0.0", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE]),
            Spec::new("setuser", Group::Server, "6.0.0", -3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .args(&[
                    text("username"),
                    text("rule").optional().many()
                ]),
            Spec::new("genpass", Group::Server, "6.0.0", -2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .complexity("O(1)")
                .args(&[
                    integer("bits").optional()
                ]),
            Spec::new("deluser", Group::Server, "6.0.0", -3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .args(&[
                    text("username").many()
                ]),
            Spec::new("load", Group::Server, "6.0.0", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE]),
            Spec::new("whoami", Group::Server, "6.0.0", 2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("list", Group::Server, "6.0.0", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE]),
        ]),
    Spec::new("bgrewriteaof", Group::Server, "1.0.0", 1)
        .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING])
        .complexity("O(1)"),
    Spec::new("bgsave", Group::Server, "1.0.0", -1)
        .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING])
        .complexity("O(1)")
        .args(&[
            token("schedule", "SCHEDULE").optional()
        ]),
    Spec::new("command", Group::Server, "2.8.13", -1)
        .flags(&[LOADING, STALE])
        .categories(&["connection"])
        .tips(&["nondeterministic_output_order"])
        .subcommands(&[
            Spec::new("help", Group::Server, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)"),
            Spec::new("docs", Group::Server, "7.0.0", -2)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .tips(&["nondeterministic_output_order"])
                .args(&[
                    text("command-name").optional().many()
                ]),
            Spec::new("getkeysandflags", Group::Server, "7.0.0", -3)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .args(&[
                    text("command"),
                    text("arg").optional().many()
                ]),
            Spec::new("getkeys", Group::Server, "2.8.13", -3)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .args(&[
                    text("command"),
                    text("arg").optional().many()
                ]),
            Spec::new("list", Group::Server, "7.0.0", -2)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .tips(&["nondeterministic_output_order"])
                .args(&[
                    one_of("filterby", &[text("module-name").after("MODULE"), text("category").after("ACLCAT"), pattern("pattern").after("PATTERN")]).after("FILTERBY").optional()
                ]),
            Spec::new("info", Group::Server, "2.8.13", -2)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .tips(&["nondeterministic_output_order"])
                .args(&[
                    text("command-name").optional().many()
                ]),
            Spec::new("count", Group::Server, "2.8.13", 2)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)"),
        ]),
    Spec::new("commandlog", Group::Server, "8.1.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("get", Group::Server, "8.1.0", 4)
                .flags(&[ADMIN, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "nondeterministic_output"])
                .args(&[
                    integer("count"),
                    one_of("type", &[token("slow", "SLOW"), token("large-request", "LARGE-REQUEST"), token("large-reply", "LARGE-REPLY")])
                ]),
            Spec::new("help", Group::Server, "8.1.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("len", Group::Server, "8.1.0", 3)
                .flags(&[ADMIN, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"])
                .complexity("O(1)")
                .args(&[
                    one_of("type", &[token("slow", "SLOW"), token("large-request", "LARGE-REQUEST"), token("large-reply", "LARGE-REPLY")])
                ]),
            Spec::new("reset", Group::Server, "8.1.0", 3)
                .flags(&[ADMIN, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .args(&[
                    one_of("type", &[token("slow", "SLOW"), token("large-request", "LARGE-REQUEST"), token("large-reply", "LARGE-REPLY")])
                ]),
        ]),
    Spec::new("config", Group::Server, "2.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("help", Group::Server, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("rewrite", Group::Server, "2.8.0", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .complexity("O(1)"),
            Spec::new("get", Group::Server, "2.0.0", -3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .args(&[
                    text("parameter").many()
                ]),
            Spec::new("resetstat", Group::Server, "2.0.0", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .complexity("O(1)"),
            Spec::new("set", Group::Server, "2.0.0", -4)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .args(&[
                    block("data", &[text("parameter"), text("value")]).many()
                ]),
        ]),
    Spec::new("dbsize", Group::Server, "1.0.0", 1)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
        .complexity("O(1)"),
    Spec::new("debug", Group::Server, "1.0.0", -2)
        .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
        .complexity("Depends on subcommand."),
    Spec::new("failover", Group::Server, "6.2.0", -1)
        .flags(&[ADMIN, NOSCRIPT, STALE])
        .complexity("O(1)")
        .args(&[
            block("target", &[text("host"), integer("port"), token("force", "FORCE").optional()]).after("TO").optional(),
            token("abort", "ABORT").optional(),
            integer("milliseconds").after("TIMEOUT").optional()
        ]),
    Spec::new("flushall", Group::Server, "1.0.0", -1)
        .flags(&[WRITE])
        .categories(&["keyspace", "dangerous"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .args(&[
            one_of("flush-type", &[token("async", "ASYNC"), token("sync", "SYNC")]).optional()
        ]),
    Spec::new("flushdb", Group::Server, "1.0.0", -1)
        .flags(&[WRITE])
        .categories(&["keyspace", "dangerous"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .args(&[
            one_of("flush-type", &[token("async", "ASYNC"), token("sync", "SYNC")]).optional()
        ]),
    Spec::new("hotkeys", Group::Server, "8.6.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("start", Group::Server, "8.6.0", -2)
                .flags(&[ADMIN, NOSCRIPT])
                .tips(&["request_policy:special"])
                .complexity("O(1)")
                .args(&[
                    block("metrics", &[integer("count"), token("cpu", "CPU").optional(), token("net", "NET").optional()]).after("METRICS"),
                    integer("k").after("COUNT").optional(),
                    integer("seconds").after("DURATION").optional(),
                    integer("ratio").after("SAMPLE").optional(),
                    block("slots", &[integer("count"), integer("slot").many()]).after("SLOTS").optional()
                ]),
            Spec::new("help", Group::Server, "8.6.1", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("get", Group::Server, "8.6.0", 2)
                .flags(&[ADMIN, NOSCRIPT])
                .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"]),
            Spec::new("stop", Group::Server, "8.6.0", 2)
                .flags(&[ADMIN, NOSCRIPT])
                .tips(&["request_policy:special"])
                .complexity("O(1)"),
            Spec::new("reset", Group::Server, "8.6.0", 2)
                .flags(&[ADMIN, NOSCRIPT])
                .tips(&["request_policy:special"])
                .complexity("O(1)"),
        ]),
    Spec::new("info", Group::Server, "1.0.0", -1)
        .flags(&[LOADING, STALE])
        .categories(&["dangerous"])
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
        .complexity("O(1)")
        .args(&[
            text("section").optional().many()
        ]),
    Spec::new("lastsave", Group::Server, "1.0.0", 1)
        .flags(&[LOADING, STALE, FAST])
        .categories(&["admin", "dangerous"])
        .tips(&["nondeterministic_output"])
        .complexity("O(1)"),
    Spec::new("latency", Group::Server, "2.8.13", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("history", Group::Server, "2.8.13", 3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                .complexity("O(1)")
                .args(&[
                    text("event")
                ]),
            Spec::new("help", Group::Server, "2.8.13", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("graph", Group::Server, "2.8.13", 3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                .complexity("O(1)")
                .args(&[
                    text("event")
                ]),
            Spec::new("latest", Group::Server, "2.8.13", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                .complexity("O(1)"),
            Spec::new("histogram", Group::Server, "7.0.0", -2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                .args(&[
                    text("command").optional().many()
                ]),
            Spec::new("reset", Group::Server, "2.8.13", -2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:agg_sum"])
                .complexity("O(1)")
                .args(&[
                    text("event").optional().many()
                ]),
            Spec::new("doctor", Group::Server, "2.8.13", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"])
                .complexity("O(1)"),
        ]),
    Spec::new("lolwut", Group::Server, "5.0.0", -1)
        .flags(&[READONLY, FAST])
        .args(&[
            integer("version").after("VERSION").optional()
        ]),
    Spec::new("memory", Group::Server, "4.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("help", Group::Server, "4.0.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("stats", Group::Server, "4.0.0", 2)
                .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                .complexity("O(1)"),
            Spec::new("usage", Group::Server, "4.0.0", -3)
                .flags(&[READONLY])
                .keys(&[key_at(2, &[RO])])
                .args(&[
                    key("key", 0),
                    integer("count").after("SAMPLES").optional()
                ]),
            Spec::new("doctor", Group::Server, "4.0.0", 2)
                .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                .complexity("O(1)"),
            Spec::new("malloc-stats", Group::Server, "4.0.0", 2)
                .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
            Spec::new("purge", Group::Server, "4.0.0", 2)
                .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
        ]),
    Spec::new("module", Group::Server, "4.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("unload", Group::Server, "4.0.0", 3)
                .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    text("name")
                ]),
            Spec::new("help", Group::Server, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("loadex", Group::Server, "7.0.0", -3)
                .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    text("path"),
                    block("configs", &[text("name"), text("value")]).after("CONFIG").optional().many().token_each(),
                    text("args").after("ARGS").optional().many()
                ]),
            Spec::new("load", Group::Server, "4.0.0", -3)
                .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    text("path"),
                    text("arg").optional().many()
                ]),
            Spec::new("list", Group::Server, "4.0.0", 2)
                .flags(&[ADMIN, NOSCRIPT])
                .tips(&["nondeterministic_output_order"]),
        ]),
    Spec::new("monitor", Group::Server, "1.0.0", 1)
        .flags(&[ADMIN, NOSCRIPT, LOADING, STALE]),
    Spec::new("psync", Group::Server, "2.8.0", -3)
        .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING, NO_MULTI])
        .args(&[
            text("replicationid"),
            integer("offset")
        ]),
    Spec::new("replconf", Group::Server, "3.0.0", -1)
        .flags(&[ADMIN, NOSCRIPT, LOADING, STALE, ALLOW_BUSY])
        .complexity("O(1)"),
    Spec::new("replicaof", Group::Server, "5.0.0", 3)
        .flags(&[ADMIN, NOSCRIPT, STALE, NO_ASYNC_LOADING])
        .complexity("O(1)")
        .args(&[
            one_of("args", &[block("host-port", &[text("host"), integer("port")]), block("no-one", &[token("no", "NO"), token("one", "ONE")])])
        ]),
    Spec::new("restore-asking", Group::Server, "3.0.0", -4)
        .flags(&[WRITE, DENYOOM, ASKING])
        .categories(&["keyspace", "dangerous"])
        .keys(&[key_at(1, &[OW, UPDATE])])
        .args(&[
            key("key", 0),
            integer("ttl"),
            text("serialized-value"),
            token("replace", "REPLACE").optional(),
            token("absttl", "ABSTTL").optional(),
            integer("seconds").after("IDLETIME").optional(),
            integer("frequency").after("FREQ").optional()
        ]),
    Spec::new("role", Group::Server, "2.8.12", 1)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST])
        .categories(&["admin", "dangerous"])
        .complexity("O(1)"),
    Spec::new("save", Group::Server, "1.0.0", 1)
        .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING, NO_MULTI]),
    Spec::new("shutdown", Group::Server, "1.0.0", -1)
        .flags(&[ADMIN, NOSCRIPT, LOADING, STALE, NO_MULTI, ALLOW_BUSY])
        .args(&[
            one_of("save-selector", &[token("nosave", "NOSAVE"), token("save", "SAVE")]).optional(),
            token("now", "NOW").optional(),
            token("force", "FORCE").optional(),
            token("abort", "ABORT").optional()
        ]),
    Spec::new("slaveof", Group::Server, "1.0.0", 3)
        .flags(&[ADMIN, NOSCRIPT, STALE, NO_ASYNC_LOADING])
        .complexity("O(1)")
        .deprecated("5.0.0")
        .args(&[
            one_of("args", &[block("host-port", &[text("host"), integer("port")]), block("no-one", &[token("no", "NO"), token("one", "ONE")])])
        ]),
    Spec::new("slowlog", Group::Server, "2.2.12", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("help", Group::Server, "6.2.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("reset", Group::Server, "2.2.12", 2)
                .flags(&[ADMIN, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
            Spec::new("len", Group::Server, "2.2.12", 2)
                .flags(&[ADMIN, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"])
                .complexity("O(1)"),
            Spec::new("get", Group::Server, "2.2.12", -2)
                .flags(&[ADMIN, LOADING, STALE])
                .tips(&["request_policy:all_nodes", "nondeterministic_output"])
                .args(&[
                    integer("count").optional()
                ]),
        ]),
    Spec::new("swapdb", Group::Server, "4.0.0", 3)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace", "dangerous"])
        .args(&[
            integer("index1"),
            integer("index2")
        ]),
    Spec::new("sync", Group::Server, "1.0.0", 1)
        .flags(&[ADMIN, NOSCRIPT, NO_ASYNC_LOADING, NO_MULTI]),
    Spec::new("time", Group::Server, "2.6.0", 1)
        .flags(&[LOADING, STALE, FAST])
        .tips(&["nondeterministic_output"])
        .complexity("O(1)"),
    Spec::new("trimslots", Group::Server, "8.4.0", -5)
        .flags(&[WRITE])
        .categories(&["keyspace", "dangerous"])
        .args(&[
            block("ranges", &[integer("numranges"), block("slots", &[integer("startslot"), integer("endslot")]).many()]).after("RANGES")
        ]),
];
