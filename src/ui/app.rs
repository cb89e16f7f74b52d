//! The page's one owner: it holds the open log and everything chosen, and changes by message.
//!
//! Its parts, by topic: `open`, `play`, `act`, `step`, `keys`, `layout` and `asked` change it,
//! `scene` keeps what is known of the whole log, `page` draws it.

mod act;
mod asked;
mod calls;
mod keep;
mod keys;
mod lab;
mod layout;
mod open;
mod page;
mod play;
mod scene;
mod step;

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use gloo::events::{EventListener, EventListenerOptions};
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::timers::callback::{Interval, Timeout};
use gloo::utils::{document, window};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent, Node};
use yew::html::Scope;
use yew::{Component, Context, Html, html};

use self::calls::Calls;
use self::keep::Keeping;
use self::lab::Bench;
use self::layout::Layout;
pub use self::layout::Side;
pub use self::open::{How, Opened};
use self::page::Shown;
use self::play::Beat;
use self::scene::Scene;
use self::step::Stepping;
use super::bookmarks::Bookmarks;
use super::browser::{FocusHeld, close_menus, focus, in_view, remember, remembered, switch_theme};
use super::clock::clock;
use super::commands::Draft;
use super::console::{self, Call, Late, Listeners, Reply};
use super::lab::{Lab, Msg as LabMsg};
use super::logs::Act;
use super::pipeline::{Pulse, Station};
use super::shell::Shell;
use super::timeline::Hint;
use crate::es::{Choice, Scenario, Stream};
use crate::host::{Answered, Host, OpenLog, Request, SubscriptionChange};
use crate::lab::{Control, Form, MicroStep};
use crate::scenarios::all as scenarios;
use crate::store::{IdbStore, LogInfo, StoreError};

/// The page.
#[expect(clippy::struct_excessive_bools, reason = "each is switched on its own")]
pub struct App {
    scenarios: Vec<Rc<Scenario>>,
    /// Logs that are gone with the page.
    memory: Host,
    /// Logs that are kept, and their store.
    disk: Option<(Host, IdbStore)>,
    /// Why nothing is kept, where nothing is.
    unkept: Option<String>,
    desk: Option<OpenLog>,
    /// The logs of the scenario that is open.
    logs: Rc<Vec<LogInfo>>,
    /// The scenarios' ids and titles.
    titles: Rc<Vec<(Rc<str>, Rc<str>)>>,
    forms: Rc<Vec<Form>>,
    draft: Rc<Draft>,
    /// For which form, head and position an addressee was looked for.
    addressed: Option<(usize, u64, u64)>,
    pinned: Rc<Vec<Stream>>,
    bookmarks: Bookmarks,
    layout: Layout,
    shell: Shell,
    lab: Lab,
    bench: Bench,
    scene: Scene,
    stepping: Option<Stepping>,
    /// Play and step by beat.
    beats: bool,
    beat: Option<Beat>,
    /// What lights up on the pipeline.
    pulse: Option<Pulse>,
    pulses: u64,
    /// What the pipeline's caption says, where that is not the event at the playhead.
    told: Option<String>,
    said: String,
    fault: Option<String>,
    keys_shown: bool,
    letters: bool,
    present: bool,
    /// The screen is dark for a while.
    blank: bool,
    /// All rows are in the document, to be printed.
    printing: bool,
    /// Nobody has moved the playhead here yet.
    hint: Hint,
    speed: f64,
    playing: Option<Interval>,
    frame: Option<AnimationFrame>,
    wanted: Option<u64>,
    /// The read side is not where the playhead is: the next frame draws it.
    behind: bool,
    /// Panels of the read side that were out of view when it was last behind.
    unseen: Vec<Rc<str>>,
    /// Since when the page shows less than there is, on the clock of this page.
    stale: Option<f64>,
    /// How many of the console's calls are being answered.
    answering: usize,
    shown: Shown,
    painted: Vec<(u64, Reply)>,
    settling: Option<Timeout>,
    listeners: Listeners,
    ready: Vec<Reply>,
    /// What the console asked before it was known where logs are kept. None from then on.
    early: Option<Vec<(Call, Reply)>>,
    opening: u64,
    keeping: Keeping,
    focus_held: Rc<RefCell<FocusHeld>>,
    link: Scope<Self>,
    calls: Calls,
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
    Opened(u64, Result<Opened, String>, Option<u64>, Option<Reply>),
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
    /// One event or beat further, while playing.
    Tick,
    /// One event or beat on.
    On,
    /// One event back.
    Back,
    /// A clicker's button: on, or back.
    Click(bool),
    /// Step and play by beat, or by event.
    Beats(bool),
    /// The playhead has rested for a while.
    Settled,
    /// The story's next step.
    Tell,
    /// The form was changed.
    Edit(Draft),
    /// The form was sent.
    Send,
    /// The form's command is to be stepped through.
    StepInto,
    /// The form's command waits to be handled.
    Submitted(OpenLog),
    /// One micro-step, or all that are left.
    Step(bool),
    /// Micro-steps were performed; nothing is left, or something is.
    Stepped(OpenLog, Vec<MicroStep>, bool),
    /// Put the list of steps away.
    StepOut,
    /// Send this command of the journal once more.
    Again(Uuid, Choice),
    /// A command came to its end.
    Sent(OpenLog, Answered),
    /// A step of the story was played, and this came of its command.
    Told(OpenLog, Answered),
    /// Fork at the playhead, and send the form there or not.
    Fork(bool),
    /// Keep a stream's state in view, or don't.
    Pin(Stream, bool),
    /// Name a position, or take its bookmark away.
    Bookmark(u64, Option<String>),
    /// Fold a panel, or unfold it.
    Fold(String),
    /// On a narrow screen, which side is shown.
    Show(Side),
    /// Bring a station's panel forward.
    Forward(Station),
    /// Bring the panel of that name forward.
    Find(Rc<str>),
    /// How much of the log the timeline spans, as one part in so many.
    Zoom(u64),
    /// Whether places on the timeline follow the time.
    ByTime(bool),
    /// Large type for an audience, or not.
    Present(bool),
    /// A dark screen, or not.
    Blank(bool),
    /// The page is about to be printed, or was.
    Print(bool),
    /// Put the hint away.
    Hint,
    /// Pause a subscription, have it do one thing, and all else that can be done to one.
    Control(Rc<str>, Control),
    /// A subscription was changed like that, or could not be.
    Controlled(OpenLog, Rc<str>, Control, Answered),
    /// Rebuild a subscription, in a version of its code.
    Rebuild(Rc<str>, u16),
    /// End a projection, or start it again.
    Subscribe(Rc<str>, bool),
    /// Send what a process's code would have sent and nobody has handled.
    SendMissing(Rc<str>),
    /// Something changed; tell it, and show it.
    Changed(Vec<MicroStep>),
    /// The console was answered, and this was done for it: tell it, and show it in time.
    Answered(OpenLog, Vec<MicroStep>, Late),
    /// Something is asked of the lab.
    Lab(LabMsg),
    /// The other theme.
    Theme,
    /// Show or hide the list of keys.
    Keys(bool),
    /// Switch single-letter keys on or off.
    Letters(bool),
    /// Put away what went wrong.
    Dismiss,
    /// Something went wrong.
    Fault(String),
    /// Something is asked of the logs.
    Act(Act),
    /// So many logs are gone, the longest of so many events.
    Lost(usize, u64),
    /// A log was made or grew from elsewhere: open it, and say this.
    Imported(LogInfo, String),
    /// What took a while is over, and this came of it.
    Over(Box<Msg>),
    /// A key was pressed.
    Key(KeyboardEvent),
    /// The console asks.
    Console(Call, Reply),
}

/// Tells the page what comes of this, once it does. In a box, so that all that takes it from there
/// is compiled once.
fn later(link: &Scope<App>, work: impl Future<Output = Msg> + 'static) {
    let work: LocalBoxFuture<'static, Msg> = Box::pin(work);
    link.send_future(work);
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link().clone();
        let keys = link.callback(Msg::Key);
        let options = EventListenerOptions::enable_prevent_default();
        let focus_held = Rc::<RefCell<FocusHeld>>::default();
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
            EventListener::new(&window(), "beforeprint", {
                let print = link.callback(Msg::Print);
                move |_| print.emit(true)
            }),
            EventListener::new(&window(), "afterprint", {
                let print = link.callback(Msg::Print);
                move |_| print.emit(false)
            }),
            EventListener::new(&document(), "focusin", {
                let focus = focus_held.clone();
                move |event| focus.borrow_mut().moved(event)
            }),
            EventListener::new(&document(), "pointerdown", |event: &Event| {
                let place = event.target().and_then(|it| it.dyn_into::<Node>().ok());
                close_menus(place.as_ref());
            }),
        ];
        console::install(&link.callback(|(request, reply)| Msg::Console(request, reply)));
        later(&link, async { Msg::Started(IdbStore::open("leftfold").await) });
        Self {
            scenarios: scenarios(),
            memory: open::in_memory(),
            disk: None,
            unkept: None,
            desk: None,
            logs: Rc::default(),
            titles: Rc::new(
                scenarios().iter().map(|it| (it.id.clone(), it.title.clone())).collect(),
            ),
            forms: Rc::new(Vec::new()),
            draft: Rc::default(),
            addressed: None,
            pinned: Rc::default(),
            bookmarks: Bookmarks::default(),
            layout: Layout::remembered(),
            shell: Shell {
                folded: layout::folded(),
                fold: ctx.link().callback(Msg::Fold),
                lab: ctx.link().callback(Msg::Lab),
                to_commands: ctx.link().callback(|()| Msg::Forward(Station::Commands)),
                ..Shell::empty()
            },
            lab: Lab::default(),
            bench: Bench::default(),
            scene: Scene::default(),
            stepping: None,
            beats: false,
            beat: None,
            pulse: None,
            pulses: 0,
            told: None,
            said: String::new(),
            fault: None,
            keys_shown: false,
            letters: remembered("letters").is_none(),
            present: false,
            blank: false,
            printing: false,
            hint: remembered("hint").map_or(Hint::Shown, |_| Hint::Gone),
            speed: 1.0,
            playing: None,
            frame: None,
            wanted: None,
            behind: false,
            unseen: Vec::new(),
            stale: None,
            answering: 0,
            shown: Shown::default(),
            painted: Vec::new(),
            settling: None,
            listeners: Listeners::default(),
            ready: Vec::new(),
            early: Some(Vec::new()),
            opening: 0,
            calls: Calls::new(&link),
            keeping: Keeping::default(),
            focus_held,
            link,
            _events: events,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let (resting, frame) = (matches!(msg, Msg::Settled), matches!(msg, Msg::Frame));
        let shown = self.take(ctx, msg);
        if shown {
            self.stale = None;
        }
        if let (true, Some(desk)) = (shown, self.desk.clone()) {
            self.scene.refresh(&desk, self.layout.zoom, self.layout.by_time, resting);
            if !(frame && self.behind) {
                self.look(&desk, frame && self.wanted.is_some());
            }
            let (head, position) = (desk.session().head(), desk.session().position());
            let asked = (self.draft.form, head, if position == head { head } else { 0 });
            if self.addressed != Some(asked) {
                self.addressed = Some(asked);
                Rc::make_mut(&mut self.draft).address(&self.forms, &mut desk.viewpoint_mut());
            }
        }
        shown
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        for (position, reply) in std::mem::take(&mut self.painted) {
            console::after_paint(move || reply.resolve(&position));
        }
        self.brought();
        let next = self.focus_held.borrow().next();
        if let Some(next) = next {
            // What cannot take the focus leaves it where it is.
            let _ = next.focus();
        }
        if self.behind {
            // The log has asked for the layout just now, so it is there.
            let panels = self.shown.panels.iter().map(|it| &it.name);
            self.unseen = panels.filter(|name| !in_view(name)).cloned().collect();
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        match &self.desk {
            Some(desk) => self.page(ctx, desk),
            // The skeleton of index.html stands until the first log is open.
            None => match &self.fault {
                Some(fault) => html! { <p class="loading" role="alert">{ fault }</p> },
                None => html! {},
            },
        }
    }
}

/// Commands by program, one after the other, go before the drawing for so long.
const STALE_MILLIS: f64 = 250.0;

impl App {
    /// True where what has changed is to be drawn in this frame: a command that is being handled
    /// does not wait for a paint, and whoever looks does not wait for long.
    fn is_due(&mut self, ctx: &Context<Self>) -> bool {
        let Some(since) = self.stale else { return false };
        let due = self.answering == 0 || clock() - since > STALE_MILLIS;
        if !due {
            self.ask_for_frame(ctx);
        }
        due
    }

    fn ask_for_frame(&mut self, ctx: &Context<Self>) {
        if self.frame.is_none() {
            let link = ctx.link().clone();
            let frame = request_animation_frame(move |_| link.send_message(Msg::Frame));
            self.frame = Some(frame);
        }
    }

    #[expect(clippy::too_many_lines, reason = "a line or two for each message")]
    fn take(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Started(result) => {
                match result {
                    Ok(disk) => {
                        self.stored_in(ctx, &disk);
                        self.disk = Some((open::on_disk(&disk), disk));
                    }
                    Err(fault) => self.unkept = Some(fault.to_string()),
                }
                ctx.link().send_message(Msg::Navigate);
                for (request, reply) in self.early.take().unwrap_or_default() {
                    ctx.link().send_message(Msg::Console(request, reply));
                }
            }
            Msg::Navigate => return self.navigate(ctx),
            Msg::Open(scenario, how) => self.open(ctx, &scenario, how, None),
            Msg::Opened(turn, result, position, reply) => {
                return self.opened(ctx, turn, result, position, reply);
            }
            Msg::Seek(position) => self.seek(position),
            Msg::Want(position) => {
                self.wanted = Some(position);
                self.ask_for_frame(ctx);
                return false;
            }
            Msg::Play => self.play(ctx),
            Msg::Speed(speed) => {
                self.speed = speed;
                if self.playing.is_some() {
                    self.go_by_itself(ctx);
                }
            }
            Msg::Frame => {
                self.frame = None;
                // A frame has time for the log or for the read side: they take turns.
                if std::mem::take(&mut self.behind) {
                    if self.wanted.is_some() {
                        self.ask_for_frame(ctx);
                    }
                } else {
                    let Some(position) = self.wanted.take() else { return self.is_due(ctx) };
                    self.seek(position);
                    self.behind = true;
                    self.ask_for_frame(ctx);
                }
            }
            Msg::Tick => self.tick(),
            Msg::On => _ = self.go_on(),
            Msg::Back => self.go_back(),
            Msg::Click(on) => self.click(ctx, on),
            Msg::Beats(on) => {
                self.beats = on;
                self.beat = None;
            }
            Msg::Settled => self.settled(),
            Msg::Tell => self.tell(ctx),
            Msg::Edit(draft) => self.draft = Rc::new(draft),
            Msg::Send => self.send(ctx),
            // Nobody wants to hear of a log that has been left meanwhile.
            Msg::Sent(desk, _)
            | Msg::Told(desk, _)
            | Msg::Stepped(desk, ..)
            | Msg::Submitted(desk)
            | Msg::Controlled(desk, ..)
                if self.desk.as_ref() != Some(&desk) => {}
            Msg::Sent(_, answered) => self.sent(&answered),
            Msg::Told(_, answered) => self.story_told(answered),
            Msg::StepInto => self.step_into(ctx),
            Msg::Submitted(_) => self.submitted(),
            Msg::Step(all) => self.step(ctx, all),
            Msg::Stepped(_, trace, over) => self.stepped(&trace, over),
            Msg::StepOut => self.step_out(),
            Msg::Again(command, choice) => self.again(ctx, command, choice),
            Msg::Fork(send) => self.fork_and_send(ctx, send),
            Msg::Pin(stream, on) => self.pin(stream, on),
            Msg::Bookmark(position, name) => self.bookmark(position, name.as_deref()),
            Msg::Fold(name) => self.fold(&name),
            Msg::Show(side) => self.layout.side = side,
            Msg::Forward(station) => self.forward(station),
            Msg::Find(name) => self.find(&name),
            Msg::Zoom(zoom) => self.layout.zoom = zoom,
            Msg::ByTime(on) => {
                self.layout.by_time = on;
                remember("by-time", on.then_some("on"));
            }
            Msg::Present(on) => self.present = on,
            Msg::Blank(on) => self.blank = on,
            Msg::Print(on) => self.printing = on,
            Msg::Hint => {
                self.hint = Hint::Gone;
                remember("hint", Some("seen"));
                focus("[aria-label='Playhead']");
            }
            Msg::Control(name, control) => self.control(ctx, name, control),
            Msg::Controlled(_, name, control, answered) => {
                self.controlled(&name, control, &answered);
            }
            Msg::Rebuild(name, code) => {
                let name = name.to_string();
                self.change(ctx, Request::Rebuild { name, code: Some(code) });
            }
            Msg::Subscribe(name, on) => {
                let how = SubscriptionChange { running: Some(on), ..SubscriptionChange::default() };
                self.change(ctx, Request::Subscription { name: name.to_string(), how });
            }
            Msg::SendMissing(name) => {
                self.change(ctx, Request::SendMissing { name: name.to_string() });
            }
            Msg::Changed(trace) => self.changed(&trace),
            Msg::Answered(desk, trace, answer) => {
                self.answering -= 1;
                // Listeners hear of it before whoever asked goes on.
                let here = self.desk.as_ref() == Some(&desk);
                if here {
                    self.changed(&trace);
                }
                answer.give();
                if !here {
                    return false;
                }
                if !document().hidden() {
                    self.stale = self.stale.or_else(|| Some(clock()));
                    self.ask_for_frame(ctx);
                    return false;
                }
            }
            Msg::Lab(msg) => return self.lab(ctx, msg),
            Msg::Theme => switch_theme(),
            Msg::Keys(shown) => {
                self.keys_shown = shown;
                if !shown {
                    focus("button[aria-label='Words and keys']");
                }
            }
            Msg::Letters(on) => {
                self.letters = on;
                remember("letters", if on { None } else { Some("off") });
            }
            Msg::Dismiss => self.fault = None,
            Msg::Fault(why) => {
                self.fault = Some(why);
                if self.desk.is_none() {
                    return self.navigate(ctx);
                }
            }
            Msg::Act(act) => return self.act(ctx, act),
            Msg::Over(came) => {
                self.over();
                self.update(ctx, *came);
            }
            Msg::Lost(count, events) => self.also(format!(
                "The browser has lost {count} of the logs that were kept here; the longest had \
                 {events} events."
            )),
            Msg::Imported(info, said) => {
                self.act(ctx, Act::Said(said));
                if self.desk.as_ref().is_some_and(|desk| desk.id() != info.id) {
                    self.open(ctx, &info.scenario, How::Log(info.id, None), None);
                }
            }
            Msg::Key(event) => return self.key(ctx, &event),
            Msg::Console(request, reply) => return self.console(ctx, request, reply),
        }
        true
    }
}
