//! Commands on connections.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("auth", Group::Connection, "1.0.0", -2)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .categories(&["connection"])
        .args(&[
            text("username").optional(),
            text("password")
        ]),
    Spec::new("client", Group::Connection, "2.4.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("unpause", Group::Connection, "6.2.0", 2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .categories(&["connection"]),
            Spec::new("caching", Group::Connection, "6.0.0", 3)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)")
                .args(&[
                    one_of("mode", &[token("yes", "YES"), token("no", "NO")])
                ]),
            Spec::new("no-touch", Group::Connection, "7.2.0", 3)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)")
                .args(&[
                    one_of("enabled", &[token("on", "ON"), token("off", "OFF")])
                ]),
            Spec::new("pause", Group::Connection, "3.0.0", -3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)")
                .args(&[
                    integer("timeout"),
                    one_of("mode", &[token("write", "WRITE"), token("all", "ALL")]).optional()
                ]),
            Spec::new("unblock", Group::Connection, "5.0.0", -3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .args(&[
                    integer("client-id"),
                    one_of("unblock-type", &[token("timeout", "TIMEOUT"), token("error", "ERROR")]).optional()
                ]),
            Spec::new("kill", Group::Connection, "2.4.0", -3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .args(&[
                    one_of("filter", &[text("old-format"), one_of("new-format", &[integer("client-id").after("ID").optional(), one_of("client-type", &[token("normal", "NORMAL"), token("master", "MASTER"), token("slave", "SLAVE"), token("replica", "REPLICA"), token("pubsub", "PUBSUB")]).after("TYPE").optional(), text("username").after("USER").optional(), text("addr").after("ADDR").optional(), text("laddr").after("LADDR").optional(), one_of("skipme", &[token("yes", "YES"), token("no", "NO")]).after("SKIPME").optional(), integer("maxage").after("MAXAGE").optional()]).many()])
                ]),
            Spec::new("id", Group::Connection, "5.0.0", 2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)"),
            Spec::new("reply", Group::Connection, "3.2.0", 3)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)")
                .args(&[
                    one_of("action", &[token("on", "ON"), token("off", "OFF"), token("skip", "SKIP")])
                ]),
            Spec::new("list", Group::Connection, "2.4.0", -2)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .tips(&["nondeterministic_output"])
                .args(&[
                    one_of("client-type", &[token("normal", "NORMAL"), token("master", "MASTER"), token("replica", "REPLICA"), token("pubsub", "PUBSUB")]).after("TYPE").optional(),
                    integer("client-id").after("ID").optional().many()
                ]),
            Spec::new("info", Group::Connection, "6.2.0", 2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .tips(&["nondeterministic_output"])
                .complexity("O(1)"),
            Spec::new("setname", Group::Connection, "2.6.9", 3)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .complexity("O(1)")
                .args(&[
                    text("connection-name")
                ]),
            Spec::new("setinfo", Group::Connection, "7.2.0", 4)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
                .complexity("O(1)")
                .args(&[
                    one_of("attr", &[text("libname").after("LIB-NAME"), text("libver").after("LIB-VER")])
                ]),
            Spec::new("trackinginfo", Group::Connection, "6.2.0", 2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)"),
            Spec::new("getname", Group::Connection, "2.6.9", 2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)"),
            Spec::new("getredir", Group::Connection, "6.0.0", 2)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)"),
            Spec::new("help", Group::Connection, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)"),
            Spec::new("tracking", Group::Connection, "6.0.0", -3)
                .flags(&[NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .args(&[
                    one_of("status", &[token("on", "ON"), token("off", "OFF")]),
                    integer("client-id").after("REDIRECT").optional(),
                    text("prefix").after("PREFIX").optional().many().token_each(),
                    token("bcast", "BCAST").optional(),
                    token("optin", "OPTIN").optional(),
                    token("optout", "OPTOUT").optional(),
                    token("noloop", "NOLOOP").optional()
                ]),
            Spec::new("no-evict", Group::Connection, "7.0.0", 3)
                .flags(&[ADMIN, NOSCRIPT, LOADING, STALE])
                .categories(&["connection"])
                .complexity("O(1)")
                .args(&[
                    one_of("enabled", &[token("on", "ON"), token("off", "OFF")])
                ]),
        ]),
    Spec::new("echo", Group::Connection, "1.0.0", 2)
        .flags(&[LOADING, STALE, FAST])
        .categories(&["connection"])
        .complexity("O(1)")
        .args(&[
            text("message")
        ]),
    Spec::new("hello", Group::Connection, "6.0.0", -1)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .categories(&["connection"])
        .complexity("O(1)")
        .args(&[
            block("arguments", &[integer("protover"), block("auth", &[text("username"), text("password")]).after("AUTH").optional(), text("clientname").after("SETNAME").optional()]).optional()
        ]),
    Spec::new("ping", Group::Connection, "1.0.0", -1)
        .flags(&[FAST])
        .categories(&["connection"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
        .complexity("O(1)")
        .args(&[
            text("message").optional()
        ]),
    Spec::new("quit", Group::Connection, "1.0.0", -1)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .categories(&["connection"])
        .complexity("O(1)")
        .deprecated("7.2.0"),
    Spec::new("reset", Group::Connection, "6.2.0", 1)
        .flags(&[NOSCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY])
        .categories(&["connection"])
        .complexity("O(1)"),
    Spec::new("select", Group::Connection, "1.0.0", 2)
        .flags(&[LOADING, STALE, FAST])
        .categories(&["connection"])
        .complexity("O(1)")
        .args(&[
            integer("index")
        ]),
];
