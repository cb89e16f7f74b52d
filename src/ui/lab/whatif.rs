//! What if it had not happened, or in another order: beside the truth, and never taken for it.

use std::rc::Rc;

use yew::{Callback, Html, html};

use super::Msg;
use super::parts::{Amount, refused};
use super::sides::{Both, Pair, sides};
use super::worker::Job;
use crate::es::{Set, Stream};
use crate::lab::{Change, Viewpoint, WhatIf};
use crate::ui::parts::{button, counted, grouped};

/// So many events are folded for a read model before the page draws again.
const STRETCH: u64 = 10_000;
/// So many decisions are listed.
const SHOWN: usize = 100;

/// A change that is imagined, and what it comes to.
pub struct Imagining {
    pub change: Change,
    what_if: WhatIf,
    /// The playhead and the head that the pairs are of.
    at: (u64, u64),
    /// What is still to be worked out, the last one first, and how far its fold has come.
    left: Vec<Subject>,
    folded: u64,
    pairs: Vec<Pair>,
}

enum Subject {
    State(Stream),
    View(Rc<str>),
}

impl Imagining {
    /// Imagines a change.
    ///
    /// # Errors
    /// A sentence, where it makes no sense.
    pub fn new(session: &Viewpoint, change: Change) -> Result<Self, String> {
        let what_if = WhatIf::new(session.world(), &change)?;
        let at = (u64::MAX, session.head());
        let (left, pairs) = (Vec::new(), Vec::new());
        let mut it = Self { change, what_if, at, left, folded: 0, pairs };
        it.keep_up(session);
        Ok(it)
    }

    /// The positions of the events that are left out or moved.
    pub fn positions(&self) -> Set<u64> {
        match &self.change {
            Change::LeaveOut(positions) => positions.clone(),
            Change::Swap(a, b) => [*a, *b].into(),
        }
    }

    /// What is imagined, in words.
    pub fn words(&self) -> String {
        let list = |all: &Set<u64>| {
            let all: Vec<String> = all.iter().map(|it| format!("#{it}")).collect();
            all.join(", ")
        };
        match &self.change {
            Change::LeaveOut(all) => format!("What if {} had not happened?", list(all)),
            Change::Swap(a, b) => format!("What if #{a} and #{b} had changed places?"),
        }
    }
}

impl Job for Imagining {
    fn keep_up(&mut self, session: &Viewpoint) {
        let at = (session.position(), session.head());
        if self.at == at {
            return;
        }
        if self.at.1 != at.1
            && let Ok(what_if) = WhatIf::new(session.world(), &self.change)
        {
            self.what_if = what_if;
        }
        self.at = at;
        self.pairs.clear();
        self.folded = 0;
        let of = |position: u64| session.log().event(position).map(|it| it.stream().clone());
        let streams: Set<Stream> = self.positions().into_iter().filter_map(of).collect();
        let views = session.world().subscriptions().iter().map(|it| it.name().clone());
        self.left =
            streams.into_iter().map(Subject::State).chain(views.map(Subject::View)).collect();
        self.left.reverse();
    }

    fn busy(&self) -> bool {
        !self.left.is_empty() || !self.what_if.is_over()
    }

    /// States and views first, then decisions.
    fn advance(&mut self, session: &mut Viewpoint, _: u64) {
        let to = self.at.0;
        match self.left.last() {
            Some(Subject::State(stream)) => {
                let stream = stream.clone();
                let truth = session.state_at(&stream, to);
                let imagined = self.what_if.state(session.world(), &stream, to);
                if let (Some((_, truth)), Some(imagined)) = (truth, imagined) {
                    let (name, both) = (stream.as_str().into(), Both::States(truth, imagined.0));
                    self.pairs.push(Pair::new(name, both));
                }
                self.left.pop();
            }
            Some(Subject::View(name)) => {
                let name = name.clone();
                self.folded = (self.folded + STRETCH).min(to);
                let imagined = self.what_if.view(session.world(), &name, self.folded);
                if self.folded == to {
                    let truth = session.view_at(&name, to);
                    if let (Some(truth), Some(imagined)) = (truth, imagined) {
                        let both = Both::Views(truth.into(), imagined.0.into());
                        self.pairs.push(Pair::new(name, both));
                    }
                    self.left.pop();
                    self.folded = 0;
                }
            }
            None => _ = self.what_if.advance(session.world(), 200),
        }
    }
}

/// What stands above everything as long as something is imagined.
pub fn banner(imagined: &Imagining, act: &Callback<Msg>) -> Html {
    html! {
        <p class="notice whatif">
            <b>{ "Not the truth." }</b>{ format!(" {} Commands still go to the log as it is. ", imagined.words()) }
            { button("See it", act.reform(|_| Msg::Open(super::Tool::WhatIf))) }
            { button("Back to the truth", act.reform(|_| Msg::Truth)) }
        </p>
    }
}

/// What can be imagined about an event, for its detail.
pub fn offers(position: u64, head: u64, out: &Set<u64>, act: &Callback<Msg>) -> Html {
    let words = if out.contains(&position) { "Put it back" } else { "Leave it out" };
    html! {
        <details class="imagine">
            <summary>{ "What if …" }</summary>
            { ways(position, head, words, act) }
        </details>
    }
}

fn ways(position: u64, head: u64, words: &'static str, act: &Callback<Msg>) -> Html {
    html! {
        <div class="actions">
            { button(words, act.reform(move |_| Msg::LeaveOut(position))) }
            <Amount label="Swap it with event" button="Swap" value={position.saturating_sub(1).max(1)} last={head} set={act.reform(move |other| Msg::Swap(position, other))} />
        </div>
    }
}

/// The drawer's body where nothing is imagined.
pub fn no_what_if(session: &Viewpoint, fault: Option<&str>, act: &Callback<Msg>) -> Html {
    html! {
        <>
            { refused(fault) }
            if let Some(event) = session.event() {
                <p>{ format!("What if event #{}, {} on {}, had not happened, or at another time?", event.position(), event.kind(), event.stream()) }</p>
                <div class="imagine">{ ways(event.position(), session.head(), "Leave it out", act) }</div>
            }
            <p class="quiet">{ "Choose an event in the log: this is about the one at the playhead." }</p>
            <p class="quiet">{ "Nothing is ever taken out of the log. This only folds it another way, for you to look at." }</p>
        </>
    }
}

/// A place in the log, what happened there, and more about it.
fn entry(position: u64, what: &str, about: &str, more: Html, seek: &Callback<u64>) -> Html {
    html! {
        <li key={position}>
            <button type="button" class="link" onclick={seek.reform(move |_| position)}>{ format!("#{position} {what}") }</button>
            <span class="quiet">{ format!(" {about}") }</span>
            { more }
        </li>
    }
}

/// The drawer's body.
pub fn what_if(
    it: &Imagining,
    fault: Option<&str>,
    act: &Callback<Msg>,
    seek: &Callback<u64>,
) -> Html {
    let found = it.what_if.no_longer_allowed();
    let came = it.what_if.consequences();
    let (done, of) = it.what_if.progress();
    html! {
        <>
            { refused(fault) }
            <p class="note pad">{ it.words() }{ format!(" States and read models at #{}, beside the truth.", it.at.0) }</p>
            { sides(["The truth", "What if"], &it.pairs) }
            if !it.left.is_empty() { <p class="quiet" role="status">{ format!("Folding: {} still to come.", counted(it.left.len() as u64, "view")) }</p> }
            <h3>{ "Decisions that would no longer have been allowed" }</h3>
            <ol class="causes-list" aria-label="No longer allowed">
                { for found.iter().take(SHOWN).map(|it| {
                    let about = format!("{} · {}", it.stream, it.actor);
                    let why = html! { <><br /><span class="fault">{ it.reason.to_string() }</span></> };
                    entry(it.position, &it.command, &about, why, seek)
                }) }
            </ol>
            if found.len() > SHOWN { <p class="quiet">{ format!("and {} more", found.len() - SHOWN) }</p> }
            if !it.what_if.is_over() {
                <p class="quiet inline"><progress max={of.to_string()} value={done.to_string()} aria-label="Decided again" />{ format!("{} of {}", grouped(done), grouped(of)) }</p>
            } else if found.is_empty() {
                <p class="quiet">{ "None: whatever was decided later in these streams would be allowed all the same." }</p>
            }
            <>
                if !came.is_empty() {
                    <h3>{ "Events that came of it" }</h3>
                    <p class="help">{ "They are folded all the same. But without their cause, nobody would have asked for them." }</p>
                    <ol class="causes-list" aria-label="Came of it">
                        { for came.iter().take(SHOWN).map(|it| {
                            entry(it.position, &it.event, it.stream.as_str(), html! {}, seek)
                        }) }
                    </ol>
                    if came.len() > SHOWN { <p class="quiet">{ format!("and {} more", came.len() - SHOWN) }</p> }
                }
            </>
            <p>{ button("Back to the truth", act.reform(|_| Msg::Truth)) }</p>
        </>
    }
}
