//! What is done to the running system: commands, the story, subscriptions.

use std::rc::Rc;

use uuid::Uuid;
use yew::Context;

use super::open::{self, Came};
use super::{App, Msg, later};
use crate::es::Choice;
use crate::host::{Answered, OpenedLog, Request, Response, Told};
use crate::lab::{Control, JournalEntry, MicroStep, Outcome, Submission};
use crate::ui::clock::new_id;
use crate::ui::console::Reply;
use crate::ui::lab::Refused;
use crate::ui::parts::counted;
use crate::ui::pipeline::{Cargo, Station};

impl App {
    /// Has something done to the running system, and shows what came of it.
    pub(super) fn change(&mut self, ctx: &Context<Self>, request: Request) {
        let Some(desk) = self.desk.clone() else { return };
        later(ctx.link(), async move { Msg::Changed(desk.ask(request).await.trace) });
    }

    /// Does something to a subscription. What cannot be done is said.
    pub(super) fn control(&mut self, ctx: &Context<Self>, name: Rc<str>, control: Control) {
        let Some(desk) = self.desk.clone() else { return };
        let request = Request::Subscription { name: name.to_string(), how: control.into() };
        later(ctx.link(), async move {
            let answered = desk.ask(request).await;
            Msg::Controlled(desk, name, control, answered)
        });
    }

    pub(super) fn controlled(&mut self, name: &str, control: Control, answered: &Answered) {
        let refused = answered.result.as_ref().err();
        self.lab.refused = refused.map(|why| Refused::new(name, control, why.to_string()));
        self.changed(&answered.trace);
    }

    pub(super) fn changed(&mut self, trace: &[MicroStep]) {
        if let Some(desk) = &self.desk {
            self.listeners.trace(trace, &desk.session());
        }
        self.settle_soon();
    }

    pub(super) fn tell(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        if self.under_way() {
            return;
        }
        if desk.session().next_in_story().is_none() {
            return;
        }
        let head = desk.session().head();
        desk.viewpoint_mut().seek(head);
        self.beat = None;
        later(ctx.link(), async move {
            let answered = desk.ask(Request::Next).await;
            Msg::Told(desk, answered)
        });
    }

    /// A step of the story was played. In a log that somebody has changed it may come to nothing.
    pub(super) fn story_told(&mut self, answered: Answered) {
        let Answered { result: Ok(Response::Told(told)), trace } = answered else { return };
        let Told { say, entry, .. } = told;
        self.clear_hint();
        self.said = say.to_string();
        self.told = Some(self.said.clone());
        if let Some(entry) = &entry {
            self.light(entry);
            let refused = entry.outcome != Outcome::Accepted;
            self.marked(!refused);
            // A step that is meant to be refused says so itself.
            if let (true, Some(told), Some(why)) = (refused, &mut self.told, &entry.reason)
                && !told.contains("efused")
            {
                *told = format!("{told} Refused: {why}.");
                self.said.clone_from(told);
            }
        }
        self.changed(&trace);
    }

    /// Shows in the drawing how far a command has come.
    fn light(&mut self, entry: &JournalEntry) {
        match entry.outcome {
            // Who refuses a version, or to store at all, is the store.
            Outcome::WrongExpectedVersion { .. } | Outcome::NotStored => {
                self.pulse(Station::Store, None);
            }
            _ if entry.events.is_empty() => self.pulse(Station::Handler, None),
            _ => self.pulse(Station::Store, Some((Station::Handler, Cargo::Event))),
        }
    }

    pub(super) fn send(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        let Some(ask) = self.ask(&desk) else { return self.not_read() };
        self.submit(ctx, Request::Send(ask.into()));
    }

    /// What was typed cannot be sent: what was said of an earlier command is over.
    pub(super) fn not_read(&mut self) {
        let faults = self.draft.faults.values().map(String::as_str).collect::<Vec<_>>();
        self.said = format!("Not sent: {}.", faults.join(", "));
        self.told = None;
    }

    /// Sends a command of the journal once more, in one of the ways there are.
    pub(super) fn again(&mut self, ctx: &Context<Self>, command: Uuid, choice: Choice) {
        let Some(desk) = &self.desk else { return };
        if desk.session().world().resubmission(command, choice, command).is_some() {
            self.submit(ctx, Request::Again { command, choice, id: None });
        }
    }

    /// Sends a command at now.
    pub(super) fn submit(&mut self, ctx: &Context<Self>, request: Request) {
        let Some(desk) = self.desk.clone() else { return };
        if self.under_way() {
            return;
        }
        self.stepping = None;
        self.beat = None;
        later(ctx.link(), async move {
            let head = desk.session().head();
            desk.viewpoint_mut().seek(head);
            let answered = desk.ask(request).await;
            Msg::Sent(desk, answered)
        });
    }

    pub(super) fn sent(&mut self, answered: &Answered) {
        let Some(entry) = answered.entry() else { return self.changed(&answered.trace) };
        self.clear_hint();
        self.lab.sent(entry);
        let mut command =
            entry.envelope.command.as_ref().map(|it| it.kind.to_string()).unwrap_or_default();
        if entry.envelope.actor != self.draft.actor {
            command = format!("{}’s {command}", entry.envelope.actor);
        }
        let reason = entry.reason.as_deref().unwrap_or_default();
        self.light(entry);
        self.marked(entry.outcome == Outcome::Accepted);
        Rc::make_mut(&mut self.draft).answer = Some(match &entry.outcome {
            Outcome::Repeated => {
                (true, format!("{command} was handled before: nothing is done again."))
            }
            Outcome::Accepted => {
                self.worth_keeping();
                let count = counted(entry.events.end - entry.events.start, "event");
                (true, format!("{command} accepted: {count}."))
            }
            Outcome::WrongExpectedVersion { .. } => {
                (false, format!("{command} met a conflict: {reason}."))
            }
            _ => (false, format!("{command} refused: {reason}.")),
        });
        self.said = self.draft.answer.clone().map(|(_, text)| text).unwrap_or_default();
        self.told = Some(self.said.clone());
        self.changed(&answered.trace);
    }

    pub(super) fn fork_and_send(&mut self, ctx: &Context<Self>, send: bool) {
        let Some(desk) = self.desk.clone() else { return };
        let ask = if send {
            let Some(ask) = Rc::make_mut(&mut self.draft).ask(&self.forms, new_id()) else {
                return self.not_read();
            };
            if let Some(why) = desk.viewpoint_mut().would_refuse(&ask.command) {
                // Of a command that is refused nothing comes, and no log either.
                let answer = format!("{} refused: {why}. Nothing was forked.", ask.command.kind);
                self.pulse(Station::Handler, None);
                self.said.clone_from(&answer);
                self.told = Some(answer.clone());
                Rc::make_mut(&mut self.draft).answer = Some((false, answer));
                return;
            }
            Some(ask)
        } else {
            None
        };
        let position = desk.session().position();
        self.fork(ctx, position, ask, None);
    }

    /// A new log with the past up to `position`, in which a command may come first.
    pub(super) fn fork(
        &mut self,
        ctx: &Context<Self>,
        position: u64,
        first: Option<Submission>,
        reply: Option<Reply>,
    ) {
        let Some(desk) = self.desk.clone() else { return };
        self.opening += 1;
        let turn = self.opening;
        later(ctx.link(), async move {
            let forked = async {
                let forked = desk.ask(Request::Fork { position }).await.result;
                let Response::Log(info) = forked.map_err(|it| it.message)? else {
                    return Err("there is no new log".to_owned());
                };
                let scenario = desk.session().scenario().clone();
                let host = desk.host().clone();
                let opened = host.open_with(&scenario, info, first.map(Submission::into)).await;
                let OpenedLog { log: desk, trace, first } = opened.map_err(|it| it.to_string())?;
                let answered = first.map(|result| Answered { result, trace });
                let logs = desk.host().logs().await.map_err(|it| it.to_string())?;
                Ok(open::Opened { desk, logs, came: Came::Forked(position, answered) })
            };
            Msg::Opened(turn, forked.await, None, reply)
        });
    }

    pub(super) fn forked(&mut self, position: u64, answered: Option<&Answered>) {
        let mut came = String::new();
        if let Some(answered) = answered {
            self.sent(answered);
            came.clone_from(&self.said);
        }
        self.said = format!(
            "This is a new log, forked after event {position}; the other one stays. {came}"
        );
        self.told = Some(self.said.clone());
    }
}
