//! What is done to the running system: commands, the story, subscriptions.

use yew::Context;

use super::{App, Msg};
use crate::lab::{Did, Entry, Outcome};
use crate::ui::desk::{Desk, new_id};

impl App {
    /// Does something to the running system, and runs it until quiet.
    pub(super) fn change(&mut self, ctx: &Context<Self>, change: impl FnOnce(&Desk)) {
        let Some(desk) = self.desk.clone() else { return };
        change(&desk);
        ctx.link().send_future(async move { Msg::Changed(desk.run().await) });
    }

    pub(super) fn changed(&mut self, trace: &[Did]) {
        if let Some(desk) = &self.desk {
            if let Some(fault) = desk.take_fault() {
                self.fault = Some(format!("Not stored: {fault}."));
            }
            self.listeners.trace(trace, &desk.session());
        }
        self.write_address_soon();
    }

    pub(super) fn tell(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        let Some(number) = desk.session().next_in_story() else { return };
        let head = desk.session().head();
        desk.session_mut().seek(head);
        if let Some(step) = desk.session().scenario().story.get(number) {
            self.said = step.say.to_string();
        }
        ctx.link().send_future(async move {
            desk.tell(number).await;
            Msg::Changed(Vec::new())
        });
    }

    pub(super) fn send(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        let Some(ask) = self.draft.ask(&self.forms, new_id()) else { return };
        ctx.link().send_future(async move {
            let head = desk.session().head();
            desk.session_mut().seek(head);
            Msg::Sent(desk.send(ask).await)
        });
    }

    pub(super) fn sent(&mut self, entry: Option<&Entry>) {
        let Some(entry) = entry else { return };
        let command = entry.envelope.command.as_ref().map(|it| it.kind.clone()).unwrap_or_default();
        let reason = entry.reason.as_deref().unwrap_or_default();
        self.draft.answer = Some(match &entry.outcome {
            Outcome::Accepted | Outcome::Repeated => {
                let count = entry.events.end - entry.events.start;
                let what =
                    if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
                (true, format!("{command} accepted: {what}."))
            }
            _ => (false, format!("{command} refused: {reason}.")),
        });
        self.said = self.draft.answer.clone().map(|(_, text)| text).unwrap_or_default();
        self.changed(&[]);
    }

    pub(super) fn fork_and_send(&mut self, ctx: &Context<Self>) {
        let Some(desk) = self.desk.clone() else { return };
        let Some(ask) = self.draft.ask(&self.forms, new_id()) else { return };
        self.opening += 1;
        let turn = self.opening;
        ctx.link().send_future(async move {
            let position = desk.session().position();
            let forked = async {
                let fork = desk.fork(position).await?;
                fork.send(ask).await;
                let logs = fork.storage().logs().await?;
                Ok((fork, logs))
            };
            Msg::Opened(turn, forked.await, None, None)
        });
    }
}
