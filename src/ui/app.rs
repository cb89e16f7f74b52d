//! The page's one owner: it holds the open log and everything chosen, and changes by message.
//!
//! Its parts, by topic: [`open`], [`play`], [`act`], [`keys`], [`asked`] change it, [`page`] draws
//! it.

mod act;
mod asked;
mod keys;
mod open;
mod page;
mod play;

use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::{Interval, Timeout};
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::{Component, Context, Html, html};

pub use self::open::How;
use super::browser::{focus, remember, remembered, switch_theme};
use super::commands::Draft;
use super::console::{self, Listeners, Reply, Request};
use super::desk::Desk;
use crate::lab::{CommandForm, Control, Did, Entry, Scenario, Stream, scenarios};
use crate::store::{IdbStore, LogInfo, MemoryStore, StoreError};

/// The page.
pub struct App {
    scenarios: Vec<Rc<Scenario>>,
    memory: MemoryStore,
    disk: Option<IdbStore>,
    /// Why nothing is kept, where nothing is.
    unkept: Option<String>,
    desk: Option<Desk>,
    logs: Vec<LogInfo>,
    forms: Rc<Vec<CommandForm>>,
    draft: Draft,
    picked: Option<Stream>,
    filter: String,
    said: String,
    fault: Option<String>,
    keys_shown: bool,
    letters: bool,
    speed: f64,
    playing: Option<Interval>,
    frame: Option<AnimationFrame>,
    wanted: Option<u64>,
    painted: Vec<(u64, Reply)>,
    address: Option<Timeout>,
    listeners: Listeners,
    ready: Vec<Reply>,
    opening: u64,
    _events: Vec<EventListener>,
}

/// What can happen to the page.
pub enum Msg {
    /// The browser's storage is open, or cannot be.
    Started(Result<IdbStore, StoreError>),
    /// An address was entered, or gone back to.
    Navigate,
    /// Open a scenario's log: its last one, or a new one with or without the story.
    Open(Rc<str>, How),
    /// A log is open, or cannot be opened: which asking it answers, where to go there, and who
    /// waits for it.
    Opened(u64, Result<(Desk, Vec<LogInfo>), StoreError>, Option<u64>, Option<Reply>),
    /// Move the playhead.
    Seek(u64),
    /// Move the playhead at the next frame; later wishes replace earlier ones.
    Want(u64),
    /// A frame is about to be drawn.
    Frame,
    /// Play, or pause.
    Play,
    /// Play at another speed.
    Speed(f64),
    /// One event further, while playing.
    Tick,
    /// The story's next step.
    Tell,
    /// The form was changed.
    Edit(Draft),
    /// The form was sent.
    Send,
    /// A command came to its end.
    Sent(Option<Entry>),
    /// Fork at the playhead, and send the form there.
    ForkAndSend,
    /// Show another stream's state.
    Pick(Stream),
    /// Show only the events that hold this text.
    Filter(String),
    /// Pause or resume a subscription.
    Pause(Rc<str>, bool),
    /// Rebuild a subscription, in a version of its code.
    Rebuild(Rc<str>, u16),
    /// End a projection, or start it again.
    Subscribe(Rc<str>, bool),
    /// Send what a process's code would have sent and nobody has handled.
    SendMissing(Rc<str>),
    /// Something changed; tell it, and show it.
    Changed(Vec<Did>),
    /// The other theme.
    Theme,
    /// Show or hide the list of keys.
    Keys(bool),
    /// Switch single-letter keys on or off.
    Letters(bool),
    /// Put away what went wrong.
    Dismiss,
    /// A key was pressed.
    Key(KeyboardEvent),
    /// The console asks.
    Console(Request, Reply),
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let keys = link.callback(Msg::Key);
        let options = EventListenerOptions::enable_prevent_default();
        let events = vec![
            EventListener::new_with_options(&document(), "keydown", options, move |event| {
                if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                    keys.emit(event.clone());
                }
            }),
            EventListener::new(&window(), "popstate", {
                let navigate = link.callback(|()| Msg::Navigate);
                move |_| navigate.emit(())
            }),
        ];
        console::install(&link.callback(|(request, reply)| Msg::Console(request, reply)));
        link.send_future(async { Msg::Started(IdbStore::open("leftfold").await) });
        Self {
            scenarios: scenarios(),
            memory: MemoryStore::default(),
            disk: None,
            unkept: None,
            desk: None,
            logs: Vec::new(),
            forms: Rc::new(Vec::new()),
            draft: Draft::default(),
            picked: None,
            filter: String::new(),
            said: String::new(),
            fault: None,
            keys_shown: false,
            letters: remembered("letters").is_none(),
            speed: 1.0,
            playing: None,
            frame: None,
            wanted: None,
            painted: Vec::new(),
            address: None,
            listeners: Listeners::default(),
            ready: Vec::new(),
            opening: 0,
            _events: events,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Started(result) => {
                match result {
                    Ok(disk) => self.disk = Some(disk),
                    Err(fault) => self.unkept = Some(fault.to_string()),
                }
                ctx.link().send_message(Msg::Navigate);
            }
            Msg::Navigate => return self.navigate(ctx),
            Msg::Open(scenario, how) => self.open(ctx, &scenario, how, None),
            Msg::Opened(turn, result, position, reply) => {
                return self.opened(ctx, turn, result, position, reply);
            }
            Msg::Seek(position) => self.seek(position),
            Msg::Want(position) => {
                self.wanted = Some(position);
                if self.frame.is_none() {
                    let link = ctx.link().clone();
                    let frame = request_animation_frame(move |_| link.send_message(Msg::Frame));
                    self.frame = Some(frame);
                }
                return false;
            }
            Msg::Play => self.play(ctx),
            Msg::Speed(speed) => {
                self.speed = speed;
                if self.playing.take().is_some() {
                    self.play(ctx);
                }
            }
            Msg::Frame => {
                self.frame = None;
                let Some(position) = self.wanted.take() else { return false };
                self.seek(position);
            }
            Msg::Tick => self.tick(),
            Msg::Tell => self.tell(ctx),
            Msg::Edit(draft) => self.draft = draft,
            Msg::Send => self.send(ctx),
            Msg::Sent(entry) => self.sent(entry.as_ref()),
            Msg::ForkAndSend => self.fork_and_send(ctx),
            Msg::Pick(stream) => self.picked = Some(stream),
            Msg::Filter(text) => self.filter = text,
            Msg::Pause(name, paused) => self.change(ctx, |desk| {
                // The page offers this for subscriptions that run, and can be paused.
                let _ = desk.session_mut().world_mut().control(&name, Control::Pause(paused));
            }),
            Msg::Rebuild(name, code) => self.change(ctx, |desk| {
                desk.session_mut().world_mut().rebuild(&name, code);
            }),
            Msg::Subscribe(name, on) => self.change(ctx, |desk| {
                let mut session = desk.session_mut();
                if on {
                    session.world_mut().subscribe(&name);
                } else {
                    session.world_mut().unsubscribe(&name);
                }
            }),
            Msg::SendMissing(name) => self.change(ctx, |desk| {
                desk.session_mut().world_mut().send_missing(&name);
            }),
            Msg::Changed(trace) => self.changed(&trace),
            Msg::Theme => switch_theme(),
            Msg::Keys(shown) => {
                self.keys_shown = shown;
                if !shown {
                    focus("[aria-label='Keyboard shortcuts']");
                }
            }
            Msg::Letters(on) => {
                self.letters = on;
                remember("letters", if on { None } else { Some("off") });
            }
            Msg::Dismiss => self.fault = None,
            Msg::Key(event) => return self.key(ctx, &event),
            Msg::Console(request, reply) => return self.console(ctx, request, reply),
        }
        true
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        for (position, reply) in std::mem::take(&mut self.painted) {
            console::after_paint(move || reply.resolve(&position));
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        match &self.desk {
            Some(desk) => self.page(ctx, desk),
            None => html! {
                <>
                    <header class="bar">
                        <span class="brand"><img src="icon.svg" alt="" width="20" height="20" />{ "Leftfold" }</span>
                    </header>
                    <p class="loading" role="status">
                        { self.fault.clone().unwrap_or_else(|| "Opening the log…".to_owned()) }
                    </p>
                </>
            },
        }
    }
}
