//! A widget: what is asked of it, what happens to it, and what it remembers for undo and restore.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Map};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    WidgetCreated { name: Rc<str> },
    WidgetRenamed { name: Rc<str> },
    WidgetPublished {},
    WidgetUnpublished {},
    WidgetDeleted {},
    WidgetUndeleted {},
    RenameUndone { name: Rc<str> },
}
use Event::{
    RenameUndone, WidgetCreated, WidgetDeleted, WidgetPublished, WidgetRenamed, WidgetUndeleted,
    WidgetUnpublished,
};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Creates a widget, which nobody sees yet.
    CreateWidget {
        /// What it is called
        #[schemars(example = &"Sprocket")]
        name: Rc<str>,
    },
    /// Gives a widget another name.
    RenameWidget {
        /// What it is called from now on
        #[schemars(example = &"Super Sprocket")]
        name: Rc<str>,
    },
    /// Puts a widget into the shop window.
    PublishWidget {},
    /// Takes a widget out of the shop window.
    UnpublishWidget {},
    /// Moves a widget to the bin.
    DeleteWidget {},
    /// Takes a widget out of the bin, as it was.
    UndeleteWidget {},
    /// Gives a widget the name again that it had before its last rename. Once more, and it has the
    /// name before that.
    UndoRename {},
    /// Makes a widget's name and its place in the shop window what they were at a version.
    RestoreVersion {
        /// Which version
        #[schemars(example = 1)]
        version: u64,
    },
}
use Command::{
    CreateWidget, DeleteWidget, PublishWidget, RenameWidget, RestoreVersion, UndeleteWidget,
    UndoRename, UnpublishWidget,
};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("a widget needs a name")]
    Unnamed,
    #[error("there is no widget here yet; create one first")]
    Unknown,
    #[error("there is a widget here already: {0}")]
    Created(Rc<str>),
    #[error("{0} is in the bin; undelete it first")]
    Deleted(Rc<str>),
    #[error("{0} isn't in the bin, so there is nothing to undelete")]
    NotDeleted(Rc<str>),
    #[error("{0} is published already")]
    Published(Rc<str>),
    #[error("{0} isn't published, so there is nothing to unpublish")]
    NotPublished(Rc<str>),
    #[error("{0} has no rename left to undo")]
    NothingToUndo(Rc<str>),
    #[error("{widget} knows its versions {first} to {last}, and no version {wanted}")]
    NoVersion { widget: Rc<str>, first: u64, last: u64, wanted: u64 },
}

// Fold and decisions.

/// A widget, once it has a name. Deleting it changes nothing else about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Widget {
    pub name: Option<Rc<str>>,
    pub published: bool,
    pub deleted: bool,
    pub remembered: Memory,
}

/// What a widget remembers of its past. Everything else is decided from what the widget is now; an
/// undo that reaches back costs a state which remembers. Each change adds to that state, so it keeps
/// only the latest [`REMEMBERED`] of each kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// The version that the widget has now.
    pub version: u64,
    /// Version → what the widget is called from there on.
    pub names: Map<u64, Rc<str>>,
    /// Version → whether the widget is published from there on.
    pub published: Map<u64, bool>,
    /// The names that undo leads back to. The last one is the next.
    pub undo: Vec<Rc<str>>,
}

/// How many changes of each kind a widget remembers.
const REMEMBERED: usize = 20;

impl Memory {
    /// Notes what the widget is after one more event.
    fn note(&mut self, name: Option<&Rc<str>>, published: bool) {
        self.version = self.version.saturating_add(1);
        if let Some(name) = name {
            note_change(&mut self.names, self.version, name);
        }
        note_change(&mut self.published, self.version, &published);
    }

    /// A rename can be undone: it leads back to this name.
    fn note_undo(&mut self, name: Rc<str>) {
        if self.undo.len() >= REMEMBERED {
            self.undo.remove(0);
        }
        self.undo.push(name);
    }

    /// The first version of which all is known.
    fn first(&self) -> u64 {
        let name = self.names.first_key_value().map(|(version, _)| *version);
        let published = self.published.first_key_value().map(|(version, _)| *version);
        name.max(published).unwrap_or_default()
    }

    /// What the widget was at a version: its name, and whether it was published. None where that is
    /// not known.
    fn at(&self, version: u64) -> Option<(Rc<str>, bool)> {
        let is_known = (self.first()..=self.version).contains(&version);
        let name = last_until(&self.names, version).filter(|_| is_known)?;
        Some((name, last_until(&self.published, version)?))
    }
}

fn note_change<V: Clone + PartialEq>(changes: &mut Map<u64, V>, version: u64, now: &V) {
    if changes.last_key_value().is_some_and(|(_, last)| last == now) {
        return;
    }
    changes.insert(version, now.clone());
    let first = changes.first_key_value().map(|(version, _)| *version);
    if let Some(first) = first.filter(|_| changes.len() > REMEMBERED) {
        changes.remove(&first);
    }
}

fn last_until<V: Clone>(changes: &Map<u64, V>, version: u64) -> Option<V> {
    let until = changes.iter().take_while(|(since, _)| **since <= version);
    until.last().map(|(_, value)| value.clone())
}

impl Aggregate for Widget {
    const NAME: &'static str = "widget";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/widgets-widget.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        if let CreateWidget { name } | RenameWidget { name } = &command
            && name.trim().is_empty()
        {
            return Err(Rejection::Unnamed);
        }
        let Some(called) = &self.name else {
            return match command {
                CreateWidget { name } => Ok(vec![WidgetCreated { name }]),
                _ => Err(Rejection::Unknown),
            };
        };
        match command {
            UndeleteWidget {} if self.deleted => Ok(vec![WidgetUndeleted {}]),
            UndeleteWidget {} => Err(Rejection::NotDeleted(called.clone())),
            _ if self.deleted => Err(Rejection::Deleted(called.clone())),
            CreateWidget { .. } => Err(Rejection::Created(called.clone())),
            RenameWidget { name } if name == *called => Ok(vec![]),
            RenameWidget { name } => Ok(vec![WidgetRenamed { name }]),
            PublishWidget {} if self.published => Err(Rejection::Published(called.clone())),
            PublishWidget {} => Ok(vec![WidgetPublished {}]),
            UnpublishWidget {} if self.published => Ok(vec![WidgetUnpublished {}]),
            UnpublishWidget {} => Err(Rejection::NotPublished(called.clone())),
            DeleteWidget {} => Ok(vec![WidgetDeleted {}]),
            UndoRename {} => match self.remembered.undo.last() {
                Some(name) => Ok(vec![RenameUndone { name: name.clone() }]),
                None => Err(Rejection::NothingToUndo(called.clone())),
            },
            RestoreVersion { version } => self.restored(called, version),
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            WidgetCreated { name } => self.name = Some(name.clone()),
            WidgetRenamed { name } => {
                if let Some(before) = self.name.replace(name.clone()) {
                    self.remembered.note_undo(before);
                }
            }
            RenameUndone { name } => {
                self.remembered.undo.pop();
                self.name = Some(name.clone());
            }
            WidgetPublished {} => self.published = true,
            WidgetUnpublished {} => self.published = false,
            WidgetDeleted {} => self.deleted = true,
            WidgetUndeleted {} => self.deleted = false,
        }
        self.remembered.note(self.name.as_ref(), self.published);
        self
    }
}

impl Widget {
    /// The events that lead back to a version: none, one or two.
    fn restored(&self, called: &Rc<str>, version: u64) -> Result<Vec<Event>, Rejection> {
        let Some((name, published)) = self.remembered.at(version) else {
            let (widget, first, last) =
                (called.clone(), self.remembered.first(), self.remembered.version);
            return Err(Rejection::NoVersion { widget, first, last, wanted: version });
        };
        let renamed = (name != *called).then_some(WidgetRenamed { name });
        let moved = match (self.published, published) {
            (false, true) => Some(WidgetPublished {}),
            (true, false) => Some(WidgetUnpublished {}),
            _ => None,
        };
        Ok(renamed.into_iter().chain(moved).collect())
    }

    /// After one more event, without what only decisions need: the name, whether it is published,
    /// and whether it is in the bin.
    pub fn looks(self, event: &Event) -> Self {
        Self { remembered: Memory::default(), ..self.evolve(event) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::widgets::examples::{create, created, rename, renamed, restore, undone};
    use es::{AnyAggregate, Of, Recorded, given, past};

    /// Compares what a widget is now; what it remembers has tests of its own.
    #[track_caller]
    fn is(widget: &Widget, name: &str, published: bool, deleted: bool) {
        let Widget { name: called, published: shown, deleted: binned, .. } = widget;
        assert_eq!((called.as_deref(), *shown, *binned), (Some(name), published, deleted));
    }

    #[test]
    fn a_widget_is_created_once() {
        let one = given::<Widget>([]).when(create("Sprocket")).then([created()]);
        is(&one, "Sprocket", false, false);
        let twice = "there is a widget here already: Sprocket";
        given::<Widget>([created()]).when(create("Gizmo")).refused(twice);
    }

    #[test]
    fn a_widget_cannot_go_without_a_name() {
        let unnamed = "a widget needs a name";
        given::<Widget>([]).when(create(" ")).refused(unnamed);
        given::<Widget>([created()]).when(rename("")).refused(unnamed);
    }

    #[test]
    fn what_nobody_created_can_only_be_created() {
        let unknown = "there is no widget here yet; create one first";
        let others = [
            rename("Gizmo"),
            PublishWidget {},
            UnpublishWidget {},
            DeleteWidget {},
            UndeleteWidget {},
            UndoRename {},
            restore(1),
        ];
        for command in others {
            given::<Widget>([]).when(command).refused(unknown);
        }
    }

    #[test]
    fn a_widget_takes_another_name() {
        let other = given::<Widget>([created()]).when(rename("Gizmo")).then([renamed("Gizmo")]);
        is(&other, "Gizmo", false, false);
    }

    #[test]
    fn the_name_that_it_has_makes_no_event() {
        given::<Widget>([created()]).when(rename("Sprocket")).then([]);
    }

    #[test]
    fn a_widget_is_published_once() {
        let shown = given::<Widget>([created()]).when(PublishWidget {}).then([WidgetPublished {}]);
        is(&shown, "Sprocket", true, false);
        let published = [created(), WidgetPublished {}];
        given::<Widget>(published).when(PublishWidget {}).refused("Sprocket is published already");
    }

    #[test]
    fn only_a_published_widget_can_be_unpublished() {
        let published = [created(), WidgetPublished {}];
        let hidden =
            given::<Widget>(published).when(UnpublishWidget {}).then([WidgetUnpublished {}]);
        is(&hidden, "Sprocket", false, false);
        let hidden = "Sprocket isn't published, so there is nothing to unpublish";
        given::<Widget>([created()]).when(UnpublishWidget {}).refused(hidden);
    }

    #[test]
    fn a_deleted_widget_keeps_what_it_was() {
        let published = [created(), WidgetPublished {}];
        let binned = given::<Widget>(published).when(DeleteWidget {}).then([WidgetDeleted {}]);
        is(&binned, "Sprocket", true, true);
    }

    #[test]
    fn a_deleted_widget_can_only_be_undeleted() {
        let deleted = || given::<Widget>([created(), WidgetPublished {}, WidgetDeleted {}]);
        let others = [
            create("Gizmo"),
            rename("Gizmo"),
            PublishWidget {},
            UnpublishWidget {},
            DeleteWidget {},
            UndoRename {},
            restore(1),
        ];
        for command in others {
            deleted().when(command).refused("Sprocket is in the bin; undelete it first");
        }
        let back = deleted().when(UndeleteWidget {}).then([WidgetUndeleted {}]);
        is(&back, "Sprocket", true, false);
    }

    #[test]
    fn a_widget_that_is_there_cannot_be_undeleted() {
        let there = "Sprocket isn't in the bin, so there is nothing to undelete";
        given::<Widget>([created()]).when(UndeleteWidget {}).refused(there);
    }

    #[test]
    fn a_rename_is_undone_and_then_the_one_before_it() {
        let history = || vec![created(), renamed("Gizmo"), renamed("Gadget")];
        let once = given::<Widget>(history()).when(UndoRename {}).then([undone("Gizmo")]);
        is(&once, "Gizmo", false, false);
        let history = [history(), vec![undone("Gizmo")]].concat();
        let twice = given::<Widget>(history.clone()).when(UndoRename {}).then([undone("Sprocket")]);
        is(&twice, "Sprocket", false, false);
        let history = [history, vec![undone("Sprocket")]].concat();
        let nothing = "Sprocket has no rename left to undo";
        given::<Widget>(history).when(UndoRename {}).refused(nothing);
        given::<Widget>([created(), WidgetPublished {}]).when(UndoRename {}).refused(nothing);
    }

    #[test]
    fn a_rename_after_an_undo_starts_from_there() {
        let history = [created(), renamed("Gizmo"), undone("Sprocket"), renamed("Gadget")];
        let back = given::<Widget>(history).when(UndoRename {}).then([undone("Sprocket")]);
        assert!(back.remembered.undo.is_empty(), "{back:?}");
    }

    #[test]
    fn an_undo_changes_the_name_and_nothing_else() {
        let history = [created(), renamed("Gizmo"), WidgetPublished {}];
        let back = given::<Widget>(history).when(UndoRename {}).then([undone("Sprocket")]);
        is(&back, "Sprocket", true, false);
        let undeleted = [created(), renamed("Gizmo"), WidgetDeleted {}, WidgetUndeleted {}];
        given::<Widget>(undeleted).when(UndoRename {}).then([undone("Sprocket")]);
    }

    #[test]
    fn a_version_is_restored_by_the_events_that_lead_there_and_no_others() {
        let history = || {
            given::<Widget>([
                created(),
                WidgetPublished {},
                renamed("Gizmo"),
                WidgetDeleted {},
                WidgetUndeleted {},
            ])
        };
        let (first, unpublished) = (renamed("Sprocket"), WidgetUnpublished {});
        let back = history().when(restore(1)).then([first.clone(), unpublished.clone()]);
        is(&back, "Sprocket", false, false);
        history().when(restore(2)).then([first]);
        for same in 3..=5 {
            history().when(restore(same)).then([]);
        }
        let hidden = [created(), WidgetPublished {}, WidgetUnpublished {}];
        given::<Widget>(hidden.clone()).when(restore(2)).then([WidgetPublished {}]);
        given::<Widget>(hidden).when(restore(1)).then([]);
        let published = [created(), WidgetPublished {}];
        given::<Widget>(published).when(restore(1)).then([unpublished]);
    }

    #[test]
    fn a_version_that_a_widget_does_not_have_cannot_be_restored() {
        for wanted in [0, 3, u64::MAX] {
            let refusal = format!("Gizmo knows its versions 1 to 2, and no version {wanted}");
            given::<Widget>([created(), renamed("Gizmo")]).when(restore(wanted)).refused(&refusal);
        }
    }

    #[test]
    fn the_rename_of_a_restored_version_can_be_undone() {
        let history = [created(), renamed("Gizmo")];
        given::<Widget>(history.clone()).when(restore(1)).then([renamed("Sprocket")]);
        let restored = history.into_iter().chain([renamed("Sprocket")]);
        given::<Widget>(restored).when(UndoRename {}).then([undone("Gizmo")]);
    }

    #[test]
    fn a_widget_remembers_its_changes_by_version_and_the_names_to_undo() {
        let history =
            [created(), WidgetPublished {}, renamed("Gizmo"), WidgetDeleted {}, WidgetUndeleted {}];
        let memory = json!({
            "version": 5,
            "names": { "1": "Sprocket", "3": "Gizmo" },
            "published": { "1": false, "2": true },
            "undo": ["Sprocket"],
        });
        let widget = history.iter().fold(Widget::default(), Widget::evolve);
        assert_eq!(serde_json::to_value(&widget.remembered).unwrap(), memory);
    }

    #[test]
    fn only_the_latest_changes_are_remembered() {
        let renames = (1..=30).map(|number| renamed(&format!("Gizmo {number}")));
        let history: Vec<Event> = [created()].into_iter().chain(renames).collect();
        let widget = history.iter().fold(Widget::default(), Widget::evolve);
        assert_eq!(
            (widget.remembered.names.len(), widget.remembered.undo.len()),
            (REMEMBERED, REMEMBERED)
        );
        let refusal = "Gizmo 30 knows its versions 12 to 31, and no version 11";
        given::<Widget>(history.clone()).when(restore(11)).refused(refusal);
        given::<Widget>(history.clone()).when(restore(12)).then([renamed("Gizmo 11")]);
        let undone = (10..30).rev().map(|number| undone(&format!("Gizmo {number}")));
        let nothing = "Gizmo 10 has no rename left to undo";
        given::<Widget>(history.into_iter().chain(undone)).when(UndoRename {}).refused(nothing);
    }

    #[test]
    fn what_comes_in_another_order_is_remembered_as_it_came() {
        let history = [WidgetPublished {}, undone("Gadget"), renamed("Gizmo"), created()];
        let widget = history.iter().fold(Widget::default(), Widget::evolve);
        assert_eq!(widget.remembered.at(1), None, "it had no name then");
        assert_eq!(widget.remembered.at(2), Some(("Gadget".into(), true)));
        let refusal = "Sprocket knows its versions 2 to 4, and no version 1";
        given::<Widget>(history).when(restore(1)).refused(refusal);
    }

    #[test]
    fn a_state_that_was_saved_remembers_as_before() {
        let told = past().and::<Widget>("1", created()).and::<Widget>("1", renamed("Gizmo"));
        let events: Vec<&Recorded> = told.log().events(1, 2).collect();
        let widget = Of::<Widget>::default();
        let mut instance = widget.instance();
        instance.evolve(&events).unwrap();
        let again = widget.restore(&instance.save().unwrap(), 2).unwrap();
        assert_eq!(again.state(), instance.state());
        assert_eq!(again.state()["remembered"]["names"]["2"], "Gizmo");
    }
}
