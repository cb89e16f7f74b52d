//! The page as a whole, from top to bottom. Each part draws itself; this only says where it stands
//! and what it is told.

use std::rc::Rc;

use web_sys::{KeyboardEvent, MouseEvent};
use yew::{Context, ContextProvider, Html, html};

use super::play::Shows;
use super::{App, Msg, Side};
use crate::es::{Stream, sort};
use crate::host::OpenLog;
use crate::lab::{Panel, StateView, SubscriptionKind, Viewpoint};
use crate::ui::clock::written_millis;
use crate::ui::commands::{Commands, Mode};
use crate::ui::header::{Header, Keys};
use crate::ui::journal::Journal;
use crate::ui::lab;
use crate::ui::log::EventLogView;
use crate::ui::logs::{self, Logs};
use crate::ui::parts::button;
use crate::ui::pipeline::Pipeline;
use crate::ui::read::{Outbox, ReadSide};
use crate::ui::shell::Shell;
use crate::ui::steps::Steps;
use crate::ui::timeline::{Flag, Here, Hint, Timeline};

/// So many streams' states are all shown; of more, the selected event's and the pinned ones.
const STATES_SHOWN: usize = 4;
/// So many of them can be seen at once.
const STATES_IN_VIEW: usize = 2;

/// What the read side shows. While the playhead is dragged, this follows a frame later.
#[derive(Clone, Default)]
pub struct Shown {
    /// Where the playhead last stood for a frame: the event there is shown in detail.
    pub rest: u64,
    pub states: Vec<StateView>,
    pub panels: Vec<Rc<Panel>>,
}

impl App {
    #[expect(clippy::too_many_lines, reason = "the page as a whole, from top to bottom")]
    pub(super) fn page(&self, ctx: &Context<Self>, desk: &OpenLog) -> Html {
        let (link, calls) = (ctx.link(), &self.calls);
        let session = desk.session();
        let (position, head) = (session.position(), session.head());
        let past = position < head;
        let scenario = session.scenario().clone();
        let event = session.event().cloned();
        let Shown { rest, states, panels } = self.shown.clone();
        let removed: Vec<Rc<str>> = scenario
            .projections
            .iter()
            .map(|it| it.name())
            .filter(|name| !panels.iter().any(|panel| panel.name == *name))
            .collect();
        let processes = || panels.iter().filter(|it| it.kind == SubscriptionKind::Process);
        let would = processes().map(|it| it.held_back).sum::<u64>();
        let unguarded = processes().any(|it| !it.guard);
        let flags: Vec<Flag> = panels.iter().map(|panel| Flag::of(panel)).collect();
        let counted = |kind| {
            let of_kind = panels.iter().filter(move |it| it.kind == kind);
            let crashed = of_kind.clone().any(|it| it.crashed);
            (of_kind.clone().count(), of_kind.filter(|it| it.lag > 0).count(), crashed)
        };
        let (projections, processes) =
            (counted(SubscriptionKind::Projection), counted(SubscriptionKind::Process));
        let here = event.as_ref().map(|event| Here {
            kind: event.kind().clone(),
            stream: event.stream().clone(),
            at: event.at(),
            written: written_millis(event.at()).0,
        });
        let told = event.as_ref().and_then(|it| self.scene.narration.get(&it.correlation_id()));
        let told = told.map(|say| format!("#{position}: {say}"));
        let next = self.scene.next;
        let next = next.and_then(|number| Some((number, scenario.story.get(number)?.say.clone())));
        let (journal, outbox) = (session.world().journal(), session.world().outbox());
        let asked_later = journal.len() - journal.partition_point(|it| !it.is_after(position));
        let effects_later = outbox.iter().filter(|it| it.position > position).count();
        let (journal, outbox) = (journal.len(), outbox.len());
        drop(session);

        // What the story says of its own is not about a place in the drawing.
        let of_story = |told: &String| scenario.story.iter().any(|it| told.starts_with(&*it.say));
        let there = self.told.as_ref().is_some_and(|told| !of_story(told));
        let caption = match (&self.told, &here) {
            (Some(told), _) => told.clone(),
            (None, Some(_)) if past && told.is_some() => told.unwrap_or_default(),
            (None, Some(here)) if past => format!("#{position}: {} on {}", here.kind, here.stream),
            (None, None) if past => "Before the first event: nothing has happened yet.".to_owned(),
            _ => scenario.about.to_string(),
        };
        let under_way = self.under_way();
        let mode = match (past, under_way) {
            (_, true) => Mode::Stepping,
            (true, _) => Mode::Past,
            _ => Mode::Now,
        };
        // In the past the form stays the same from position to position, so it is not drawn again.
        let below = if mode == Mode::Now { self.below_form(ctx, desk) } else { Html::default() };
        let class = format!(
            "page{}{} side-{}",
            if past { " past" } else { "" },
            if self.present { " present" } else { "" },
            self.layout.side.name().to_ascii_lowercase()
        );
        let why = link.batch_callback(|event: MouseEvent| {
            lab::field_of(&event)
                .map(|(panel, field)| Msg::Lab(lab::Msg::WhyOf(panel, Some(field))))
        });
        let walk = link.batch_callback(|event: KeyboardEvent| {
            let field =
                (!lab::walk(&event) && event.key() == "Enter").then(|| lab::field_of(&event))??;
            Some(Msg::Lab(lab::Msg::WhyOf(field.0, Some(field.1))))
        });
        let reacts = !scenario.processes.is_empty();
        html! {
            <ContextProvider<Shell> context={self.shell.clone()}>
            <div {class}>
                <Header
                    scenarios={self.titles.clone()} scenario={scenario.id.clone()} about={scenario.about.clone()}
                    story={scenario.story.len()} {next} logs={self.logs.clone()} log={desk.id().to_owned()}
                    durable={desk.host().durable()} busy={under_way} present={self.present}
                    open={calls.open.clone()}
                    tell={calls.tell.clone()}
                    theme={calls.theme.clone()}
                    keys={calls.keys.clone()}
                    set_present={calls.set_present.clone()}
                    act={calls.act.clone()} lab={calls.tool.clone()}
                />
                { self.notices(ctx, desk) }
                <Pipeline
                    commands={journal} {position} {head} {projections} {processes} {reacts}
                    outbox={self.scene.performed} pulse={self.pulse.clone()} {caption} {there}
                    forward={calls.forward.clone()}
                />
                <nav class="tabs" aria-label="Sides">
                    { for Side::ALL.map(|side| html! {
                        <button type="button" aria-pressed={(side == self.layout.side).to_string()}
                            onclick={link.callback(move |_| Msg::Show(side))}>{ side.name() }</button>
                    }) }
                </nav>
                <main class="columns">
                    { self.drawer(ctx, desk) }
                    <div class="column write">
                        <Commands
                            key={scenario.id.to_string()}
                            forms={self.forms.clone()} draft={self.draft.clone()} streams={self.scene.streams.clone()} {mode}
                            edit={calls.edit.clone()} send={calls.send.clone()}
                            fork={calls.fork.clone()} step_into={calls.step_into.clone()}
                            step={calls.step.clone()} out={calls.out.clone()}
                            stepped={self.stepping.is_some()} {below}
                        />
                        if let Some(stepping) = &self.stepping {
                            <Steps steps={stepping.steps.clone()} over={stepping.over} />
                        }
                        <Journal
                            desk={desk.clone()} count={journal} refused={self.scene.refused} conflicts={self.scene.conflicts} later={asked_later}
                            seek={calls.seek.clone()} busy={under_way} again={calls.again.clone()}
                        />
                    </div>
                    <div class="column middle">
                        <EventLogView
                            desk={desk.clone()} {position} {rest} resting={self.settling.is_none()} {head} kinds={self.scene.kinds.clone()}
                            streams={self.scene.streams.clone()} whole={self.printing} shell={self.shell.clone()}
                            story={self.scene.next.is_some()} out={self.lab.out()}
                            seek={calls.seek.clone()} tell={calls.tell.clone()}
                        />
                    </div>
                    <div class="column read" onclick={why} onkeydown={walk}>
                        <ReadSide
                            {past} refused={self.lab.refused.clone()}
                            {states} {panels} {removed} streams={self.scene.streams.clone()}
                            missing={self.scene.missing.clone()} pinned={self.pinned.clone()}
                            pin={calls.pin.clone()}
                            control={calls.control.clone()}
                            rebuild={calls.rebuild.clone()}
                            subscribe={calls.subscribe.clone()}
                            send_missing={calls.send_missing.clone()} act={calls.act.clone()}
                        />
                        if reacts {
                            <Outbox
                                desk={desk.clone()} count={outbox} performed={self.scene.performed} later={effects_later}
                                repeated={self.scene.repeated} {unguarded} {would} seek={calls.seek.clone()}
                            />
                        }
                    </div>
                </main>
                if let Some(axis) = self.scene.axis.clone() {
                    <Timeline
                        {position} {head} {here} present={self.present} {axis} track={self.scene.track.clone()} {flags}
                        desk={desk.clone()} marks={self.bookmarks.clone()} speed={self.speed}
                        playing={self.playing.is_some()} beats={self.beats} zoom={self.layout.zoom} hint={if head > 1 && !self.present { self.hint } else { Hint::Gone }}
                        want={calls.want.clone()} seek={calls.seek.clone()}
                        go={calls.go.clone()}
                        more={self.beat.as_ref().is_some_and(|beat| !beat.over())}
                        play={calls.play.clone()} set_speed={calls.set_speed.clone()}
                        set_beats={calls.set_beats.clone()} set_zoom={calls.set_zoom.clone()}
                        by_time={calls.by_time.clone()} fork={calls.fork_only.clone()}
                        mark={calls.mark.clone()} rewind={calls.rewind.clone()}
                        find={calls.find.clone()} hide_hint={calls.hide_hint.clone()}
                    />
                }
                <p class="unseen" role="status">{ &self.said }</p>
                if self.keys_shown {
                    <Keys
                        letters={self.letters} set={link.callback(Msg::Letters)}
                        close={link.callback(|()| Msg::Keys(false))}
                    />
                }
                if self.keeping.shown.open {
                    <Logs
                        shown={self.keeping.shown.clone()} log={desk.id().to_owned()} durable={desk.host().durable()}
                        act={calls.act.clone()}
                    />
                }
                if self.blank {
                    <button type="button" class="blank" aria-label="Show the page again" onclick={link.callback(|_| Msg::Blank(false))} />
                }
            </div>
            </ContextProvider<Shell>>
        }
    }

    fn notices(&self, ctx: &Context<Self>, desk: &OpenLog) -> Html {
        html! {
            <div class="notices">
                if let Some(why) = self.unkept.as_ref().filter(|_| !desk.host().durable()) {
                    <p class="notice" role="alert">
                        { format!("This log lives in memory only and is gone when the page closes: {why}.") }
                    </p>
                }
                if let Some(trouble) = desk.trouble() {
                    { logs::trouble(&trouble, &desk.info(), &ctx.link().callback(Msg::Act)) }
                }
                if !desk.runs_processes() {
                    <p class="notice">{ "Another tab has this log open as well. What either stores, both show; the other one runs its processes." }</p>
                }
                if let Some(imagined) = &self.lab.imagined { { lab::banner(&imagined.borrow(), &ctx.link().callback(Msg::Lab)) } }
                if let Some(fault) = &self.fault {
                    <p class="notice bad" role="alert">
                        { fault }
                        { button("Close", ctx.link().callback(|_| Msg::Dismiss)) }
                    </p>
                }
                <>
                    { for self.scene.broken.iter().map(|check| html! {
                        <p class="notice bad" role="alert">
                            { format!("This should always hold, and does not: {check}") }
                            { button(format!("Show {}", check.of), ctx.link().callback({
                                let of = check.of.clone();
                                move |_| Msg::Find(of.clone())
                            })) }
                        </p>
                    }) }
                </>
            </div>
        }
    }

    /// Looks what the read side shows at the playhead. `passing` is true where that moves on at
    /// once: what the event there has changed is not looked for, nor is it shown in detail, and
    /// panels that nobody sees stay as they are.
    pub(super) fn look(&mut self, desk: &OpenLog, passing: bool) {
        let mut session = desk.viewpoint_mut();
        let states = self.states(&mut session);
        let panels = self.panels(&mut session, passing);
        let rest = if passing { self.shown.rest } else { session.position() };
        self.shown = Shown { rest, states, panels };
    }

    /// The states that are shown: of few streams all, of many the selected event's and the pinned.
    /// Where not all of them are in view, the selected event's is the first.
    fn states(&self, session: &mut Viewpoint) -> Vec<StateView> {
        let position = session.position();
        let streams = &self.scene.streams;
        let here = session.event().map(|it| it.stream().clone());
        let shown: Vec<Stream> = if streams.len() <= STATES_SHOWN {
            let log = session.log();
            let there = streams.iter().filter(|it| log.version_at(it, position) > 0).cloned();
            let mut shown: Vec<Stream> = there.collect();
            if shown.len() > STATES_IN_VIEW {
                let last = |it: &Stream| Some(it) != here.as_ref();
                sort(&mut shown, |a, b| last(a).cmp(&last(b)));
            }
            shown
        } else {
            let pinned = self.pinned.iter().filter(|it| Some(*it) != here.as_ref()).cloned();
            here.clone().into_iter().chain(pinned).collect()
        };
        let mut states: Vec<StateView> =
            shown.iter().filter_map(|stream| session.state(stream)).collect();
        if let Some(beat) = &self.beat {
            for state in &mut states {
                match beat.shows(state.stream.as_str()) {
                    Shows::Before => {
                        state.now = state.was.clone();
                        if Some(&state.stream) == here.as_ref() {
                            state.version = state.version.saturating_sub(1);
                        }
                    }
                    Shows::After => state.was = state.now.clone(),
                    Shows::Change => {}
                }
            }
        }
        states
    }

    fn panels(&self, session: &mut Viewpoint, passing: bool) -> Vec<Rc<Panel>> {
        let subscriptions = session.world().subscriptions().iter();
        let names: Vec<Rc<str>> = subscriptions.map(|it| it.name().clone()).collect();
        if passing {
            let old = |name: &Rc<str>| self.shown.panels.iter().find(|it| it.name == *name);
            let panels = names.iter().filter_map(|name| match old(name) {
                Some(old) if self.unseen.contains(name) => Some(old.clone()),
                _ => session.panel_in_passing(name).map(Rc::new),
            });
            return panels.collect();
        }
        let mut panels: Vec<Panel> = names.iter().filter_map(|name| session.panel(name)).collect();
        if let Some(beat) = &self.beat {
            for panel in &mut panels {
                match beat.shows(&panel.name) {
                    Shows::Before => panel.now = panel.was.clone(),
                    Shows::After => panel.was = panel.now.clone(),
                    Shows::Change => {}
                }
            }
        }
        panels.into_iter().map(Rc::new).collect()
    }
}
