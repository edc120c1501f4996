//! Commands on publishing and subscribing.

use super::super::spec::*;

/// The commands of this family, by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    Spec::new("psubscribe", Group::PubSub, "2.0.0", -2)
        .flags(&[DENYOOM, PUBSUB, NOSCRIPT, LOADING, STALE])
        .args(&[
            pattern("pattern").many()
        ]),
    Spec::new("publish", Group::PubSub, "2.0.0", 3)
        .flags(&[PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE])
        .args(&[
            text("channel"),
            text("message")
        ]),
    Spec::new("pubsub", Group::PubSub, "2.8.0", -2)
        .complexity("Depends on subcommand.")
        .subcommands(&[
            Spec::new("help", Group::PubSub, "6.2.0", 2)
                .flags(&[LOADING, STALE])
                .complexity("O(1)"),
            Spec::new("shardchannels", Group::PubSub, "7.0.0", -2)
                .flags(&[PUBSUB, LOADING, STALE])
                .args(&[
                    pattern("pattern").optional()
                ]),
            Spec::new("shardnumsub", Group::PubSub, "7.0.0", -2)
                .flags(&[PUBSUB, LOADING, STALE])
                .args(&[
                    text("shardchannel").optional().many()
                ]),
            Spec::new("numsub", Group::PubSub, "2.8.0", -2)
                .flags(&[PUBSUB, LOADING, STALE])
                .args(&[
                    text("channel").optional().many()
                ]),
            Spec::new("channels", Group::PubSub, "2.8.0", -2)
                .flags(&[PUBSUB, LOADING, STALE])
                .args(&[
                    pattern("pattern").optional()
                ]),
            Spec::new("numpat", Group::PubSub, "2.8.0", 2)
                .flags(&[PUBSUB, LOADING, STALE])
                .complexity("O(1)"),
        ]),
    Spec::new("punsubscribe", Group::PubSub, "2.0.0", -1)
        .flags(&[PUBSUB, NOSCRIPT, LOADING, STALE])
        .args(&[
            pattern("pattern").optional().many()
        ]),
    Spec::new("spublish", Group::PubSub, "7.0.0", 3)
        .flags(&[PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE])
        .keys(&[key_at(1, &[NOT_KEY])])
        .args(&[
            text("shardchannel"),
            text("message")
        ]),
    Spec::new("ssubscribe", Group::PubSub, "7.0.0", -2)
        .flags(&[DENYOOM, PUBSUB, NOSCRIPT, LOADING, STALE])
        .keys(&[keys_from(1, -1, 1, &[NOT_KEY])])
        .args(&[
            text("shardchannel").many()
        ]),
    Spec::new("subscribe", Group::PubSub, "2.0.0", -2)
        .flags(&[DENYOOM, PUBSUB, NOSCRIPT, LOADING, STALE])
        .args(&[
            text("channel").many()
        ]),
    Spec::new("sunsubscribe", Group::PubSub, "7.0.0", -1)
        .flags(&[PUBSUB, NOSCRIPT, LOADING, STALE])
        .keys(&[keys_from(1, -1, 1, &[NOT_KEY])])
        .args(&[
            text("shardchannel").optional().many()
        ]),
    Spec::new("unsubscribe", Group::PubSub, "2.0.0", -1)
        .flags(&[PUBSUB, NOSCRIPT, LOADING, STALE])
        .args(&[
            text("channel").optional().many()
        ]),
];
