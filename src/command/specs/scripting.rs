//! Commands on scripts and functions.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("eval", Group::Scripting, "2.6.0", -3)
        .flags(&[NOSCRIPT, STALE, SKIP_MONITOR, MAY_REPLICATE, NO_MANDATORY_KEYS])
        .categories(&["scripting"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RW, ACCESS, UPDATE])])
        .args(&[
            text("script"),
            integer("numkeys"),
            key("key", 0).optional().many(),
            text("arg").optional().many()
        ]),
    Spec::new("eval_ro", Group::Scripting, "7.0.0", -3)
        .flags(&[READONLY, NOSCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS])
        .categories(&["scripting"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            text("script"),
            integer("numkeys"),
            key("key", 0).optional().many(),
            text("arg").optional().many()
        ]),
    Spec::new("evalsha", Group::Scripting, "2.6.0", -3)
        .flags(&[NOSCRIPT, STALE, SKIP_MONITOR, MAY_REPLICATE, NO_MANDATORY_KEYS])
        .categories(&["scripting"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RW, ACCESS, UPDATE])])
        .args(&[
            text("sha1"),
            integer("numkeys"),
            key("key", 0).optional().many(),
            text("arg").optional().many()
        ]),
    Spec::new("evalsha_ro", Group::Scripting, "7.0.0", -3)
        .flags(&[READONLY, NOSCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS])
        .categories(&["scripting"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            text("sha1"),
            integer("numkeys"),
            key("key", 0).optional().many(),
            text("arg").optional().many()
        ]),
    Spec::new("fcall", Group::Scripting, "7.0.0", -3)
        .flags(&[NOSCRIPT, STALE, SKIP_MONITOR, MAY_REPLICATE, NO_MANDATORY_KEYS])
        .categories(&["scripting"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RW, ACCESS, UPDATE])])
        .args(&[
            text("function"),
            integer("numkeys"),
            key("key", 0).optional().many(),
            text("arg").optional().many()
        ]),
    Spec::new("fcall_ro", Group::Scripting, "7.0.0", -3)
        .flags(&[READONLY, NOSCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS])
        .categories(&["scripting"])
        .keys(&[keys_counted(2, 0, 1, 1, &[RO, ACCESS])])
        .args(&[
            text("function"),
            integer("numkeys"),
            key("key", 0).optional().many(),
            text("arg").optional().many()
        ]),
    Spec::new("function", Group::Scripting, "7.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("stats", Group::Scripting, "7.0.0", 2)
                .flags(&[NOSCRIPT, ALLOW_BUSY])
                .categories(&["scripting"])
                .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
                .complexity("O(1)"),
            Spec::new("delete", Group::Scripting, "7.0.0", 3)
                .flags(&[WRITE, NOSCRIPT])
                .categories(&["scripting"])
                .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                .complexity("O(1)")
                .args(&[
                    text("library-name")
                ]),
            Spec::new("restore", Group::Scripting, "7.0.0", -3)
                .flags(&[WRITE, DENYOOM, NOSCRIPT])
                .categories(&["scripting"])
                .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                .args(&[
                    text("serialized-value"),
                    one_of("policy", &[token("flush", "FLUSH"), token("append", "APPEND"), token("replace", "REPLACE")]).optional()
                ]),
            Spec::new("help", Group::Scripting, "7.0.0", 2)
                .flags(&[LOADING, STALE])
                .categories(&["scripting"])
                .complexity("O(1)"),
            Spec::new("flush", Group::Scripting, "7.0.0", -2)
                .flags(&[WRITE, NOSCRIPT])
                .categories(&["scripting"])
                .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                .args(&[
                    one_of("flush-type", &[token("async", "ASYNC"), token("sync", "SYNC")]).optional()
                ]),
            Spec::new("kill", Group::Scripting, "7.0.0", 2)
                .flags(&[NOSCRIPT, ALLOW_BUSY])
                .categories(&["scripting"])
                .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
                .complexity("O(1)"),
            Spec::new("load", Group::Scripting, "7.0.0", -3)
                .flags(&[WRITE, DENYOOM, NOSCRIPT])
                .categories(&["scripting"])
                .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
                .args(&[
                    token("replace", "REPLACE").optional(),
                    text("function-code")
                ]),
            Spec::new("dump", Group::Scripting, "7.0.0", 2)
                .flags(&[NOSCRIPT])
                .categories(&["scripting"]),
            Spec::new("list", Group::Scripting, "7.0.0", -2)
                .flags(&[NOSCRIPT])
                .categories(&["scripting"])
                .tips(&["nondeterministic_output_order"])
                .args(&[
                    text("library-name-pattern").after("LIBRARYNAME").optional(),
                    token("withcode", "WITHCODE").optional()
                ]),
        ]),
    Spec::new("script", Group::Scripting, "2.6.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("help", Group::Scripting, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .categories(&["scripting"])
                .complexity("O(1)"),
            Spec::new("kill", Group::Scripting, "2.6.0", 2)
                .flags(&[NOSCRIPT, ALLOW_BUSY])
                .categories(&["scripting"])
                .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
                .complexity("O(1)"),
            Spec::new("exists", Group::Scripting, "2.6.0", -3)
                .flags(&[NOSCRIPT])
                .categories(&["scripting"])
                .tips(&["request_policy:all_shards", "response_policy:agg_logical_and"])
                .args(&[
                    text("sha1").many()
                ]),
            Spec::new("flush", Group::Scripting, "2.6.0", -2)
                .flags(&[NOSCRIPT])
                .categories(&["scripting"])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .args(&[
                    one_of("flush-type", &[token("async", "ASYNC"), token("sync", "SYNC")]).optional()
                ]),
            Spec::new("load", Group::Scripting, "2.6.0", 3)
                .flags(&[NOSCRIPT, STALE])
                .categories(&["scripting"])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .args(&[
                    text("script")
                ]),
            Spec::new("debug", Group::Scripting, "3.2.0", 3)
                .flags(&[NOSCRIPT])
                .categories(&["scripting"])
                .complexity("O(1)")
                .args(&[
                    one_of("mode", &[token("yes", "YES"), token("sync", "SYNC"), token("no", "NO")])
                ]),
        ]),
];
