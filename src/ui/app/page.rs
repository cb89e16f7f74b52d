//! The page as a whole, from top to bottom. Each part draws itself; this only says where it stands
//! and what it is told.

use std::collections::BTreeMap;
use std::rc::Rc;

use yew::{Context, Html, html};

use super::{App, Msg};
use crate::lab::{Entry, Kind, Stream, natural};
use crate::store::LogInfo;
use crate::ui::commands::Commands;
use crate::ui::desk::{Desk, written_millis};
use crate::ui::header::{Header, Keys};
use crate::ui::journal::Journal;
use crate::ui::log::EventLogView;
use crate::ui::read::{Outbox, ReadSide};
use crate::ui::timeline::{Lane, Timeline};

/// How many streams' states are shown at once, beside those that were picked.
const STATES_SHOWN: usize = 4;
/// Past so many events the lanes above the slider are left out.
const MARKS_SHOWN: u64 = 600;
const LANES_SHOWN: usize = 8;

impl App {
    #[expect(clippy::too_many_lines, reason = "the page as a whole, from top to bottom")]
    pub(super) fn page(&self, ctx: &Context<Self>, desk: &Desk) -> Html {
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
}
