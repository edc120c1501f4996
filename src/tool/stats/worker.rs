//! Reads batches and feeds the counters of one thread.

use super::Options;
use super::measure::Measure;
use super::summary::Stats;
use crate::feed::parallel::Stop;
use crate::feed::{Batch, Filter, Turn, Worker};
use crate::rdb::Record;

/// Counts the keys of its batches.
pub(super) struct Counting {
    pub(super) stats: Stats,
    measure: Measure,
    filter: Filter,
}

impl Counting {
    pub(super) fn new(options: &Options) -> Counting {
        Counting {
            stats: Stats::new(options),
            measure: Measure::new(options.model, options.allocator),
            filter: options.filter.clone(),
        }
    }

    fn set_now(&mut self, written_at_s: Option<i64>) {
        let now_ms = self.stats.now.for_file(written_at_s);
        self.stats.now_ms = now_ms;
        self.filter.set_now(now_ms);
    }
}

impl Worker for Counting {
    type Error = anyhow::Error;

    fn batch(
        &mut self,
        batch: &Batch<'_>,
        _turn: &mut Turn<'_>,
    ) -> Result<(), Stop<anyhow::Error>> {
        let mut records = batch.records();
        self.set_now(batch.context.as_ref().and_then(|context| context.written_at_s));
        while let Some(record) = records.next()? {
            match record {
                Record::Key(entry) => {
                    if self.filter.accepts(&entry, self.measure.scratch())? {
                        let measured = self.measure.key(&entry)?;
                        self.stats.add(&entry, &measured)?;
                    }
                }
                Record::Function(code) if self.filter.accepts_functions() => {
                    self.stats.functions.add(code.len() as u64);
                }
                Record::ModuleAux(aux) if self.filter.is_empty() => {
                    self.stats.modules.add_aux(aux.module, aux.items.len() as u64);
                }
                Record::Start(header) => self.stats.file.header = Some(header),
                Record::Aux { name, value } => {
                    self.stats.file.aux(&name, &value);
                    self.set_now(self.stats.file.written_at_s);
                }
                Record::Function(_)
                | Record::ModuleAux(_)
                | Record::SelectDb(_)
                | Record::ResizeDb { .. }
                | Record::SlotInfo { .. }
                | Record::SlotImport { .. }
                | Record::HashTemplate { .. }
                | Record::End(_) => {}
            }
        }
        self.stats.lengths.merge(&std::mem::take(&mut self.measure.lengths));
        Ok(())
    }
}
