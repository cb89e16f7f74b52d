//! The side records of a log: marks, effects and refusals. A store keeps them as JSON text.

use es::Map;
use lab::SideRecord;
use store::{Shelf, SideRecords};

use crate::Host;

/// A side record as a store keeps it.
#[derive(Clone)]
pub(crate) struct EncodedRecord {
    pub(crate) shelf: Shelf,
    /// Tells the record from all others on its shelf.
    pub(crate) key: String,
    /// The record as JSON; a mark is its position.
    pub(crate) text: String,
}

impl Host {
    pub(crate) fn encode_side_record(&self, side_record: &SideRecord) -> EncodedRecord {
        match side_record {
            SideRecord::Mark(process, position) => EncodedRecord {
                shelf: Shelf::Marks,
                key: process.to_string(),
                text: position.to_string(),
            },
            SideRecord::Effect(effect) => EncodedRecord {
                shelf: Shelf::Effects,
                // An effect that was performed again is a record of its own.
                key: match effect.repeat {
                    0 => effect.id.to_string(),
                    repeat => format!("{}.{repeat}", effect.id),
                },
                text: serde_json::to_string(effect).unwrap_or_default(),
            },
            SideRecord::Refusal(entry) => EncodedRecord {
                shelf: Shelf::Refusals,
                // New ids sort by time, and no two tabs take the same one.
                key: self.ids.next().to_string(),
                text: serde_json::to_string(entry).unwrap_or_default(),
            },
        }
    }

    /// Encodes side records for a store.
    pub fn encode_side_records(&self, side_records: &[SideRecord]) -> SideRecords {
        let encoded = side_records.iter().map(|side_record| {
            let EncodedRecord { shelf, key, text } = self.encode_side_record(side_record);
            ((shelf, key), text)
        });
        encoded.collect::<Map<_, _>>()
    }
}

/// Decodes the side records of a store. Records that cannot be read are left out.
pub fn decode_side_records(records: &SideRecords) -> Vec<SideRecord> {
    let kept = |((shelf, key), text): (&(Shelf, String), &String)| match shelf {
        Shelf::Marks => Some(SideRecord::Mark(key.as_str().into(), text.parse().ok()?)),
        Shelf::Effects => serde_json::from_str(text).ok().map(SideRecord::Effect),
        Shelf::Refusals => serde_json::from_str(text).ok().map(SideRecord::Refusal),
    };
    records.iter().filter_map(kept).collect()
}
