//! A bucket of records in one stream, of which each subject keeps the last message. What was read
//! stays here, so that only news are asked for.

use std::cell::RefCell;

use es::Map;
use futures::lock::Mutex;

use super::jetstream::{JetStream, Stored};
use crate::StoreError;

/// What is known of a bucket.
pub struct Bucket {
    stream: &'static str,
    known: RefCell<Known>,
    /// Only one reads at a time.
    turn: Mutex<()>,
}

#[derive(Default)]
struct Known {
    created: String,
    last: u64,
    /// By subject. An empty text is a record that is gone.
    records: Map<String, String>,
}

impl Bucket {
    pub fn new(stream: &'static str) -> Self {
        Self { stream, known: RefCell::default(), turn: Mutex::new(()) }
    }

    /// Reads what is new, and hands all records of subjects that begin with `prefix` to `visit`.
    pub async fn read(
        &self,
        engine: &JetStream,
        prefix: &str,
        mut visit: impl FnMut(&str, &str),
    ) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let Some(info) = engine.info(self.stream).await? else {
            self.known.take();
            return Ok(());
        };
        let from = {
            let mut known = self.known.borrow_mut();
            if known.created != info.created {
                *known = Known { created: info.created, ..Known::default() };
            }
            known.last + 1
        };
        let mut take = |stored: Stored| {
            let mut known = self.known.borrow_mut();
            known.last = stored.sequence;
            let text = String::from_utf8(stored.payload).unwrap_or_default();
            known.records.insert(stored.subject, text);
        };
        engine.fetch(self.stream, from, info.last, &mut take).await?;
        let known = self.known.borrow();
        let there = known.records.iter().filter(|(subject, _)| subject.starts_with(prefix));
        for (subject, text) in there.filter(|(_, text)| !text.is_empty()) {
            visit(subject, text);
        }
        Ok(())
    }
}
