//! The open log is put in a link, which is copied by hand or by a press.

use crate::es::Scenario;
use crate::host::{Host, with_ordinary_set_ups};
use crate::store::LogInfo;
use crate::store::link::{self, LinkError};
use crate::ui::browser::address::Address;
use crate::ui::browser::embed::{self, SHOWN_AT_FIRST};
use crate::ui::browser::files;
use crate::ui::model::Model;
use crate::ui::model::fold_view::{is_folded, is_panel};
use crate::ui::model::share::{Frame, Made, Msg, Shown, What};

/// True where the page is to be drawn again.
#[inline(never)]
pub fn update(model: &mut Model, msg: Msg) -> bool {
    match msg {
        Msg::Show(false) => return model.share.shown.take().is_some(),
        Msg::Show(true) => {
            let Some(open_log) = model.open_log() else { return false };
            let session = open_log.session();
            let (position, head, said) = (session.position(), session.head(), String::new());
            let frame = Frame { panels: panels_at_first(model), ..Frame::default() };
            model.share.shown =
                Some(Shown { position, head, with: true, frame, made: None, said, of: What::Link });
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
        Msg::Panels(panels) => {
            let fault = unknown_panels(model, &panels);
            let Some(shown) = &mut model.share.shown else { return false };
            shown.frame = Frame { panels, fault, ..std::mem::take(&mut shown.frame) };
            shown.said.clear();
        }
        Msg::Theme(theme) => {
            let Some(shown) = &mut model.share.shown else { return false };
            shown.frame.theme = theme;
            shown.said.clear();
        }
        Msg::Copy(what) => {
            let Some(Shown { made: Some(Made::Link(link, _)), frame, .. }) = &model.share.shown
            else {
                return false;
            };
            let text = match what {
                What::Link => link.to_string(),
                What::Frame => embed::frame_of(link, &frame.panels, &frame.theme),
            };
            model.link.later(async move { Msg::Copied(what, files::copy(&text).await) });
        }
        Msg::Copied(what, copied) => {
            let Some(shown) = &mut model.share.shown else { return false };
            let said = match (what, copied) {
                (What::Link, true) => "The link is copied.",
                (What::Frame, true) => "The frame is copied: paste it into the page.",
                (_, false) => "The clipboard is closed to this page: copy it from its field.",
            };
            said.clone_into(&mut shown.said);
            shown.of = what;
        }
    }
    true
}

/// What the story's step is about, or the fold.
fn panels_at_first(model: &Model) -> String {
    let stage = model.summary.stage.iter().filter(|it| model.summary.in_story && is_folded(it));
    let named: Vec<&str> = stage.map(|it| &**it).collect();
    if named.is_empty() {
        return SHOWN_AT_FIRST.join(", ");
    }
    let [fold, playhead] = SHOWN_AT_FIRST;
    [["Story", fold].as_slice(), &named, &[playhead]].concat().join(", ")
}

/// What is wrong with the names of panels.
fn unknown_panels(model: &Model, panels: &str) -> Option<String> {
    let open_log = model.open_log()?;
    let scenario = open_log.session().scenario().clone();
    let unknown: Vec<&str> =
        embed::names_in(panels).filter(|it| !is_panel(&scenario, it)).collect();
    (!unknown.is_empty()).then(|| {
        format!(
            "No panel is called {}. There are {}, each stream, and each read model and process by \
             its title.",
            unknown.join(" or "),
            embed::PANELS.join(", ")
        )
    })
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
