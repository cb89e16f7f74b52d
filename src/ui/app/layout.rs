//! What stands where: folded panels, the side shown on a narrow screen, pinned states, bookmarks
//! and the timeline's stretch. Remembered in this browser.

use std::rc::Rc;

use yew::Context;

use super::App;
use crate::es::{Set, Stream};
use crate::lab::SubscriptionKind;
use crate::ui::bookmarks;
use crate::ui::browser::{bring, focus, remember, remembered};
use crate::ui::pipeline::Station;

/// The three columns of a wide screen, of which a narrow one shows one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Write,
    Log,
    Read,
}

impl Side {
    pub const ALL: [Self; 3] = [Self::Write, Self::Log, Self::Read];

    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "Write",
            Self::Log => "Log",
            Self::Read => "Read",
        }
    }
}

/// How the page is laid out.
pub struct Layout {
    pub side: Side,
    /// The timeline spans one part in so many.
    pub zoom: u64,
    /// Places on the timeline follow the time.
    pub by_time: bool,
    /// A panel to bring forward once it is drawn, and a field in it.
    brought: Option<Rc<str>>,
    pub field: Option<&'static str>,
}

impl Layout {
    pub fn remembered() -> Self {
        let by_time = remembered("by-time").is_some();
        Self { side: Side::Log, zoom: 1, by_time, brought: None, field: None }
    }
}

/// The panels that are folded.
pub fn folded() -> Rc<Set<String>> {
    let text = remembered("folded").unwrap_or_default();
    Rc::new(text.lines().map(str::to_owned).collect())
}

/// The streams whose states are kept in view.
pub fn pinned(scenario: &str) -> Rc<Vec<Stream>> {
    let text = remembered(&format!("pinned/{scenario}")).unwrap_or_default();
    Rc::new(text.lines().filter_map(|it| Stream::parse(it).ok()).collect())
}

impl App {
    pub(super) fn fold(&mut self, name: &str) {
        let folded = Rc::make_mut(&mut self.shell.folded);
        if !folded.remove(name) {
            folded.insert(name.to_owned());
        }
        let names: Vec<&str> = folded.iter().map(String::as_str).collect();
        remember("folded", (!names.is_empty()).then(|| names.join("\n")).as_deref());
    }

    pub(super) fn pin(&mut self, stream: Stream, on: bool) {
        let Some(desk) = &self.desk else { return };
        let pinned = Rc::make_mut(&mut self.pinned);
        pinned.retain(|it| *it != stream);
        if on {
            pinned.push(stream);
        }
        let names: Vec<&str> = pinned.iter().map(Stream::as_str).collect();
        let place = format!("pinned/{}", desk.session().scenario().id);
        remember(&place, (!names.is_empty()).then(|| names.join("\n")).as_deref());
    }

    pub(super) fn bookmark(&mut self, position: u64, name: Option<&str>) {
        let Some(desk) = &self.desk else { return };
        bookmarks::set(desk.id(), &mut self.bookmarks, position, name);
    }

    /// Brings a station's panel forward.
    pub(super) fn forward(&mut self, station: Station) {
        let Some(desk) = &self.desk else { return };
        let name: Option<Rc<str>> = {
            let session = desk.session();
            let kind = if station == Station::Processes {
                SubscriptionKind::Process
            } else {
                SubscriptionKind::Projection
            };
            let mut subscriptions = session.world().subscriptions().iter();
            match station {
                Station::Commands => Some("Commands".into()),
                Station::Handler => session.event().map(|it| it.stream().as_str().into()),
                Station::Store => Some("Event log".into()),
                Station::Projections | Station::Queries | Station::Processes => {
                    subscriptions.find(|it| it.kind() == kind).map(|it| it.name().clone())
                }
                Station::Outbox => Some("Outbox".into()),
            }
        };
        self.find(&name.unwrap_or_else(|| "Read side".into()));
    }

    /// Brings the panel of that name forward: unfolded, in view, with the focus in it.
    pub(super) fn find(&mut self, name: &Rc<str>) {
        if self.shell.folded.contains(&**name) {
            self.fold(name);
        }
        // Of many states, few are shown.
        if let Ok(stream) = Stream::parse(name)
            && self.scene.streams.contains(&stream)
            && !self.shown.states.iter().any(|it| it.stream == stream)
        {
            self.pin(stream, true);
        }
        self.layout.side = match &**name {
            "Commands" | "Journal" | "Steps" => Side::Write,
            "Event log" => Side::Log,
            _ => Side::Read,
        };
        self.layout.brought = Some(name.clone());
    }

    /// The panel that was asked for is drawn by now.
    pub(super) fn brought(&mut self) {
        if let Some(name) = self.layout.brought.take() {
            bring(&name);
        }
        if let Some(field) = self.layout.field.take() {
            focus(field);
        }
    }

    /// A clicker's button: the next step, event or beat; at the head, the story's next step.
    pub(super) fn click(&mut self, ctx: &Context<Self>, on: bool) {
        let Some(desk) = &self.desk else { return };
        let at_head = desk.session().position() == desk.session().head();
        let beats_left = self.beat.as_ref().is_some_and(|beat| !beat.over());
        match (on, self.under_way()) {
            (true, true) => self.step(ctx, false),
            (true, false) if at_head && !beats_left => self.tell(ctx),
            (true, false) => _ = self.go_on(),
            (false, _) => self.go_back(),
        }
    }
}
