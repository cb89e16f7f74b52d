//! The story, told step by step.

use es::Step;

use super::widget::Command::{
    CreateWidget, DeleteWidget, PublishWidget, RenameWidget, RestoreVersion, UndeleteWidget,
    UndoRename, UnpublishWidget,
};
use super::widget::Widget;

/// 25 August 2017, 09:00 UTC.
pub const AUGUST_2017: u64 = 1_503_651_600_000;

pub fn story() -> [Step; 17] {
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
        bob("Bob renames what is in the bin.", rename("Gadget")).show(refused_by_bin),
        alice("Alice publishes widget-1 a second time.", PublishWidget {})
            .show(["widget-1", "Journal"]),
        bob("Bob undeletes widget-2: it is published, as it was.", UndeleteWidget {})
            .show(undeleted),
        bob("He undeletes it again. It isn't in the bin any more.", UndeleteWidget {})
            .show(refused_by_bin),
        alice("Undo is one more event: the name of version 1 again.", rename("Sprocket"))
            .show(["widget-1", "Versions", "Log"]),
        bob("Bob takes his widget out of the shop window.", UnpublishWidget {})
            .show(window_and_versions("widget-2")),
        bob("This time he renames it before he deletes it.", rename("Gadget"))
            .show(bin_and_versions),
        bob("The bin holds a Gadget now, and Versions a Gizmo, too.", DeleteWidget {})
            .show(bin_and_versions),
        alice("Alice undoes her last rename: the long name is back.", UndoRename {})
            .show(window_and_versions("widget-1")),
        alice("She undoes the rename before it: Sprocket again.", UndoRename {})
            .show(window_and_versions("widget-1")),
        alice(
            "She restores version 3: the long name, and published.",
            RestoreVersion { version: 3 },
        )
        .show(window_and_versions("widget-1")),
    ]
}
