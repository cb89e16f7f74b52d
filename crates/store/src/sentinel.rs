//! How far each log went when it was last stored, noted outside of the database: a browser
//! that loses a log, or resets a whole database, may say nothing about it.
//!
//! The note is written after the log is, and reaches the disk seconds later: it may be behind,
//! or missing. So only a log that is shorter than its note, or different there, has lost
//! something; and nothing else that matters is kept here.

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
    // Where it cannot be written, losses may go unnoticed: no reason to stop.
    let _: Option<Result<(), JsValue>> =
        storage().map(|it| it.set_item(&key(database, log), &text));
}

pub fn read(database: &str, log: &str) -> Option<End> {
    parse(&storage()?.get_item(&key(database, log)).ok()??)
}

pub fn forget(database: &str, log: &str) {
    let _: Option<Result<(), JsValue>> = storage().map(|it| it.remove_item(&key(database, log)));
}

/// The logs that were noted, each with how far it went.
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
