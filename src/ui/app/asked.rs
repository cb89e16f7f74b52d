//! What the console asks of the page. What it asks of the open log is answered in
//! [`crate::host`].

use yew::Context;

use super::{App, How, Msg};
use crate::host::calls::{Asked, Moment, OfPage};
use crate::host::{Answered, OpenLog, Request};
use crate::ui::console::{self, Message, Reply};
use crate::ui::fixed::Fixed;

impl App {
    pub(super) fn console(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        let waits = !matches!(
            message,
            Message::On(..)
                | Message::Asked(
                    Asked::OfPage(OfPage::Ready | OfPage::Help(_) | OfPage::Scenarios),
                    _
                )
        );
        if let Some(early) = self.early.as_mut().filter(|_| waits) {
            early.push(message);
            return false;
        }
        match message {
            Message::On(number, hears, callback) => self.listeners.add(number, hears, callback),
            Message::Off(number) => self.listeners.remove(number),
            Message::Asked(Asked::OfPage(asked), reply) => return self.of_page(ctx, asked, reply),
            Message::Asked(Asked::OfLog(request), reply) => {
                if let Some((desk, reply)) = self.desk_for(reply) {
                    self.of_log(ctx, desk, request, reply);
                }
            }
        }
        false
    }

    /// The open log, for whoever waits; where none is open, that is the answer.
    fn desk_for(&self, reply: Reply) -> Option<(OpenLog, Reply)> {
        if let Some(desk) = self.desk.clone() {
            return Some((desk, reply));
        }
        reply.reject("storage", "no log is open yet");
        None
    }

    fn of_page(&mut self, ctx: &Context<Self>, asked: OfPage, reply: Reply) -> bool {
        match asked {
            OfPage::Ready if self.desk.is_none() => self.ready.push(reply),
            OfPage::Ready => reply.resolve(&()),
            OfPage::Help(part) => {
                wasm_bindgen_futures::spawn_local(async move { console::help(part, &reply).await });
            }
            OfPage::Scenarios => {
                let list: Vec<_> = self
                    .scenarios
                    .iter()
                    .map(|it| serde_json::json!({ "id": it.id, "title": it.title }))
                    .collect();
                reply.resolve(&list);
            }
            OfPage::Open(id, opening) => {
                let how = match (opening.memory, opening.empty, opening.log) {
                    (_, _, Some(log)) => How::Log(log, None),
                    (true, empty, _) => How::Memory(!empty),
                    (false, true, _) => How::Empty,
                    (false, false, _) => How::Last,
                };
                self.open(ctx, &id, how, Some(reply));
                return true;
            }
            asked => {
                if let Some((desk, reply)) = self.desk_for(reply) {
                    return self.of_open_log(ctx, desk, asked, reply);
                }
            }
        }
        false
    }

    /// What is asked of the page, and of the log that it shows.
    fn of_open_log(
        &mut self,
        ctx: &Context<Self>,
        desk: OpenLog,
        asked: OfPage,
        reply: Reply,
    ) -> bool {
        let head = desk.session().head();
        match asked {
            OfPage::Seek(moment) => match position_of(&moment, &desk) {
                Ok(to) => {
                    self.seek(to);
                    self.painted.push((to, reply));
                    return true;
                }
                Err(why) => reply.reject("out_of_range", &why),
            },
            OfPage::Wait(name, position) => self.listeners.wait(desk, name, position, reply),
            OfPage::Reset => {
                let id = desk.session().scenario().id.clone();
                let how = if desk.host().durable() { How::Story } else { How::Memory(true) };
                self.open(ctx, &id, how, Some(reply));
                return true;
            }
            OfPage::Fork(position) if position > head => {
                reply.reject("out_of_range", "the log ends before that position");
            }
            OfPage::Fork(position) => self.fork(ctx, position, None, Some(reply)),
            OfPage::Ready | OfPage::Help(_) | OfPage::Scenarios | OfPage::Open(..) => {}
        }
        false
    }

    fn of_log(&mut self, ctx: &Context<Self>, desk: OpenLog, request: Request, reply: Reply) {
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

/// The position in a log that is meant.
fn position_of(moment: &Moment, desk: &OpenLog) -> Result<u64, String> {
    let session = desk.session();
    let head = session.head();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    match moment {
        Moment::Position(at) if *at >= 0.0 && at.fract() == 0.0 && *at <= head as f64 => {
            Ok(*at as u64)
        }
        Moment::Position(at) => Err(format!("{} is no position from 0 to {head}", Fixed(*at, 3))),
        Moment::Date(date) => match js_sys::Date::parse(date) {
            time if time.is_finite() => Ok(session.position_at(time.max(0.0) as u64)),
            _ => Err(format!("{date:?} is no date")),
        },
    }
}
