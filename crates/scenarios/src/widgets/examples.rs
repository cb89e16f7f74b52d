//! What happens in the tests of this domain.

use super::widget::Command::{CreateWidget, RenameWidget, RestoreVersion};
use super::widget::Event::{RenameUndone, WidgetCreated, WidgetRenamed};
use super::widget::{Command, Event};

pub fn create(name: &str) -> Command {
    CreateWidget { name: name.into() }
}

pub fn rename(name: &str) -> Command {
    RenameWidget { name: name.into() }
}

pub fn created() -> Event {
    WidgetCreated { name: "Sprocket".into() }
}

pub fn renamed(name: &str) -> Event {
    WidgetRenamed { name: name.into() }
}

pub fn undone(name: &str) -> Event {
    RenameUndone { name: name.into() }
}

pub fn restore(version: u64) -> Command {
    RestoreVersion { version }
}
