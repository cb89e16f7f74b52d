//! What the console asks of the page as a whole. What it asks of the open log is answered in
//! [`console`].

use yew::Context;

use super::{App, How, Msg};
use crate::ui::console::{self, Reply, Request};

impl App {
    pub(super) fn console(&mut self, ctx: &Context<Self>, request: Request, reply: Reply) -> bool {
        let waits = !matches!(request, Request::Ready | Request::Scenarios | Request::On(..));
        if let Some(early) = self.early.as_mut().filter(|_| waits) {
            early.push((request, reply));
            return false;
        }
        match request {
            Request::Ready => {
                if self.desk.is_some() {
                    reply.resolve(&());
                } else {
                    self.ready.push(reply);
                }
                return false;
            }
            Request::Scenarios => {
                let list: Vec<_> = self
                    .scenarios
                    .iter()
                    .map(|it| serde_json::json!({ "id": it.id, "title": it.title }))
                    .collect();
                reply.resolve(&list);
                return false;
            }
            Request::Open(id, options) => {
                let how = match (options.memory, options.empty, &options.log) {
                    (_, _, Some(log)) => How::Log(log.clone(), None),
                    (true, empty, _) => How::Memory(!empty),
                    (false, true, _) => How::Empty,
                    (false, false, _) => How::Last,
                };
                self.open(ctx, &id, how, Some(reply));
                return true;
            }
            Request::On(number, event, callback) => {
                self.listeners.add(number, event, callback);
                return false;
            }
            Request::Off(number) => {
                self.listeners.remove(number);
                return false;
            }
            _ => {}
        }
        let Some(desk) = self.desk.clone() else {
            reply.reject("storage", "no log is open yet");
            return false;
        };
        match request {
            Request::Seek(to) => {
                let to = match to.position(&desk.session()) {
                    Ok(position) => position,
                    Err(why) => {
                        reply.reject("out_of_range", &why);
                        return false;
                    }
                };
                self.seek(to);
                self.painted.push((to, reply));
                true
            }
            Request::Wait(name, position) => {
                self.listeners.wait(desk, name, position, reply);
                false
            }
            Request::Reset => {
                let id = desk.session().scenario().id.clone();
                let how = if desk.storage().durable() { How::Story } else { How::Memory(true) };
                self.open(ctx, &id, how, Some(reply));
                true
            }
            Request::Fork(position) => {
                if position > desk.session().head() {
                    reply.reject("out_of_range", "the log ends before that position");
                    return false;
                }
                self.fork(ctx, position, None, Some(reply));
                false
            }
            other => {
                let changes = other.changes();
                self.answering += usize::from(changes);
                let link = ctx.link().clone();
                wasm_bindgen_futures::spawn_local(async move {
                    if !changes {
                        console::answer(&desk, other, reply).await;
                        return;
                    }
                    let (reply, kept) = reply.later();
                    let trace = console::answer(&desk, other, reply).await;
                    link.send_message(Msg::Answered(desk, trace, kept));
                });
                false
            }
        }
    }
}
