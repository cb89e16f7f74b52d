//! A fork: a new log with the past up to a position, in which a command may come first.

use crate::host::{Answered, OpenLog, OpenedLog, Request, Response};
use crate::lab::Submission;
use crate::ui::console::Reply;
use crate::ui::model::Model;
use crate::ui::model::logs::{Arrival, Msg, Opened, Opening};

/// Forks a log after `position`. The command `first` is sent in the fork before anything else.
pub fn fork(
    model: &mut Model,
    open_log: OpenLog,
    position: u64,
    first: Option<Submission>,
    reply: Option<Reply>,
) {
    let turn = model.logs.next_turn();
    model.link.later(async move {
        let result = forked(open_log, position, first).await;
        Msg::Opened(Opening { turn, result, unkept: None, position: None, reply })
    });
}

async fn forked(from: OpenLog, position: u64, first: Option<Submission>) -> Result<Opened, String> {
    let forked = from.ask(Request::Fork { position }).await.result;
    let Response::Log(info) = forked.map_err(|it| it.message)? else {
        return Err("there is no new log".to_owned());
    };
    let scenario = from.session().scenario().clone();
    let host = from.host().clone();
    let opened = host.open_with(&scenario, info, first.map(Submission::into)).await;
    let OpenedLog { log: open_log, trace, first } = opened.map_err(|it| it.to_string())?;
    let answered = first.map(|result| Answered { result, trace });
    let logs = host.logs().await.map_err(|it| it.to_string())?;
    Ok(Opened { open_log, logs, arrival: Arrival::Forked(position, answered) })
}
