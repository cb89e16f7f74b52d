//! The page as a whole, from top to bottom. Each part draws itself; this only says where it stands
//! and what it is told.

use std::rc::Rc;

use web_sys::{KeyboardEvent, MouseEvent};
use yew::{Context, ContextProvider, Html, html};

use super::play::Shows;
use super::{App, Msg, Side};
use crate::lab::{Control, Kind, Panel, Session, StateView, Stream};
use crate::store::LogInfo;
use crate::ui::commands::{Commands, Mode};
use crate::ui::desk::{Desk, written_millis};
use crate::ui::header::{Header, Keys};
use crate::ui::journal::Journal;
use crate::ui::lab;
use crate::ui::log::EventLogView;
use crate::ui::parts::button;
use crate::ui::pipeline::Pipeline;
use crate::ui::read::{Outbox, ReadSide};
use crate::ui::shell::Shell;
use crate::ui::steps::Steps;
use crate::ui::timeline::{Flag, Here, Timeline};

/// So many streams' states are all shown; of more, the selected event's and the pinned ones.
const STATES_SHOWN: usize = 4;

impl App {
    #[expect(clippy::too_many_lines, reason = "the page as a whole, from top to bottom")]
    pub(super) fn page(&self, ctx: &Context<Self>, desk: &Desk) -> Html {
        let link = ctx.link();
        let mut session = desk.session_mut();
        let (position, head) = (session.position(), session.head());
        let past = position < head;
        let scenario = session.scenario().clone();
        let event = session.event().cloned();
        let states = self.states(&mut session);
        let panels = self.panels(&mut session);
        let removed: Vec<Rc<str>> = scenario
            .projections
            .iter()
            .map(|it| it.name())
            .filter(|name| !panels.iter().any(|panel| panel.name == *name))
            .collect();
        let processes = || panels.iter().filter(|it| it.kind == Kind::Process);
        let would = processes().map(|it| it.held_back).sum::<u64>();
        let unguarded = processes().any(|it| !it.guard);
        let flags: Vec<Flag> = panels.iter().map(|panel| Flag::of(panel)).collect();
        let counted = |kind| {
            let of_kind = panels.iter().filter(move |it| it.kind == kind);
            (of_kind.clone().count(), of_kind.filter(|it| it.lag > 0).count())
        };
        let (projections, processes) = (counted(Kind::Projection), counted(Kind::Process));
        let here = event.as_ref().map(|event| Here {
            kind: event.kind().clone(),
            stream: event.stream().clone(),
            at: event.at(),
            written: written_millis(event.at()).0,
        });
        let next = self.scene.next;
        let next = next.and_then(|number| Some((number, scenario.story.get(number)?.say.clone())));
        let (journal, outbox) = (session.world().journal().len(), session.world().outbox().len());
        drop(session);

        let caption = match (&self.told, &here) {
            (Some(told), _) => told.clone(),
            (None, Some(here)) if past => format!("#{position}: {} on {}", here.kind, here.stream),
            (None, None) if past => "Before the first event: nothing has happened yet.".to_owned(),
            _ => scenario.about.to_string(),
        };
        let logs: Vec<LogInfo> =
            self.logs.iter().filter(|log| log.scenario == *scenario.id).cloned().collect();
        let titles: Vec<(Rc<str>, Rc<str>)> =
            self.scenarios.iter().map(|it| (it.id.clone(), it.title.clone())).collect();
        let under_way = self.under_way();
        let mode = match (past, under_way) {
            (_, true) => Mode::Stepping,
            (true, _) => Mode::Past,
            _ => Mode::Now,
        };
        let class = format!(
            "page{}{} side-{}",
            if past { " past" } else { "" },
            if self.present { " present" } else { "" },
            self.layout.side.name().to_lowercase()
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
                    scenarios={titles} scenario={scenario.id.clone()} about={scenario.about.clone()}
                    story={scenario.story.len()} {next} {logs} log={desk.info().id.clone()}
                    durable={desk.storage().durable()} busy={under_way} present={self.present}
                    open={link.callback(|(id, how)| Msg::Open(id, how))}
                    tell={link.callback(|()| Msg::Tell)}
                    theme={link.callback(|()| Msg::Theme)}
                    keys={link.callback(|()| Msg::Keys(true))}
                    set_present={link.callback(Msg::Present)}
                    lab={link.callback(|tool| Msg::Lab(lab::Msg::Open(tool)))}
                />
                { self.notices(ctx) }
                <Pipeline
                    commands={(journal, self.scene.refused)} {position} {head} {projections} {processes} {reacts}
                    outbox={self.scene.performed} pulse={self.pulse.clone()} {caption}
                    forward={link.callback(Msg::Forward)}
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
                            edit={link.callback(Msg::Edit)} send={link.callback(|()| Msg::Send)}
                            fork={link.callback(Msg::Fork)} step_into={link.callback(|()| Msg::StepInto)}
                            step={link.callback(Msg::Step)} out={link.callback(|()| Msg::StepOut)}
                            stepped={self.stepping.is_some()} below={self.below_form(ctx, desk)}
                        />
                        if let Some(stepping) = &self.stepping {
                            <Steps steps={stepping.steps.clone()} over={stepping.over} />
                        }
                        <Journal
                            desk={desk.clone()} count={journal} refused={self.scene.refused}
                            seek={link.callback(Msg::Seek)} busy={under_way} again={link.callback(|(command, choice)| Msg::Again(command, choice))}
                        />
                    </div>
                    <div class="column middle">
                        <EventLogView
                            desk={desk.clone()} {position} {head} kinds={self.scene.kinds.clone()}
                            streams={self.scene.streams.clone()} whole={self.printing} shell={self.shell.clone()}
                            story={self.scene.next.is_some()} out={self.lab.out()}
                            seek={link.callback(Msg::Seek)} tell={link.callback(|()| Msg::Tell)}
                        />
                    </div>
                    <div class="column read" onclick={why} onkeydown={walk}>
                        <ReadSide
                            {past} refused={self.lab.refused.clone()}
                            {states} {panels} {removed} streams={self.scene.streams.clone()}
                            missing={self.scene.missing.clone()} pinned={self.pinned.clone()}
                            pin={link.callback(|(stream, on)| Msg::Pin(stream, on))}
                            control={link.callback(|(name, control)| Msg::Control(name, control))}
                            rebuild={link.callback(|(name, code)| Msg::Rebuild(name, code))}
                            subscribe={link.callback(|(name, on)| Msg::Subscribe(name, on))}
                            send_missing={link.callback(Msg::SendMissing)}
                        />
                        if reacts {
                            <Outbox desk={desk.clone()} count={outbox} performed={self.scene.performed} repeated={self.scene.repeated} {unguarded} {would} seek={link.callback(Msg::Seek)} />
                        }
                    </div>
                </main>
                if let Some(axis) = self.scene.axis.clone() {
                    <Timeline
                        {position} {head} {here} {axis} track={self.scene.track.clone()} {flags}
                        desk={desk.clone()} marks={self.bookmarks.clone()} speed={self.speed}
                        playing={self.playing.is_some()} beats={self.beats} zoom={self.layout.zoom} hint={self.hint && head > 1}
                        want={link.callback(Msg::Want)} seek={link.callback(Msg::Seek)}
                        go={link.callback(|on| if on { Msg::On } else { Msg::Back })}
                        more={self.beat.as_ref().is_some_and(|beat| !beat.over())}
                        play={link.callback(|()| Msg::Play)} set_speed={link.callback(Msg::Speed)}
                        set_beats={link.callback(Msg::Beats)} set_zoom={link.callback(Msg::Zoom)}
                        by_time={link.callback(Msg::ByTime)} fork={link.callback(|()| Msg::Fork(false))}
                        mark={link.callback(|(position, name)| Msg::Bookmark(position, name))}
                        find={link.callback(Msg::Find)} rewind={link.callback(|(name, to)| Msg::Control(name, Control::Rewind(to)))} hide_hint={link.callback(|()| Msg::Hint)}
                    />
                }
                <p class="unseen" role="status">{ &self.said }</p>
                if self.keys_shown {
                    <Keys
                        letters={self.letters} set={link.callback(Msg::Letters)}
                        close={link.callback(|()| Msg::Keys(false))}
                    />
                }
                if self.blank {
                    <button type="button" class="blank" aria-label="Show the page again" onclick={link.callback(|_| Msg::Blank(false))} />
                }
            </div>
            </ContextProvider<Shell>>
        }
    }

    fn notices(&self, ctx: &Context<Self>) -> Html {
        html! {
            <div class="notices">
                if let Some(why) = &self.unkept {
                    <p class="notice" role="alert">
                        { format!("This log lives in memory only and is gone when the page closes: {why}.") }
                    </p>
                }
                if let Some(imagined) = &self.lab.imagined { { lab::banner(imagined, &ctx.link().callback(Msg::Lab)) } }
                if let Some(fault) = &self.fault {
                    <p class="notice bad" role="alert">
                        { fault }
                        { button("Close", ctx.link().callback(|_| Msg::Dismiss)) }
                    </p>
                }
                { for self.scene.broken.iter().map(|check| html! {
                    <p class="notice bad" role="alert">{ format!("A check fails: {check}") }</p>
                }) }
            </div>
        }
    }

    /// The states that are shown: of few streams all, of many the selected event's and the pinned.
    fn states(&self, session: &mut Session) -> Vec<StateView> {
        let position = session.position();
        let streams = &self.scene.streams;
        let here = session.event().map(|it| it.stream().clone());
        let shown: Vec<Stream> = if streams.len() <= STATES_SHOWN {
            let log = session.log();
            streams.iter().filter(|it| log.version_at(it, position) > 0).cloned().collect()
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

    fn panels(&self, session: &mut Session) -> Vec<Rc<Panel>> {
        let subscriptions = session.world().subscriptions().iter();
        let names: Vec<Rc<str>> = subscriptions.map(|it| it.name().clone()).collect();
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
