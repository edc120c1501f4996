//! CONFIG SET: all changes or none, though some are the driver's to make.

use super::super::client::ClientId;
use super::super::config::words::OomScoreAdj;
use super::super::config::{Access, Changes};
use super::super::{Action, Engine, Level, limits, uses};
use crate::command::Error;
use crate::value::limits::Limits;

/// What a change needs of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Work in another folder.
    Enter,
    /// Tell the system how readily it may end the process.
    Weigh,
    /// Listen elsewhere.
    Listen,
}

/// The directives of [`Step::Weigh`].
const OOM: [&str; 2] = ["oom-score-adj", "oom-score-adj-values"];

impl Step {
    /// All steps, in the order in which they are taken.
    const ALL: &[Step] = &[Step::Enter, Step::Weigh, Step::Listen];

    /// Whether a change needs it.
    fn is_of(self, changes: &Changes) -> bool {
        match self {
            Step::Enter => changes.has("dir"),
            Step::Weigh => OOM.iter().any(|name| changes.has(name)),
            Step::Listen => changes.listens(),
        }
    }
}

/// A change whose client waits for the driver.
#[derive(Debug)]
pub(in crate::engine) struct Changing {
    id: ClientId,
    changes: Changes,
    /// The step that is being taken, and those behind it.
    steps: &'static [Step],
}

/// How readily the system should end the process where memory runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OomScore {
    /// As it did before anybody asked for something else.
    Untouched,
    /// With this score.
    Absolute(i32),
    /// With so much more than before.
    Relative(i32),
}

/// Directives that take effect only at the start of this server, though Redis lets them change at any time.
const FIXED: &[&str] = &["tls-port", "tls-replication"];

impl Engine {
    /// Changes directives, all of them or none. False if the reply has to wait.
    pub(super) fn config_set(&mut self, id: ClientId, words: &[&[u8]]) -> Result<bool, Error> {
        if words.len() % 2 == 1 {
            return Err(Error::arity("config|set"));
        }
        if self.changing.is_some() {
            // That change may be taken back, to what holds now.
            let words = words.iter().map(|word| word.to_vec()).collect();
            self.changes_to_come.push_back((id, words));
            if let Some(client) = self.clients.get_mut(id) {
                client.waits_for_save = true;
            }
            return Ok(false);
        }
        let pairs: Vec<_> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let is_local = self.clients.get(id).is_some_and(|client| client.peer.is_local);
        let protected = self.config.enable_protected_configs.allows(is_local);
        let access = Access { protected, loading: self.is_loading() };
        let changes = self.config.set(&pairs, access).map_err(|e| Error::text(e.to_string()))?;
        let fixed = changes.directives().iter().find(|directive| FIXED.contains(&directive.name));
        if let Some(directive) = fixed {
            let error = changes.refused(directive, "it cannot change while rkv runs");
            self.config.undo(changes);
            return Err(Error::text(error.to_string()));
        }
        self.apply(&changes, self.is_in_exec(id));
        if self.take_steps(id, changes, Step::ALL) {
            return Ok(true);
        }
        // The client waits, nobody else does.
        if let Some(client) = self.clients.get_mut(id) {
            client.waits_for_save = true;
        }
        Ok(false)
    }

    /// Lets the driver take the first of these steps that a change needs; true if there is none.
    fn take_steps(&mut self, id: ClientId, changes: Changes, steps: &'static [Step]) -> bool {
        let Some(at) = steps.iter().position(|step| step.is_of(&changes)) else { return true };
        let (_, steps) = steps.split_at(at);
        let action = match steps {
            [Step::Enter, ..] => Action::Enter(self.config.dir.clone()),
            [Step::Weigh, ..] => Action::Weigh(self.oom_score(), true),
            _ => Action::Listen,
        };
        self.actions.push_back(action);
        self.changing = Some(Changing { id, changes, steps });
        false
    }

    /// Learns what became of a step: a directive that cannot be had and why, or nothing.
    fn step_taken(&mut self, step: Step, failed: Option<(&str, &str)>) {
        let is_awaited = |changing: &mut Changing| changing.steps.first() == Some(&step);
        let Some(Changing { id, changes, steps }) = self.changing.take_if(is_awaited) else {
            return;
        };
        match failed {
            Some((name, reason)) => self.take_back(id, changes, step, name, reason),
            None => {
                if self.take_steps(id, changes, steps.get(1..).unwrap_or_default()) {
                    self.end_change(id, None);
                }
            }
        }
    }

    /// Learns the whole path of the folder that the server was to work in, or why it could not go there.
    pub fn entered(&mut self, folder: Result<Vec<u8>, String>) {
        match folder {
            Ok(folder) => {
                self.config.dir = folder;
                self.step_taken(Step::Enter, None);
            }
            Err(why) => self.step_taken(Step::Enter, Some(("dir", &why))),
        }
    }

    /// Learns whether the system knows how readily it may end the process; and whether somebody waits for that.
    pub fn weighed(&mut self, error: Option<String>, is_awaited: bool) {
        let failed = error.is_some();
        if let Some(error) = error {
            self.log(Level::Warning, error);
        }
        if !is_awaited {
            return;
        }
        let name = match &self.changing {
            Some(changing) if changing.changes.has(OOM[1]) => OOM[1],
            _ => OOM[0],
        };
        let reason = "Failed to set current oom_score_adj. Check server logs.";
        self.step_taken(Step::Weigh, failed.then_some((name, reason)));
    }

    /// Learns whether the server listens where the configuration says. If not, all that was changed with it is taken back.
    pub fn listened(&mut self, error: Option<String>) {
        let Some(error) = error else { return self.step_taken(Step::Listen, None) };
        self.log(Level::Warning, error);
        let has_port = self.changing.as_ref().is_some_and(|changing| changing.changes.has("port"));
        let failed = match has_port {
            true => ("port", "Unable to listen on this port. Please check the server logs."),
            false => ("bind", "Failed to bind to specified addresses."),
        };
        self.step_taken(Step::Listen, Some(failed));
    }

    /// Undoes changes of which one cannot be had, in this step, and tells the client.
    fn take_back(&mut self, id: ClientId, changes: Changes, step: Step, name: &str, reason: &str) {
        let directive = changes.directives().iter().find(|directive| directive.name == name);
        let text =
            directive.map(|directive| changes.refused(directive, reason.to_owned()).to_string());
        self.config = changes.before().clone();
        self.apply(&changes, self.is_in_exec(id));
        // What was done before that step; nobody waits for the way back. Where the server listens the driver sees to itself.
        if Step::Enter.is_of(&changes) && step != Step::Enter {
            self.actions.push_back(Action::Return(self.config.dir.clone()));
        }
        if Step::Weigh.is_of(&changes) {
            self.actions.push_back(Action::Weigh(self.oom_score(), false));
        }
        let text = text.unwrap_or_default();
        self.stats.error(text.as_bytes());
        self.end_change(id, Some(&text));
    }

    /// Tells a client what became of its change, and makes the changes that waited for that.
    fn end_change(&mut self, id: ClientId, error: Option<&str>) {
        self.release(id, error);
        while self.changing.is_none()
            && let Some((id, words)) = self.changes_to_come.pop_front()
        {
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            match self.config_set(id, &words) {
                Ok(true) => self.release(id, None),
                Ok(false) => {}
                Err(error) => {
                    let text = error.to_string();
                    self.stats.error(text.as_bytes());
                    self.release(id, Some(&text));
                }
            }
        }
    }

    /// Lets changed directives take effect; the append-only file begins or ends behind a transaction that runs.
    fn apply(&mut self, changes: &Changes, is_in_exec: bool) {
        // What does not follow from the configuration stays.
        let Limits { hash_seed, skips_checksums, .. } = self.keyspace.settings().limits;
        *self.keyspace.limits_mut() = Limits { hash_seed, skips_checksums, ..limits(&self.config) };
        *self.keyspace.uses_mut() = uses(&self.config);
        self.trim_command_logs();
        if changes.has("maxmemory-clients") {
            // Who is too much goes behind the request, whose own memory is free again then.
            self.clients.count_all();
        }
        if changes.has("watchdog-period") {
            self.change_watchdog();
        }
        if changes.has("appendfsync") {
            self.actions.push_back(Action::Fsync(self.config.appendfsync));
        }
        if ["loglevel", "log-format", "log-timestamp-format"].iter().any(|name| changes.has(name)) {
            self.show_log_form();
        }
        // Without an append-only file a rewrite has the folder for itself, and sees to this with its next one.
        if changes.has("aof-disable-auto-gc")
            && (self.persist.is_logging() || !self.persist.is_rewriting())
        {
            self.actions.push_back(Action::KeepHistory(self.config.aof_disable_auto_gc));
        }
        if changes.has("appendonly") {
            match is_in_exec {
                true => self.schedule_switch_log(self.config.appendonly),
                false => self.switch_log(self.config.appendonly),
            }
        }
        if changes.has("proc-title-template") || changes.listens() {
            self.show_title();
        }
        if changes.has("requirepass") && self.config.requirepass.is_empty() {
            self.clients.know_all();
        }
    }

    /// How readily the system should end the process, by the configuration and the server's part.
    fn oom_score(&self) -> OomScore {
        let [primary, replica, _] = self.config.oom_score_adj_values;
        let value = if self.replication.is_replica() { replica } else { primary };
        // Within 2000 of 0, as the directive has it.
        let value = i32::try_from(value).unwrap_or(0);
        match self.config.oom_score_adj {
            OomScoreAdj::No => OomScore::Untouched,
            OomScoreAdj::Absolute => OomScore::Absolute(value),
            OomScoreAdj::Relative => OomScore::Relative(value),
        }
    }

    /// Tells the system how readily it may end the process, if the configuration asks for that.
    pub fn weigh(&mut self) {
        if self.config.oom_score_adj != OomScoreAdj::No {
            self.actions.push_back(Action::Weigh(self.oom_score(), false));
        }
    }
}
