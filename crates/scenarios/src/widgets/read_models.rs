//! What is shown of widgets.

use std::rc::Rc;

use serde_json::{Value, json};

use es::{Listed, Map, Projection, Recorded, Row, States, View};

use super::widget::Event::WidgetDeleted;
use super::widget::Widget;

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
        *widget = std::mem::take(widget).looks(event);
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
        let widget = latest.unwrap_or_default().looks(event);
        versions.insert(recorded.version(), (recorded.kind().clone(), widget));
    }

    fn view(&self) -> View {
        let documents = self.0.iter().map(|(key, versions)| {
            let versions = versions.iter().map(|(version, (kind, widget))| {
                let Widget { name, published, deleted, .. } = widget;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::examples::{created, renamed, undone};
    use crate::widgets::widget::Event::{WidgetPublished, WidgetUndeleted, WidgetUnpublished};
    use es::past;

    #[test]
    fn read_models_follow_what_is_undone_and_restored() {
        let told = past()
            .and::<Widget>("1", created())
            .and::<Widget>("1", WidgetPublished {})
            .and::<Widget>("1", renamed("Gizmo"))
            .and::<Widget>("1", undone("Sprocket"));
        assert_eq!(told.rows::<States<Widget>>(), ["1 | Sprocket"]);
        let latest = json!({
            "version": 4,
            "after": "RenameUndone",
            "name": "Sprocket",
            "published": true,
            "deleted": false,
        });
        assert_eq!(told.shows::<Versions>()["documents"]["1"][3], latest);
        let told = told.and::<Widget>("1", renamed("Gizmo")).and::<Widget>("1", undone("Sprocket"));
        let binned = told.and::<Widget>("1", WidgetDeleted {});
        assert_eq!(binned.rows::<Bin>(), ["1 | Sprocket | yes | 7"]);
        let restored =
            binned.and::<Widget>("1", WidgetUndeleted {}).and::<Widget>("1", WidgetUnpublished {});
        assert!(restored.rows::<States<Widget>>().is_empty());
        assert_eq!(restored.shows::<Versions>()["documents"]["1"][8]["published"], false);
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
