//! The end of a server: it waits for replicas, saves, and goes.

use super::client::ClientId;
use super::config::words::ShutdownOn;
use super::dispatch::{Call, Handler};
use super::pause::Paused;
use super::{Action, Engine, Level, Now};
use crate::command::Error;

/// How the server is to end.
#[derive(Debug, Clone, Copy, Default)]
struct How {
    /// Whether it saves; if nobody says, it does if there are save points.
    save: Option<bool>,
    /// Whether it goes even if saving fails.
    force: bool,
    /// Whether it waits for replicas.
    waits: bool,
}

/// What the end waits for.
#[derive(Debug)]
enum Stage {
    /// Replicas, until a time in unix milliseconds.
    Replicas { until_ms: i64 },
    /// A save.
    Save,
}

/// An end that was asked for.
#[derive(Debug, Default)]
pub struct Leaving {
    stage: Option<Stage>,
    how: How,
    clients: Vec<ClientId>,
    /// A signal asked for the end, which begins as soon as the server does what comes with time.
    asked: Option<How>,
}

impl Leaving {
    /// Number of clients that wait for the end.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Milliseconds until replicas are not waited for any more; none if they are not.
    pub fn left_ms(&self, now: Now) -> Option<i64> {
        match self.stage {
            Some(Stage::Replicas { until_ms }) => Some((until_ms - now.unix_ms).max(0)),
            _ => None,
        }
    }
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[("shutdown", shutdown)];

impl Engine {
    /// Ends the server as a signal asks, with what the configuration says about it.
    pub fn terminate(&mut self, signal: &str, now: Now) {
        self.set_now(now);
        let is_second = self.leaving.stage.is_some() || self.leaving.asked.is_some();
        if signal == "SIGINT" && is_second {
            self.log_signal("You insist... exiting now.");
            self.stop_all_saving();
            return self.actions.push_back(Action::Exit(1));
        }
        self.log_signal(match self.is_loading() {
            true => "Received shutdown signal during loading, scheduling shutdown.".to_owned(),
            false => format!("Received {signal} scheduling shutdown..."),
        });
        let words = match signal {
            "SIGINT" => self.config.shutdown_on_sigint,
            _ => self.config.shutdown_on_sigterm,
        };
        let how = How {
            save: match () {
                () if words.contains(ShutdownOn::SAVE) => Some(true),
                () if words.contains(ShutdownOn::NOSAVE) => Some(false),
                () => None,
            },
            force: words.contains(ShutdownOn::FORCE),
            waits: !words.contains(ShutdownOn::NOW),
        };
        if self.leaving.stage.is_none() {
            self.leaving.asked = Some(how);
        }
        if self.runs_cron {
            self.leave_if_asked();
        }
    }

    /// Begins the end that a signal asked for.
    pub(super) fn leave_if_asked(&mut self) {
        if let Some(how) = self.leaving.asked.take() {
            self.leave(how);
        }
    }

    /// Ends the server, once replicas have what they lack.
    fn leave(&mut self, how: How) {
        self.leaving.how = how;
        let timeout_ms = self.config.shutdown_timeout.saturating_mul(1000);
        if how.waits && timeout_ms > 0 && self.lagging_replicas() > 0 && !self.is_loading() {
            self.log(Level::Notice, "Waiting for replicas before shutting down.");
            let until_ms = self.now.unix_ms.saturating_add(timeout_ms);
            self.leaving.stage = Some(Stage::Replicas { until_ms });
            self.pause(Paused::Writes, i64::MAX);
            return self.ask_replicas();
        }
        self.save_and_leave();
    }

    /// Goes on with an end that waits for replicas.
    pub(super) fn advance_leaving(&mut self) {
        let Some(Stage::Replicas { until_ms }) = self.leaving.stage else { return };
        if self.lagging_replicas() == 0 || self.now.unix_ms >= until_ms {
            self.save_and_leave();
        }
    }

    fn save_and_leave(&mut self) {
        self.log(Level::Warning, "User requested shutdown...");
        self.tell_lagging();
        let how = self.leaving.how;
        if self.persist.lacks_base() {
            // Without it the files on disk do not hold the data.
            if !how.force {
                self.log(Level::Warning, "Writing initial AOF, can't exit.");
                return self.stay_after_errors();
            }
            self.log(Level::Warning, "Writing initial AOF. Exiting anyway.");
        }
        self.stop_saving();
        if !how.save.unwrap_or(!self.config.save.is_empty()) {
            return self.go();
        }
        self.log(Level::Notice, "Saving the final RDB snapshot before exiting.");
        self.leaving.stage = Some(Stage::Save);
        if !self.persist.is_saving() {
            self.begin_save(None, true);
        } else {
            // What runs may be older than the last change.
            self.persist.is_save_scheduled = true;
        }
    }

    /// A save has come to its end.
    pub(super) fn saved_while_leaving(&mut self, is_saved: bool) {
        if !matches!(self.leaving.stage, Some(Stage::Save)) {
            return;
        }
        if self.persist.is_save_scheduled {
            self.persist.is_save_scheduled = false;
            return self.begin_save(None, true);
        }
        if is_saved || self.leaving.how.force {
            return self.go();
        }
        self.log(Level::Warning, "Error trying to save the DB, can't exit.");
        self.stay_after_errors();
    }

    fn stay_after_errors(&mut self) {
        self.log(
            Level::Warning,
            "Errors trying to shut down the server. Check the logs for more information.",
        );
        self.stay("ERR Errors trying to SHUTDOWN. Check logs.");
    }

    fn go(&mut self) {
        self.log_place();
        // They go once the driver has come to its end.
        if self.config.daemonize || !self.config.pidfile.is_empty() {
            self.log(Level::Notice, "Removing the pid file.");
        }
        if !self.config.unixsocket.is_empty() {
            self.log(Level::Notice, "Removing the unix socket file.");
        }
        self.log(Level::Warning, "Redis is now ready to exit, bye bye...");
        self.actions.push_back(Action::Exit(0));
    }

    /// Goes on as if nobody had asked for the end.
    fn stay(&mut self, error: &str) {
        let Leaving { stage, clients, .. } = std::mem::take(&mut self.leaving);
        if matches!(stage, Some(Stage::Replicas { .. } | Stage::Save)) && self.is_paused() {
            self.end_pause();
        }
        for id in clients {
            self.release(id, Some(error));
        }
    }
}

fn shutdown(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let mut how = How { waits: true, ..How::default() };
    let mut abort = false;
    for word in call.args.iter().skip(1) {
        match word.to_ascii_lowercase().as_slice() {
            b"save" if how.save != Some(false) => how.save = Some(true),
            b"nosave" if how.save != Some(true) => how.save = Some(false),
            b"now" => how.waits = false,
            b"force" => how.force = true,
            b"abort" => abort = true,
            _ => return Err(Error::Syntax),
        }
    }
    if abort {
        if call.args.len() > 2 {
            return Err(Error::Syntax);
        }
        let waits = matches!(engine.leaving.stage, Some(Stage::Replicas { .. }));
        if !waits && engine.leaving.asked.is_none() {
            return Err(Error::text("ERR No shutdown in progress."));
        }
        engine.log(Level::Notice, "Shutdown manually aborted.");
        engine.stay("ERR Errors trying to SHUTDOWN. Check logs.");
        call.reply.ok();
        return Ok(());
    }
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    if client.multi.is_some() && how.waits && engine.lagging_replicas() > 0 {
        return Err(Error::text(
            "ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client",
        ));
    }
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    client.waits_for_save = true;
    engine.leaving.clients.push(call.id);
    if engine.leaving.stage.is_none() {
        engine.leave(how);
    }
    Ok(())
}
