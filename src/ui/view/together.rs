//! What all send at the same moment, and the board of what they met.

use uuid::Uuid;
use yew::{Html, MouseEvent, html};

use super::outcomes::choices;
use super::parts::Long;
use crate::lessons::{STAND_INS, Seen, Together};
use crate::ui::model::shell::Shell;
use crate::ui::model::together::{Board, Msg};
use crate::ui::words::{counted, in_words};

/// Who has all send.
#[derive(Clone, PartialEq)]
pub enum Sender {
    /// Somebody alone: three stand in for a class.
    Alone,
    /// The one who leads, here: for so many others.
    Leads(usize),
    /// The one who leads, elsewhere, by their name.
    Other(String),
    /// Nobody: this page only looks on.
    Nobody,
}

/// What is sent, by whom, and what came of it: the board, and the conflict that this page's person met
/// last, with the ways on.
pub fn together(
    it: &Together,
    (sender, board, conflict): (&Sender, &Board, Option<&(Uuid, String)>),
    shell: &Shell,
) -> Html {
    let sent = sent(it, shell);
    let when = it.when.as_ref().map(|it| format!(", if {},", it.say)).unwrap_or_default();
    let seen = match it.seen {
        Some(Seen::Version) => {
            "Each is stored only if the stream is still at the version that all see now."
        }
        Some(Seen::Category) => {
            "Each is stored only if nothing of the whole category has changed since all looked."
        }
        None => "Each expects nothing of the others’ streams.",
    };
    let now = || {
        let press = shell.on(|_: MouseEvent| Msg::Now);
        html! { <button type="button" class="primary" onclick={press}>{ "All at once" }</button> }
    };
    let [first, second, third] = STAND_INS;
    let all = format!("{first}, {second} and {third}");
    html! {
        <section class="together" role="region" aria-label="All at once">
            { match sender {
                Sender::Alone => html! { <>{ now() }<p>{ format!("{all} look. Then{when} each sends: {sent}. {seen}") }</p></> },
                Sender::Leads(0) => html! { <p>{ format!("Nobody who takes part is in this log yet. All who follow come by themselves. When you say so{} each page sends: {sent}. {seen}", if when.is_empty() { "," } else { &when }) }</p> },
                Sender::Leads(others) => html! { <>{ now() }<p>{ format!("{} look. Then{when} each page sends: {sent}. {seen}", counted(*others as u64, "person").replace("persons", "people")) }</p></> },
                Sender::Other(name) => html! { <p>{ format!("When {name} says so{} your page sends: {sent}. {seen}", if when.is_empty() { "," } else { &when }) }</p> },
                Sender::Nobody => html! { <p>{ format!("When the one who leads says so{} all who take part send: {sent}. {seen}", if when.is_empty() { "," } else { &when }) }</p> },
            } }
            { counts(board) }
            if let Some((command, text)) = conflict {
                <div class="board">
                    <p class="answer bad"><Long text={text.clone()} /></p>
                    { choices(*command, false, shell) }
                </div>
            }
        </section>
    }
}

/// The command in words.
fn sent(it: &Together, shell: &Shell) -> String {
    let stream = it.stream.replace('*', "(their name)");
    let data = in_words(&it.command.data.to_string(), &shell.money);
    format!("{} to {stream}, {data}", it.command.kind)
}

/// The board.
fn counts(board: &Board) -> Html {
    let all = board.all();
    if all.conflicts == 0 && all.again == 0 {
        return html! {};
    }
    let most = board.most().max(1);
    let lately = board.lately();
    let bar = |count: &u64| {
        let share = 100 * count / most;
        html! { <i style={format!("--share:{share}%")} /> }
    };
    let peak = match board.most() {
        0 => String::new(),
        most => format!(" (most in one second: {most})"),
    };
    let sentence =
        format!("{}{peak}. {} sent again.", counted(all.conflicts, "conflict"), all.again);
    html! {
        <div class="board">
            if lately.len() > 1 {
                <span class="by-second" role="img" aria-label="Conflicts in each second">{ for lately.iter().map(bar) }</span>
            }
            <p role="status"><b>{ sentence }</b></p>
        </div>
    }
}
