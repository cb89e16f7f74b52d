//! Checks commits that did not come in an archive, such as those in a link, before anything is made
//! of them. An archive is checked while it is read.

use std::collections::hash_map::Entry;

use es::{IdSet, NameMap, StoredCommit, Stream};

/// The end of the year 9999, in milliseconds since 1970. Archives can write no later time.
pub const LATEST: u64 = 253_402_300_799_999;

/// # Errors
/// A sentence: a command that comes twice, a version that does not follow the one before it, or a
/// time that is impossible.
pub(super) fn check(commits: &[StoredCommit]) -> Result<(), String> {
    let (mut commands, mut versions) = (IdSet::default(), NameMap::<&Stream, u64>::default());
    let mut at = 0;
    for commit in commits {
        let id = commit.envelope.command_id;
        if !commands.insert(id) {
            return Err(format!("the command {id} is in it twice"));
        }
        if commit.envelope.at > LATEST {
            return Err(format!("the command {id} is later than the year 9999"));
        }
        for event in &commit.events {
            let (stream, version) = (&event.stream, event.version);
            if event.at > LATEST {
                return Err(format!("version {version} of {stream} is later than the year 9999"));
            }
            if event.at < at {
                return Err(format!(
                    "version {version} of {stream} is earlier than what is before"
                ));
            }
            at = event.at;
            match versions.entry(stream) {
                // The first version is the log's to judge: a part of a log may go on with it.
                Entry::Vacant(first) => _ = first.insert(version),
                Entry::Occupied(last) if *last.get() == version.wrapping_sub(1) => {
                    *last.into_mut() = version;
                }
                Entry::Occupied(last) => {
                    let last = last.get();
                    return Err(format!("version {version} of {stream} comes after {last}"));
                }
            }
        }
    }
    Ok(())
}
