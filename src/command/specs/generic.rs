//! Commands on keys of any type.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("copy", Group::Generic, "6.2.0", -3)
        .flags(&[WRITE, DENYOOM])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RO, ACCESS]), key_at(2, &[OW, UPDATE])])
        .args(&[
            key("source", 0),
            key("destination", 1),
            integer("destination-db").after("DB").optional(),
            token("replace", "REPLACE").optional()
        ]),
    Spec::new("del", Group::Generic, "1.0.0", -2)
        .flags(&[WRITE])
        .categories(&["keyspace"])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .keys(&[keys_from(1, -1, 1, &[RM, DELETE])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("dump", Group::Generic, "2.6.0", 2)
        .flags(&[READONLY])
        .categories(&["keyspace"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0)
        ]),
    Spec::new("exists", Group::Generic, "1.0.0", -2)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .keys(&[keys_from(1, -1, 1, &[RO])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("expire", Group::Generic, "1.0.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("seconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional()
        ]),
    Spec::new("expireat", Group::Generic, "1.2.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            time("unix-time-seconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional()
        ]),
    Spec::new("expiretime", Group::Generic, "7.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("keys", Group::Generic, "1.0.0", 2)
        .flags(&[READONLY])
        .categories(&["keyspace", "dangerous"])
        .tips(&["request_policy:all_shards", "nondeterministic_output_order"])
        .args(&[
            pattern("pattern")
        ]),
    Spec::new("migrate", Group::Generic, "2.6.0", -6)
        .flags(&[WRITE])
        .categories(&["keyspace", "dangerous"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(3, &[RW, ACCESS, DELETE]), KeySpec::new(&[RW, ACCESS, DELETE, INCOMPLETE], Begin::Keyword("KEYS", -2), Find::Range { last: -1, step: 1, limit: 0 })])
        .args(&[
            text("host"),
            integer("port"),
            one_of("key-selector", &[key("key", 0), token("empty-string", "")]),
            integer("destination-db"),
            integer("timeout"),
            token("copy", "COPY").optional(),
            token("replace", "REPLACE").optional(),
            one_of("authentication", &[text("auth").after("AUTH"), block("auth2", &[text("username"), text("password")]).after("AUTH2")]).optional(),
            key("keys", 1).after("KEYS").optional().many()
        ]),
    Spec::new("move", Group::Generic, "1.0.0", 3)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, ACCESS, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("db")
        ]),
    Spec::new("object", Group::Generic, "2.2.3", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("help", Group::Generic, "6.2.0", 2)
                .flags(&[LOADING, STALE])
                .categories(&["keyspace"])
                .complexity("O(1)"),
            Spec::new("freq", Group::Generic, "4.0.0", 3)
                .flags(&[READONLY])
                .categories(&["keyspace"])
                .tips(&["nondeterministic_output"])
                .keys(&[key_at(2, &[RO])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0)
                ]),
            Spec::new("refcount", Group::Generic, "2.2.3", 3)
                .flags(&[READONLY])
                .categories(&["keyspace"])
                .tips(&["nondeterministic_output"])
                .keys(&[key_at(2, &[RO])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0)
                ]),
            Spec::new("encoding", Group::Generic, "2.2.3", 3)
                .flags(&[READONLY])
                .categories(&["keyspace"])
                .tips(&["nondeterministic_output"])
                .keys(&[key_at(2, &[RO])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0)
                ]),
            Spec::new("idletime", Group::Generic, "2.2.3", 3)
                .flags(&[READONLY])
                .categories(&["keyspace"])
                .tips(&["nondeterministic_output"])
                .keys(&[key_at(2, &[RO])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0)
                ]),
        ]),
    Spec::new("persist", Group::Generic, "2.2.0", 2)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("pexpire", Group::Generic, "2.6.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            integer("milliseconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional()
        ]),
    Spec::new("pexpireat", Group::Generic, "2.6.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            time("unix-time-milliseconds"),
            one_of("condition", &[token("nx", "NX"), token("xx", "XX"), token("gt", "GT"), token("lt", "LT")]).optional()
        ]),
    Spec::new("pexpiretime", Group::Generic, "7.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("pttl", Group::Generic, "2.6.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("randomkey", Group::Generic, "1.0.0", 1)
        .flags(&[READONLY])
        .categories(&["keyspace"])
        .tips(&["request_policy:all_shards", "response_policy:special", "nondeterministic_output"])
        .complexity("O(1)"),
    Spec::new("rename", Group::Generic, "1.0.0", 3)
        .flags(&[WRITE])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[OW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            key("newkey", 1)
        ]),
    Spec::new("renamenx", Group::Generic, "1.0.0", 3)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RW, ACCESS, DELETE]), key_at(2, &[OW, INSERT])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            key("newkey", 1)
        ]),
    Spec::new("restore", Group::Generic, "2.6.0", -4)
        .flags(&[WRITE, DENYOOM])
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
    Spec::new("scan", Group::Generic, "2.8.0", -2)
        .flags(&[READONLY])
        .categories(&["keyspace"])
        .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"])
        .args(&[
            integer("cursor"),
            pattern("pattern").after("MATCH").optional(),
            integer("count").after("COUNT").optional(),
            text("type").after("TYPE").optional()
        ]),
    Spec::new("sort", Group::Generic, "1.0.0", -2)
        .flags(&[WRITE, DENYOOM])
        .categories(&["set", "sortedset", "list", "dangerous"])
        .keys(&[key_at(1, &[RO, ACCESS]), KeySpec::new(&[RO, ACCESS], Begin::Unknown, Find::Unknown), KeySpec::new(&[OW, UPDATE], Begin::Unknown, Find::Unknown)])
        .args(&[
            key("key", 0),
            pattern("by-pattern").after("BY").optional(),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional(),
            pattern("get-pattern").after("GET").optional().many().token_each(),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional(),
            token("sorting", "ALPHA").optional(),
            key("destination", 2).after("STORE").optional()
        ]),
    Spec::new("sort_ro", Group::Generic, "7.0.0", -2)
        .flags(&[READONLY])
        .categories(&["set", "sortedset", "list", "dangerous"])
        .keys(&[key_at(1, &[RO, ACCESS]), KeySpec::new(&[RO, ACCESS], Begin::Unknown, Find::Unknown)])
        .args(&[
            key("key", 0),
            pattern("by-pattern").after("BY").optional(),
            block("limit", &[integer("offset"), integer("count")]).after("LIMIT").optional(),
            pattern("get-pattern").after("GET").optional().many().token_each(),
            one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional(),
            token("sorting", "ALPHA").optional()
        ]),
    Spec::new("touch", Group::Generic, "3.2.1", -2)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .keys(&[keys_from(1, -1, 1, &[RO])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("ttl", Group::Generic, "1.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("type", Group::Generic, "1.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["keyspace"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("unlink", Group::Generic, "4.0.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["keyspace"])
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .keys(&[keys_from(1, -1, 1, &[RM, DELETE])])
        .args(&[
            key("key", 0).many()
        ]),
    Spec::new("wait", Group::Generic, "3.0.0", 3)
        .flags(&[BLOCKING])
        .categories(&["connection"])
        .tips(&["request_policy:all_shards", "response_policy:agg_min"])
        .complexity("O(1)")
        .args(&[
            integer("numreplicas"),
            integer("timeout")
        ]),
    Spec::new("waitaof", Group::Generic, "7.2.0", 4)
        .flags(&[BLOCKING])
        .categories(&["connection"])
        .tips(&["request_policy:all_shards", "response_policy:agg_min"])
        .complexity("O(1)")
        .args(&[
            integer("numlocal"),
            integer("numreplicas"),
            integer("timeout")
        ]),
];
