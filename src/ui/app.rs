//! The page as Yew knows it: it holds the model, hears of what happens, and has it drawn.

use std::cell::RefCell;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::future::TimeoutFuture;
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent, Node};
use yew::{Component, Context, Html};

use super::browser::address::Address;
use super::browser::embed::keeps_nothing;
use super::browser::later::{self, Missing};
use super::browser::offline;
use super::browser::{FocusHeld, bring, close_menus, focus, in_view, is_within, tell};
use super::console;
use super::model::console::{Msg as ConsoleMsg, is_for_page};
use super::model::message::{Link, Msg};
use super::model::offline::Msg as OfflineMsg;
use super::model::{Model, class, layout, logs};
use super::update::update;
use super::view::{embed, page};
use crate::store::{IdbStore, StoreError};

/// What the page hears.
#[expect(clippy::large_enum_variant, reason = "one at a time, handed on at once")]
pub enum Heard {
    /// Something has happened.
    Said(Msg),
    /// The later part of the page's module is here, or is missing.
    Later(Result<(), Missing>),
}

/// The page.
pub struct App {
    model: Model,
    /// What has happened and waits for the later part of the module. None once that is here.
    waiting: Option<Vec<Msg>>,
    focus_held: Rc<RefCell<FocusHeld>>,
    _events: Vec<EventListener>,
}

impl Component for App {
    type Message = Heard;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = Link::new(ctx.link().callback(Heard::Said));
        let focus_held = Rc::<RefCell<FocusHeld>>::default();
        let events = listen(&link, &focus_held);
        console::install(&link.on(ConsoleMsg::Called));
        link.later(async { logs::Msg::Started(storage().await) });
        tell(
            "The browser's storage does not answer yet. If it goes on like this, the page works in \
              memory. What may help: close other tabs of this page, or restart the browser.",
        );
        ctx.link().send_future(async { Heard::Later(later::come().await) });
        Self { model: Model::new(link), waiting: Some(Vec::new()), focus_held, _events: events }
    }

    fn update(&mut self, ctx: &Context<Self>, heard: Heard) -> bool {
        match heard {
            Heard::Said(msg) => match self.waiting.as_mut() {
                Some(waiting) if !waiting.is_empty() || !is_first(&msg) => {
                    waiting.push(msg);
                    self.model.saying.late.get_or_insert(ON_ITS_WAY);
                    true
                }
                _ => update(&mut self.model, msg),
            },
            Heard::Later(Ok(())) => {
                self.model.saying.late = None;
                self.model.complete();
                for msg in self.waiting.take().unwrap_or_default() {
                    update(&mut self.model, msg);
                }
                true
            }
            Heard::Later(Err(missing)) => {
                let waits = self.waiting.as_ref().is_some_and(|it| !it.is_empty());
                let why = match missing {
                    Missing::Unfetched => NOT_FETCHED,
                    Missing::OtherBuild => OTHER_BUILD,
                };
                self.model.saying.late = Some(why).filter(|_| waits);
                ctx.link().send_future(async {
                    TimeoutFuture::new(AGAIN_MILLIS).await;
                    Heard::Later(later::come().await)
                });
                waits
            }
        }
    }

    fn view(&self, _: &Context<Self>) -> Html {
        if self.model.embed.is_some() { embed(&self.model) } else { page(&self.model) }
    }

    fn rendered(&mut self, _: &Context<Self>, _: bool) {
        let model = &mut self.model;
        for (position, reply) in std::mem::take(&mut model.console.painted) {
            console::after_paint(move || reply.resolve(&position));
        }
        if let Some(panel) = model.layout.brought.take() {
            bring(&panel);
        }
        if let Some(field) = model.layout.field.take() {
            focus(field);
        }
        let next = self.focus_held.borrow().next();
        if let Some(next) = next {
            // What cannot take the focus leaves it where it is.
            let _ = next.focus();
        }
        if model.playback.behind {
            // The log has asked for the layout just now, so it is there.
            let panels = model.read_side.panels.iter().map(|it| &it.name);
            model.read_side.unseen = panels.filter(|name| !in_view(name)).cloned().collect();
        }
    }
}

const ON_ITS_WAY: &str = "The rest of the page is on its way. What you did waits for it.";
const NOT_FETCHED: &str = "The rest of the page could not be fetched. Is there a network? It is asked for again \
    every few seconds, and what you did waits for it.";
const OTHER_BUILD: &str =
    "A newer version of Leftfold is on the server. Load the page again: what was stored is there.";
/// How long the page waits before it asks for its later part again, in milliseconds.
const AGAIN_MILLIS: u32 = 5_000;

/// True for what happens in the first minute. The first part of the module knows what to do.
fn is_first(msg: &Msg) -> bool {
    match msg {
        Msg::Logs(logs::Msg::Navigate) => Address::is_plain(),
        Msg::Console(ConsoleMsg::Called(message)) => is_for_page(message),
        Msg::Class(class::Msg::Touched)
        | Msg::Clock(_)
        | Msg::Commands(_)
        | Msg::Dismiss
        | Msg::FoldView(_)
        | Msg::Key(_)
        | Msg::Layout(_)
        | Msg::Logs(_)
        | Msg::Offline(_)
        | Msg::Playback(_)
        | Msg::Subscriptions(_) => true,
        _ => false,
    }
}

/// How long the browser may take to open its storage, in milliseconds. A person hears of it before
/// five seconds are over.
const STORAGE_MILLIS: u32 = 3_000;

/// The browser's storage, if it opens in time. None where nothing may be kept.
async fn storage() -> Result<Option<IdbStore>, StoreError> {
    if keeps_nothing() {
        return Ok(None);
    }
    let (sender, opened) = oneshot::channel();
    wasm_bindgen_futures::spawn_local(async {
        // Opened too late, it has no use, and is closed again.
        _ = sender.send(IdbStore::open("leftfold").await);
    });
    match select(opened, TimeoutFuture::new(STORAGE_MILLIS)).await {
        Either::Left((Ok(opened), _)) => opened.map(Some),
        Either::Left((Err(_), _)) | Either::Right(_) => Err(StoreError::Silent),
    }
}

/// Hears of what happens outside of any part: keys, addresses, printing, the focus.
fn listen(link: &Link, focus_held: &Rc<RefCell<FocusHeld>>) -> Vec<EventListener> {
    let keys = EventListenerOptions::enable_prevent_default();
    let say = |link: &Link, msg: fn() -> Msg| {
        let link = link.clone();
        move |_: &Event| link.send(msg())
    };
    let said = link.on(OfflineMsg::Said);
    vec![
        offline::listen(move |kept| said.emit(kept)),
        EventListener::new_with_options(&document(), "keydown", keys, {
            let link = link.clone();
            move |event| {
                if let Some(event) = event.dyn_ref::<KeyboardEvent>() {
                    link.send(Msg::Key(event.clone()));
                }
            }
        }),
        EventListener::new(&window(), "popstate", say(link, || logs::Msg::Navigate.into())),
        EventListener::new(&window(), "beforeprint", say(link, || layout::Msg::Print(true).into())),
        EventListener::new(&window(), "afterprint", say(link, || layout::Msg::Print(false).into())),
        EventListener::new(&document(), "focusin", {
            let focus = focus_held.clone();
            move |event| focus.borrow_mut().moved(event)
        }),
        EventListener::new(&document(), "pointerdown", {
            let link = link.clone();
            move |event: &Event| {
                let place = event.target().and_then(|it| it.dyn_into::<Node>().ok());
                close_menus(place.as_ref());
                if !is_within(place.as_ref(), ".class-bar") {
                    link.send(class::Msg::Touched);
                }
            }
        }),
    ]
}
