//! Reads everything that earlier pages have written, without a browser: archives, links, and the
//! records of stored logs. `tests/fixtures/README.md` says what the files are.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

mod kept;
mod surroundings;

use std::collections::BTreeSet;
use std::rc::Rc;

use kept::{
    Dump, FixtureSet, GoldenLog, GoldenLoss, ReadLog, assert_same, exported_today, gunzip, missing,
    sets,
};
use leftfold::codec::archive::{Export, Format, Import};
use leftfold::codec::record::{End, encode};
use leftfold::es::{Scenario, StoredCommit};
use leftfold::host::decode_side_records;
use leftfold::lab::{Session, StoreAnswer};
use leftfold::store::link;
use serde_json::{Value, json};

/// Visits every log of every set: the set, the log's name, its golden file, and the dump that holds
/// it.
fn each_log(mut visit: impl FnMut(&FixtureSet, &str, &GoldenLog, &Dump)) {
    for set in sets() {
        let dumps = set.dumps();
        for (name, golden) in set.logs() {
            visit(&set, &name, &golden, &dumps[&golden.dump]);
        }
    }
}

fn scenario(id: &str) -> Rc<Scenario> {
    leftfold::scenarios::all().into_iter().find(|it| *it.id == *id).unwrap()
}

fn export<'a>(
    format: Format,
    scenario: &str,
    commits: impl IntoIterator<Item = &'a StoredCommit>,
) -> Vec<u8> {
    let (mut export, mut bytes) = (Export::new(format, scenario), Vec::new());
    commits.into_iter().for_each(|commit| export.commit(commit, &mut bytes));
    export.finish(&mut bytes);
    bytes
}

/// The first bytes of a file in gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

#[test]
fn every_archive_is_imported_and_exported_again_as_today_byte_for_byte() {
    let mut seen = BTreeSet::new();
    for set in sets() {
        for (name, mut archive) in set.files("archives") {
            let (_, ending) = name.split_once('.').unwrap();
            if archive.starts_with(&GZIP) {
                archive = gunzip(&archive);
            }
            let format = if ending == "json" { Format::Batch } else { Format::Lines };
            let mut import = Import::new();
            // Browsers read files in pieces, so an event may be cut in two.
            archive.chunks(1000).for_each(|piece| import.feed(piece));
            let imported = import.finish().unwrap();
            let scenario = imported.scenario.clone().unwrap_or_default();
            let commits: Vec<StoredCommit> = imported.commits.into_iter().collect();
            let exported = export(format, &scenario, &commits);
            assert_same(&name, &exported, &exported_today(&archive));
            let mut import = Import::new();
            exported.chunks(1000).for_each(|piece| import.feed(piece));
            let again: Vec<StoredCommit> = import.finish().unwrap().commits.into_iter().collect();
            assert_same(&name, &export(format, &scenario, &again), &exported);
            seen.insert(ending.replace("then.", ""));
        }
    }
    assert_eq!(seen.len(), 3, "of every kind there is one: {seen:?}");
}

#[test]
fn every_link_is_read_as_the_log_that_it_was_made_of_and_says_the_same_once_it_is_written_again() {
    for set in sets() {
        let (logs, dumps) = (set.logs(), set.dumps());
        for (file, link) in set.files("links") {
            let name = file.strip_suffix(".txt").unwrap();
            let link = String::from_utf8(link).unwrap();
            let shared = link::read(&link).unwrap();
            // The format has grown since, so the letters are others.
            let again = link::read(&link::write(&shared).unwrap()).unwrap();
            assert_eq!(format!("{again:?}"), format!("{shared:?}"), "{name}");

            let golden = &logs[name];
            let place = (&*shared.scenario, &*shared.title, shared.position);
            assert_eq!(place, (&*golden.scenario, &*golden.title, golden.position), "{name}");
            let stored = dumps[&golden.dump].log(&golden.log);
            assert_eq!(shared.records, stored.records, "{name}");
            assert_eq!(decode_side_records(&shared.records).len(), shared.records.len(), "{name}");
            let [shared, stored] = [&shared.commits, &stored.read().commits]
                .map(|it| export(Format::Lines, &golden.scenario, it));
            assert_same(name, &shared, &stored);
        }
    }
}

#[test]
fn every_stored_log_decodes_is_exported_as_it_was_and_encodes_to_the_same_records() {
    each_log(|set, name, golden, dump| {
        let stored = dump.log(&golden.log);
        let ReadLog { commits, stranded, losses, .. } = stored.read();
        assert_eq!(
            (&*stored.info.title, &*stored.info.scenario),
            (&*golden.title, &*golden.scenario)
        );

        let all = commits.iter().chain(&stranded);
        let lines = export(Format::Lines, &golden.scenario, all);
        let salvaged = set.file("salvaged", &format!("{name}.ndjson"));
        let archive = salvaged.or_else(|| set.lines(name)).unwrap_or_default();
        assert_same(name, &lines, &exported_today(&archive));
        if let Some(batch) = set.file("archives", &format!("{name}.json")) {
            let exported = export(Format::Batch, &golden.scenario, &commits);
            assert_same(name, &exported, &exported_today(&batch));
        }

        if losses.is_empty() {
            let (mut end, mut frames) = (End::default(), Vec::new());
            for commit in &commits {
                encode(commit, &mut end, &mut frames);
            }
            assert!(frames == [stored.segments, stored.tail].concat().concat(), "{name}");
            assert_eq!(Some(end), stored.end, "{name}");
            assert_eq!(frames.len() as u64, stored.bytes, "{name}");
        }
    });
}

#[test]
fn some_log_has_a_segment_that_was_folded_and_a_tail_after_it() {
    let mut folded = false;
    each_log(|_, _, golden, dump| {
        let stored = dump.log(&golden.log);
        let end = stored.end.unwrap_or_default();
        folded |= stored.folded >= 1024 && stored.tail.len() as u64 == end.commits - stored.folded;
    });
    assert!(folded);
}

#[test]
fn every_damaged_log_reports_the_loss_that_its_golden_file_names() {
    let mut damaged = 0;
    each_log(|_, name, golden, dump| {
        let losses: Vec<GoldenLoss> =
            dump.log(&golden.log).read().losses.iter().map(GoldenLoss::from).collect();
        assert_eq!(losses, golden.losses, "{name}");
        damaged += usize::from(!losses.is_empty());
    });
    assert!(damaged > 0, "none is damaged");
}

/// A log that is opened as the page opens it, and run until all is quiet. Nothing more is stored
/// where the log is damaged.
fn opened(golden: &GoldenLog, dump: &Dump) -> Session {
    let ReadLog { commits, losses, side_records, .. } = dump.log(&golden.log).read();
    let mut session = surroundings::kept(&scenario(&golden.scenario), commits, &side_records);
    loop {
        while session.step(dump.taken_at).is_some() {}
        if session.world().pending().is_none() {
            return session;
        }
        let stored = if losses.is_empty() {
            StoreAnswer::Stored
        } else {
            StoreAnswer::Failed(String::new())
        };
        session.world_mut().answer(stored);
    }
}

/// The lines of an archive that hold events, up to a position. A world knows no other lines.
fn told(archive: &[u8], head: u64) -> Vec<u8> {
    let lines = std::str::from_utf8(archive).unwrap().split_inclusive('\n');
    let position = |line: &&str| serde_json::from_str::<Value>(line).unwrap()["position"].as_u64();
    let told = lines.filter(|line| position(line).is_some_and(|it| it <= head));
    told.collect::<String>().into_bytes()
}

/// The title of a log whose events have more fields than their scenario knows. A store keeps these
/// fields, and a world does not.
const SAYS_MORE: &str = "more-than-the-scenario-knows";

#[test]
fn every_world_that_is_opened_exports_its_log_byte_for_byte() {
    each_log(|set, name, golden, dump| {
        if name == SAYS_MORE {
            return;
        }
        let session = opened(golden, dump);
        let head = session.head();
        // The files have no lines without an event.
        let commits = session.commits(head).into_iter().filter(|it| !it.events.is_empty());
        let commits: Vec<_> = commits.map(|it| StoredCommit::from(&it)).collect();
        // An interrupted process has gone on.
        let then = set.file("archives", &format!("{name}.then.ndjson"));
        let salvaged = || set.file("salvaged", &format!("{name}.ndjson"));
        let archive = then.or_else(salvaged).or_else(|| set.lines(name)).unwrap_or_default();
        let lines = export(Format::Lines, &golden.scenario, &commits);
        assert_same(name, &lines, &exported_today(&told(&archive, head)));
    });
}

/// The lab's answers about a log, in the shape of the console's.
fn portrait(session: &mut Session) -> Value {
    let mut views = json!({});
    let mut subscriptions = Vec::new();
    let all = session.world().subscriptions().iter();
    let names: Vec<Rc<str>> = all.map(|it| it.name().clone()).collect();
    for name in &names {
        let panel = session.panel(name).unwrap();
        let mut view = serde_json::to_value(&panel.now).unwrap();
        view["name"] = json!(name);
        view["checkpoint"] = json!(panel.shown);
        views[&**name] = view;
        let it = session.world().subscription(name).unwrap();
        subscriptions.push(json!({
            "name": name, "kind": it.kind(), "code": it.code(), "checkpoint": it.checkpoint(),
            "mark": it.mark(), "unanswered": it.unanswered(), "heldBack": it.held_back(),
        }));
    }
    let journal = session.world().journal().iter().map(|it| {
        let id = it.envelope.command_id;
        json!({ "commandId": id, "outcome": it.outcome.name(), "reason": it.reason })
    });
    json!({
        "head": session.head(),
        "journal": short(journal.collect()),
        "outbox": short(session.world().outbox().iter().map(|it| json!(it)).collect()),
        "subscriptions": subscriptions,
        "views": views,
    })
}

/// A list as the golden files have it: a long list is its length and both ends.
fn short(list: Vec<Value>) -> Value {
    let count = list.len();
    if count <= 100 {
        return list.into();
    }
    json!({ "count": count, "first": list[..3], "last": list[count - 3..] })
}

/// Leaves out the read models that a scenario has gained since.
fn leave_out_what_is_newer(portrait: &mut Value, then: &Value) {
    let views = portrait["views"].as_object_mut().unwrap();
    views.retain(|name, _| then["views"].get(name).is_some());
    let known = then["subscriptions"].as_array().unwrap();
    let all = portrait["subscriptions"].as_array_mut().unwrap();
    all.retain(|it| known.iter().any(|known| known["name"] == it["name"]));
}

#[test]
fn every_log_shows_what_it_showed() {
    each_log(|_, name, golden, dump| {
        let mut portrait = portrait(&mut opened(golden, dump));
        leave_out_what_is_newer(&mut portrait, &golden.says);
        // The golden files have the console's answers as well, which the lab does not give.
        if let Some(fault) = missing(&portrait, &golden.says, name) {
            panic!("{fault}");
        }
        for part in ["journal", "outbox", "subscriptions", "views"] {
            let [here, then] = [&portrait, &golden.says].map(|it| match &it[part] {
                Value::Object(parts) => parts.len(),
                parts => parts.as_array().unwrap().len(),
            });
            assert_eq!(here, then, "{name}: {part}");
        }
    });
}

#[test]
fn every_set_has_a_log_of_every_scenario_and_no_file_that_nobody_reads() {
    for set in sets() {
        let (logs, dumps) = (set.logs(), set.dumps());
        let told: BTreeSet<&str> = logs.values().map(|it| &*it.scenario).collect();
        // A scenario that is newer than a set has no log in it.
        assert!(told.len() >= 10, "{told:?}");
        for (kind, endings) in [
            ("archives", &["ndjson", "ndjson.gz", "json", "then.ndjson"][..]),
            ("salvaged", &["ndjson"]),
            ("links", &["txt"]),
        ] {
            for (file, _) in set.files(kind) {
                let (name, ending) = file.split_once('.').unwrap();
                assert!(logs.contains_key(name) && endings.contains(&ending), "{kind}/{file}");
            }
        }
        assert!(set.starts().keys().eq(dumps.keys()));
        assert!(logs.values().all(|it| dumps.contains_key(&it.dump)));
        for start in set.starts().values().flatten() {
            assert!(start.address.is_empty() || start.address.starts_with("#/"));
            assert!(start.shows.is_object());
        }
        assert!(dumps.values().all(|it| !it.browser.is_empty()));
    }
}
