//! What is kept: the logs dialog, files in and out, links, disasters and what to do about them.

use std::cell::Cell;
use std::rc::Rc;

use futures::channel::oneshot;
use futures::future::{Either, LocalBoxFuture, select};
use yew::Context;

use super::{App, How, Msg, later};
use crate::codec::CommitOrLoss;
use crate::codec::archive::{self, Format, Import, Imported};
use crate::es::{Scenario, View, sort};
use crate::host::{Host, OpenLog, Request, Response, Restored, decode_side_records};
use crate::lab::SideRecord;
use crate::lab::csv::csv;
use crate::store::link::{self, LinkError, Shared};
use crate::store::{Durability, IdbStore, LogInfo};
use crate::ui::address::Address;
use crate::ui::browser::{close_menus, focus, remember, remembered};
use crate::ui::clock::{Told, breathe, clock, now};
use crate::ui::files::{self, Pieces};
use crate::ui::fixed::Fixed;
use crate::ui::logs::{Act, Entry, Shown};
use crate::ui::parts::counted;

/// A deleted log can be had back for a day.
const DELETED_MILLIS: u64 = 24 * 60 * 60 * 1000;
/// So many faults are shown.
const FAULTS_SHOWN: usize = 12;

/// True once what is under way can no longer be undone.
type Firm = Rc<Cell<bool>>;

/// What goes on around the logs.
#[derive(Default)]
pub(super) struct Keeping {
    pub(super) shown: Shown,
    cancel: Option<oneshot::Sender<()>>,
    ready: Option<Ready>,
    asked: bool,
}

/// An archive that waits for its place, and how far it was looked through.
struct Ready {
    name: String,
    archive: Imported,
    looked: usize,
    unreadable: u64,
}

impl App {
    /// The storage is open: how sure it is to be, and what it has lost.
    pub(super) fn stored_in(&mut self, ctx: &Context<Self>, disk: &IdbStore) {
        let strict = remembered("strict").is_some();
        self.keeping.shown.strict = strict;
        disk.set_durability(if strict { Durability::Strict } else { Durability::Relaxed });
        let (disk, link) = (disk.clone(), ctx.link().clone());
        wasm_bindgen_futures::spawn_local(async move {
            let Ok(missing) = disk.missing().await else { return };
            let Some(worst) = missing.iter().map(|(_, head)| *head).max() else { return };
            for (log, _) in &missing {
                disk.forget(log);
            }
            link.send_message(Msg::Lost(missing.len(), worst));
        });
    }

    /// A command of a person's own was stored: now the logs are worth keeping.
    pub(super) fn worth_keeping(&mut self) {
        let durable = self.desk.as_ref().is_some_and(|desk| desk.host().durable());
        if durable && !std::mem::replace(&mut self.keeping.asked, true) {
            wasm_bindgen_futures::spawn_local(async {
                // Where the browser refuses, the dialog says so and can ask again.
                files::persist().await;
            });
        }
    }

    fn list(&self, ctx: &Context<Self>) {
        let Some(desk) = &self.desk else { return };
        let host = desk.host().clone();
        let titles: Vec<(Rc<str>, Rc<str>)> =
            self.scenarios.iter().map(|it| (it.id.clone(), it.title.clone())).collect();
        later(ctx.link(), async move {
            let room = files::room().await;
            let listed = async {
                let extents = host.extents().await?;
                let mut infos = host.all_logs().await?;
                sort(&mut infos, |a: &LogInfo, b| b.opened_at.cmp(&a.opened_at));
                Ok::<_, crate::store::StoreError>((infos, extents))
            };
            let (infos, extents) = match listed.await {
                Ok(listed) => listed,
                Err(fault) => return Msg::Act(Act::Listed(Err(format!("{fault}.")))),
            };
            let mut entries = Vec::new();
            let names = infos.clone();
            for info in infos {
                if info.deleted_at.is_some_and(|at| at + DELETED_MILLIS < now()) {
                    // What cannot be removed now is tried again the next time.
                    _ = host.remove(&info.id).await;
                    continue;
                }
                let scenario = titles.iter().find(|(id, _)| **id == *info.scenario);
                let scenario = scenario.map_or_else(String::new, |(_, title)| title.to_string());
                let extent = extents.get(&info.id).copied().unwrap_or_default();
                let from = info.forked_from.as_ref();
                let from = names.iter().find(|it| from.is_some_and(|(log, _)| it.id == *log));
                let from =
                    from.map_or("one that is gone".to_owned(), |it| format!("“{}”", it.title));
                entries.push(Entry { info, extent, scenario, from });
            }
            Msg::Act(Act::Listed(Ok((entries, room))))
        });
    }

    /// Another log is open: the dialog's list is of before that.
    pub(super) fn list_anew(&self, ctx: &Context<Self>) {
        if self.keeping.shown.open {
            self.list(ctx);
        }
    }

    /// What took a while is over.
    pub(super) fn over(&mut self) {
        (self.keeping.shown.busy, self.keeping.cancel) = (None, None);
    }

    /// Does something that takes a while and may be cancelled until it is firm.
    fn under_way_with(
        &mut self,
        ctx: &Context<Self>,
        what: &str,
        firm: Firm,
        work: LocalBoxFuture<'static, Msg>,
    ) {
        let (sender, cancelled) = oneshot::channel::<()>();
        let shown = &mut self.keeping.shown;
        shown.busy = Some((what.to_owned(), !firm.get()));
        shown.said.clear();
        shown.faults.clear();
        (shown.link, shown.too_long) = (None, false);
        self.keeping.cancel = Some(sender);
        later(ctx.link(), async move {
            Msg::Over(Box::new(match select(work, cancelled).await {
                Either::Left((message, _)) => message,
                Either::Right((_, work)) if firm.get() => work.await,
                Either::Right(_) => Msg::Act(Act::Said("Cancelled: nothing was changed.".into())),
            }))
        });
    }

    /// The scenario whose log an archive is; the open one where it does not say.
    fn reader(&self, ready: &Ready, open: &Rc<Scenario>) -> Rc<Scenario> {
        let known = ready.archive.scenario.as_deref();
        self.scenarios.iter().find(|it| known == Some(&*it.id)).unwrap_or(open).clone()
    }

    /// What is to be known before an archive is placed.
    fn told_of(&self, ready: &Ready, open: &Rc<Scenario>) -> String {
        let scenario = self.reader(ready, open);
        let events = counted(ready.archive.events, "event");
        let (mut whose, mut reader) = (String::new(), "This");
        if scenario.id != open.id {
            (whose, reader) = (format!(" It is a log of “{}”.", scenario.title), "That");
        }
        let unreadable = match ready.unreadable {
            0 => String::new(),
            count => format!(
                " {reader} scenario cannot read {count} of them: they are kept as they are."
            ),
        };
        format!("{} holds {events}, all in order.{whose}{unreadable}", ready.name)
    }

    /// Changes what is known of a log, and lists them again.
    fn describe(&self, ctx: &Context<Self>, info: LogInfo) {
        let Some(desk) = &self.desk else { return };
        let (desk, link) = (desk.clone(), ctx.link().clone());
        wasm_bindgen_futures::spawn_local(async move {
            match desk.host().redescribe(&info).await {
                Ok(()) if desk.id() == info.id => _ = desk.ask(Request::CatchUp).await,
                Ok(()) => {}
                Err(fault) => link.send_message(Msg::Act(Act::Said(format!("{fault}.")))),
            }
            link.send_message(Msg::Act(Act::List));
        });
    }

    #[expect(clippy::too_many_lines, reason = "one arm an act")]
    pub(super) fn act(&mut self, ctx: &Context<Self>, act: Act) -> bool {
        let Some(desk) = self.desk.clone() else { return false };
        let host = desk.host().clone();
        let scenario = desk.session().scenario().clone();
        let progress = ctx.link().callback(|text| Msg::Act(Act::Progress(text)));
        let firm = Firm::default();
        let shown = &mut self.keeping.shown;
        if shown.busy.is_some() && act.takes_a_while() {
            // One thing after the other: the dialog shows what is under way.
            return self.act(ctx, Act::Show(true));
        }
        match act {
            Act::Show(open) => {
                shown.open = open;
                if open {
                    close_menus(None);
                    self.list(ctx);
                    // Another log may be open than when its archive was looked through.
                    if let Some(mut ready) = self.keeping.ready.take() {
                        (ready.looked, ready.unreadable) = (0, 0);
                        self.keeping.shown.ready = Some(self.told_of(&ready, &scenario));
                        self.keeping.ready = Some(ready);
                        look_soon(ctx);
                    }
                } else {
                    let (strict, busy) = (shown.strict, shown.busy.take());
                    *shown = Shown { strict, busy, ..Shown::default() };
                    self.keeping.ready = None;
                    focus("details:has([aria-label='Manage logs']) > summary");
                }
            }
            Act::List => self.list(ctx),
            Act::Listed(Err(why)) => shown.said = why,
            Act::Listed(Ok((entries, room))) => {
                shown.entries = Rc::new(entries);
                shown.room = room;
                let entries = shown.entries.clone();
                self.list_own(entries.iter().map(|it| it.info.clone()));
            }
            Act::Open(info) => {
                self.act(ctx, Act::Show(false));
                self.open(ctx, &info.scenario, How::Log(info.id, None), None);
            }
            Act::Rename(info, title) => {
                if info.id == desk.id() {
                    desk.rename(title.clone());
                }
                self.describe(ctx, LogInfo { title, ..info });
            }
            Act::Delete(info, deleted) => {
                (shown.link, shown.too_long) = (None, false);
                shown.faults.clear();
                let deleted_at = deleted.then(now);
                shown.said =
                    format!("{} is {}.", info.title, if deleted { "deleted" } else { "back" });
                let open = info.id == desk.id();
                self.describe(ctx, LogInfo { deleted_at, ..info });
                if open && deleted {
                    self.open(ctx, &scenario.id, How::Last, None);
                }
            }
            Act::Duplicate(info) => {
                let title = format!("{} copy", info.title);
                let all = firm.clone();
                self.under_way_with(
                    ctx,
                    "Copying…",
                    firm,
                    Box::pin(async move {
                        let copied = host.duplicate(&info, title, &mut || all.set(true)).await;
                        Msg::Act(Act::Said(match copied {
                            Ok(copy) => format!("{} is a new log.", copy.title),
                            Err(fault) => format!("Not copied: {fault}."),
                        }))
                    }),
                );
            }
            Act::Export(info, format, zip) => {
                let open = info.id == desk.id();
                self.under_way_with(
                    ctx,
                    "Exporting…",
                    firm,
                    Box::pin(async move {
                        let exported =
                            export(&host, &info, format, open.then_some(&desk), |events| {
                                progress.emit(format!("Exporting… {events} events"));
                            });
                        let (pieces, held) = match exported.await {
                            Ok(exported) => exported,
                            Err(why) => {
                                return Msg::Act(Act::Said(format!("Not exported: {why}.")));
                            }
                        };
                        let ending = if format == Format::Lines { "ndjson" } else { "json" };
                        let name = file_name(&info.title, ending, zip);
                        Msg::Act(Act::Said(match pieces.download(&name, zip).await {
                            Ok(()) => format!("{name} holds {held}."),
                            Err(why) => format!("Not exported: {why}."),
                        }))
                    }),
                );
            }
            Act::Import(file) => {
                let name = file.name();
                self.under_way_with(
                    ctx,
                    "Reading…",
                    firm,
                    Box::pin(async move {
                        let mut import = Import::new();
                        let mut told = Told::new();
                        let read = files::read(&file, |bytes| {
                            import.feed(bytes);
                            if told.due() {
                                progress.emit(format!("Reading… {} events", import.events()));
                            }
                            !import.hopeless()
                        });
                        if let Err(why) = read.await {
                            let why = vec![format!("{name} cannot be read: {why}")];
                            return Msg::Act(Act::Read(name, Err(why)));
                        }
                        let read = import.finish();
                        let read = read.map_err(|it| it.iter().map(ToString::to_string).collect());
                        Msg::Act(Act::Read(name, read))
                    }),
                );
            }
            Act::Read(name, Ok(archive)) => {
                self.keeping.ready = Some(Ready { name, archive, looked: 0, unreadable: 0 });
                // Whoever asked for it may have closed the dialog meanwhile.
                return self.act(ctx, Act::Show(true));
            }
            // While its reader thinks about where it is to go.
            Act::Look => {
                let Some(mut ready) = self.keeping.ready.take() else { return false };
                let piece = ready.archive.commits.segments().get(ready.looked);
                let told = piece.is_none() && ready.unreadable > 0;
                if let Some(piece) = piece {
                    let scenario = self.reader(&ready, &scenario);
                    ready.unreadable += archive::unreadable(piece.commits(), &scenario);
                    ready.looked += 1;
                    look_soon(ctx);
                } else if told {
                    self.keeping.shown.ready = Some(self.told_of(&ready, &scenario));
                }
                self.keeping.ready = Some(ready);
                return told;
            }
            Act::Read(name, Err(mut faults)) => {
                let count = faults.len();
                faults.truncate(FAULTS_SHOWN);
                shown.said = format!("{name} has {count} faults, so nothing of it was imported.");
                if count == 1 {
                    shown.said = format!("{name} has a fault, so nothing of it was imported.");
                }
                shown.faults = faults;
                return self.act(ctx, Act::Show(true));
            }
            Act::Place(after) => {
                let Some(ready) = self.keeping.ready.take() else { return false };
                shown.ready = None;
                let own = self.reader(&ready, &scenario);
                let Ready { name, archive, .. } = ready;
                let all = firm.clone();
                self.under_way_with(
                    ctx,
                    "Importing…",
                    firm,
                    Box::pin(async move {
                        let placed = if after {
                            append(&desk, archive, &all).await
                        } else {
                            let title = stem(&name).to_owned();
                            new(&host, &own, title, archive, Vec::new(), &all).await
                        };
                        match placed {
                            Ok((info, said)) => Msg::Imported(info, said),
                            Err(why) => {
                                Msg::Act(Act::Said(format!("Nothing was imported: {why}.")))
                            }
                        }
                    }),
                );
            }
            Act::Progress(text) => {
                if let Some((busy, _)) = &mut shown.busy {
                    *busy = text;
                }
            }
            Act::Said(text) => {
                if shown.open {
                    shown.said = text;
                    self.list(ctx);
                } else {
                    self.said.clone_from(&text);
                    self.told = Some(text);
                }
            }
            Act::Cancel => self.keeping.cancel = None,
            Act::Strict(on) => {
                shown.strict = on;
                remember("strict", on.then_some("on"));
                if let Some((_, disk)) = &self.disk {
                    disk.set_durability(if on { Durability::Strict } else { Durability::Relaxed });
                }
            }
            Act::Persist => later(ctx.link(), async {
                Msg::Act(Act::Said(if files::persist().await {
                    "The browser has promised to throw nothing away.".to_owned()
                } else {
                    "The browser does not promise it. It may once this page is used more."
                        .to_owned()
                }))
            }),
            Act::DropModels => {
                firm.set(true);
                self.under_way_with(
                    ctx,
                    "Folding again…",
                    firm,
                    Box::pin(async move { Msg::Act(Act::Said(drop_models(&desk).await)) }),
                );
            }
            Act::Restore => {
                let all = firm.clone();
                self.under_way_with(
                    ctx,
                    "Restoring…",
                    firm,
                    Box::pin(async move {
                        match restore(&desk, &all).await {
                            Ok((info, said)) => Msg::Imported(info, said),
                            Err(why) => Msg::Act(Act::Said(format!("Not restored: {why}."))),
                        }
                    }),
                );
            }
            Act::Retry => {
                let link = ctx.link().clone();
                wasm_bindgen_futures::spawn_local(async move {
                    desk.ask(Request::Retry).await;
                    link.send_message(Msg::Changed(Vec::new()));
                });
            }
            Act::GoOn => {
                firm.set(true);
                self.under_way_with(
                    ctx,
                    "Saving…",
                    firm,
                    Box::pin(async move {
                        match desk.ask(Request::SaveAgain).await.result {
                            Ok(Response::Log(info)) => {
                                let said = format!("{} is saved again.", info.title);
                                Msg::Imported(info, said)
                            }
                            Ok(_) => Msg::Act(Act::Said("There is nothing to save.".to_owned())),
                            Err(fault) => Msg::Act(Act::Said(format!("Not saved: {fault}."))),
                        }
                    }),
                );
            }
            Act::Share => {
                let (log, position) = (desk.info(), desk.session().position());
                self.under_way_with(
                    ctx,
                    "Making a link…",
                    firm,
                    Box::pin(async move { Msg::Act(share(&host, &log, position).await) }),
                );
                return self.act(ctx, Act::Show(true));
            }
            Act::Link(link, copied) => {
                let words = if copied {
                    "The link is copied."
                } else {
                    "The clipboard is closed to this page: copy the link from its field."
                };
                shown.link = Some(link);
                return self.act(ctx, Act::Said(format!("{words} It holds the whole log.")));
            }
            Act::TooLong(why) => {
                shown.too_long = true;
                return self.act(ctx, Act::Said(why));
            }
            Act::Csv(name) => {
                let panel = desk.viewpoint_mut().panel(&name);
                if let Some(View::Table(table)) = panel.as_ref().map(|panel| &*panel.now) {
                    let text = csv(table);
                    later(ctx.link(), async move {
                        let pieces = Pieces::default();
                        pieces.push(text.as_bytes());
                        let file = file_name(&name, "csv", false);
                        Msg::Act(Act::Said(match pieces.download(&file, false).await {
                            Ok(()) => format!("{file} holds the table."),
                            Err(why) => format!("Not exported: {why}."),
                        }))
                    });
                }
            }
        }
        true
    }

    /// An address that carries no log that can be read: whatever is open stays open.
    fn not_shared(&mut self, why: String) -> bool {
        self.fault = Some(why);
        match &self.desk {
            Some(desk) => {
                let session = desk.session();
                let scenario = &session.scenario().id;
                Address::write(scenario, desk.id(), session.position(), false);
            }
            None => Address::clear(),
        }
        self.desk.is_some()
    }

    /// An address that carries a log: makes it one of this browser's own.
    pub(super) fn shared(&mut self, ctx: &Context<Self>) -> bool {
        let Some(text) = Address::shared() else { return false };
        let shared = match link::read(&text) {
            Ok(shared) => shared,
            Err(why) => return self.not_shared(format!("No log could be opened: {why}.")),
        };
        let Some(scenario) = self.scenarios.iter().find(|it| *it.id == *shared.scenario).cloned()
        else {
            return self.not_shared(format!("This page has no scenario {}.", shared.scenario));
        };
        let host = self.disk.as_ref().map_or(&self.memory, |(host, _)| host).clone();
        Address::clear();
        later(ctx.link(), async move {
            let imported = Imported::of(shared.commits);
            let (at, side_records) = (Some(shared.position), decode_side_records(&shared.records));
            let firm = Firm::default();
            match new(&host, &scenario, shared.title, imported, side_records, &firm).await {
                Ok((info, _)) => Msg::Open(info.scenario.as_str().into(), How::Log(info.id, at)),
                Err(why) => Msg::Fault(format!("The log in this link could not be kept: {why}.")),
            }
        });
        true
    }
}

/// Looks through the next piece of what was read, once what there is can be seen.
fn look_soon(ctx: &Context<App>) {
    later(ctx.link(), async {
        breathe().await;
        Msg::Act(Act::Look)
    });
}

/// A file's name without its endings.
fn stem(mut name: &str) -> &str {
    for end in [".gz", ".ndjson", ".jsonl", ".json"] {
        let at = name.len().saturating_sub(end.len());
        if at > 0 && name.get(at..).is_some_and(|it| it.eq_ignore_ascii_case(end)) {
            name = &name[..at];
        }
    }
    name
}

/// A file's name: letters and digits of a title.
fn file_name(title: &str, ending: &str, zip: bool) -> String {
    let words = title.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    let name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    format!("{name}.{ending}{}", if zip { ".gz" } else { "" })
}

/// Writes a log's archive, and says what it holds; of the open log, from what this tab has where
/// the store fails.
async fn export(
    host: &Host,
    info: &LogInfo,
    format: Format,
    open: Option<&OpenLog>,
    progress: impl Fn(u64),
) -> Result<(Pieces, String), String> {
    let (mut pieces, mut told) = (Pieces::default(), Told::new());
    let mut sink = |piece: Option<&[u8]>, events| match piece {
        Some(piece) => {
            pieces.push(piece);
            if told.due() {
                progress(events);
            }
        }
        None => pieces = Pieces::default(),
    };
    let copied = host.export(info, format, open, &mut sink).await.map_err(|it| it.to_string())?;
    let count = counted(copied.events, "event");
    Ok((
        pieces,
        if copied.whole { format!("all {count}") } else { format!("the {count} that can be read") },
    ))
}

/// Makes a new log of an archive.
async fn new(
    host: &Host,
    scenario: &Rc<Scenario>,
    title: String,
    archive: Imported,
    side_records: Vec<SideRecord>,
    firm: &Firm,
) -> Result<(LogInfo, String), String> {
    let start = clock();
    let events = archive.events;
    let info =
        host.import_new(scenario, title, archive, side_records, &mut || firm.set(true)).await?;
    let millis = clock() - start;
    let said =
        format!("{events} events are a new log, {} ms after the import began.", millis.round());
    Ok((info, said))
}

/// Appends an archive to the open log.
async fn append(
    desk: &OpenLog,
    archive: Imported,
    firm: &Firm,
) -> Result<(LogInfo, String), String> {
    let events = archive.events;
    let (from, to) = desk.extend(archive, &mut || firm.set(true)).await?;
    let said = match events {
        0 => "There was no event in it: nothing was appended.".to_owned(),
        1 => format!("1 event was appended, at position {from}."),
        _ => format!("{events} events were appended, at positions {from} to {to}."),
    };
    Ok((desk.info(), said))
}

/// Forgets all read models and folds them again.
async fn drop_models(desk: &OpenLog) -> String {
    let start = clock();
    let folded = desk.ask(Request::RebuildAll).await.result;
    let millis = clock() - start;
    let Ok(Response::Folded { models, same }) = folded else {
        return "The read models could not be folded again.".to_owned();
    };
    format!(
        "{models} read models were dropped, and folded again from {} events in {} ms. {}",
        desk.session().head(),
        Fixed(millis, 1),
        if same {
            "Each shows what it showed before."
        } else {
            "Not all show what they showed before: some were behind or are paused, had missed events, or heard them twice."
        }
    )
}

/// Exports the open log, makes a new one of that, and compares the two.
async fn restore(desk: &OpenLog, firm: &Firm) -> Result<(LogInfo, String), String> {
    let start = clock();
    let Restored { info, events, bytes, same } = desk.restore(&mut || firm.set(true)).await?;
    let millis = clock() - start;
    let size = bytes / 1000;
    let said = format!(
        "A backup of {events} events ({size} kB) became this new log in {} ms. {}",
        Fixed(millis, 0),
        if same {
            "Every read model shows what it showed. What was refused is no event: it is not in a backup."
        } else {
            "Its read models show something else than before: those had faults."
        }
    );
    Ok((info, said))
}

/// Puts a log in a link: what to say and show of that.
async fn share(host: &Host, log: &LogInfo, position: u64) -> Act {
    let mut commits = Vec::new();
    let mut visit = |found: CommitOrLoss<'_>| {
        if let CommitOrLoss::Commit(commit) = found
            && commits.len() <= link::COMMITS_AT_MOST
        {
            commits.push(commit.owned());
        }
    };
    let read = host.read(&log.id, 0, 0, &mut visit).await;
    let records = match (read, host.records(&log.id).await) {
        (Ok(()), Ok(records)) => records,
        (Err(fault), _) | (_, Err(fault)) => return Act::Said(format!("{fault}.")),
    };
    let (scenario, title) = (log.scenario.clone(), log.title.clone());
    match link::write(&Shared { scenario, title, position, commits, records }) {
        Ok(text) => {
            let link = Address::of_shared(&text);
            // Where the clipboard is closed to us, the link can be copied from the dialog.
            let copied = files::copy(&link).await;
            Act::Link(link, copied)
        }
        Err(why @ LinkError::TooLong) => Act::TooLong(format!("{why}.")),
        Err(why) => Act::Said(format!("{why}.")),
    }
}
