//! Commands on the cluster.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("asking", Group::Cluster, "3.0.0", 1)
        .flags(&[FAST])
        .categories(&["connection"])
        .complexity("O(1)"),
    Spec::new("cluster", Group::Cluster, "3.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("failover", Group::Cluster, "3.0.0", -2)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    one_of("options", &[token("force", "FORCE"), token("takeover", "TAKEOVER")]).optional()
                ]),
            Spec::new("slaves", Group::Cluster, "3.0.0", 3)
                .flags(&[ADMIN, STALE])
                .tips(&["nondeterministic_output"])
                .deprecated("5.0.0")
                .args(&[
                    text("node-id")
                ]),
            Spec::new("replicas", Group::Cluster, "5.0.0", 3)
                .flags(&[ADMIN, STALE])
                .tips(&["nondeterministic_output"])
                .args(&[
                    text("node-id")
                ]),
            Spec::new("bumpepoch", Group::Cluster, "3.0.0", 2)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .tips(&["nondeterministic_output"])
                .complexity("O(1)"),
            Spec::new("delslotsrange", Group::Cluster, "7.0.0", -4)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .args(&[
                    block("range", &[integer("start-slot"), integer("end-slot")]).many()
                ]),
            Spec::new("flushslots", Group::Cluster, "3.0.0", 2)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)"),
            Spec::new("addslotsrange", Group::Cluster, "7.0.0", -4)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .args(&[
                    block("range", &[integer("start-slot"), integer("end-slot")]).many()
                ]),
            Spec::new("setslot", Group::Cluster, "3.0.0", -4)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    integer("slot"),
                    one_of("subcommand", &[text("importing").after("IMPORTING"), text("migrating").after("MIGRATING"), text("node").after("NODE"), token("stable", "STABLE")])
                ]),
            Spec::new("saveconfig", Group::Cluster, "3.0.0", 2)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)"),
            Spec::new("count-failure-reports", Group::Cluster, "3.0.0", 3)
                .flags(&[ADMIN, STALE])
                .tips(&["nondeterministic_output"])
                .args(&[
                    text("node-id")
                ]),
            Spec::new("set-config-epoch", Group::Cluster, "3.0.0", 3)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    integer("config-epoch")
                ]),
            Spec::new("forget", Group::Cluster, "3.0.0", 3)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    text("node-id")
                ]),
            Spec::new("delslots", Group::Cluster, "3.0.0", -3)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .args(&[
                    integer("slot").many()
                ]),
            Spec::new("getkeysinslot", Group::Cluster, "3.0.0", 4)
                .flags(&[STALE])
                .tips(&["nondeterministic_output"])
                .args(&[
                    integer("slot"),
                    integer("count")
                ]),
            Spec::new("meet", Group::Cluster, "3.0.0", -4)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    text("ip"),
                    integer("port"),
                    integer("cluster-bus-port").optional()
                ]),
            Spec::new("reset", Group::Cluster, "3.0.0", -2)
                .flags(&[ADMIN, NOSCRIPT, STALE])
                .args(&[
                    one_of("reset-type", &[token("hard", "HARD"), token("soft", "SOFT")]).optional()
                ]),
            Spec::new("migration", Group::Cluster, "8.4.0", -4)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .args(&[
                    one_of("subcommand", &[block("import", &[integer("start-slot"), integer("end-slot")]).after("IMPORT").many(), one_of("cancel", &[text("task-id").after("ID"), token("all", "ALL")]).after("CANCEL"), one_of("status", &[text("task-id").after("ID").optional(), token("all", "ALL").optional()]).after("STATUS")])
                ]),
            Spec::new("addslots", Group::Cluster, "3.0.0", -3)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .args(&[
                    integer("slot").many()
                ]),
            Spec::new("syncslots", Group::Cluster, "8.4.0", -3)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .tips(&["nondeterministic_output"])
                .complexity("O(1)")
                .args(&[
                    one_of("subcommand", &[block("sync", &[text("task-id"), block("slot-range", &[integer("start-slot"), integer("end-slot")]).many()]).after("SYNC"), text("task-id").after("RDBCHANNEL"), token("snapshot-eof", "SNAPSHOT-EOF"), token("stream-eof", "STREAM-EOF"), block("ack", &[text("state"), integer("offset")]).after("ACK"), text("error").after("FAIL"), block("conf", &[text("option").many(), text("value").many()]).after("CONF")])
                ]),
            Spec::new("countkeysinslot", Group::Cluster, "3.0.0", 3)
                .flags(&[STALE])
                .complexity("O(1)")
                .args(&[
                    integer("slot")
                ]),
            Spec::new("info", Group::Cluster, "3.0.0", 2)
                .flags(&[STALE])
                .tips(&["nondeterministic_output"])
                .complexity("O(1)"),
            Spec::new("replicate", Group::Cluster, "3.0.0", 3)
                .flags(&[ADMIN, STALE, NO_ASYNC_LOADING])
                .complexity("O(1)")
                .args(&[
                    text("node-id")
                ]),
            Spec::new("shards", Group::Cluster, "7.0.0", 2)
                .flags(&[LOADING, STALE])
                .tips(&["nondeterministic_output"]),
            Spec::new("help", Group::Cluster, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("slot-stats", Group::Cluster, "8.2.0", -4)
                .flags(&[LOADING, STALE])
                .tips(&["nondeterministic_output", "request_policy:all_shards"])
                .args(&[
                    one_of("filter", &[block("slotsrange", &[integer("start-slot"), integer("end-slot")]).after("SLOTSRANGE"), block("orderby", &[text("metric"), integer("limit").after("LIMIT").optional(), one_of("order", &[token("asc", "ASC"), token("desc", "DESC")]).optional()]).after("ORDERBY")])
                ]),
            Spec::new("myshardid", Group::Cluster, "7.2.0", 2)
                .flags(&[STALE])
                .tips(&["nondeterministic_output"])
                .complexity("O(1)"),
            Spec::new("keyslot", Group::Cluster, "3.0.0", 3)
                .flags(&[STALE])
                .args(&[
                    text("key")
                ]),
            Spec::new("nodes", Group::Cluster, "3.0.0", 2)
                .flags(&[STALE])
                .tips(&["nondeterministic_output"]),
            Spec::new("links", Group::Cluster, "7.0.0", 2)
                .flags(&[STALE])
                .tips(&["nondeterministic_output"]),
            Spec::new("slots", Group::Cluster, "3.0.0", 2)
                .flags(&[LOADING, STALE])
                .tips(&["nondeterministic_output"])
                .deprecated("7.0.0"),
            Spec::new("myid", Group::Cluster, "3.0.0", 2)
                .flags(&[STALE])
                .complexity("O(1)"),
        ]),
    Spec::new("clusterscan", Group::Cluster, "9.1.0", -2)
        .flags(&[READONLY])
        .categories(&["keyspace"])
        .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"])
        .keys(&[key_at(1, &[NOT_KEY])])
        .args(&[
            text("cursor"),
            pattern("match-pattern").after("MATCH").optional(),
            integer("count").after("COUNT").optional(),
            text("type").after("TYPE").optional(),
            integer("slot").after("SLOT").optional()
        ]),
    Spec::new("readonly", Group::Cluster, "3.0.0", 1)
        .flags(&[LOADING, STALE, FAST])
        .categories(&["connection"])
        .complexity("O(1)"),
    Spec::new("readwrite", Group::Cluster, "3.0.0", 1)
        .flags(&[LOADING, STALE, FAST])
        .categories(&["connection"])
        .complexity("O(1)"),
];
