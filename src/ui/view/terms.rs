//! The page's terms. Each is explained where it stands: a press opens a sentence beside it.

use yew::{AttrValue, Html, Properties, component, html};

use super::popover::Popover;

/// A term that the page explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Command,
    Event,
    Stream,
    Version,
    Position,
    State,
    Fold,
    Projection,
    Checkpoint,
    Process,
    Outbox,
    Journal,
    Conflict,
    Cause,
    Schema,
}

impl Word {
    /// In the order in which they build on one another.
    pub const ALL: [Self; 15] = [
        Self::Command,
        Self::Event,
        Self::Stream,
        Self::Version,
        Self::Position,
        Self::Fold,
        Self::State,
        Self::Projection,
        Self::Checkpoint,
        Self::Process,
        Self::Outbox,
        Self::Journal,
        Self::Conflict,
        Self::Cause,
        Self::Schema,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "Command",
            Self::Event => "Event",
            Self::Stream => "Stream",
            Self::Version => "Version, v",
            Self::Position => "Position, #",
            Self::Fold => "Fold",
            Self::State => "State",
            Self::Projection => "Projection",
            Self::Checkpoint => "Checkpoint ⚑",
            Self::Process => "Process manager",
            Self::Outbox => "Outbox",
            Self::Journal => "Journal",
            Self::Conflict => "Conflict",
            Self::Cause => "Cause",
            Self::Schema => "Schema",
        }
    }

    /// What it means, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Command => "What somebody asks for. It may be refused.",
            Self::Event => "What has happened. It is never changed, and never deleted.",
            Self::Stream => "The events of one thing, in order: of one cart, or of one account.",
            Self::Version => {
                "An event’s place in its own stream, counted from 1. A stream’s version is that of its last event."
            }
            Self::Position => "An event’s place in the whole log, counted from 1.",
            Self::Fold => {
                "Going through events one after the other, from the first on: each turns the state \
                 so far into the next. What comes out is the state now."
            }
            Self::State => {
                "What events fold into. An aggregate decides on the state that its own events make."
            }
            Self::Projection => {
                "A read model is what events fold into for reading. A projection is the code that folds it. The two words are often used for one another."
            }
            Self::Checkpoint => {
                "The last event that a projection or process has taken in. The events after it are \
                 its lag."
            }
            Self::Process => {
                "It hears of events, and asks for further commands and side effects. Many call it a saga."
            }
            Self::Outbox => {
                "The list of side effects, each with its id: what was sent, and what was held back. Elsewhere, an outbox also holds what is still to be sent."
            }
            Self::Journal => {
                "Every command, and what came of it, also where it was refused. Elsewhere, journal may mean the event log."
            }
            Self::Conflict => {
                "A command was decided on an expected version, and its stream has gone on since."
            }
            Self::Cause => {
                "The command that an event came of. If a process sent that command, also the event before it. An imported event may have none."
            }
            Self::Schema => {
                "The shape of an event’s data. An older one is upcast when it is read; what is \
                 stored stays as it is."
            }
        }
    }
}

/// How wide an explanation is, in pixels.
const WIDTH: f64 = 270.0;

#[derive(Properties, PartialEq)]
pub struct TermProps {
    pub word: Word,
    /// What stands on the page; else the term itself.
    #[prop_or_default]
    pub text: Option<AttrValue>,
    #[prop_or_default]
    pub class: AttrValue,
}

/// A term, which explains itself at a press.
#[component]
pub fn Term(props: &TermProps) -> Html {
    let word = props.word;
    let text = props.text.clone().unwrap_or_else(|| word.name().into());
    html! {
        <Popover class={format!("term {}", props.class)} button={text} title={word.about()} role="tooltip" width={WIDTH}>
            <b>{ word.name() }</b>
            <span>{ word.about() }</span>
        </Popover>
    }
}
