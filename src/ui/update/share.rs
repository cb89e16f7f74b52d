//! The open log is put in a link, which is copied by hand or by a press.

use crate::es::Scenario;
use crate::host::{Host, with_ordinary_set_ups};
use crate::store::LogInfo;
use crate::store::link::{self, LinkError};
use crate::ui::browser::address::Address;
use crate::ui::browser::files;
use crate::ui::model::Model;
use crate::ui::model::share::{Made, Msg, Shown};

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Show(false) => return model.share.shown.take().is_some(),
        Msg::Show(true) => {
            let Some(open_log) = model.open_log() else { return false };
            let session = open_log.session();
            let (position, head, said) = (session.position(), session.head(), String::new());
            model.share.shown = Some(Shown { position, head, with: true, made: None, said });
            make(model);
        }
        Msg::At(position) => {
            let Some(shown) = &mut model.share.shown else { return false };
            shown.position = position;
            make(model);
        }
        Msg::With(on) => {
            let Some(shown) = &mut model.share.shown else { return false };
            shown.with = on;
            make(model);
        }
        Msg::Made(turn, made) => return model.share.show(turn, made),
        Msg::Copy => {
            let Some(Shown { made: Some(Made::Link(link, _)), .. }) = &model.share.shown else {
                return false;
            };
            let link = link.clone();
            model.link.later(async move { Msg::Copied(files::copy(&link).await) });
        }
        Msg::Copied(copied) => {
            let Some(shown) = &mut model.share.shown else { return false };
            shown.said = if copied {
                "The link is copied.".to_owned()
            } else {
                "The clipboard is closed to this page: copy the link from its field.".to_owned()
            };
        }
    }
    true
}

/// Makes the link that the sheet asks for.
fn make(model: &mut Model) {
    let (Some(open_log), turn) = (model.open_log(), model.share.next_turn()) else { return };
    let Some(shown) = &mut model.share.shown else { return };
    (shown.made, shown.said) = (None, String::new());
    let (position, with) = (shown.position, shown.with);
    let named = model.layout.bookmarks.iter().filter(|_| with);
    let bookmarks = named.map(|(at, name)| (*at, name.to_string())).collect();
    model.link.later(async move {
        let (host, log) = (open_log.host().clone(), open_log.info().clone());
        let scenario = open_log.session().scenario().clone();
        Msg::Made(turn, made(&host, &log, &scenario, (position, with, bookmarks)).await)
    });
}

async fn made(
    host: &Host,
    log: &LogInfo,
    scenario: &Scenario,
    (position, with, bookmarks): (u64, bool, Vec<(u64, String)>),
) -> Made {
    let mut shared = match host.share(log, scenario, position, bookmarks).await {
        Ok(shared) => shared,
        Err(fault) => return Made::Failed(format!("{fault}.").into()),
    };
    if !with {
        shared.records = with_ordinary_set_ups(shared.records);
    }
    let events = shared.commits.iter().map(|it| it.events.len() as u64).sum();
    match link::write(&shared) {
        Ok(text) => Made::Link(Address::of_shared(&text).into(), events),
        Err(why @ LinkError::TooLong) => Made::TooLong(format!("{why}.").into()),
        Err(why) => Made::Failed(format!("{why}.").into()),
    }
}
