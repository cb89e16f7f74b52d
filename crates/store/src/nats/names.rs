//! How streams and subjects are named. Ids may hold dots, spaces and any letter, which subjects may
//! not, so each id is base64.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as LETTERS;
use es::Stream;

use crate::Shelf;

/// The stream of all logs' descriptions.
pub const LOGS: &str = "KV_logs";
/// The stream of all logs' side records.
pub const SIDE: &str = "KV_side";
/// The stream of what belongs to the class itself.
pub const CLASS: &str = "KV_class";

/// A text as one word of a subject, which is never empty.
pub fn word(text: &str) -> String {
    format!("-{}", LETTERS.encode(text))
}

/// The text of a word.
pub fn text(word: &str) -> Option<String> {
    String::from_utf8(LETTERS.decode(word.strip_prefix('-')?).ok()?).ok()
}

/// The stream of a log.
pub fn log_stream(log: &str) -> String {
    format!("log{}", word(log))
}

/// All subjects of a log.
pub fn log_subjects(log: &str) -> String {
    format!("lf.log.{}.>", word(log))
}

/// Where a log's subjects are while the log is deleted: nobody publishes there.
pub fn sealed_subjects(log: &str) -> String {
    format!("sealed.log.{}.>", word(log))
}

/// The beginning of the subjects of all aggregates of a category.
pub fn category(log: &str, category: &str) -> String {
    // A person's own domain may name a category as it likes.
    let plain = category.bytes().all(|it| it.is_ascii_alphanumeric());
    let category = if plain { category.to_owned() } else { word(category) };
    format!("lf.log.{}.{category}.", word(log))
}

/// The subject of the commits to one aggregate.
pub fn aggregate(log: &str, stream: &Stream) -> String {
    category(log, stream.category()) + &LETTERS.encode(&**stream.id())
}

/// The subject of the commits that no single aggregate's version guards.
pub fn whole_log(log: &str) -> String {
    format!("lf.log.{}._", word(log))
}

/// The subject on which peers tell each other that a log has changed.
pub fn hint(log: &str) -> String {
    format!("lf.hint.{}", word(log))
}

/// The subject of a log's description.
pub fn description(log: &str) -> String {
    format!("$KV.logs.{}", word(log))
}

/// The subject of the lease on a log's processes.
pub fn lease(log: &str) -> String {
    format!("$KV.class.lease.{}", word(log))
}

/// The subject of a side record.
pub fn side_record(log: &str, shelf: Shelf, key: &str) -> String {
    format!("$KV.side.{}.{}.{}", word(log), shelf_name(shelf), word(key))
}

/// The log, shelf and key of a side record's subject.
pub fn read_side_record(subject: &str) -> Option<(String, Shelf, String)> {
    let mut words = subject.strip_prefix("$KV.side.")?.split('.');
    let (log, shelf, key) = (words.next()?, words.next()?, words.next()?);
    let shelf = SHELVES.into_iter().find(|it| shelf_name(*it) == shelf)?;
    Some((text(log)?, shelf, text(key)?))
}

const SHELVES: [Shelf; 8] = [
    Shelf::Marks,
    Shelf::Effects,
    Shelf::Refusals,
    Shelf::SetUps,
    Shelf::Attributes,
    Shelf::Clock,
    Shelf::Code,
    Shelf::Keys,
];

fn shelf_name(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Marks => "marks",
        Shelf::Effects => "effects",
        Shelf::Refusals => "refusals",
        Shelf::SetUps => "setups",
        Shelf::Attributes => "attributes",
        Shelf::Clock => "clock",
        Shelf::Code => "code",
        Shelf::Keys => "keys",
    }
}
