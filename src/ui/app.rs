//! The page's one owner: it holds the open log and everything chosen, and changes by message.

use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::{Interval, Timeout};
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::{Component, Context, Html, html};

use super::address::Address;
use super::commands::{Commands, Draft};
use super::console::{self, Listeners, Reply, Request};
use super::desk::{Desk, Storage, new_id, written_millis};
use super::header::{Header, Keys};
use super::journal::Journal;
use super::log::EventLogView;
use super::read::{Outbox, ReadSide};
use super::timeline::{Lane, Timeline};
use crate::lab::{
    CommandForm, Control, Did, Entry, Kind, Outcome, Scenario, Stream, forms, natural, scenarios,
};
use crate::store::{IdbStore, LogInfo, MemoryStore, StoreError};

/// How many streams' states are shown at once, beside those that were picked.
const STATES_SHOWN: usize = 4;
/// Past so many events the lanes above the slider are left out.
const MARKS_SHOWN: u64 = 600;
const LANES_SHOWN: usize = 8;

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

/// Which log of a scenario is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The one that was opened last; where there is none, a new one with the story.
    Last,
    /// This one, with the playhead here.
    Log(String, Option<u64>),
    /// A new one with the story.
    Story,
    /// A new one with nothing in it.
    Empty,
    /// A new one that is only in memory, with the story or without.
    Memory(bool),
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
                return self.opened(turn, result, position, reply);
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

impl App {
    #[expect(clippy::too_many_lines, reason = "the page as a whole, from top to bottom")]
    fn page(&self, ctx: &Context<Self>, desk: &Desk) -> Html {
        let link = ctx.link();
        let mut session = desk.session_mut();
        let (position, head) = (session.position(), session.head());
        let past = position < head;
        let scenario = session.scenario().clone();
        let event = session.event().cloned();

        let subscriptions: Vec<Rc<str>> =
            session.world().subscriptions().iter().map(|it| it.name().clone()).collect();
        let panels: Vec<_> = subscriptions.iter().filter_map(|name| session.panel(name)).collect();
        let removed: Vec<Rc<str>> = scenario
            .projections
            .iter()
            .map(|it| it.name())
            .filter(|name| !subscriptions.contains(name))
            .collect();

        let mut streams: Vec<Stream> =
            session.log().streams().map(|(stream, _)| stream.clone()).collect();
        streams.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        let existing: Vec<Stream> = streams
            .iter()
            .filter(|stream| session.log().version_at(stream, position) > 0)
            .cloned()
            .collect();
        let mut shown: Vec<Stream> = Vec::new();
        shown.extend(event.as_ref().map(|event| event.stream().clone()));
        shown.extend(self.picked.clone().filter(|it| existing.contains(it)));
        if existing.len() <= STATES_SHOWN {
            shown.extend(existing.iter().cloned());
            shown.sort_by(|a, b| natural(a.as_str(), b.as_str()));
        }
        let mut seen = std::collections::BTreeSet::new();
        shown.retain(|stream| seen.insert(stream.clone()));
        let states: Vec<_> = shown.iter().filter_map(|stream| session.state(stream)).collect();

        let marks = if head <= MARKS_SHOWN {
            session
                .log()
                .events(1, head)
                .map(|it| (it.position(), it.stream().clone(), it.kind().clone()))
                .collect()
        } else {
            Vec::new()
        };
        let lanes: Vec<Lane> = if streams.len() <= LANES_SHOWN {
            streams
                .iter()
                .map(|stream| Lane::of(stream.as_str(), marks.iter().filter(|it| it.1 == *stream)))
                .collect()
        } else {
            let mut categories: Vec<&str> = streams.iter().map(Stream::category).collect();
            categories.dedup();
            categories
                .iter()
                .map(|name| Lane::of(name, marks.iter().filter(|it| it.1.category() == *name)))
                .collect()
        };
        let flags: Vec<(Rc<str>, u64, bool)> = panels
            .iter()
            .map(|panel| (panel.name.clone(), panel.checkpoint, panel.kind == Kind::Process))
            .collect();
        let caption = event.as_ref().map(|event| {
            (event.kind().clone(), event.stream().clone(), written_millis(event.at()).0)
        });
        let next = session
            .next_in_story()
            .and_then(|number| Some((number, scenario.story.get(number)?.say.clone())));
        let outbox: Vec<_> = session.world().outbox().to_vec();
        let entries: Vec<Entry> = session.world().journal().to_vec();
        let missing: BTreeMap<Rc<str>, usize> = panels
            .iter()
            .filter(|panel| panel.kind == Kind::Process && panel.code.1.len() > 1)
            .map(|panel| (panel.name.clone(), session.world().missing(&panel.name).len()))
            .collect();
        let checks = session.broken_checks();
        drop(session);

        let logs: Vec<LogInfo> =
            self.logs.iter().filter(|log| log.scenario == *scenario.id).cloned().collect();
        let titles: Vec<(Rc<str>, Rc<str>)> =
            self.scenarios.iter().map(|it| (it.id.clone(), it.title.clone())).collect();
        html! {
            <div class={if past { "page past" } else { "page" }}>
                <Header
                    scenarios={titles} scenario={scenario.id.clone()} about={scenario.about.clone()}
                    story={scenario.story.len()} {next} {logs} log={desk.info().id.clone()}
                    durable={desk.storage().durable()}
                    open={link.callback(|(id, how)| Msg::Open(id, how))}
                    tell={link.callback(|()| Msg::Tell)}
                    theme={link.callback(|()| Msg::Theme)}
                    keys={link.callback(|()| Msg::Keys(true))}
                />
                <div class="notices">
                    if let Some(why) = self.unkept.clone() {
                        <p class="notice" role="alert">
                            { format!("This log lives in memory only and is gone when the page closes: {why}.") }
                        </p>
                    }
                    if let Some(fault) = self.fault.clone() {
                        <p class="notice bad" role="alert">
                            { fault }
                            <button type="button" onclick={link.callback(|_| Msg::Dismiss)}>{ "Close" }</button>
                        </p>
                    }
                    { for checks.into_iter().map(|check| html! {
                        <p class="notice bad" role="alert">{ format!("A check fails: {check}") }</p>
                    }) }
                </div>
                <main class="columns">
                    <div class="column write">
                        <Commands
                            key={scenario.id.to_string()}
                            forms={self.forms.clone()} draft={self.draft.clone()} streams={streams.clone()} {past}
                            edit={link.callback(Msg::Edit)} send={link.callback(|()| Msg::Send)}
                            fork={link.callback(|()| Msg::ForkAndSend)}
                        />
                        <Journal {entries} seek={link.callback(Msg::Seek)} />
                    </div>
                    <div class="column middle">
                        <EventLogView
                            desk={desk.clone()} {position} {head} filter={self.filter.clone()}
                            seek={link.callback(Msg::Seek)} set_filter={link.callback(Msg::Filter)}
                        />
                    </div>
                    <div class="column read">
                        <ReadSide
                            {states} {panels} {removed} streams={existing} {missing} {past}
                            pick={link.callback(Msg::Pick)}
                            pause={link.callback(|(name, paused)| Msg::Pause(name, paused))}
                            rebuild={link.callback(|(name, code)| Msg::Rebuild(name, code))}
                            subscribe={link.callback(|(name, on)| Msg::Subscribe(name, on))}
                            send_missing={link.callback(Msg::SendMissing)}
                        />
                        if !scenario.processes.is_empty() {
                            <Outbox effects={outbox} seek={link.callback(Msg::Seek)} />
                        }
                    </div>
                </main>
                <Timeline
                    {position} {head} {caption} {lanes} {flags} speed={self.speed} playing={self.playing.is_some()}
                    want={link.callback(Msg::Want)} seek={link.callback(Msg::Seek)}
                    play={link.callback(|()| Msg::Play)} set_speed={link.callback(Msg::Speed)}
                    time={event.map(|event| event.at())} by_time={link.batch_callback({
                        let desk = desk.clone();
                        move |at: u64| Some(Msg::Seek(desk.session().position_at(at)))
                    })}
                />
                <p class="unseen" role="status">{ &self.said }</p>
                if self.keys_shown {
                    <Keys
                        letters={self.letters} set={link.callback(Msg::Letters)}
                        close={link.callback(|()| Msg::Keys(false))}
                    />
                }
            </div>
        }
    }

    fn navigate(&mut self, ctx: &Context<Self>) -> bool {
        let address = Address::here();
        let scenario: Rc<str> = address.scenario.as_deref().unwrap_or("cart").into();
        if let (Some(desk), Some(log)) = (&self.desk, &address.log)
            && desk.info().id == *log
        {
            if let Some(position) = address.position {
                desk.session_mut().seek(position);
            }
            return true;
        }
        let how = address.log.map_or(How::Last, |log| How::Log(log, address.position));
        self.open(ctx, &scenario, how, None);
        true
    }

    fn open(&mut self, ctx: &Context<Self>, id: &str, how: How, reply: Option<Reply>) {
        self.playing = None;
        let Some(scenario) = self.scenarios.iter().find(|it| &*it.id == id).cloned() else {
            let why = format!("There is no scenario called {id}.");
            match reply {
                Some(reply) => reply.reject("unknown_scenario", &why),
                None => self.fault = Some(why),
            }
            if self.desk.is_none() {
                let first = self.scenarios[0].id.clone();
                ctx.link().send_message(Msg::Open(first, How::Last));
            }
            return;
        };
        // An address that is about to be written is the old log's.
        self.address = None;
        self.opening += 1;
        let turn = self.opening;
        let disk = self.disk.clone().map(Storage::Disk);
        let memory = Storage::Memory(self.memory.clone());
        ctx.link().send_future(async move {
            let position = match &how {
                How::Log(_, position) => *position,
                _ => None,
            };
            let result = open(disk, memory, &scenario, how).await;
            Msg::Opened(turn, result, position, reply)
        });
    }

    fn opened(
        &mut self,
        turn: u64,
        result: Result<(Desk, Vec<LogInfo>), StoreError>,
        position: Option<u64>,
        reply: Option<Reply>,
    ) -> bool {
        let (desk, logs) = match result {
            Ok(opened) => opened,
            Err(fault) => {
                let why = format!("The log could not be opened: {fault}.");
                match reply {
                    Some(reply) => reply.reject("storage", &why),
                    None => self.fault = Some(why),
                }
                return true;
            }
        };
        // Another log was asked for meanwhile.
        if turn != self.opening {
            if let Some(reply) = reply {
                reply.resolve(&());
            }
            return false;
        }
        self.logs = logs;
        self.show(desk, position);
        match reply {
            Some(reply) => reply.resolve(&()),
            None => self.say_position(),
        }
        for reply in std::mem::take(&mut self.ready) {
            reply.resolve(&());
        }
        true
    }

    /// Puts a log on the page.
    fn show(&mut self, desk: Desk, position: Option<u64>) {
        let new = self.desk.is_some();
        let scenario = desk.session().scenario().clone();
        let other = self.desk.as_ref().is_none_or(|old| old.session().scenario().id != scenario.id);
        if other {
            self.forms = Rc::new(forms(&scenario));
            self.draft = Draft::first(&self.forms);
            self.filter.clear();
        }
        self.picked = None;
        if let Some(position) = position {
            desk.session_mut().seek(position);
        }
        let at = desk.session().position();
        Address::write(&scenario.id, &desk.info().id, at, new);
        document().set_title(&format!("{} · Leftfold", scenario.title));
        self.desk = Some(desk);
    }

    fn seek(&mut self, position: u64) {
        let Some(desk) = &self.desk else { return };
        let before = desk.session().position();
        desk.session_mut().seek(position);
        let after = desk.session().position();
        if before != after {
            self.listeners.seek(after);
            self.say_position();
            self.write_address_soon();
        }
    }

    fn write_address_soon(&mut self) {
        let Some(desk) = self.desk.clone() else { return };
        // Browsers refuse addresses that change many times a second.
        self.address = Some(Timeout::new(300, move || {
            let session = desk.session();
            Address::write(&session.scenario().id, &desk.info().id, session.position(), false);
        }));
    }

    fn say_position(&mut self) {
        let Some(desk) = &self.desk else { return };
        let session = desk.session();
        self.said = match session.event() {
            Some(event) => {
                format!(
                    "Position {} of {}: {} on {}",
                    session.position(),
                    session.head(),
                    event.kind(),
                    event.stream()
                )
            }
            None => format!("Position 0 of {}, before the first event", session.head()),
        };
    }

    fn play(&mut self, ctx: &Context<Self>) {
        if self.playing.take().is_some() {
            return;
        }
        let Some(desk) = &self.desk else { return };
        let at_end = desk.session().position() == desk.session().head();
        if at_end {
            self.seek(0);
        }
        let link = ctx.link().clone();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "200 to 2,000")]
        let pause_millis = (1000.0 / self.speed) as u32;
        self.playing = Some(Interval::new(pause_millis, move || link.send_message(Msg::Tick)));
    }

    fn tick(&mut self) {
        let Some(desk) = &self.desk else { return };
        let (position, head) = (desk.session().position(), desk.session().head());
        self.seek(position + 1);
        if position + 1 >= head {
            self.playing = None;
        }
    }

    /// Does something to the running system, and runs it until quiet.
    fn change(&mut self, ctx: &Context<Self>, change: impl FnOnce(&Desk)) {
        let Some(desk) = self.desk.clone() else { return };
        change(&desk);
        ctx.link().send_future(async move { Msg::Changed(desk.run().await) });
    }

    fn changed(&mut self, trace: &[Did]) {
        if let Some(desk) = &self.desk {
            if let Some(fault) = desk.take_fault() {
                self.fault = Some(format!("Not stored: {fault}."));
            }
            self.listeners.trace(trace, &desk.session());
        }
        self.write_address_soon();
    }

    fn tell(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        let Some(number) = desk.session().next_in_story() else { return };
        let head = desk.session().head();
        desk.session_mut().seek(head);
        if let Some(step) = desk.session().scenario().story.get(number) {
            self.said = step.say.to_string();
        }
        ctx.link().send_future(async move {
            desk.tell(number).await;
            Msg::Changed(Vec::new())
        });
    }

    fn send(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        let Some(ask) = self.draft.ask(&self.forms, new_id()) else { return };
        ctx.link().send_future(async move {
            let head = desk.session().head();
            desk.session_mut().seek(head);
            Msg::Sent(desk.send(ask).await)
        });
    }

    fn sent(&mut self, entry: Option<&Entry>) {
        let Some(entry) = entry else { return };
        let command = entry.envelope.command.as_ref().map(|it| it.kind.clone()).unwrap_or_default();
        let reason = entry.reason.as_deref().unwrap_or_default();
        self.draft.answer = Some(match &entry.outcome {
            Outcome::Accepted | Outcome::Repeated => {
                let count = entry.events.end - entry.events.start;
                let what =
                    if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
                (true, format!("{command} accepted: {what}."))
            }
            _ => (false, format!("{command} refused: {reason}.")),
        });
        self.said = self.draft.answer.clone().map(|(_, text)| text).unwrap_or_default();
        self.changed(&[]);
    }

    fn fork_and_send(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        let Some(ask) = self.draft.ask(&self.forms, new_id()) else { return };
        self.opening += 1;
        let turn = self.opening;
        ctx.link().send_future(async move {
            let position = desk.session().position();
            let forked = async {
                let fork = desk.fork(position).await?;
                fork.send(ask).await;
                let logs = fork.storage().logs().await?;
                Ok((fork, logs))
            };
            Msg::Opened(turn, forked.await, None, None)
        });
    }

    fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        let Some(desk) = self.desk.clone() else { return false };
        if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return false;
        }
        let key = event.key();
        if self.keys_shown {
            if key == "Escape" {
                ctx.link().send_message(Msg::Keys(false));
            }
            return false;
        }
        let target = event.target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let tag = target.as_ref().map(|it| it.tag_name()).unwrap_or_default();
        let slider =
            target.as_ref().is_some_and(|it| it.get_attribute("type").as_deref() == Some("range"));
        if matches!(&*tag, "INPUT" | "SELECT" | "TEXTAREA") && !slider {
            return false;
        }
        let (position, head) = (desk.session().position(), desk.session().head());
        let step = if event.shift_key() { 10 } else { 1 };
        let message = match &*key {
            "ArrowLeft" => Msg::Seek(position.saturating_sub(step)),
            "ArrowRight" => Msg::Seek((position + step).min(head)),
            "Home" => Msg::Seek(0),
            "End" => Msg::Seek(head),
            " " if tag == "BUTTON" || tag == "SUMMARY" || tag == "A" => return false,
            " " => Msg::Play,
            "?" if self.letters => Msg::Keys(true),
            "/" if self.letters => return take_to(event, "#filter"),
            "c" if self.letters => return take_to(event, "#command"),
            "j" if self.letters => return take_to(event, "#journal"),
            _ => return false,
        };
        event.prevent_default();
        ctx.link().send_message(message);
        false
    }

    fn console(&mut self, ctx: &Context<Self>, request: Request, reply: Reply) -> bool {
        match request {
            Request::Ready => {
                if self.desk.is_some() {
                    reply.resolve(&());
                } else {
                    self.ready.push(reply);
                }
                return false;
            }
            Request::Scenarios => {
                let list: Vec<_> = self
                    .scenarios
                    .iter()
                    .map(|it| serde_json::json!({ "id": it.id, "title": it.title }))
                    .collect();
                reply.resolve(&list);
                return false;
            }
            Request::Open(id, options) => {
                let how = match (options.memory, options.empty, &options.log) {
                    (_, _, Some(log)) => How::Log(log.clone(), None),
                    (true, empty, _) => How::Memory(!empty),
                    (false, true, _) => How::Empty,
                    (false, false, _) => How::Last,
                };
                self.open(ctx, &id, how, Some(reply));
                return true;
            }
            Request::On(event, callback) => {
                self.listeners.add(&event, callback);
                return false;
            }
            Request::Off(callback) => {
                self.listeners.remove(&callback);
                return false;
            }
            _ => {}
        }
        let Some(desk) = self.desk.clone() else {
            reply.reject("storage", "no log is open yet");
            return false;
        };
        match request {
            Request::Seek(to) => {
                let to = match to.position(&desk.session()) {
                    Ok(position) => position,
                    Err(why) => {
                        reply.reject("out_of_range", &why);
                        return false;
                    }
                };
                self.seek(to);
                self.painted.push((to, reply));
                true
            }
            Request::Wait(name, position) => {
                self.listeners.wait(name, position, reply, &desk.session());
                false
            }
            Request::Reset => {
                let id = desk.session().scenario().id.clone();
                let how = if desk.storage().durable() { How::Story } else { How::Memory(true) };
                self.open(ctx, &id, how, Some(reply));
                true
            }
            Request::Fork(position) => {
                if position > desk.session().head() {
                    reply.reject("out_of_range", "the log ends before that position");
                    return false;
                }
                self.opening += 1;
                let turn = self.opening;
                ctx.link().send_future(async move {
                    let forked = async {
                        let fork = desk.fork(position).await?;
                        let logs = fork.storage().logs().await?;
                        Ok((fork, logs))
                    };
                    Msg::Opened(turn, forked.await, None, Some(reply))
                });
                false
            }
            other => {
                let changes = other.changes();
                let link = ctx.link().clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let trace = console::answer(&desk, other, reply).await;
                    if changes {
                        link.send_message(Msg::Changed(trace));
                    }
                });
                false
            }
        }
    }
}

/// Opens or makes a log, on disk where there is one.
async fn open(
    disk: Option<Storage>,
    memory: Storage,
    scenario: &Rc<Scenario>,
    how: How,
) -> Result<(Desk, Vec<LogInfo>), StoreError> {
    let mut storage = match (&how, disk) {
        (How::Memory(_), _) | (_, None) => memory.clone(),
        (_, Some(disk)) => disk,
    };
    let mut logs = storage.logs().await?;
    let wanted = match &how {
        How::Log(id, _) => {
            // A log that is only in memory can still be gone back to.
            if !logs.iter().any(|log| log.id == *id) {
                let others = memory.logs().await?;
                if others.iter().any(|log| log.id == *id) {
                    (storage, logs) = (memory, others);
                }
            }
            logs.into_iter().find(|log| log.id == *id && log.scenario == *scenario.id)
        }
        How::Last => {
            let own = logs.into_iter().filter(|log| log.scenario == *scenario.id);
            own.max_by_key(|log| log.opened_at)
        }
        _ => None,
    };
    let opened = if let Some(info) = wanted {
        Desk::open(storage.clone(), scenario, info).await?
    } else {
        let story = !matches!(how, How::Empty | How::Memory(false));
        Desk::create(storage.clone(), scenario, story).await?
    };
    Ok((opened, storage.logs().await?))
}

/// Moves the focus, for a key that was pressed outside of any field.
fn take_to(event: &KeyboardEvent, selector: &str) -> bool {
    event.prevent_default();
    focus(selector);
    false
}

fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

fn remembered(what: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(&format!("leftfold/{what}")).ok()?
}

fn remember(what: &str, value: Option<&str>) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    let key = format!("leftfold/{what}");
    // Nothing that matters is kept here: where it cannot be, it is asked for again.
    let _ = match value {
        Some(value) => storage.set_item(&key, value),
        None => storage.remove_item(&key),
    };
}

fn switch_theme() {
    let Some(root) = document().document_element() else { return };
    let dark = match root.get_attribute("data-theme") {
        Some(theme) => theme == "dark",
        None => window()
            .match_media("(prefers-color-scheme: dark)")
            .is_ok_and(|query| query.is_some_and(|query| query.matches())),
    };
    let theme = if dark { "light" } else { "dark" };
    // An attribute of the root element can always be set.
    let _ = root.set_attribute("data-theme", theme);
    remember("theme", Some(theme));
}
