//! Notes the end of each log outside of the database, because a browser may lose a log or reset
//! the whole database without a word.
//!
//! The note is written after the log, and reaches the disk seconds later, so it may be behind or
//! missing. A log has lost something only where it is shorter than its note, or has another hash
//! there. Nothing else that matters is kept here.

use wasm_bindgen::prelude::JsValue;
use web_sys::Storage;

use codec::record::End;

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn key(database: &str, log: &str) -> String {
    format!("{}{log}", prefix(database))
}

fn prefix(database: &str) -> String {
    format!("{database}/end/")
}

pub fn write(database: &str, log: &str, end: &End) {
    let text = format!("{} {} {:016x}", end.commits, end.head, end.hash);
    // Without the note, losses may go unnoticed. That is no reason to stop.
    let _: Option<Result<(), JsValue>> =
        storage().map(|it| it.set_item(&key(database, log), &text));
}

pub fn read(database: &str, log: &str) -> Option<End> {
    parse(&storage()?.get_item(&key(database, log)).ok()??)
}

pub fn forget(database: &str, log: &str) {
    let _: Option<Result<(), JsValue>> = storage().map(|it| it.remove_item(&key(database, log)));
}

/// The ids of the logs that were noted, each with its end.
pub fn all(database: &str) -> Vec<(String, End)> {
    let Some(storage) = storage() else { return Vec::new() };
    let keys = (0..storage.length().unwrap_or_default()).filter_map(|n| storage.key(n).ok()?);
    let prefix = prefix(database);
    let logs = keys.filter_map(|key| key.strip_prefix(&prefix).map(str::to_owned));
    logs.filter_map(|log| Some((log.clone(), read(database, &log)?))).collect()
}

fn parse(text: &str) -> Option<End> {
    let mut parts = text.split(' ');
    let (commits, head) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(End { commits, head, hash: u64::from_str_radix(parts.next()?, 16).ok()? })
}
