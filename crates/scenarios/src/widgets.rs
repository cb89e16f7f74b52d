//! Publish, delete, undelete. The bin, undo and a widget's versions are features that nobody
//! planned: each is one more read model over events that were recorded already.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use es::{Aggregate, Listed, Map, Projection, Recorded, Row, Scenario, States, Step, View};

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "an event's name says whose it is, in any log")]
pub enum Event {
    WidgetCreated { name: Rc<str> },
    WidgetRenamed { name: Rc<str> },
    WidgetPublished {},
    WidgetUnpublished {},
    WidgetDeleted {},
    WidgetUndeleted {},
}
use Event::{
    WidgetCreated, WidgetDeleted, WidgetPublished, WidgetRenamed, WidgetUndeleted,
    WidgetUnpublished,
};

// Commands.

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::enum_variant_names, reason = "a command's name says what it is for")]
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
}
use Command::{
    CreateWidget, DeleteWidget, PublishWidget, RenameWidget, UndeleteWidget, UnpublishWidget,
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
}

// Fold and decisions.

/// A widget, once it has a name. Deleting it changes nothing else about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Widget {
    pub name: Option<Rc<str>>,
    pub published: bool,
    pub deleted: bool,
}

impl Aggregate for Widget {
    const NAME: &'static str = "widget";
    const SCHEMAS: Option<&'static str> = Some(include_str!("schemas/widgets-widget.json"));
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
        }
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            WidgetCreated { name } | WidgetRenamed { name } => self.name = Some(name.clone()),
            WidgetPublished {} => self.published = true,
            WidgetUnpublished {} => self.published = false,
            WidgetDeleted {} => self.deleted = true,
            WidgetUndeleted {} => self.deleted = false,
        }
        self
    }
}

// Read models.

impl Listed for Widget {
    const TITLE: &'static str = "Shop window";
    const ABOUT: &'static str = "What customers see: published, and not in the bin.";

    fn list(widgets: &States<Self>) -> View {
        let shown = widgets.iter().filter(|(_, widget)| widget.published && !widget.deleted);
        View::table(&["widget", "name"], shown.map(|(key, it)| Row::of(key, (&it.name,))))
    }
}

/// What was deleted, as it was then.
#[derive(Clone, Default)]
pub struct Bin(Map<Rc<str>, (Widget, u64)>);

impl Projection for Bin {
    const NAME: &'static str = "Bin";
    const ABOUT: &'static str = "What was deleted, and what it was: all that undelete needs.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Widget>() else { return };
        let (widget, deleted_at) = self.0.entry(recorded.key().clone()).or_default();
        widget.evolve_in_place(event);
        if let WidgetDeleted {} = event {
            *deleted_at = recorded.position();
        }
    }

    fn view(&self) -> View {
        let binned = self.0.iter().filter(|(_, (widget, _))| widget.deleted);
        let rows = binned.map(|(key, (widget, deleted_at))| {
            Row::of(key, (&widget.name, widget.published, deleted_at))
        });
        View::table(&["widget", "name", "was published", "deleted at position"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// Every widget after each of its events.
#[derive(Clone, Default)]
pub struct Versions(Map<Rc<str>, Map<u64, Version>>);

/// An event's type, and the widget after it.
type Version = (Rc<str>, Widget);

impl Projection for Versions {
    const NAME: &'static str = "Versions";
    const ABOUT: &'static str = "What each widget was at every version: all that undo needs.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Widget>() else { return };
        let versions = self.0.entry(recorded.key().clone()).or_default();
        let latest = versions.last_key_value().map(|(_, (_, widget))| widget.clone());
        let widget = latest.unwrap_or_default().evolve(event);
        versions.insert(recorded.version(), (recorded.kind().clone(), widget));
    }

    fn view(&self) -> View {
        let documents = self.0.iter().map(|(key, versions)| {
            let versions = versions.iter().map(|(version, (kind, widget))| {
                let Widget { name, published, deleted } = widget;
                json!({
                    "version": version,
                    "after": kind,
                    "name": name,
                    "published": published,
                    "deleted": deleted,
                })
            });
            (key.clone(), versions.collect::<Value>())
        });
        View::documents(documents)
    }

    fn weight(&self) -> usize {
        self.0.values().map(Map::len).sum()
    }
}

// The scenario and its story.

/// Two widgets, one of which goes to the bin and comes back.
pub fn scenario() -> Scenario {
    let about = "Undelete, undo, versions: features nobody planned, from events already there.";
    Scenario::new("widgets", "Publish, delete, undelete", about)
        .aggregate::<Widget>()
        .projection::<States<Widget>>()
        .projection::<Bin>()
        .projection::<Versions>()
        .story(AUGUST_2017, story())
}

/// 25 August 2017, 09:00 UTC.
const AUGUST_2017: u64 = 1_503_651_600_000;

fn story() -> [Step; 14] {
    let alice = |say, command| Step::new::<Widget>(say, "1", &command);
    let bob = |say, command| Step::new::<Widget>(say, "2", &command).by("Bob");
    let create = |name: &str| CreateWidget { name: name.into() };
    let rename = |name: &str| RenameWidget { name: name.into() };
    let in_window = |widget| [widget, "Shop window"];
    let window_and_versions = |widget| [widget, "Shop window", "Versions"];
    let read_models = ["Shop window", "Bin", "Versions"];
    let undeleted = ["widget-2", "Shop window", "Bin"];
    let refused_by_bin = ["widget-2", "Journal", "Bin"];
    let bin_and_versions = ["widget-2", "Bin", "Versions"];
    [
        alice("Alice creates a widget.", create("Sprocket")).show(in_window("widget-1")),
        alice("She publishes it: it is in the shop window.", PublishWidget {})
            .show(in_window("widget-1")),
        bob("Bob creates another one.", create("Gizmo")).show(in_window("widget-2")),
        bob("And publishes it.", PublishWidget {}).show(in_window("widget-2")),
        alice("A better name, thinks Alice.", rename("Super Sprocket 3000"))
            .show(window_and_versions("widget-1")),
        bob("Bob deletes his widget. Which read model still has it?", DeleteWidget {})
            .show(read_models),
        bob("Renaming what is in the bin is refused.", rename("Gadget")).show(refused_by_bin),
        alice("Publishing twice is refused, too.", PublishWidget {}).show(["widget-1", "Journal"]),
        bob("Bob undeletes it: it is published, as it was.", UndeleteWidget {}).show(undeleted),
        bob("Once is enough: it isn't in the bin any more. Refused.", UndeleteWidget {})
            .show(refused_by_bin),
        alice("Undo is one more event: the name of version 1 again.", rename("Sprocket"))
            .show(["widget-1", "Versions", "Log"]),
        bob("Bob takes his widget out of the shop window.", UnpublishWidget {})
            .show(window_and_versions("widget-2")),
        bob("This time he renames it before he deletes it.", rename("Gadget"))
            .show(bin_and_versions),
        bob("The bin holds a Gadget now, and Versions a Gizmo, too.", DeleteWidget {})
            .show(bin_and_versions),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::{given, past};

    fn create(name: &str) -> Command {
        CreateWidget { name: name.into() }
    }

    fn rename(name: &str) -> Command {
        RenameWidget { name: name.into() }
    }

    fn created() -> Event {
        WidgetCreated { name: "Sprocket".into() }
    }

    fn renamed(name: &str) -> Event {
        WidgetRenamed { name: name.into() }
    }

    fn widget(name: &str, published: bool, deleted: bool) -> Widget {
        Widget { name: Some(name.into()), published, deleted }
    }

    #[test]
    fn a_widget_is_created_once() {
        let one = given::<Widget>([]).when(create("Sprocket")).then([created()]);
        assert_eq!(one, widget("Sprocket", false, false));
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
        ];
        for command in others {
            given::<Widget>([]).when(command).refused(unknown);
        }
    }

    #[test]
    fn a_widget_takes_another_name() {
        let other = given::<Widget>([created()]).when(rename("Gizmo")).then([renamed("Gizmo")]);
        assert_eq!(other, widget("Gizmo", false, false));
    }

    #[test]
    fn the_name_that_it_has_makes_no_event() {
        given::<Widget>([created()]).when(rename("Sprocket")).then([]);
    }

    #[test]
    fn a_widget_is_published_once() {
        let shown = given::<Widget>([created()]).when(PublishWidget {}).then([WidgetPublished {}]);
        assert_eq!(shown, widget("Sprocket", true, false));
        let published = [created(), WidgetPublished {}];
        given::<Widget>(published).when(PublishWidget {}).refused("Sprocket is published already");
    }

    #[test]
    fn only_a_published_widget_can_be_unpublished() {
        let published = [created(), WidgetPublished {}];
        let hidden =
            given::<Widget>(published).when(UnpublishWidget {}).then([WidgetUnpublished {}]);
        assert_eq!(hidden, widget("Sprocket", false, false));
        let hidden = "Sprocket isn't published, so there is nothing to unpublish";
        given::<Widget>([created()]).when(UnpublishWidget {}).refused(hidden);
    }

    #[test]
    fn a_deleted_widget_keeps_what_it_was() {
        let published = [created(), WidgetPublished {}];
        let binned = given::<Widget>(published).when(DeleteWidget {}).then([WidgetDeleted {}]);
        assert_eq!(binned, widget("Sprocket", true, true));
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
        ];
        for command in others {
            deleted().when(command).refused("Sprocket is in the bin; undelete it first");
        }
        let back = deleted().when(UndeleteWidget {}).then([WidgetUndeleted {}]);
        assert_eq!(back, widget("Sprocket", true, false));
    }

    #[test]
    fn a_widget_that_is_there_cannot_be_undeleted() {
        let there = "Sprocket isn't in the bin, so there is nothing to undelete";
        given::<Widget>([created()]).when(UndeleteWidget {}).refused(there);
    }

    #[test]
    fn the_shop_window_and_the_bin_take_turns() {
        let told = past().and::<Widget>("1", created());
        assert!(told.rows::<States<Widget>>().is_empty());
        let told = told.and::<Widget>("1", WidgetPublished {});
        assert_eq!(told.rows::<States<Widget>>(), ["1 | Sprocket"]);
        assert!(told.rows::<Bin>().is_empty());
        let told = told.and::<Widget>("1", WidgetDeleted {});
        assert!(told.rows::<States<Widget>>().is_empty());
        assert_eq!(told.rows::<Bin>(), ["1 | Sprocket | yes | 3"]);
        let told = told.and::<Widget>("1", WidgetUndeleted {});
        assert_eq!(told.rows::<States<Widget>>(), ["1 | Sprocket"]);
        assert!(told.rows::<Bin>().is_empty());
    }

    #[test]
    fn every_version_says_what_the_widget_was_then() {
        let told = past()
            .and::<Widget>("1", created())
            .and::<Widget>("2", created())
            .and::<Widget>("1", renamed("Gizmo"))
            .and::<Widget>("1", WidgetPublished {})
            .and::<Widget>("1", WidgetDeleted {});
        let version = |version: u64, after: &str, name: &str, published: bool, deleted: bool| {
            json!({
                "version": version,
                "after": after,
                "name": name,
                "published": published,
                "deleted": deleted,
            })
        };
        assert_eq!(
            told.shows::<Versions>()["documents"],
            json!({
                "1": [
                    version(1, "WidgetCreated", "Sprocket", false, false),
                    version(2, "WidgetRenamed", "Gizmo", false, false),
                    version(3, "WidgetPublished", "Gizmo", true, false),
                    version(4, "WidgetDeleted", "Gizmo", true, true),
                ],
                "2": [version(1, "WidgetCreated", "Sprocket", false, false)],
            })
        );
    }
}
