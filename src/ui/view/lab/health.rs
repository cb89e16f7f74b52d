//! Is a read model right? Green, or red with what differs from a clean fold.

use yew::{Html, html};

use crate::lab::{DiffLine, DiffMark, Health, Panel};
use crate::ui::model::shell::Shell;
use crate::ui::view::icons::icon;
use crate::ui::view::views::spoken;
use crate::ui::words::{counted, plain};

/// How many differences are listed.
const SHOWN: usize = 12;

/// A word for the panel's head.
pub fn health_of(it: &Panel) -> Html {
    let (class, sign, word, said) = match &it.health {
        Health::Clean => ("health green", "accepted", "", "equals a clean fold"),
        Health::Differs(_) => ("health red", "refused", "differs", " from a clean fold"),
        Health::Unjudged => {
            ("health quiet", "conflict", "", "cannot be compared with a clean fold now")
        }
        Health::Stopped(_) => ("health red", "refused", "stopped", " at an event"),
    };
    html! {
        <span {class} title={format!("{word}{said}")}>{ icon(sign) }{ word }<span class="unseen">{ said }</span></span>
    }
}

/// What differs from a clean fold, for the panel's body.
pub fn differences(shell: &Shell, it: &Panel, past: bool) -> Html {
    match &it.health {
        Health::Differs(_) if past => {
            return html! { <p class="fault pad">{ "Now, it differs from a clean fold of the same events. Here it is shown as a clean fold." }</p> };
        }
        Health::Differs(_) => {}
        Health::Stopped(_) | Health::Clean | Health::Unjudged => return html! {},
    }
    html! {
        <div class="differs pad">
            <p class="fault">{ if it.fails_on.is_some() {
                "It differs from a clean fold of the same events. Its code has to be mended first."
            } else if it.dead_letters.0 > 0 {
                "It differs from a clean fold of the same events: what it has set aside is missing in it."
            } else {
                "It differs from a clean fold of the same events. Rebuilding makes it right."
            } }</p>
            { listed(shell, &it.health.differences(&it.now), None) }
        </div>
    }
}

/// Values that differ, one a line: from a clean fold, which is right, or from `other`, which is only
/// another one.
pub fn listed(shell: &Shell, lines: &[DiffLine], other: Option<&str>) -> Html {
    let leaves = || lines.iter().filter(|line| line.now.is_some() || line.was.is_some());
    let hidden = leaves().count().saturating_sub(SHOWN);
    html! {
        <>
            <ul class="mono" aria-label={format!("Differences from {}", other.unwrap_or("a clean fold"))}>
                { for leaves().take(SHOWN).map(|line| {
                    let value = |text: &Option<String>| plain(&shell.money, &line.path, text.as_deref().unwrap_or_default());
                    html! {
                    <li key={line.path.clone()}>
                        <span class="key">{ spoken(line) }</span>{ " " }
                        { match line.mark {
                            DiffMark::Added if other.is_some() => html! { <>{ "only here: " }<b>{ value(&line.now) }</b></> },
                            DiffMark::Removed if other.is_some() => html! { <>{ "only there: " }<b>{ value(&line.was) }</b></> },
                            _ if other.is_some() => html! { <>{ "here " }<b>{ value(&line.now) }</b>{ ", there " }<b>{ value(&line.was) }</b></> },
                            DiffMark::Added => html! { <>{ "has " }<b>{ value(&line.now) }</b>{ ", should not be" }</> },
                            DiffMark::Removed => html! { <>{ "is missing, should be " }<b>{ value(&line.was) }</b></> },
                            _ => html! { <>{ "is " }<b>{ value(&line.now) }</b>{ ", should be " }<b>{ value(&line.was) }</b></> },
                        } }
                    </li>
                    }
                }) }
            </ul>
            if hidden > 0 { <p class="quiet">{ format!("and {} more", counted(hidden as u64, "difference")) }</p> }
        </>
    }
}
