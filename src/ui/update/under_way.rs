//! What the logs dialog does that takes a while: one thing after the other, with its progress, and
//! cancelled without a trace until it can no longer be undone.

use std::rc::Rc;

use futures::future::{Either, LocalBoxFuture, select};
use web_sys::File;

use crate::codec::archive::{ArchiveFault, Format, Import, Imported, Mapping, Outcome};
use crate::codec::zip::zip;
use crate::es::{Scenario, View};
use crate::host::{Host, Made, OpenLog, Request, Response, Restored};
use crate::lab::RandomTally;
use crate::lab::csv::csv as written;
use crate::store::{LogInfo, SideRecords};
use crate::ui::browser::clock::{ProgressPace, breathe, clock};
use crate::ui::browser::files::{self, Pieces};
use crate::ui::browser::fixed::Fixed;
use crate::ui::model::Model;
use crate::ui::model::logs::{self, Arrived};
use crate::ui::model::logs_dialog::{ChanceRun, Msg, PointOfNoReturn, Ready};
use crate::ui::model::message;
use crate::ui::words::{counted, grouped};

/// Does something that takes a while and may be cancelled until it passes the point of no return.
fn begin(
    model: &mut Model,
    what: &str,
    point: PointOfNoReturn,
    work: LocalBoxFuture<'static, message::Msg>,
) {
    let cancelled = model.logs_dialog.begin(what, !point.is_passed());
    let link = model.link.clone();
    model.link.later(async move {
        let came = match select(work, cancelled).await {
            Either::Left((came, _)) => came,
            Either::Right((_, work)) if point.is_passed() => work.await,
            Either::Right(_) => Msg::Said("Cancelled: nothing was changed.".into()).into(),
        };
        link.send(Msg::Over);
        came
    });
}

/// What came of a log that was made, or grew: opens it, or says why there is none.
fn made(made: Result<Arrived, String>, what: &str) -> message::Msg {
    match made {
        Ok(arrived) => logs::Msg::Imported(arrived).into(),
        Err(why) => Msg::Said(format!("{what}: {why}.")).into(),
    }
}

/// Copies a log.
pub fn duplicate(model: &mut Model, open_log: &OpenLog, info: LogInfo) {
    let host = open_log.host().clone();
    let point = PointOfNoReturn::default();
    let passed = point.clone();
    let work = async move {
        let title = format!("{} copy", info.title);
        let copied = host.duplicate(&info, title, &mut || passed.pass()).await;
        let said = match copied {
            Ok(copy) => format!("{} is a new log.", copy.title),
            Err(fault) => format!("Not copied: {fault}."),
        };
        Msg::Said(said).into()
    };
    begin(model, "Copying…", point, Box::pin(work));
}

/// Makes a log by chance: it is there once it is whole.
pub fn by_chance(model: &mut Model, run: ChanceRun) {
    let ChanceRun { scenario, title, plan, position } = run;
    let host = model.logs.host().clone();
    let (point, link) = (PointOfNoReturn::default(), model.link.clone());
    let passed = point.clone();
    model.logs_dialog.shown.open = true;
    let work = async move {
        let mut pace = ProgressPace::new();
        let mut progress = |tally: RandomTally| {
            if pace.due() {
                let events = grouped(tally.events.min(plan.events));
                link.send(Msg::Progress(format!(
                    "By chance… {events} of {}",
                    counted(plan.events, "event")
                )));
            }
        };
        let came =
            host.run_by_chance(&scenario, title, plan, &mut progress, &mut || passed.pass()).await;
        let came = came.map(|(info, tally)| {
            let (sent, events) = (tally.accepted + tally.refused, counted(tally.events, "event"));
            let mut said = format!(
                "Seed {}: {} gave {events}; {} were refused.",
                tally.seed,
                counted(sent, "command"),
                grouped(tally.refused),
            );
            if tally.stuck {
                said.push_str(" Then hardly anything was accepted any more.");
            }
            Arrived { position, ..Arrived::new(info, said) }
        });
        made(came.map_err(|it| it.to_string()), "No log was made")
    };
    begin(model, "By chance…", point, Box::pin(work));
}

/// Hands out a log as a file; the open log from what this tab has, where the store fails.
pub fn export(model: &mut Model, open_log: &OpenLog, info: LogInfo, format: Format, zip: bool) {
    let host = open_log.host().clone();
    let open = (info.id == open_log.id()).then(|| open_log.clone());
    let scenario = model.logs.scenario(&info.scenario).cloned();
    let link = model.link.clone();
    let work = async move {
        let progress =
            |events| link.send(Msg::Progress(format!("Exporting… {}", counted(events, "event"))));
        let what = (&info, scenario.as_deref(), format);
        let said = match exported(&host, what, open.as_ref(), progress).await {
            Ok((pieces, held)) => {
                let ending = if format == Format::Lines { "ndjson" } else { "json" };
                let name = file_name(&info.title, ending, zip);
                download(&pieces, &name, zip, &held).await
            }
            Err(why) => format!("Not exported: {why}."),
        };
        Msg::Said(said).into()
    };
    begin(model, "Exporting…", PointOfNoReturn::default(), Box::pin(work));
}

/// Hands out the table of a read model.
pub fn csv(model: &Model, open_log: &OpenLog, name: &str) {
    let panel = open_log.viewpoint_mut().panel(name);
    let Some(View::Table(table)) = panel.as_ref().map(|panel| &*panel.now) else { return };
    let (text, file) = (written(table), file_name(name, "csv", false));
    model.link.later(async move {
        let pieces = Pieces::default();
        pieces.push(text.as_bytes());
        Msg::Said(download(&pieces, &file, false, "the table").await)
    });
}

/// Hands out a file of a read model, or all of them as one archive.
pub fn take_file(model: &Model, open_log: &OpenLog, name: &str, file: Option<&str>) {
    let panel = open_log.viewpoint_mut().panel(name);
    let Some(View::Files { files }) = panel.as_ref().map(|panel| &*panel.now) else { return };
    let (bytes, file, held) = if let Some(file) = file {
        let Some(content) = files.get(file) else { return };
        // A folder of the archive is no part of a single file's name.
        let last = file.rsplit('/').next().unwrap_or(file).to_owned();
        (content.text.clone().into_bytes(), last, "what is shown there".to_owned())
    } else {
        let all = files.iter().map(|(name, file)| (&**name, file.text.as_bytes()));
        (zip(all), file_name(name, "zip", false), counted(files.len() as u64, "file"))
    };
    model.link.later(async move {
        let pieces = Pieces::default();
        pieces.push(&bytes);
        Msg::Said(download(&pieces, &file, false, &held).await)
    });
}

/// Hands out a file, and says what it holds.
async fn download(pieces: &Pieces, name: &str, zip: bool, held: &str) -> String {
    match pieces.download(name, zip).await {
        Ok(()) => format!("{name} holds {held}."),
        Err(why) => format!("Not exported: {why}."),
    }
}

/// Reads a file; by a mapping where its events are no CloudEvents.
pub fn read(model: &mut Model, file: File, mapping: Option<Mapping>) {
    let link = model.link.clone();
    let work = async move {
        let name = file.name();
        let mut import = mapping.map_or_else(Import::new, Import::mapped);
        let mut pace = ProgressPace::new();
        let read = files::read(&file, |bytes| {
            import.feed(bytes);
            if pace.due() {
                link.send(Msg::Progress(format!("Reading… {}", counted(import.events(), "event"))));
            }
            !import.hopeless()
        });
        if let Err(why) = read.await {
            let why = vec![format!("{name} cannot be read: {why}")];
            return Msg::Read(name, Err(why)).into();
        }
        let read = match import.outcome() {
            Outcome::Read(archive) => Ok(archive),
            Outcome::Faulty(faults) => Err(faults.iter().map(ArchiveFault::to_string).collect()),
            Outcome::Foreign(foreign) => return Msg::Foreign(file, foreign).into(),
        };
        Msg::Read(name, read).into()
    };
    begin(model, "Reading…", PointOfNoReturn::default(), Box::pin(work));
}

/// Looks through the next piece of what was read, once what there is can be seen.
pub fn look_soon(model: &Model) {
    model.link.later(async {
        breathe().await;
        Msg::Look
    });
}

/// Makes a new log of what was read.
pub fn import(model: &mut Model, open_log: &OpenLog, scenario: Rc<Scenario>, ready: Ready) {
    let host = open_log.host().clone();
    let point = PointOfNoReturn::default();
    let passed = point.clone();
    let work = async move {
        let Ready { name, archive, .. } = ready;
        let (start, events) = (clock(), archive.events);
        let title = stem(&name).to_owned();
        let pass = &mut || passed.pass();
        let new = host.import_new(&scenario, title, archive, SideRecords::new(), pass).await;
        let millis = (clock() - start).round();
        let are = if events == 1 { "is" } else { "are" };
        let said = format!(
            "{} {are} a new log, {millis} ms after the import began.",
            counted(events, "event")
        );
        let new = new.map(|Made { info, unsaid }| Arrived { unsaid, ..Arrived::new(info, said) });
        made(new, "Nothing was imported")
    };
    begin(model, "Importing…", point, Box::pin(work));
}

/// Appends what was read to the open log.
pub fn append(model: &mut Model, open_log: OpenLog, archive: Imported) {
    let point = PointOfNoReturn::default();
    let passed = point.clone();
    let work = async move {
        let appended = open_log.extend(archive, &mut || passed.pass()).await;
        let said = appended.map(|it| {
            let unsaid = it.to >= it.from;
            Arrived { unsaid, ..Arrived::new(open_log.info(), it.to_string()) }
        });
        made(said, "Nothing was imported")
    };
    begin(model, "Importing…", point, Box::pin(work));
}

/// Weighs the open log.
pub fn weigh(model: &mut Model, open_log: OpenLog) {
    let point = PointOfNoReturn::default();
    let work = async move {
        let weight = open_log.weigh().await;
        Msg::Weighed(open_log, weight).into()
    };
    begin(model, "Weighing…", point, Box::pin(work));
}

/// Rehearses a disaster: forgets all read models, and folds them again.
pub fn drop_models(model: &mut Model, open_log: OpenLog) {
    let point = PointOfNoReturn::default();
    point.pass();
    let work = async move {
        let start = clock();
        let folded = open_log.ask(Request::RebuildAll).await.result;
        let millis = Fixed(clock() - start, 1);
        let Ok(Response::Folded { models, same }) = folded else {
            return Msg::Said("The read models could not be folded again.".to_owned()).into();
        };
        let head = open_log.session().head();
        let shown = if same {
            "Each shows what it showed before."
        } else {
            "Not all show what they showed before: some were behind, had missed events, or heard \
             them twice."
        };
        let said = format!(
            "{} {} dropped, and folded again from {} in {millis} ms. {shown}",
            counted(models as u64, "read model"),
            if models == 1 { "was" } else { "were" },
            counted(head, "event"),
        );
        Msg::Said(said).into()
    };
    begin(model, "Folding again…", point, Box::pin(work));
}

/// Exports the open log, makes a new one of that, and compares the two.
pub fn restore(model: &mut Model, open_log: OpenLog) {
    let point = PointOfNoReturn::default();
    let passed = point.clone();
    let work = async move {
        let start = clock();
        let restored = open_log.restore(&mut || passed.pass()).await;
        let millis = Fixed(clock() - start, 0);
        let said = restored.map(|Restored { info, events, bytes, same }| {
            let size = bytes / 1000;
            let shown = if same {
                "Every read model shows what it showed. What was refused came along, and so did \
                 what processes still owe."
            } else {
                "Its read models show something else than before: those had faults."
            };
            let said = format!(
                "A backup of {} ({size} kB) became this new log in {millis} ms. {shown}",
                counted(events, "event")
            );
            Arrived::new(info, said)
        });
        made(said, "Not restored")
    };
    begin(model, "Restoring…", point, Box::pin(work));
}

/// Saves what this tab has as a new log.
pub fn save_again(model: &mut Model, open_log: OpenLog) {
    let point = PointOfNoReturn::default();
    point.pass();
    let work = async move {
        match open_log.ask(Request::SaveAgain).await.result {
            Ok(Response::Log(info)) => {
                let said = format!("{} is saved again.", info.title);
                logs::Msg::Imported(Arrived::new(info, said)).into()
            }
            Ok(_) => Msg::Said("There is nothing to save.".to_owned()).into(),
            Err(fault) => Msg::Said(format!("Not saved: {fault}.")).into(),
        }
    };
    begin(model, "Saving…", point, Box::pin(work));
}

/// Writes a log's archive, and says what it holds.
async fn exported(
    host: &Host,
    (info, scenario, format): (&LogInfo, Option<&Scenario>, Format),
    open: Option<&OpenLog>,
    progress: impl Fn(u64),
) -> Result<(Pieces, String), String> {
    let (mut pieces, mut pace) = (Pieces::default(), ProgressPace::new());
    let mut sink = |piece: Option<&[u8]>, events| match piece {
        Some(piece) => {
            pieces.push(piece);
            if pace.due() {
                progress(events);
            }
        }
        None => pieces = Pieces::default(),
    };
    let copied = host.export(info, scenario, format, open, &mut sink).await;
    let copied = copied.map_err(|it| it.to_string())?;
    let count = counted(copied.events, "event");
    let held = match (copied.whole, copied.events) {
        (true, 0) => "no events".to_owned(),
        (true, 1) => "1 event, which is all".to_owned(),
        (true, _) => format!("all {count}"),
        (false, _) => format!("the {count} that can be read"),
    };
    Ok((pieces, held))
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
