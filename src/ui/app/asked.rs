//! What the console asks of the page as a whole. What it asks of the open log is answered in
//! [`console`].

use yew::Context;

use super::{App, How, Msg};
use crate::host::{Answered, OpenLog};
use crate::ui::console::{self, Call, OfLog, Reply};

impl App {
    pub(super) fn console(&mut self, ctx: &Context<Self>, request: Call, reply: Reply) -> bool {
        let waits = !matches!(request, Call::Ready | Call::Scenarios | Call::On(..));
        if let Some(early) = self.early.as_mut().filter(|_| waits) {
            early.push((request, reply));
            return false;
        }
        match request {
            Call::Ready if self.desk.is_none() => self.ready.push(reply),
            Call::Ready => reply.resolve(&()),
            Call::Scenarios => {
                let list: Vec<_> = self
                    .scenarios
                    .iter()
                    .map(|it| serde_json::json!({ "id": it.id, "title": it.title }))
                    .collect();
                reply.resolve(&list);
            }
            Call::Open(id, options) => {
                let how = match (options.memory, options.empty, &options.log) {
                    (_, _, Some(log)) => How::Log(log.clone(), None),
                    (true, empty, _) => How::Memory(!empty),
                    (false, true, _) => How::Empty,
                    (false, false, _) => How::Last,
                };
                self.open(ctx, &id, how, Some(reply));
                return true;
            }
            Call::On(number, event, callback) => self.listeners.add(number, event, callback),
            Call::Off(number) => self.listeners.remove(number),
            Call::OfLog(request) => {
                let Some(desk) = self.desk.clone() else {
                    reply.reject("storage", "no log is open yet");
                    return false;
                };
                return self.asked(ctx, desk, request, reply);
            }
        }
        false
    }

    fn asked(&mut self, ctx: &Context<Self>, desk: OpenLog, request: OfLog, reply: Reply) -> bool {
        match request {
            OfLog::Seek(to) => {
                let to = to.position(&desk.session());
                match to {
                    Ok(to) => {
                        self.seek(to);
                        self.painted.push((to, reply));
                        return true;
                    }
                    Err(why) => reply.reject("out_of_range", &why),
                }
            }
            OfLog::Wait(name, position) => self.listeners.wait(desk, name, position, reply),
            OfLog::Reset => {
                let id = desk.session().scenario().id.clone();
                let how = if desk.host().durable() { How::Story } else { How::Memory(true) };
                self.open(ctx, &id, how, Some(reply));
                return true;
            }
            OfLog::Fork(position) if position > desk.session().head() => {
                reply.reject("out_of_range", "the log ends before that position");
            }
            OfLog::Fork(position) => self.fork(ctx, position, None, Some(reply)),
            OfLog::Ask(request) => {
                let changes = console::changes(&request);
                self.answering += usize::from(changes);
                let link = ctx.link().clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let Answered { result, trace } = desk.ask(request).await;
                    if changes {
                        let (reply, kept) = reply.later();
                        console::give(&result, &reply);
                        link.send_message(Msg::Answered(desk, trace, kept));
                    } else {
                        console::give(&result, &reply);
                    }
                });
            }
        }
        false
    }
}
