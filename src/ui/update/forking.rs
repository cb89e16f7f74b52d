//! A fork: a new log with the past up to a position, in which a command may come first.

use crate::host::{Answered, Host, OpenLog, OpenedLog, Request, Response};
use crate::lab::Submission;
use crate::ui::console::Reply;
use crate::ui::model::Model;
use crate::ui::model::class::Joined;
use crate::ui::model::logs::{Arrival, Home, Msg, Opened, Opening};

/// Forks a log after `position`. The command `first` is sent in the fork before anything else.
pub fn fork(
    model: &mut Model,
    open_log: OpenLog,
    position: u64,
    first: Option<Submission>,
    reply: Option<Reply>,
) {
    let turn = model.logs.next_turn();
    // In a class, only who leads makes a log for all. The others get one of their own.
    let leads = model.class.joined.as_ref().is_some_and(Joined::leads);
    let shared = model.logs.home(&open_log) == Home::Class;
    let own = (shared && !leads).then(|| model.logs.host().clone());
    model.link.later(async move {
        let result = forked(open_log, own, position, first).await;
        Msg::Opened(Opening { turn, result, unkept: None, position: None, reply })
    });
}

async fn forked(
    from: OpenLog,
    own: Option<Host>,
    position: u64,
    first: Option<Submission>,
) -> Result<Opened, String> {
    let (host, info) = if let Some(own) = own {
        let forked = from.fork_to(&own, position).await;
        (own, forked.map_err(|it| it.to_string())?)
    } else {
        let forked = from.ask(Request::Fork { position }).await.result;
        let Response::Log(info) = forked.map_err(|it| it.message)? else {
            return Err("there is no new log".to_owned());
        };
        (from.host().clone(), info)
    };
    let scenario = from.session().scenario().clone();
    let opened = host.open_with(&scenario, info, first.map(Submission::into)).await;
    let OpenedLog { log: open_log, trace, first } = opened.map_err(|it| it.to_string())?;
    let answered = first.map(|result| Answered { result, trace });
    let logs = host.logs().await.map_err(|it| it.to_string())?;
    Ok(Opened { open_log, logs, arrival: Arrival::Forked(position, answered) })
}
