//! What is said of versions and of a time without a network.

use yew::{Html, MouseEvent, html};

use super::parts::button;
use crate::ui::browser::offline::Kept;
use crate::ui::model::offline::{Msg, Offline};
use crate::ui::model::shell::Shell;

/// A newer version, or one that does not start.
pub fn versions(offline: &Offline, shell: &Shell) -> Html {
    let press = |msg: fn() -> Msg| shell.on(move |_: MouseEvent| msg());
    let (say, act) = match &offline.kept {
        _ if offline.read => return html! {},
        Kept { taken: true, .. } => (
            "A newer version of Leftfold runs in another tab. This log lives in memory only: take it along by Share or as a file, and then load the page again.",
            html! {},
        ),
        Kept { newer: true, .. } => (
            "A newer version of Leftfold is here. It comes once all tabs of this page are closed.",
            html! { <button type="button" class="primary" onclick={press(|| Msg::Take)}>{ "Take it now" }</button> },
        ),
        Kept { back: true, .. } => (
            "The newest version of Leftfold has not started in this browser, so the version before it runs. Your logs are as they were.",
            button("Try the newest again", press(|| Msg::Take)),
        ),
        _ => return html! {},
    };
    html! {
        <div class="notice" role="region" aria-label="Version">
            <p role="status">{ say }</p>
            { act }
            { button("Close", press(|| Msg::PutAway)) }
        </div>
    }
}

/// A button that keeps everything for a time without a network. Nothing where the browser keeps
/// nothing.
pub fn for_the_road(kept: &Kept, shell: &Shell) -> Html {
    if !kept.ready {
        return html! {};
    }
    let keep = shell.on(|_: MouseEvent| Msg::Keep);
    let say = match kept {
        Kept { keeping: Some(it), .. } if it.of == 0 => "Keeping…".to_owned(),
        Kept { keeping: Some(it), .. } => format!("Keeping: {} of {} files…", it.kept, it.of),
        Kept { all: true, .. } => {
            "Everything is kept in this browser: the page, the lessons, the code and the editor work without a network.".to_owned()
        }
        Kept { fault: true, newer, back, .. } if *newer || *back => {
            "Not everything could be kept: the server has another version by now. Take that one first.".to_owned()
        }
        Kept { fault: true, .. } => {
            "Not everything could be kept: is there a network, and room on the disk? What is kept stays. Try again.".to_owned()
        }
        _ => "The page itself works without a network already. Lessons, code and the editor will, too, once everything is kept. That is about 0.6 MB.".to_owned(),
    };
    let title = if kept.all { "For the road: everything is kept" } else { "For the road" };
    html! {
        <details class="road" role="group" aria-label="For the road">
            <summary>{ title }</summary>
            <p role={if kept.fault { "alert" } else { "status" }}>{ say }</p>
            if !kept.all {
                <button type="button" disabled={kept.keeping.is_some()} onclick={keep}>{ "Keep everything" }</button>
            }
        </details>
    }
}
