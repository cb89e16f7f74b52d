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

use super::browser::embed::keeps_nothing;
use super::browser::offline;
use super::browser::{FocusHeld, bring, close_menus, focus, in_view, is_within, tell};
use super::console;
use super::model::console::Msg as ConsoleMsg;
use super::model::message::{Link, Msg};
use super::model::offline::Msg as OfflineMsg;
use super::model::{Model, class, layout, logs};
use super::update::update;
use super::view::{embed, page};
use crate::store::{IdbStore, StoreError};

/// The page.
pub struct App {
    model: Model,
    focus_held: Rc<RefCell<FocusHeld>>,
    _events: Vec<EventListener>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = Link::new(ctx.link().callback(|msg| msg));
        let focus_held = Rc::<RefCell<FocusHeld>>::default();
        let events = listen(&link, &focus_held);
        console::install(&link.on(ConsoleMsg::Called));
        link.later(async { logs::Msg::Started(storage().await) });
        tell(
            "The browser's storage does not answer yet. If it goes on like this, the page works in \
              memory. What may help: close other tabs of this page, or restart the browser.",
        );
        Self { model: Model::new(link), focus_held, _events: events }
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        update(&mut self.model, msg)
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
