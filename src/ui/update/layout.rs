//! Panels are folded, brought forward and pinned; the page changes how it looks.

use std::rc::Rc;

use crate::es::Stream;
use crate::lab::SubscriptionKind;
use crate::ui::browser::{focus, remember, switch_theme};
use crate::ui::model::Model;
use crate::ui::model::bookmarks;
use crate::ui::model::layout::{Hint, Msg, Side};
use crate::ui::model::station::Station;

/// True where the page is to be drawn again.
pub fn update(model: &mut Model, msg: Msg) -> bool {
    let layout = &mut model.layout;
    match msg {
        Msg::Fold { panel, line } => {
            let folded = !layout.folds.is_folded(&panel, line);
            layout.fold(&panel, line, folded);
        }
        Msg::Show(side) => layout.side = side,
        Msg::Forward(station) => forward(model, station),
        Msg::Find(panel) => find(model, &panel),
        Msg::Pin(stream, on) => pin(model, &stream, on),
        Msg::Bookmark(position, name) => {
            if let Some(open_log) = &model.logs.open {
                bookmarks::set(open_log.id(), &mut layout.bookmarks, position, name.as_deref());
            }
        }
        Msg::Zoom(zoom) => layout.zoom = zoom,
        Msg::ByTime(on) => {
            layout.by_time = on;
            remember("by-time", on.then_some("on"));
        }
        Msg::Present(on) => layout.present = on,
        Msg::Form(on) => {
            layout.form = on;
            layout.field = on.then_some("#command");
        }
        Msg::Lanes(on) => layout.lanes = on,
        Msg::Low(on) => {
            layout.low = on;
            remember("low", on.then_some("on"));
        }
        Msg::Blank(on) => layout.blank = on,
        Msg::Print(on) => layout.printing = on,
        Msg::HideHint => {
            layout.hint = Hint::Gone;
            remember("hint", Some("seen"));
            focus("[aria-label='Playhead']");
        }
        Msg::HideWelcome => layout.welcome = false,
        Msg::Theme => switch_theme(),
        Msg::Keys(open) => {
            layout.keys = open;
            if !open {
                focus("button[aria-label='Words and keys']");
            }
        }
        Msg::Letters(on) => {
            layout.letters = on;
            remember("letters", if on { None } else { Some("off") });
        }
    }
    true
}

fn pin(model: &mut Model, stream: &Stream, on: bool) {
    let Some(open_log) = &model.logs.open else { return };
    model.layout.pin(&open_log.session().scenario().id, stream, on);
}

/// Brings a station's panel forward.
fn forward(model: &mut Model, station: Station) {
    let Some(open_log) = model.open_log() else { return };
    let name: Option<Rc<str>> = {
        let session = open_log.session();
        let kind = if station == Station::Processes {
            SubscriptionKind::Process
        } else {
            SubscriptionKind::Projection
        };
        let mut subscriptions = session.world().subscriptions().iter();
        match station {
            Station::Commands => Some("Commands".into()),
            Station::Handler => session.event().map(|it| it.stream().as_str().into()),
            Station::Store => Some("Event log".into()),
            Station::Projections | Station::Queries | Station::Processes => {
                subscriptions.find(|it| it.kind() == kind).map(|it| it.name().clone())
            }
            Station::Outbox => Some("Outbox".into()),
        }
    };
    find(model, &name.unwrap_or_else(|| "Read side".into()));
}

/// Brings the panel of that name forward: unfolded, in view, with the focus in it.
pub fn find(model: &mut Model, panel: &Rc<str>) {
    let line = model.read_side.is_line(panel);
    if model.layout.folds.is_folded(panel, line) {
        model.layout.fold(panel, line, false);
    }
    // Of many states, few are shown.
    if let Ok(stream) = Stream::parse(panel)
        && model.summary.streams.contains(&stream)
        && !model.read_side.states.iter().any(|it| it.stream == stream)
    {
        pin(model, &stream, true);
    }
    model.layout.side = Side::of(panel);
    model.layout.brought = Some(panel.clone());
}
