//! What the page's parts call when something is done to them. Made once: a part whose other
//! properties stay the same is not drawn again.

use std::rc::Rc;

use uuid::Uuid;
use yew::Callback;
use yew::html::Scope;

use super::{App, How, Msg};
use crate::es::{Choice, Stream};
use crate::lab::Control;
use crate::ui::commands::Draft;
use crate::ui::lab::{self, Tool};
use crate::ui::logs::Act;
use crate::ui::pipeline::Station;

/// A call for each thing that can be done.
pub struct Calls {
    pub open: Callback<(Rc<str>, How)>,
    pub tell: Callback<()>,
    pub theme: Callback<()>,
    pub keys: Callback<()>,
    pub set_present: Callback<bool>,
    pub forward: Callback<Station>,
    pub edit: Callback<Draft>,
    pub send: Callback<()>,
    pub fork: Callback<bool>,
    pub step_into: Callback<()>,
    pub step: Callback<bool>,
    pub out: Callback<()>,
    pub seek: Callback<u64>,
    pub again: Callback<(Uuid, Choice)>,
    pub pin: Callback<(Stream, bool)>,
    pub control: Callback<(Rc<str>, Control)>,
    pub rebuild: Callback<(Rc<str>, u16)>,
    pub subscribe: Callback<(Rc<str>, bool)>,
    pub send_missing: Callback<Rc<str>>,
    pub act: Callback<Act>,
    pub want: Callback<u64>,
    pub go: Callback<bool>,
    pub play: Callback<()>,
    pub set_speed: Callback<f64>,
    pub set_beats: Callback<bool>,
    pub set_zoom: Callback<u64>,
    pub by_time: Callback<bool>,
    pub fork_only: Callback<()>,
    pub mark: Callback<(u64, Option<String>)>,
    pub find: Callback<Rc<str>>,
    pub hide_hint: Callback<()>,
    pub tool: Callback<Tool>,
    pub rewind: Callback<(Rc<str>, u64)>,
}

impl Calls {
    pub fn new(link: &Scope<App>) -> Self {
        Self {
            open: link.callback(|(id, how)| Msg::Open(id, how)),
            tell: link.callback(|()| Msg::Tell),
            theme: link.callback(|()| Msg::Theme),
            keys: link.callback(|()| Msg::Keys(true)),
            set_present: link.callback(Msg::Present),
            forward: link.callback(Msg::Forward),
            edit: link.callback(Msg::Edit),
            send: link.callback(|()| Msg::Send),
            fork: link.callback(Msg::Fork),
            step_into: link.callback(|()| Msg::StepInto),
            step: link.callback(Msg::Step),
            out: link.callback(|()| Msg::StepOut),
            seek: link.callback(Msg::Seek),
            again: link.callback(|(command, choice)| Msg::Again(command, choice)),
            pin: link.callback(|(stream, on)| Msg::Pin(stream, on)),
            control: link.callback(|(name, control)| Msg::Control(name, control)),
            rebuild: link.callback(|(name, code)| Msg::Rebuild(name, code)),
            subscribe: link.callback(|(name, on)| Msg::Subscribe(name, on)),
            send_missing: link.callback(Msg::SendMissing),
            act: link.callback(Msg::Act),
            want: link.callback(Msg::Want),
            go: link.callback(|on| if on { Msg::On } else { Msg::Back }),
            play: link.callback(|()| Msg::Play),
            set_speed: link.callback(Msg::Speed),
            set_beats: link.callback(Msg::Beats),
            set_zoom: link.callback(Msg::Zoom),
            by_time: link.callback(Msg::ByTime),
            fork_only: link.callback(|()| Msg::Fork(false)),
            mark: link.callback(|(position, name)| Msg::Bookmark(position, name)),
            find: link.callback(Msg::Find),
            hide_hint: link.callback(|()| Msg::Hint),
            tool: link.callback(|tool| Msg::Lab(lab::Msg::Open(tool))),
            rewind: link.callback(|(name, to)| Msg::Control(name, Control::Rewind(to))),
        }
    }
}
