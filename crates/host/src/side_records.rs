//! The side records of a log: set-ups, effects and refusals. A store keeps them as JSON text, an
//! archive as events of its own.

use std::rc::Rc;

use codec::archive::{ATTRIBUTES, ArchivedRecord};
use es::{Map, Scenario};
use lab::{SetUp, SideRecord};
use serde_json::value::RawValue;
use store::{Shelf, SideRecords, StoreError};

use crate::Host;
use crate::own_code::is_code;

/// The key of the clock on its shelf, and what an archive calls it.
const CLOCK: &str = "clock";

/// What an archive calls the records of each shelf.
const SHELVES: [(Shelf, &str); 6] = [
    (Shelf::SetUps, "set-up"),
    (Shelf::Effects, "effect"),
    (Shelf::Refusals, "refusal"),
    (Shelf::Attributes, ATTRIBUTES),
    (Shelf::Clock, CLOCK),
    (Shelf::Code, "code"),
];

/// A side record as a store keeps it.
#[derive(Clone)]
pub(crate) struct EncodedRecord {
    pub(crate) shelf: Shelf,
    /// Tells the record from all others on its shelf.
    pub(crate) key: String,
    /// The record as JSON.
    pub(crate) text: String,
}

impl Host {
    pub(crate) fn encode_side_record(&self, side_record: &SideRecord) -> EncodedRecord {
        match side_record {
            SideRecord::SetUp(name, set_up) => EncodedRecord {
                shelf: Shelf::SetUps,
                key: name.to_string(),
                text: serde_json::to_string(set_up).unwrap_or_default(),
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
            SideRecord::Clock(clock) => EncodedRecord {
                shelf: Shelf::Clock,
                key: CLOCK.to_owned(),
                text: serde_json::to_string(clock).unwrap_or_default(),
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

    /// The side records of a log, as a copy of it needs them: with a set-up for each subscription,
    /// also where none was stored because all of it is as it was at first. Without a scenario, the
    /// set-ups that were stored.
    ///
    /// Whoever reads the commits as well reads them afterwards: then no mark is ahead of them.
    ///
    /// # Errors
    /// [`StoreError`] where they could not be read.
    pub async fn whole_records(
        &self,
        scenario: Option<&Scenario>,
        log: &str,
    ) -> Result<SideRecords, StoreError> {
        let records = self.records(log).await?;
        let mut set_ups: Map<Rc<str>, SetUp> = Map::new();
        if let Some(scenario) = scenario {
            let projections = scenario.projections.iter().map(|it| it.name());
            let processes = scenario.processes.iter().map(|it| it.name());
            set_ups.extend(projections.chain(processes).map(|it| (it, SetUp::default())));
        }
        for side_record in decode_side_records(&records) {
            if let SideRecord::SetUp(name, set_up) = side_record {
                set_ups.insert(name, set_up);
            }
        }
        let mut records: SideRecords = records
            .into_iter()
            .filter(|((shelf, _), _)| !matches!(shelf, Shelf::Marks | Shelf::SetUps))
            .collect();
        let set_ups: Vec<_> =
            set_ups.into_iter().map(|(name, set_up)| SideRecord::SetUp(name, set_up)).collect();
        records.extend(self.encode_side_records(&set_ups));
        Ok(records)
    }
}

/// What other systems have added to commits without an event, and to side records.
pub(crate) fn attributes(records: &SideRecords) -> SideRecords {
    on_shelves(records, &[Shelf::Attributes])
}

/// What goes along with a copy of the log as it is: attributes, and the log's own code.
pub(crate) fn carried(records: &SideRecords) -> SideRecords {
    on_shelves(records, &[Shelf::Attributes, Shelf::Code])
}

fn on_shelves(records: &SideRecords, shelves: &[Shelf]) -> SideRecords {
    let all = records.iter().filter(|((shelf, _), _)| shelves.contains(shelf));
    all.map(|(key, text)| (key.clone(), text.clone())).collect()
}

/// True where the log runs by what the record says, and the record cannot be read.
pub(crate) fn is_damaged(shelf: Shelf, key: &str, text: &str) -> bool {
    match shelf {
        Shelf::Attributes | Shelf::Keys => false,
        Shelf::Code => !is_code(key, text),
        _ => decode(shelf, key, text).is_none(),
    }
}

/// The keys and texts of records that are all on one shelf.
pub(crate) fn by_key(records: &SideRecords) -> impl Iterator<Item = (&String, &String)> {
    records.iter().map(|((_, key), text)| (key, text))
}

/// Side records for an archive. Attributes stand on what they were added to.
pub(crate) fn to_archive(records: &SideRecords) -> impl Iterator<Item = ArchivedRecord> {
    let all = records.iter().filter(|((shelf, _), _)| *shelf != Shelf::Attributes);
    all.filter_map(|((shelf, key), text)| {
        let (_, kind) = SHELVES.iter().find(|(it, _)| it == shelf)?;
        let data = RawValue::from_string(text.clone()).ok()?;
        Some(ArchivedRecord { kind: (*kind).to_owned(), key: key.clone(), data })
    })
}

/// The side records in an archive.
///
/// # Errors
/// A sentence that names a kind of record which is not known here.
pub(crate) fn from_archive(archived: Vec<ArchivedRecord>) -> Result<SideRecords, String> {
    let record = |it: ArchivedRecord| {
        let shelf = SHELVES.iter().find(|(_, kind)| *kind == it.kind);
        let why =
            || format!("a newer version of this page made it: it holds the record “{}”", it.kind);
        let (shelf, _) = shelf.ok_or_else(why)?;
        Ok(((*shelf, it.key), it.data.get().to_owned()))
    };
    archived.into_iter().map(record).collect()
}

/// Side records with ordinary set-ups: no fault, pause or delay is left of them. What a process has
/// reacted to stays known, and each subscription keeps the version of its code.
pub fn with_ordinary_set_ups(records: SideRecords) -> SideRecords {
    let ordinary = |((shelf, key), text): ((Shelf, String), String)| {
        let set_up = (shelf == Shelf::SetUps).then(|| serde_json::from_str(&text).ok()).flatten();
        let text = match set_up {
            Some(SetUp { code, mark, deadlines_after, .. }) => {
                let ordinary = SetUp { code, deadlines_after, ..SetUp::answered(mark) };
                serde_json::to_string(&ordinary).unwrap_or_default()
            }
            None => text,
        };
        ((shelf, key), text)
    };
    records.into_iter().map(ordinary).collect()
}

/// Decodes the side records of a store. Records that cannot be read are left out. The mark that an
/// earlier page has stored comes before the set-up that has taken its place.
pub fn decode_side_records(records: &SideRecords) -> Vec<SideRecord> {
    records.iter().filter_map(|((shelf, key), text)| decode(*shelf, key, text)).collect()
}

/// Decodes a side record of a store. None where it cannot be read, or says nothing of how the log
/// runs.
pub(crate) fn decode(shelf: Shelf, key: &str, text: &str) -> Option<SideRecord> {
    match shelf {
        Shelf::Marks => Some(SideRecord::SetUp(key.into(), SetUp::answered(text.parse().ok()?))),
        Shelf::SetUps => {
            serde_json::from_str(text).ok().map(|it| SideRecord::SetUp(key.into(), it))
        }
        Shelf::Effects => serde_json::from_str(text).ok().map(SideRecord::Effect),
        Shelf::Refusals => serde_json::from_str(text).ok().map(SideRecord::Refusal),
        Shelf::Clock => serde_json::from_str(text).ok().map(SideRecord::Clock),
        Shelf::Attributes | Shelf::Code | Shelf::Keys => None,
    }
}
