//! What the console has asked of the page, and who waits for an answer.

use crate::host::OpenLog;
use crate::host::calls::{Asked, OfPage};
use crate::lab::MicroStep;
use crate::ui::browser::clock::clock;
use crate::ui::console::{KeptAnswer, Listeners, Message, Reply};

/// How long the page may show less than there is while commands come by program, in milliseconds.
const STALE_MILLIS: f64 = 250.0;

/// What the console asks, and what it was answered.
pub enum Msg {
    /// The console asks.
    Called(Message),
    /// The console was answered, and this was done for it: tell it, and show it in time.
    Answered { open_log: OpenLog, trace: Vec<MicroStep>, answer: KeptAnswer },
}

/// True for what only the page itself is asked: no log has to be open for it.
pub fn is_for_page(message: &Message) -> bool {
    use OfPage::{Help, Ready, Scenarios};
    matches!(
        message,
        Message::On(..) | Message::Asked(Asked::OfPage(Ready | Help(_) | Scenarios), _)
    )
}

/// Who waits for what.
pub struct Console {
    pub listeners: Listeners,
    /// Who waits until the page has opened its log.
    pub ready: Vec<Reply>,
    /// What was asked before it was known where logs are kept. None from then on.
    pub early: Option<Vec<Message>>,
    /// How many calls are being answered.
    pub answering: usize,
    /// Who waits until a position is painted.
    pub painted: Vec<(u64, Reply)>,
    /// Since when the page shows less than there is, on the clock of this page.
    pub stale: Option<f64>,
}

impl Default for Console {
    fn default() -> Self {
        Self {
            listeners: Listeners::default(),
            ready: Vec::new(),
            early: Some(Vec::new()),
            answering: 0,
            painted: Vec::new(),
            stale: None,
        }
    }
}

impl Console {
    /// What has changed may be drawn a little later.
    pub fn grow_stale(&mut self) {
        self.stale = self.stale.or_else(|| Some(clock()));
    }

    /// True where what has changed is to be drawn now: a command that is being handled does not
    /// wait for a paint, and whoever looks does not wait for long. None where nothing has changed.
    pub fn is_due(&self) -> Option<bool> {
        let since = self.stale?;
        Some(self.answering == 0 || clock() - since > STALE_MILLIS)
    }
}
