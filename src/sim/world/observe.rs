//! What is noted of a run while it goes on.

use super::super::record::{Record, Span, Status};
use super::super::{TICK_MS, step_up};
use super::World;
use crate::repl::offset::Offset;
use crate::repl::replica::Phase;

/// Milliseconds between two times that old notes of the stream are dropped.
const FORGET_MS: u64 = 1000;

impl World<'_> {
    /// Looks at all servers at the end of a step.
    pub(super) fn observe(&mut self) {
        let now_ms = self.now_ms;
        let mut least_risk_ms = u64::MAX;
        let mut least_place: Option<Offset> = None;
        let unstreamed_ms = self.nodes[0].lacks_since_ms;
        for node in 1..self.nodes.len() {
            let place = self.has_up_to(node);
            let lacks_since_ms = match place {
                Some(place) => self.written.first_behind_ms(place),
                // It follows a stream that has ended; what was written since is lost to it.
                None => self.nodes[node].lacks_since_ms.or(unstreamed_ms).or(Some(now_ms)),
            };
            self.nodes[node].lacks_since_ms = lacks_since_ms;
            let place = place.unwrap_or(Offset::new(u64::MAX));
            least_place = Some(least_place.map_or(place, |least| least.min(place)));
            let risk_ms = lacks_since_ms.map_or(0, |since_ms| now_ms.saturating_sub(since_ms));
            least_risk_ms = least_risk_ms.min(risk_ms);
            if self.start_ms.is_some() {
                self.note(node, risk_ms);
            }
        }
        if self.nodes[0].backlog.is_some() {
            self.nodes[0].lacks_since_ms = None;
        }
        if self.start_ms.is_some() {
            let record = &mut self.record;
            record.all_at_risk_ms = record.all_at_risk_ms.max(least_risk_ms);
            for kept in self.nodes.iter().filter_map(|node| node.backlog.as_ref()) {
                record.peak_kept_bytes = record.peak_kept_bytes.max(kept.memory_bytes(None));
                record.peak_disk_bytes = record.peak_disk_bytes.max(kept.disk_bytes());
            }
        }
        if let (true, Some(place)) = (now_ms.is_multiple_of(FORGET_MS), least_place) {
            self.written.forget(place);
        }
    }

    fn status(&self, node: usize, gets_snapshot: bool, risk_ms: u64) -> Status {
        let server = &self.nodes[node];
        let phase = server.upstream.as_ref().map_or(Phase::Down, |up| up.link.phase());
        let natural_ms = server.depth * (step_up(self.settings.capacity.latency_ms) + 2 * TICK_MS);
        match phase {
            Phase::Online if server.is_down(self.now_ms) && risk_ms > natural_ms => Status::Down,
            Phase::Online if risk_ms <= natural_ms => Status::Current,
            Phase::Online => Status::Behind,
            Phase::Sync => Status::Snapshot,
            _ if gets_snapshot => Status::Snapshot,
            _ => Status::Down,
        }
    }

    fn note(&mut self, node: usize, risk_ms: u64) {
        let run_ms = self.run_ms();
        let connection = self.nodes[node].upstream.as_ref().and_then(|up| up.connection);
        let (waiting_bytes, gets_snapshot) = connection.map_or((0, false), |id| self.waiting(id));
        let status = self.status(node, gets_snapshot, risk_ms);
        let Record { replicas, episodes, .. } = &mut self.record;
        let replica = &mut replicas[node - 1];
        replica.at_risk_ms = replica.at_risk_ms.max(risk_ms);
        match replica.spans.last_mut() {
            Some(span) if span.status == status => span.end_ms = run_ms,
            last => {
                let start_ms = last.map_or(0, |span| span.end_ms);
                replica.spans.push(Span { start_ms, end_ms: run_ms, status });
            }
        }
        self.open_episodes.retain(|index| {
            let episode = &mut episodes[*index];
            if episode.replica != node - 1 {
                return true;
            }
            episode.at_risk_ms = episode.at_risk_ms.max(risk_ms);
            episode.peak_waiting_bytes = episode.peak_waiting_bytes.max(waiting_bytes);
            let has_all = run_ms >= episode.end_ms && status == Status::Current;
            if has_all {
                episode.caught_up_ms = Some(run_ms);
            }
            !has_all
        });
    }

    /// What happened.
    pub(super) fn finish(mut self) -> Record {
        self.record.writes = self.writer.done();
        self.record.stream_bytes = self.nodes[0].history.offset().get();
        self.record
    }
}
