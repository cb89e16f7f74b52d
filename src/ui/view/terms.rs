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
            Self::Event => "What has happened. It is never changed, and never taken back.",
            Self::Stream => "The events of one thing, in order: of one cart, or of one account.",
            Self::Version => "How many events a stream has. A command is decided on a version.",
            Self::Position => "An event’s place in the whole log, counted from 1.",
            Self::Fold => {
                "Going through events one after the other, from the first on: each turns the state \
                 so far into the next. What comes out is the state now."
            }
            Self::State => {
                "What the events of a stream fold into: an aggregate, which decides on commands."
            }
            Self::Projection => {
                "A read model, kept up to date event by event. It can always be rebuilt from them."
            }
            Self::Checkpoint => {
                "The last event that a projection or process has taken in. The events after it are \
                 its lag."
            }
            Self::Process => "It hears of events, and asks for further commands and side effects.",
            Self::Outbox => {
                "Side effects, which leave the system. One that is sent again is known by its id."
            }
            Self::Journal => "Every command, and what came of it, also where it was refused.",
            Self::Conflict => {
                "A command was decided on an expected version, and its stream has gone on since."
            }
            Self::Cause => {
                "Each event knows the command that it came of. Where a process has sent that \
                 command, it knows the event before it as well."
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
