//! Read your own write: after a command, wait until a read model has come so far.

use std::rc::Rc;

use yew::{Html, html};

use crate::lab::World;
use crate::ui::model::lab::{Lab, Msg};
use crate::ui::model::shell::Shell;
use crate::ui::view::parts::select;
use crate::ui::words::counted;

/// Below the form: whom to wait for, and how far that is.
pub fn wait(lab: &Lab, world: &World, shell: &Shell) -> Html {
    let Some(wrote) = lab.wrote else { return html! {} };
    let names = world.subscriptions().iter().map(|it| it.name().to_string());
    let entries = std::iter::once((String::new(), "(don’t wait)".to_owned()))
        .chain(names.map(|name| (name.clone(), name)));
    let chosen = lab.wait.as_deref().unwrap_or_default();
    let wait = lab.wait.as_ref().and_then(|name| Some((name, world.wait(name, wrote)?)));
    let set = shell.on(|name: String| Msg::Wait((!name.is_empty()).then(|| Rc::from(name))));
    html! {
        <div class="wait">
            <label class="inline"><span class="quiet">{ "Wait until it can be read in" }</span>{ select("Wait until it can be read in", chosen, entries, set) }</label>
            <p role="status" class="help">
                if let Some((name, wait)) = wait {
                    { if wait.left == 0 {
                        format!("{name} has come to {}: what you wrote, #{wrote}, can be read there.", wait.checkpoint)
                    } else {
                        let held = wait.held_by.map(|why| format!(": {why}")).unwrap_or_default();
                        format!("Waiting for #{wrote}. {name} is at {}, with {} to go{held}.", wait.checkpoint, counted(wait.left, "event"))
                    } }
                }
            </p>
        </div>
    }
}
