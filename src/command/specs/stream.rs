//! Commands on streams.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("xack", Group::Stream, "5.0.0", -4)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            text("group"),
            text("id").many()
        ]),
    Spec::new("xackdel", Group::Stream, "8.2.0", -6)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, UPDATE, DELETE])])
        .args(&[
            key("key", 0),
            text("group"),
            one_of("condition", &[token("keepref", "KEEPREF"), token("delref", "DELREF"), token("acked", "ACKED")]).optional(),
            block("ids", &[integer("numids"), text("id").many()]).after("IDS")
        ]),
    Spec::new("xadd", Group::Stream, "5.0.0", -5)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["stream"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            token("nomkstream", "NOMKSTREAM").optional(),
            one_of("condition", &[token("keepref", "KEEPREF"), token("delref", "DELREF"), token("acked", "ACKED")]).optional(),
            one_of("idmp", &[block("idmpauto-with-pid", &[token("idmpauto-token", "IDMPAUTO"), text("pid")]), block("idmp-with-pid-iid", &[token("idmp-token", "IDMP"), text("pid"), text("iid")])]).optional(),
            block("trim", &[one_of("strategy", &[token("maxlen", "MAXLEN"), token("minid", "MINID")]), one_of("operator", &[token("equal", "="), token("approximately", "~")]).optional(), text("threshold"), integer("count").after("LIMIT").optional()]).optional(),
            one_of("id-selector", &[token("auto-id", "*"), text("id")]),
            block("data", &[text("field"), text("value")]).many()
        ]),
    Spec::new("xautoclaim", Group::Stream, "6.2.0", -6)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .complexity("O(1) if COUNT is small.")
        .args(&[
            key("key", 0),
            text("group"),
            text("consumer"),
            text("min-idle-time"),
            text("start"),
            integer("count").after("COUNT").optional(),
            token("justid", "JUSTID").optional()
        ]),
    Spec::new("xcfgset", Group::Stream, "8.6.0", -2)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            block("idmp-duration-block", &[token("idmp-duration-token", "IDMP-DURATION"), integer("duration")]).optional(),
            block("idmp-maxsize-block", &[token("idmp-maxsize-token", "IDMP-MAXSIZE"), integer("maxsize")]).optional()
        ]),
    Spec::new("xclaim", Group::Stream, "5.0.0", -6)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            text("group"),
            text("consumer"),
            text("min-idle-time"),
            text("id").many(),
            integer("ms").after("IDLE").optional(),
            time("unix-time-milliseconds").after("TIME").optional(),
            integer("count").after("RETRYCOUNT").optional(),
            token("force", "FORCE").optional(),
            token("justid", "JUSTID").optional(),
            text("lastid").after("LASTID").optional()
        ]),
    Spec::new("xdel", Group::Stream, "5.0.0", -3)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            text("id").many()
        ]),
    Spec::new("xdelex", Group::Stream, "8.2.0", -5)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            one_of("condition", &[token("keepref", "KEEPREF"), token("delref", "DELREF"), token("acked", "ACKED")]).optional(),
            block("ids", &[integer("numids"), text("id").many()]).after("IDS")
        ]),
    Spec::new("xgroup", Group::Stream, "5.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("help", Group::Stream, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .categories(&["stream"])
                .complexity("O(1)"),
            Spec::new("destroy", Group::Stream, "5.0.0", 4)
                .flags(&[WRITE])
                .categories(&["stream"])
                .keys(&[key_at(2, &[RW, DELETE])])
                .args(&[
                    key("key", 0),
                    text("group")
                ]),
            Spec::new("createconsumer", Group::Stream, "6.2.0", 5)
                .flags(&[WRITE, DENYOOM])
                .categories(&["stream"])
                .keys(&[key_at(2, &[RW, INSERT])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0),
                    text("group"),
                    text("consumer")
                ]),
            Spec::new("delconsumer", Group::Stream, "5.0.0", 5)
                .flags(&[WRITE])
                .categories(&["stream"])
                .keys(&[key_at(2, &[RW, DELETE])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0),
                    text("group"),
                    text("consumer")
                ]),
            Spec::new("setid", Group::Stream, "5.0.0", -5)
                .flags(&[WRITE])
                .categories(&["stream"])
                .keys(&[key_at(2, &[RW, UPDATE])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0),
                    text("group"),
                    one_of("id-selector", &[text("id"), token("new-id", "$")]),
                    integer("entriesread").after("ENTRIESREAD").optional()
                ]),
            Spec::new("create", Group::Stream, "5.0.0", -5)
                .flags(&[WRITE, DENYOOM])
                .categories(&["stream"])
                .keys(&[key_at(2, &[RW, INSERT])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0),
                    text("group"),
                    one_of("id-selector", &[text("id"), token("new-id", "$")]),
                    token("mkstream", "MKSTREAM").optional(),
                    integer("entriesread").after("ENTRIESREAD").optional()
                ]),
        ]),
    Spec::new("xidmprecord", Group::Stream, "8.6.2", 5)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("pid"),
            text("iid"),
            text("stream-id")
        ]),
    Spec::new("xinfo", Group::Stream, "5.0.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("stream", Group::Stream, "5.0.0", -3)
                .flags(&[READONLY])
                .categories(&["stream"])
                .keys(&[key_at(2, &[RO, ACCESS])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0),
                    block("full-block", &[token("full", "FULL"), integer("count").after("COUNT").optional()]).optional()
                ]),
            Spec::new("groups", Group::Stream, "5.0.0", 3)
                .flags(&[READONLY])
                .categories(&["stream"])
                .keys(&[key_at(2, &[RO, ACCESS])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0)
                ]),
            Spec::new("consumers", Group::Stream, "5.0.0", 4)
                .flags(&[READONLY])
                .categories(&["stream"])
                .tips(&["nondeterministic_output"])
                .keys(&[key_at(2, &[RO, ACCESS])])
                .complexity("O(1)")
                .args(&[
                    key("key", 0),
                    text("group")
                ]),
            Spec::new("help", Group::Stream, "5.0.0", 2)
                .flags(&[LOADING, STALE])
                .categories(&["stream"])
                .complexity("O(1)"),
        ]),
    Spec::new("xlen", Group::Stream, "5.0.0", 2)
        .flags(&[READONLY, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RO])])
        .complexity("O(1)")
        .args(&[
            key("key", 0)
        ]),
    Spec::new("xnack", Group::Stream, "8.8.0", -7)
        .flags(&[WRITE, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .args(&[
            key("key", 0),
            text("group"),
            one_of("mode", &[token("silent", "SILENT"), token("fail", "FAIL"), token("fatal", "FATAL")]),
            block("ids", &[integer("numids"), text("id").many()]).after("IDS"),
            integer("count").after("RETRYCOUNT").optional(),
            token("force", "FORCE").optional()
        ]),
    Spec::new("xpending", Group::Stream, "5.0.0", -3)
        .flags(&[READONLY])
        .categories(&["stream"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("group"),
            block("filters", &[integer("min-idle-time").after("IDLE").optional(), text("start"), text("end"), integer("count"), text("consumer").optional()]).optional()
        ]),
    Spec::new("xrange", Group::Stream, "5.0.0", -4)
        .flags(&[READONLY])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("start"),
            text("end"),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("xread", Group::Stream, "5.0.0", -4)
        .flags(&[READONLY, BLOCKING])
        .categories(&["stream"])
        .keys(&[KeySpec::new(&[RO, ACCESS], Begin::Keyword("STREAMS", 1), Find::Range { last: -1, step: 1, limit: 2 })])
        .args(&[
            integer("count").after("COUNT").optional(),
            integer("maxcount").after("MAXCOUNT").optional(),
            integer("maxsize").after("MAXSIZE").optional(),
            integer("milliseconds").after("BLOCK").optional(),
            block("streams", &[key("key", 0).many(), text("id").many()]).after("STREAMS")
        ]),
    Spec::new("xreadgroup", Group::Stream, "5.0.0", -7)
        .flags(&[WRITE, BLOCKING])
        .categories(&["stream"])
        .keys(&[KeySpec::new(&[RO, ACCESS], Begin::Keyword("STREAMS", 4), Find::Range { last: -1, step: 1, limit: 2 })])
        .args(&[
            block("group-block", &[text("group"), text("consumer")]).after("GROUP"),
            integer("count").after("COUNT").optional(),
            integer("maxcount").after("MAXCOUNT").optional(),
            integer("maxsize").after("MAXSIZE").optional(),
            integer("milliseconds").after("BLOCK").optional(),
            integer("min-idle-time").after("CLAIM").optional(),
            token("noack", "NOACK").optional(),
            block("streams", &[key("key", 0).many(), text("id").many()]).after("STREAMS")
        ]),
    Spec::new("xrevrange", Group::Stream, "5.0.0", -4)
        .flags(&[READONLY])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RO, ACCESS])])
        .args(&[
            key("key", 0),
            text("end"),
            text("start"),
            integer("count").after("COUNT").optional()
        ]),
    Spec::new("xsetid", Group::Stream, "5.0.0", -3)
        .flags(&[WRITE, DENYOOM, FAST])
        .categories(&["stream"])
        .keys(&[key_at(1, &[RW, UPDATE])])
        .complexity("O(1)")
        .args(&[
            key("key", 0),
            text("last-id"),
            integer("entries-added").after("ENTRIESADDED").optional(),
            text("max-deleted-id").after("MAXDELETEDID").optional()
        ]),
    Spec::new("xtrim", Group::Stream, "5.0.0", -4)
        .flags(&[WRITE])
        .categories(&["stream"])
        .tips(&["nondeterministic_output"])
        .keys(&[key_at(1, &[RW, DELETE])])
        .args(&[
            key("key", 0),
            block("trim", &[one_of("strategy", &[token("maxlen", "MAXLEN"), token("minid", "MINID")]), one_of("operator", &[token("equal", "="), token("approximately", "~")]).optional(), text("threshold"), integer("count").after("LIMIT").optional(), one_of("condition", &[token("keepref", "KEEPREF"), token("delref", "DELREF"), token("acked", "ACKED")]).optional()])
        ]),
];
