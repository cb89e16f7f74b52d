//! Everything that can happen to the page, and the link by which every part says that it has.

use futures::future::LocalBoxFuture;
use wasm_bindgen_futures::spawn_local;
use web_sys::KeyboardEvent;
use yew::Callback;

use super::{
    class, clock, commands, console, fold_view, lab, layout, lessons, logs, logs_dialog, making,
    offline, own, playback, predicting, share, subscriptions, together, watching,
};

/// What has happened.
pub enum Msg {
    Class(class::Msg),
    Clock(clock::Msg),
    Commands(commands::Msg),
    Console(console::Msg),
    FoldView(fold_view::Msg),
    Lab(lab::Msg),
    Layout(layout::Msg),
    Lessons(lessons::Msg),
    Logs(logs::Msg),
    LogsDialog(logs_dialog::Msg),
    Making(making::Msg),
    Offline(offline::Msg),
    Own(own::Msg),
    Playback(playback::Msg),
    Predicting(predicting::Msg),
    Share(share::Msg),
    Subscriptions(subscriptions::Msg),
    Together(together::Msg),
    Watching(watching::Msg),
    /// A key was pressed.
    Key(KeyboardEvent),
    /// Put away what went wrong.
    Dismiss,
}

macro_rules! from_a_part {
    ($($name:ident, $part:ident;)*) => {
        $(impl From<$part::Msg> for Msg {
            fn from(msg: $part::Msg) -> Self {
                Self::$name(msg)
            }
        })*
    };
}

from_a_part! {
    Class, class;
    Clock, clock;
    Commands, commands;
    Console, console;
    FoldView, fold_view;
    Lab, lab;
    Layout, layout;
    Lessons, lessons;
    Logs, logs;
    LogsDialog, logs_dialog;
    Making, making;
    Offline, offline;
    Own, own;
    Playback, playback;
    Predicting, predicting;
    Share, share;
    Subscriptions, subscriptions;
    Together, together;
    Watching, watching;
}

/// Tells the page that something has happened. All links of one page are equal.
#[derive(Clone, PartialEq)]
pub struct Link(Callback<Msg>);

impl Link {
    pub fn new(tell: Callback<Msg>) -> Self {
        Self(tell)
    }

    /// A link to nobody.
    pub fn nowhere() -> Self {
        Self(Callback::noop())
    }

    /// Tells the page.
    pub fn send(&self, msg: impl Into<Msg>) {
        self.0.emit(msg.into());
    }

    /// A callback that tells the page what `say` makes of the event.
    pub fn on<E: 'static, M: Into<Msg>>(&self, say: impl Fn(E) -> M + 'static) -> Callback<E> {
        self.0.reform(move |event| say(event).into())
    }

    /// The same, where an event may be of no interest.
    pub fn on_some<E: 'static, M: Into<Msg>>(
        &self,
        say: impl Fn(E) -> Option<M> + 'static,
    ) -> Callback<E> {
        let link = self.clone();
        Callback::from(move |event| {
            if let Some(msg) = say(event) {
                link.send(msg);
            }
        })
    }

    /// Tells the page what comes of this, once it does.
    pub fn later<M: Into<Msg>>(&self, work: impl Future<Output = M> + 'static) {
        // In a box, so that all that takes it from there is compiled once.
        let work: LocalBoxFuture<'static, Msg> = Box::pin(async move { work.await.into() });
        let link = self.clone();
        spawn_local(async move { link.send(work.await) });
    }
}
