//! The diary of a class: the log that the class writes about itself.

use std::rc::Rc;

use serde_json::value::to_raw_value;

use crate::codec::archive::Imported;
use crate::host::{Command, Host, OpenLog, Request, Sending};
use crate::store::nats::Role;
use crate::store::{LogInfo, SideRecords};
use crate::ui::model::Model;
use crate::ui::model::class::{DIARY, Deed, Joined, Msg};

/// The scenario that the diary is of.
const SCENARIO: &str = "class";

/// Opens the diary, once it is among the class's logs. Whoever leads begins it.
pub fn look_for(model: &mut Model, logs: &[LogInfo]) {
    let Some(scenario) = model.logs.scenario(SCENARIO).cloned() else { return };
    let Some(joined) = &mut model.class.joined else { return };
    let known = logs.iter().find(|it| it.id == DIARY).cloned();
    if joined.diary.is_some() || joined.opening_diary || known.is_none() && !joined.leads() {
        return;
    }
    joined.opening_diary = true;
    let host = joined.place.host.clone();
    model.link.later(async move {
        let opened = async {
            let info = match known {
                Some(info) => info,
                None => begin(&host, &scenario).await?,
            };
            host.open(&scenario, info).await.ok()
        };
        // What cannot be read now is tried again with the next list.
        Msg::Diary(opened.await)
    });
}

async fn begin(host: &Host, scenario: &Rc<crate::es::Scenario>) -> Option<LogInfo> {
    let title = "What this class does".to_owned();
    let info = LogInfo { id: DIARY.to_owned(), ..host.new_log(scenario, title, None) };
    let nothing = Imported::of(Vec::new()).ok()?;
    let records = SideRecords::new();
    host.import_as(scenario, &info, nothing, records, &mut || ()).await.ok()?;
    Some(info)
}

/// The diary is open, or could not be opened.
pub fn opened(model: &mut Model, diary: Option<OpenLog>) {
    let Some(joined) = &mut model.class.joined else { return };
    joined.opening_diary = false;
    let Some(diary) = diary else { return };
    joined.diary = Some(diary.clone());
    listen(model);
    wasm_bindgen_futures::spawn_local(diary.serve());
    note(model, &Deed::Join);
}

/// Hears of what is new in the diary, unless the page shows it and hears of it anyway.
pub fn listen(model: &Model) {
    let diary = model.class.joined.as_ref().and_then(|it| it.diary.clone());
    if let Some(diary) = diary.filter(|it| !model.logs.is_open(it)) {
        let link = model.link.clone();
        diary.on_change(move |_| link.send(Msg::Written));
    }
}

/// Notes what this page's person does.
pub fn note(model: &Model, deed: &Deed) {
    // Whoever leads shows things: what they open says nothing of what is hard.
    let takes_part = |it: &&Joined| it.place.role == Role::Act;
    let Some(joined) = model.class.joined.as_ref().filter(takes_part) else { return };
    let Some(diary) = joined.diary.clone() else { return };
    let command = command(&joined.name, deed);
    let link = model.link.clone();
    wasm_bindgen_futures::spawn_local(async move {
        // What the diary does not take keeps nobody from what they do.
        _ = diary.ask(Request::Send(command)).await;
        link.send(Msg::Written);
    });
}

/// Notes that somebody leaves, and waits until that is stored or cannot be.
pub async fn leave(joined: Joined) {
    if let Some(diary) = joined.diary.filter(|_| joined.place.role == Role::Act) {
        _ = diary.ask(Request::Send(command(&joined.name, &Deed::Leave))).await;
    }
}

fn command(name: &str, deed: &Deed) -> Command {
    let (kind, data) = deed.command();
    let how = Sending { retry: true, actor: Some(name.to_owned()), ..Sending::default() };
    let data = to_raw_value(&data).ok();
    Command { stream: format!("person-{name}"), kind: kind.to_owned(), data, how }
}
