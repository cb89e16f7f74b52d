//! The race: two actors have seen the same version, and both send on it.

use uuid::Uuid;

use crate::es::CommandRecord;
use crate::lab::JournalEntry;

/// Who may ask.
pub const ACTORS: [&str; 2] = ["Alice", "Bob"];

/// Two actors who saw the same version, and send the same command.
pub struct Race {
    pub command: CommandRecord,
    pub version: u64,
    pub ids: [Uuid; 2],
    /// What came of each one's command.
    pub came: [Option<JournalEntry>; 2],
    /// What was done about the conflict, and what came of it.
    pub after: Vec<JournalEntry>,
}

impl Race {
    /// Both have seen `version`, and nobody has sent anything.
    pub fn new(command: CommandRecord, version: u64, ids: [Uuid; 2]) -> Self {
        Self { command, version, ids, came: [None, None], after: Vec::new() }
    }

    /// True where nobody has sent anything yet.
    pub fn is_untouched(&self) -> bool {
        self.came.iter().all(Option::is_none)
    }

    /// A command came to its end; perhaps it was one of these.
    pub fn sent(&mut self, entry: &JournalEntry) {
        let id = entry.envelope.command_id;
        let follows = entry.envelope.follows.map(|it| it.command);
        if let Some(runner) = self.ids.iter().position(|it| *it == id) {
            self.came[runner] = Some(entry.clone());
        } else if follows.is_some_and(|it| self.ids.contains(&it)) {
            self.after.push(entry.clone());
        }
    }
}
