//! The side records of a log: marks, effects and refusals, as a store keeps them.

use es::Map;
use lab::Keep;
use store::{Records, Shelf};

use crate::Host;

/// A side record's shelf and key, and its JSON text.
type Written = ((Shelf, String), String);

impl Host {
    pub(crate) fn written(&self, keep: &Keep) -> Written {
        let (on, key, text) = match keep {
            Keep::Mark(process, position) => {
                (Shelf::Marks, process.to_string(), position.to_string())
            }
            Keep::Effect(effect) => (
                Shelf::Effects,
                // Performed more than once, it is kept more than once.
                match effect.repeat {
                    0 => effect.id.to_string(),
                    repeat => format!("{}.{repeat}", effect.id),
                },
                serde_json::to_string(effect).unwrap_or_default(),
            ),
            // In order of time, and no two tabs take the same.
            Keep::Refusal(entry) => (
                Shelf::Refusals,
                self.ids.next().to_string(),
                serde_json::to_string(entry).unwrap_or_default(),
            ),
        };
        ((on, key), text)
    }

    /// Side records as a store keeps them.
    pub fn records_of(&self, keeps: &[Keep]) -> Records {
        keeps.iter().map(|keep| self.written(keep)).collect::<Map<_, _>>()
    }
}

/// What side records say, as far as they can be read.
pub fn kept_in(records: &Records) -> Vec<Keep> {
    let kept = |((shelf, key), text): (&(Shelf, String), &String)| match shelf {
        Shelf::Marks => Some(Keep::Mark(key.as_str().into(), text.parse().ok()?)),
        Shelf::Effects => serde_json::from_str(text).ok().map(Keep::Effect),
        Shelf::Refusals => serde_json::from_str(text).ok().map(Keep::Refusal),
    };
    records.iter().filter_map(kept).collect()
}
