//! What the page says to whoever uses it: in the pipeline's caption, to a screen reader, and in a
//! notice when something went wrong. It is kept as values, so that no code has to search prose.

use std::rc::Rc;

use crate::lab::clip::clip;

use super::station::{Cargo, Pulse, Station};

/// What the pipeline's caption says, where that is not the event at the playhead.
#[derive(Clone, Debug, PartialEq)]
pub enum Caption {
    /// A step of the story, and the reason for which its command was refused.
    Story { say: Rc<str>, refused: Option<String> },
    /// What has just happened at the station that is lit.
    Happened(String),
}

/// What the page says.
#[derive(Default)]
pub struct Saying {
    pub caption: Option<Caption>,
    /// What a screen reader reads out.
    pub aloud: String,
    /// What was read out last of where the playhead is.
    pub position: String,
    /// Why something waits for the rest of the page.
    pub late: Option<&'static str>,
    /// What went wrong, until it is put away.
    pub fault: Option<String>,
    /// The station that is lit.
    pub pulse: Option<Pulse>,
    /// How often a station was lit: tells one pulse from the next.
    pub pulses: u64,
}

impl Caption {
    /// It as one text.
    pub fn text(&self) -> String {
        match self {
            Self::Story { say, refused: None } => say.to_string(),
            Self::Story { say, refused: Some(reason) } => format!("{say} Refused: {reason}."),
            Self::Happened(text) => text.clone(),
        }
    }
}

impl Saying {
    /// Says what happened, in the caption and aloud.
    pub fn happened(&mut self, text: impl Into<String>) {
        self.say(Caption::Happened(text.into()));
    }

    /// Adds to what was just said.
    pub fn more(&mut self, text: &str) {
        let caption = match self.caption.take() {
            Some(Caption::Story { say, refused }) => {
                Caption::Story { say: format!("{say} {text}").into(), refused }
            }
            Some(Caption::Happened(there)) => Caption::Happened(format!("{there} {text}")),
            None => Caption::Happened(text.to_owned()),
        };
        self.say(caption);
    }

    /// Says something in the caption and aloud.
    pub fn say(&mut self, caption: Caption) {
        self.aloud = clip(&caption.text()).into_owned();
        self.caption = Some(caption);
    }

    /// Says what went wrong, after what already had: both may come of one cause.
    pub fn also_wrong(&mut self, why: &str) {
        self.fault = Some(match self.fault.take() {
            Some(there) => format!("{there} {why}"),
            None => why.to_owned(),
        });
    }

    /// Lights a station. Something may have come to it from another.
    pub fn light(&mut self, at: Station, from: Option<(Station, Cargo)>) {
        self.pulses += 1;
        self.pulse = Some(Pulse { at, from });
    }
}
