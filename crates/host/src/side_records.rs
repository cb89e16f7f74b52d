//! The side records of a log: marks, effects and refusals, as a store keeps them.

use es::Map;
use lab::SideRecord;
use store::{Shelf, SideRecords};

use crate::Host;

/// A side record's shelf and key, and its JSON text.
type Written = ((Shelf, String), String);

impl Host {
    pub(crate) fn written(&self, side_record: &SideRecord) -> Written {
        let (on, key, text) = match side_record {
            SideRecord::Mark(process, position) => {
                (Shelf::Marks, process.to_string(), position.to_string())
            }
            SideRecord::Effect(effect) => (
                Shelf::Effects,
                // Performed more than once, it is kept more than once.
                match effect.repeat {
                    0 => effect.id.to_string(),
                    repeat => format!("{}.{repeat}", effect.id),
                },
                serde_json::to_string(effect).unwrap_or_default(),
            ),
            // In order of time, and no two tabs take the same.
            SideRecord::Refusal(entry) => (
                Shelf::Refusals,
                self.ids.next().to_string(),
                serde_json::to_string(entry).unwrap_or_default(),
            ),
        };
        ((on, key), text)
    }

    /// Side records as a store keeps them.
    pub fn encode_side_records(&self, side_records: &[SideRecord]) -> SideRecords {
        side_records.iter().map(|side_record| self.written(side_record)).collect::<Map<_, _>>()
    }
}

/// What side records say, as far as they can be read.
pub fn decode_side_records(records: &SideRecords) -> Vec<SideRecord> {
    let kept = |((shelf, key), text): (&(Shelf, String), &String)| match shelf {
        Shelf::Marks => Some(SideRecord::Mark(key.as_str().into(), text.parse().ok()?)),
        Shelf::Effects => serde_json::from_str(text).ok().map(SideRecord::Effect),
        Shelf::Refusals => serde_json::from_str(text).ok().map(SideRecord::Refusal),
    };
    records.iter().filter_map(kept).collect()
}
