//! What the lab's tools ask for, done.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::{Callback, Context, Html, html};

use super::{App, Msg, Side, later};
use crate::es::{Expected, Set, Stream};
use crate::host::{Disturbance, OpenLog, Place, Request};
use crate::lab::{Change, Submission, Target};
use crate::ui::browser::{close_menus, focus};
use crate::ui::clock::new_id;
use crate::ui::lab::{
    self, CompareForm, Compared, Drawer, Imagining, Inquiry, Job, Race, Tool, Wanted, Worker,
    pairs_of,
};

/// What the lab's tools need of the page beside what they know.
#[derive(Default)]
pub struct Bench {
    /// What had the focus when the drawer was opened.
    opener: Option<HtmlElement>,
}

impl App {
    #[expect(clippy::too_many_lines, reason = "a few lines for each message")]
    pub(super) fn lab(&mut self, ctx: &Context<Self>, msg: lab::Msg) -> bool {
        let Some(desk) = self.desk.clone() else { return false };
        match msg {
            lab::Msg::Open(tool) => {
                if tool == Tool::Why && self.lab.inquiry.is_none() {
                    self.lab.inquiry = first(&desk, &self.scene.streams).map(shared);
                }
                if tool == Tool::Race {
                    // Nobody has sent anything: the form may hold another command by now.
                    self.lab.race.take_if(|it| it.is_untouched());
                }
                self.open_tool(tool);
            }
            lab::Msg::Close => {
                self.lab.tool = None;
                match self.bench.opener.take().filter(|it| it.is_connected()) {
                    // What cannot take the focus leaves it where it is.
                    Some(opener) => _ = opener.focus(),
                    None => focus("#command"),
                }
            }
            lab::Msg::Hold(actor, on) => {
                let stream = self.draft.stream(&self.forms).filter(|_| on);
                match stream {
                    Some(stream) => {
                        let version = desk.session().log().version(&stream);
                        self.lab.held.insert(actor, (stream, version));
                    }
                    None => _ = self.lab.held.remove(&actor),
                }
            }
            lab::Msg::Race => {
                let Some(ask) = Rc::make_mut(&mut self.draft).ask(&self.forms, new_id()) else {
                    return true;
                };
                let version = desk.session().log().version(&ask.command.stream);
                self.lab.race = Some(Race::new(ask.command, version, [new_id(), new_id()]));
                self.open_tool(Tool::Race);
            }
            lab::Msg::Run(runner) => {
                let Some(race) = &self.lab.race else { return false };
                let actor = lab::ACTORS[runner];
                let ask = Submission::new(race.ids[runner], actor.into(), race.command.clone());
                let ask = Submission { expected: Some(Expected::Exact(race.version)), ..ask };
                self.submit(ctx, Request::Send(ask.into()));
            }
            lab::Msg::Wait(name) => self.lab.wait = name,
            lab::Msg::Why(target, pointer) => {
                self.lab.inquiry =
                    Inquiry::new(&mut desk.viewpoint_mut(), target, pointer).map(shared);
                self.open_tool(Tool::Why);
            }
            lab::Msg::WhyOf(panel, pointer) => {
                let target = lab::target(&self.scene.streams, &panel);
                let inquiry = Inquiry::new(&mut desk.viewpoint_mut(), target, pointer);
                if inquiry.is_some() {
                    self.lab.inquiry = inquiry.map(shared);
                    self.open_tool(Tool::Why);
                }
            }
            lab::Msg::Find(asked, condition, monotonic) => {
                let Some(inquiry) = &self.lab.inquiry else { return false };
                let mut inquiry = inquiry.borrow_mut();
                let mut session = desk.viewpoint_mut();
                let here = session.position();
                session.seek(inquiry.position);
                let bisect = session.bisect(inquiry.target.clone(), condition, monotonic);
                inquiry.bisect = bisect.map(|it| (asked, it));
                session.seek(here);
            }
            lab::Msg::Cancel => {
                if let Some(inquiry) = &self.lab.inquiry {
                    inquiry.borrow_mut().cancel();
                }
            }
            lab::Msg::LeaveOut(position) => {
                let mut out = match self.lab.imagined.take().map(|it| it.borrow().change.clone()) {
                    Some(Change::LeaveOut(out)) => out,
                    _ => Set::new(),
                };
                if !out.remove(&position) {
                    out.insert(position);
                }
                self.imagine(&desk, Change::LeaveOut(out));
            }
            lab::Msg::Swap(a, b) => self.imagine(&desk, Change::Swap(a, b)),
            lab::Msg::Truth => {
                self.lab.imagined = None;
                if self.lab.tool == Some(Tool::WhatIf) {
                    return self.lab(ctx, lab::Msg::Close);
                }
            }
            lab::Msg::Compare(wanted) => {
                later(ctx.link(), async move {
                    let result = compare(&desk, &wanted).await.map_err(Into::into);
                    Msg::Lab(lab::Msg::Compared(wanted, result))
                });
                return false;
            }
            lab::Msg::Compared(wanted, result) => {
                let other = self.logs.iter().find(|it| it.id == wanted.log);
                let other = match other {
                    Some(it) if it.id != desk.id() => it.title.clone(),
                    _ => "This log".to_owned(),
                };
                self.lab.compared = Some(result.map(|it| Compared {
                    titles: [
                        format!("This log at #{}", wanted.here),
                        format!("{other} at #{}", wanted.there),
                    ],
                    shared: it.shared,
                    pairs: pairs_of(it),
                }));
            }
            lab::Msg::LoadBy(loading) => {
                self.change(ctx, Request::Loading(Some(loading.into())));
            }
            lab::Msg::Spoil(stream, damage) => {
                let how = if damage { Disturbance::Damage } else { Disturbance::Outdate };
                self.change(ctx, Request::Disturb { stream, how });
            }
        }
        true
    }

    fn open_tool(&mut self, tool: Tool) {
        close_menus(None);
        if self.lab.tool.is_none() {
            let active = document().active_element();
            self.bench.opener = active.and_then(|it| it.dyn_into().ok());
        }
        self.lab.tool = Some(tool);
        if self.layout.side == Side::Read && tool == Tool::Race {
            self.layout.side = Side::Write;
        }
    }

    fn imagine(&mut self, desk: &OpenLog, change: Change) {
        if change == Change::LeaveOut(Set::new()) {
            self.lab.imagined = None;
            return;
        }
        match Imagining::new(&desk.session(), change) {
            Ok(it) => (self.lab.imagined, self.lab.unimagined) = (Some(shared(it)), None),
            Err(why) => self.lab.unimagined = Some(why),
        }
        self.open_tool(Tool::WhatIf);
    }

    /// Below the command form: two actors, and what is waited for.
    pub(super) fn below_form(&self, ctx: &Context<Self>, desk: &OpenLog) -> Html {
        let act = ctx.link().callback(Msg::Lab);
        let stream = self.draft.stream(&self.forms);
        let held = self.lab.held.get(&self.draft.actor).filter(|it| Some(&it.0) == stream.as_ref());
        html! {
            <>
                if let Some((stream, version)) = held {
                    <p class="help holds">{ format!("{} sends on {stream} at version {version}, as last seen.", self.draft.actor) }</p>
                }
                { lab::wait(&self.lab, desk.session().world(), &act) }
                { lab::actors(&self.lab.held, stream.as_ref(), self.under_way(), &act) }
            </>
        }
    }

    /// The tool that is open.
    pub(super) fn drawer(&self, ctx: &Context<Self>, desk: &OpenLog) -> Html {
        let Some(tool) = self.lab.tool else { return html! {} };
        let link = ctx.link();
        let act: Callback<lab::Msg> = link.callback(Msg::Lab);
        let seek = link.callback(Msg::Seek);
        let again = link.callback(|(command, choice)| Msg::Again(command, choice));
        let session = desk.session();
        let body = match tool {
            Tool::Race => lab::race(self.lab.race.as_ref(), self.under_way(), &act, &again),
            Tool::Why => match &self.lab.inquiry {
                None => {
                    html! { <p>{ "There is nothing to ask about yet: no state and no read model." }</p> }
                }
                Some(inquiry) => {
                    let job: Rc<RefCell<dyn Job>> = inquiry.clone();
                    let (it, shell) = (inquiry.clone(), self.shell.clone());
                    let (desk, streams) = (desk.clone(), self.scene.streams.clone());
                    let from = desk.clone();
                    let draw = Callback::from(move |()| {
                        lab::why(&shell, &from.session(), &it.borrow(), &streams, &act, &seek)
                    });
                    html! { <Worker {desk} {job} {draw} /> }
                }
            },
            Tool::WhatIf => match &self.lab.imagined {
                None => lab::no_what_if(&session, self.lab.unimagined.as_deref(), &act),
                Some(imagined) => {
                    let job: Rc<RefCell<dyn Job>> = imagined.clone();
                    let (it, desk) = (imagined.clone(), desk.clone());
                    let why = self.lab.unimagined.clone();
                    let draw = Callback::from(move |()| {
                        lab::what_if(&it.borrow(), why.as_deref(), &act, &seek)
                    });
                    html! { <Worker {desk} {job} {draw} /> }
                }
            },
            Tool::Compare => {
                let scenario = &session.scenario().id;
                let logs = self.logs.iter().filter(|it| it.scenario == **scenario).cloned();
                html! {
                    <>
                        <CompareForm logs={logs.collect::<Vec<_>>()} log={desk.id().to_owned()} position={session.position()} head={session.head()} {act} />
                        { lab::compared(self.lab.compared.as_ref()) }
                    </>
                }
            }
            Tool::Snapshots => lab::snapshots(session.world(), &act),
        };
        html! {
            <Drawer key={tool.name()} {tool} close={link.callback(|()| Msg::Lab(lab::Msg::Close))}>{ body }</Drawer>
        }
    }

    /// The form's command, on the version that its sender holds.
    pub(super) fn ask(&mut self, desk: &OpenLog) -> Option<Submission> {
        let mut ask = Rc::make_mut(&mut self.draft).ask(&self.forms, new_id())?;
        let here = desk.session().log().version(&ask.command.stream);
        let held = self.lab.held.get(&ask.actor);
        let held =
            held.filter(|(stream, version)| *stream == ask.command.stream && *version <= here);
        if let Some((_, version)) = held {
            ask.expected = Some(Expected::Exact(*version));
            self.lab.held.remove(&ask.actor);
        }
        Some(ask)
    }
}

fn shared<T>(it: T) -> Rc<RefCell<T>> {
    Rc::new(RefCell::new(it))
}

/// What to ask about where nothing was pressed: the selected event's state, or the first there is.
fn first(desk: &OpenLog, streams: &[Stream]) -> Option<Inquiry> {
    let mut session = desk.viewpoint_mut();
    let here = session.event().map(|it| it.stream().clone()).or_else(|| streams.first().cloned());
    let view = session.world().subscriptions().first().map(|it| Target::View(it.name().clone()));
    let target = here.map(Target::State).or(view)?;
    Inquiry::new(&mut session, target, None)
}

async fn compare(desk: &OpenLog, wanted: &Wanted) -> Result<crate::lab::Comparison, String> {
    let there = Place::At { log: Some(wanted.log.clone()), at: Some(wanted.there) };
    desk.compare(Place::Position(wanted.here), there).await.map_err(|it| it.message)
}
