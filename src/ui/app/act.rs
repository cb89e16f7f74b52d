//! What is done to the running system: commands, the story, subscriptions.

use std::rc::Rc;

use uuid::Uuid;
use yew::Context;

use super::open::Came;
use super::{App, Msg, Opened};
use crate::es::Choice;
use crate::lab::{Ask, Control, Did, Entry, Outcome};
use crate::ui::console::Reply;
use crate::ui::desk::{Desk, Played, new_id};
use crate::ui::lab::Refused;
use crate::ui::parts::counted;
use crate::ui::pipeline::{Cargo, Station};

impl App {
    /// Does something to the running system, and runs it until quiet. A command that is being
    /// stepped through goes on by steps.
    pub(super) fn change(&mut self, ctx: &Context<Self>, change: impl FnOnce(&Desk)) {
        let Some(desk) = self.desk.clone() else { return };
        change(&desk);
        if !self.under_way() {
            ctx.link().send_future(async move { Msg::Changed(desk.run().await) });
        }
    }

    /// Does something to a subscription. What cannot be done is said.
    pub(super) fn control(&mut self, ctx: &Context<Self>, name: &str, control: Control) {
        let Some(desk) = &self.desk else { return };
        let refused = desk.session_mut().world_mut().control(name, control).err();
        self.lab.refused = refused.map(|why| Refused::new(name, control, why.to_string()));
        if self.lab.refused.is_none() {
            self.change(ctx, |_| ());
        }
    }

    pub(super) fn changed(&mut self, trace: &[Did]) {
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
        desk.session_mut().seek(head);
        self.beat = None;
        ctx.link().send_future(async move {
            let played = desk.tell().await;
            Msg::Told(desk, played)
        });
    }

    /// A step of the story was played. In a log that somebody has changed it may come to nothing.
    pub(super) fn story_told(&mut self, played: Option<Played>) {
        let Some(Played { say, entry, trace, .. }) = played else { return };
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
    fn light(&mut self, entry: &Entry) {
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
        self.submit(ctx, ask);
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
        let ask = desk.session().world().again(command, choice, new_id());
        if let Some(ask) = ask {
            self.submit(ctx, ask);
        }
    }

    pub(super) fn submit(&mut self, ctx: &Context<Self>, ask: Ask) {
        let Some(desk) = self.desk.clone() else { return };
        if self.under_way() {
            return;
        }
        self.stepping = None;
        self.beat = None;
        ctx.link().send_future(async move {
            let head = desk.session().head();
            desk.session_mut().seek(head);
            let (entry, trace) = desk.send(ask).await;
            Msg::Sent(desk, entry, trace)
        });
    }

    pub(super) fn sent(&mut self, entry: Option<&Entry>, trace: &[Did]) {
        let Some(entry) = entry else { return };
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
        self.changed(trace);
    }

    pub(super) fn fork_and_send(&mut self, ctx: &Context<Self>, send: bool) {
        let Some(desk) = self.desk.clone() else { return };
        let ask = if send {
            let Some(ask) = Rc::make_mut(&mut self.draft).ask(&self.forms, new_id()) else {
                return self.not_read();
            };
            if let Some(why) = desk.session_mut().would_refuse(&ask.command) {
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
        first: Option<Ask>,
        reply: Option<Reply>,
    ) {
        let Some(desk) = self.desk.clone() else { return };
        self.opening += 1;
        let turn = self.opening;
        ctx.link().send_future(async move {
            let forked = async {
                let command = first.as_ref().map(|it| it.id);
                let desk = desk.fork(position, first).await?;
                let entry = match command {
                    Some(command) => desk.answer_to(command).await.0,
                    None => None,
                };
                let logs = desk.storage().logs().await?;
                Ok(Opened { desk, logs, came: Came::Forked(position, entry) })
            };
            Msg::Opened(turn, forked.await, None, reply)
        });
    }

    pub(super) fn forked(&mut self, position: u64, entry: Option<&Entry>) {
        self.sent(entry, &[]);
        let came = if entry.is_some() { &*self.said } else { "" };
        self.said = format!(
            "This is a new log, forked after event {position}; the other one stays. {came}"
        );
        self.told = Some(self.said.clone());
    }
}
