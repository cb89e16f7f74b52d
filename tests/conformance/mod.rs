//! The promises of every store. Each test file checks all of them over its own store. Each call of
//! `open` returns a new handle on the same logs, as another tab would have.

#![expect(clippy::unwrap_used, reason = "in a test that is how to say what must hold")]

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use leftfold::codec::{CommitOrLoss, segments_of};
use leftfold::es::{
    Aggregate, Commit, Draft, Envelope, EventLog, Expected, Map, Proposal, Scenario, StoredCommit,
    Stream, command_id, read_event,
};
use leftfold::store::{
    CommitPlace, Kept, LogChange, LogInfo, LogStore, Shelf, SideRecords, StoreError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Hands the names of all promises to a macro that makes tests of them.
macro_rules! for_every_promise {
    ($($make:tt)*) => {
        $($make)* {
            what_was_appended_is_loaded_in_order_and_byte_for_byte
            what_was_loaded_can_be_folded_and_appended_to
            an_event_that_nobody_understands_is_kept_as_it_is
            a_commit_without_events_is_kept
            a_commit_that_is_ahead_of_the_log_is_refused_and_nothing_is_written
            a_commit_to_another_stream_goes_behind_what_others_wrote_and_is_told_its_place
            a_command_that_was_stored_or_came_to_nothing_is_refused_once_the_log_has_grown
            a_stream_written_by_somebody_else_is_a_conflict_and_nothing_is_written
            one_stream_in_conflict_keeps_the_whole_commit_out
            a_commit_over_several_streams_is_a_conflict_for_who_has_not_heard_of_it
            a_commit_that_guards_a_category_is_refused_once_a_stream_of_it_has_changed
            of_two_writers_racing_for_one_version_exactly_one_wins
            of_four_writers_racing_within_a_guarded_category_exactly_one_wins
            writers_that_decide_anew_all_get_through
            a_log_that_was_refused_a_commit_takes_the_next_one
            records_come_back_and_are_replaced_by_key
            logs_are_listed_in_order_and_changed_field_by_field
            an_unknown_log_is_refused
            logs_do_not_see_each_other
            another_handle_sees_everything_also_when_the_first_is_gone
            a_commit_over_many_streams_is_stored_whole
            a_commit_that_misses_one_without_events_goes_behind_it
            what_was_missed_can_be_read_alone
            a_log_is_imported_whole_or_not_at_all
            a_log_that_is_deleted_takes_nothing_until_it_is_back
            a_log_that_is_removed_does_not_come_back_by_a_change
            a_log_that_is_removed_is_gone_with_all_that_belongs_to_it
            a_log_of_many_small_commits_is_read_as_it_was_written
            how_much_a_log_holds_is_known_without_reading_it
        }
    };
}
pub(crate) use for_every_promise;

pub async fn what_was_appended_is_loaded_in_order_and_byte_for_byte<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    let commits = [
        writer.commit(&["note-1", "note-2", "note-1"]),
        writer.commit(&["note-3"]),
        writer.commit(&["note-2", "note-2"]),
    ];
    for commit in &commits {
        assert_eq!(store.append("a", commit).await, Ok(place(commit)));
    }
    assert_eq!(texts(&store, "a").await, commits.each_ref().map(text));
}

pub async fn what_was_loaded_can_be_folded_and_appended_to<S: LogStore>(open: impl AsyncFn() -> S) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    for streams in [&["note-1", "note-2"][..], &["note-1"]] {
        assert!(store.append("a", &writer.commit(streams)).await.is_ok());
    }
    let mut reader = Writer::read(load(&store, "a").await);
    assert_eq!(reader.state("note-1"), writer.state("note-1"));
    assert_eq!(reader.log.head(), 3);
    let commit = reader.commit(&["note-1"]);
    assert_eq!(store.append("a", &commit).await, Ok(place(&commit)));
    assert_eq!(texts(&store, "a").await.last(), Some(&text(&commit)));
}

pub async fn an_event_that_nobody_understands_is_kept_as_it_is<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    let data = r#"{"words":["ä","🥨","\u0000"],"deep":{"none":null,"half":0.5}}"#;
    let commit = writer.commit_of(&[("alien-1", "Landed", 7, data), ("note-1", "Gone", 1, "3")]);
    assert!(commit.events.iter().all(|event| event.unreadable().is_some()));
    assert_eq!(store.append("a", &commit).await, Ok(place(&commit)));
    let again = Writer::read(load(&store, "a").await);
    let event = again.log.event(1).unwrap();
    assert_eq!((event.kind().as_ref(), event.schema()), ("Landed", 7));
    let kept: serde_json::Value = serde_json::from_str(event.data().get()).unwrap();
    assert_eq!(kept, serde_json::from_str::<serde_json::Value>(data).unwrap());
    assert_eq!(texts(&store, "a").await, [text(&commit)]);
}

pub async fn a_commit_without_events_is_kept<S: LogStore>(open: impl AsyncFn() -> S) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    let commits = [
        writer.commit(&[]),
        writer.commit(&["note-1"]),
        writer.commit(&[]),
        writer.commit(&[]),
        writer.commit(&["note-1"]),
    ];
    for commit in &commits {
        assert_eq!(store.append("a", commit).await, Ok(place(commit)));
    }
    assert_eq!(texts(&store, "a").await, commits.each_ref().map(text));
    let again = Writer::read(load(&store, "a").await);
    assert_eq!(again.log.handled(commits[2].envelope.command_id), Some(2..2));
}

pub async fn a_commit_that_is_ahead_of_the_log_is_refused_and_nothing_is_written<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    writer.commit(&["note-1"]);
    for streams in [&["note-2"][..], &[]] {
        let commit = writer.commit(streams);
        let behind = Err(StoreError::Behind { expected: commit.after, actual: 0 });
        assert_eq!(store.append("a", &commit).await, behind);
    }
    assert_eq!(texts(&store, "a").await, [""; 0]);
}

pub async fn a_commit_to_another_stream_goes_behind_what_others_wrote_and_is_told_its_place<
    S: LogStore,
>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let (mut alice, mut bob) = (Writer::default(), Writer::default());
    let commits = [alice.commit(&["note-1", "note-1"]), alice.commit(&["note-3"])];
    for commit in &commits {
        assert_eq!(store.append("a", commit).await, Ok(place(commit)));
    }
    let late = bob.commit(&["note-2", "note-2"]);
    assert_eq!(store.append("a", &late).await, Ok(CommitPlace { number: 3, after: 3 }));
    // Alice learns what was there, and then she knows the same as everybody.
    let mut moved = StoredCommit::from(&late);
    (moved.number, moved.after) = (3, 3);
    let last = commits[1].events[0].at();
    moved.envelope.at = last;
    moved.events.iter_mut().for_each(|event| event.at = last);
    alice.learn(moved.clone().read(&scenario()));
    let [first, second] = commits.each_ref().map(text);
    assert_eq!(texts(&store, "a").await, [first, second, json(&moved)]);
    let next = alice.commit(&["note-2"]);
    assert_eq!(store.append("a", &next).await, Ok(place(&next)));
    assert_eq!(Writer::read(load(&store, "a").await).log.head(), 6);
}

pub async fn a_command_that_was_stored_or_came_to_nothing_is_refused_once_the_log_has_grown<
    S: LogStore,
>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let (mut alice, bob) = (Writer::default(), Writer::default());
    let first = alice.commit(&["note-1", "note-1"]);
    assert_eq!(store.append("a", &first).await, Ok(place(&first)));
    let mut same = bob.fork().commit(&["note-2"]);
    same.envelope = first.envelope.clone();
    for commit in [same, bob.fork().commit(&[])] {
        let told = store.append("a", &commit).await.unwrap_err();
        assert_eq!(told, StoreError::Behind { expected: 0, actual: 2 });
        assert_eq!(told.to_string(), "the log is at 2 by now, and the commit follows 0");
    }
    assert_eq!(texts(&store, "a").await, [text(&first)]);
}

pub async fn a_stream_written_by_somebody_else_is_a_conflict_and_nothing_is_written<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut alice = Writer::default();
    let first = alice.commit(&["note-1"]);
    assert_eq!(store.append("a", &first).await, Ok(place(&first)));
    let mut bob = alice.fork();
    let second = alice.commit(&["note-2", "note-1", "note-1"]);
    assert_eq!(store.append("a", &second).await, Ok(place(&second)));
    let stream = Stream::parse("note-1").unwrap();
    let conflict = StoreError::Conflict { stream, expected: 1, actual: 3 };
    assert_eq!(conflict.to_string(), "note-1 was expected at version 1 and is at version 3");
    assert_eq!(store.append("a", &bob.commit(&["note-1"])).await, Err(conflict));
    assert_eq!(texts(&store, "a").await, [text(&first), text(&second)]);
}

pub async fn one_stream_in_conflict_keeps_the_whole_commit_out<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut alice = Writer::default();
    let mut bob = alice.fork();
    let first = alice.commit(&["note-2"]);
    assert_eq!(store.append("a", &first).await, Ok(place(&first)));
    let stream = Stream::parse("note-2").unwrap();
    let refused = store.append("a", &bob.commit(&["note-1", "note-2", "note-3"])).await;
    assert_eq!(refused, Err(StoreError::Conflict { stream, expected: 0, actual: 1 }));
    assert_eq!(texts(&store, "a").await, [text(&first)]);
    // If anything had been written, these would conflict.
    assert!(store.append("a", &alice.commit(&["note-3", "note-1"])).await.is_ok());
}

pub async fn a_commit_over_several_streams_is_a_conflict_for_who_has_not_heard_of_it<
    S: LogStore,
>(
    open: impl AsyncFn() -> S,
) {
    let here = with_log(&open, "a").await;
    let there = open().await;
    let mut alice = Writer::default();
    let first = alice.commit(&["note-1"]);
    assert_eq!(here.append("a", &first).await, Ok(place(&first)));
    assert_eq!(texts(&there, "a").await.len(), 1);
    let mut bob = alice.fork();
    let both = alice.commit(&["note-1", "note-2"]);
    assert_eq!(here.append("a", &both).await, Ok(place(&both)));
    let late = bob.commit(&["note-1"]);
    let stream = Stream::parse("note-1").unwrap();
    let conflict = StoreError::Conflict { stream, expected: 1, actual: 2 };
    assert_eq!(there.append("a", &late).await, Err(conflict));
    assert_eq!(texts(&there, "a").await.len(), 2);
    let next = alice.commit(&["note-1"]);
    assert_eq!(there.append("a", &next).await, Ok(place(&next)));
}

pub async fn a_commit_that_guards_a_category_is_refused_once_a_stream_of_it_has_changed<
    S: LogStore,
>(
    open: impl AsyncFn() -> S,
) {
    let here = with_log(&open, "a").await;
    let there = open().await;
    let mut alice = Writer::default();
    let first = alice.commit_guarding("note-1");
    assert_eq!(here.append("a", &first).await, Ok(place(&first)));
    for streams in [&["note-2"][..], &["note-3", "note-4"], &["alien-1", "note-5"]] {
        // Another handle has not heard of what comes now.
        let mut bob = alice.fork();
        assert_eq!(texts(&there, "a").await.len(), bob.commits.len());
        let meanwhile = alice.commit(streams);
        assert_eq!(here.append("a", &meanwhile).await, Ok(place(&meanwhile)));
        let (late, actual) = (bob.commit_guarding("note-9"), alice.log.head());
        let behind = StoreError::Behind { expected: late.after, actual };
        assert_eq!(there.append("a", &late).await, Err(behind), "{streams:?}");
    }
    // Another category is of no concern.
    let mut bob = alice.fork();
    let elsewhere = alice.commit_of(&[("alien-2", "Landed", 1, "{}")]);
    assert_eq!(here.append("a", &elsewhere).await, Ok(place(&elsewhere)));
    let late = bob.commit_guarding("note-9");
    let behind = CommitPlace { number: late.number + 1, after: late.after + 1 };
    assert_eq!(there.append("a", &late).await, Ok(behind));
    assert_eq!(texts(&there, "a").await.len(), 6);
    let kept = load(&there, "a").await.commits;
    assert_eq!(kept[5].envelope.unchanged_since, Some(late.after));
}

pub async fn of_four_writers_racing_within_a_guarded_category_exactly_one_wins<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let here = with_log(&open, "a").await;
    let stores = [here, open().await, open().await, open().await];
    for round in 1..=20 {
        let known = Writer::read(load(&stores[round % 4], "a").await);
        let commits = [1, 2, 3, 4].map(|it| {
            // Each writes a stream of their own, so that no version is in anybody's way.
            known.fork().commit_guarding(&format!("note-{round}{it}"))
        });
        let told = futures::future::join_all(
            stores.iter().zip(&commits).map(|(store, commit)| store.append("a", commit)),
        );
        let told = told.await;
        assert_eq!(told.iter().filter(|it| it.is_ok()).count(), 1, "{told:?}");
        assert_eq!(texts(&stores[0], "a").await.len(), round);
    }
}

pub async fn of_two_writers_racing_for_one_version_exactly_one_wins<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let here = with_log(&open, "a").await;
    let there = open().await;
    let mut alice = Writer::default();
    for round in 0..20 {
        let mut bob = alice.fork();
        let (one, other) = (alice.commit(&["note-1"]), bob.commit(&["note-1", "note-1"]));
        // Each writer begins first in turn.
        let (first, second) = if round % 2 == 0 {
            join(here.append("a", &one), there.append("a", &other)).await
        } else {
            let (b, a) = join(there.append("a", &other), here.append("a", &one)).await;
            (a, b)
        };
        let stream = Stream::parse("note-1").unwrap();
        let expected = one.events[0].version() - 1;
        match (first, second) {
            (Ok(_), Err(refused)) => {
                let actual = expected + 1;
                assert_eq!(refused, StoreError::Conflict { stream, expected, actual });
            }
            (Err(refused), Ok(_)) => {
                let actual = expected + 2;
                assert_eq!(refused, StoreError::Conflict { stream, expected, actual });
                alice = bob;
            }
            both => panic!("{both:?}"),
        }
    }
    assert_eq!(texts(&there, "a").await.len(), 20);
    assert_eq!(Writer::read(load(&here, "a").await).state("note-1"), alice.state("note-1"));
}

pub async fn writers_that_decide_anew_all_get_through<S: LogStore>(open: impl AsyncFn() -> S) {
    let here = with_log(&open, "a").await;
    let there = open().await;
    let write = async |store: &S, stream: &str| {
        let mut refusals = 0;
        for _ in 0..10 {
            loop {
                let commit = Writer::read(load(store, "a").await).commit(&[stream, stream]);
                match store.append("a", &commit).await {
                    Ok(_) => break,
                    Err(StoreError::Behind { .. } | StoreError::Conflict { .. }) => refusals += 1,
                    Err(error) => panic!("{error}"),
                }
                assert!(refusals < 100, "nobody gets through");
            }
        }
    };
    let two = join(write(&here, "note-1"), write(&there, "note-2"));
    join(two, write(&there, "note-1")).await;
    let log = Writer::read(load(&here, "a").await).log;
    let versions: Vec<_> =
        log.streams().map(|(stream, version)| (stream.as_str(), version)).collect();
    assert_eq!(versions, [("note-1", 40), ("note-2", 20)]);
}

pub async fn a_log_that_was_refused_a_commit_takes_the_next_one<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut alice = Writer::default();
    let mut bob = alice.fork();
    assert!(store.append("a", &alice.commit(&["note-1"])).await.is_ok());
    assert!(store.append("a", &bob.commit(&["note-1"])).await.is_err());
    assert!(store.append("a", &alice.commit(&["note-1"])).await.is_ok());
    assert_eq!(texts(&store, "a").await.len(), 2);
}

pub async fn records_come_back_and_are_replaced_by_key<S: LogStore>(open: impl AsyncFn() -> S) {
    let store = with_log(&open, "a").await;
    for (shelf, key, record) in [
        (Shelf::Refusals, "2", r#"{"why":"full"}"#),
        (Shelf::Marks, "transfers", "1"),
        (Shelf::Effects, "2", "{}"),
        (Shelf::Marks, "transfers", "2"),
        (Shelf::Refusals, "10", r#""Zoë 🥨""#),
    ] {
        assert_eq!(store.put("a", shelf, key, record).await, Ok(()));
    }
    let expected = [
        ((Shelf::Marks, "transfers"), "2"),
        ((Shelf::Effects, "2"), "{}"),
        ((Shelf::Refusals, "10"), r#""Zoë 🥨""#),
        ((Shelf::Refusals, "2"), r#"{"why":"full"}"#),
    ];
    let expected: Map<_, _> =
        expected.map(|((shelf, key), record)| ((shelf, key.to_owned()), record.to_owned())).into();
    assert_eq!(load(&store, "a").await.records, expected);
}

pub async fn logs_are_listed_in_order_and_changed_field_by_field<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = open().await;
    assert_eq!(store.logs().await, Ok(Vec::new()));
    // JavaScript would sort the last two the other way round.
    let ids = ["b", "a", "ä", "B", "", "\u{1F968}", "\u{FF5E}"];
    for id in ids {
        assert_eq!(store.add(&info(id)).await, Ok(()));
    }
    assert!(store.append("a", &Writer::default().commit(&["note-1"])).await.is_ok());
    // Another handle may have seen the log as it was before.
    let forked = LogInfo { forked_from: Some(("b".to_owned(), 3)), ..info("a") };
    assert_eq!(store.add(&forked).await, Ok(()), "what is known of it stays");
    let title = |from: &str, to: &str| LogChange::Title { from: from.into(), to: to.into() };
    let (first, opened) = (info("a").title, info("a").opened_at + 9);
    let renamed = LogInfo { title: "Again".to_owned(), ..info("a") };
    assert_eq!(store.change("a", &title(&first, "Again")).await, Ok(renamed.clone()));
    let changed = store.change("a", &title(&first, "Never")).await.unwrap_err();
    assert_eq!(changed, StoreError::Changed("it is called “Again”".to_owned()));
    let renamed = LogInfo { opened_at: opened, ..renamed };
    for at in [opened, 0] {
        assert_eq!(store.change("a", &LogChange::Opened(at)).await, Ok(renamed.clone()));
    }
    let ordered = ["", "B", "a", "b", "ä", "\u{FF5E}", "\u{1F968}"];
    let expected = ordered.map(|id| if id == "a" { renamed.clone() } else { info(id) });
    assert_eq!(store.logs().await, Ok(expected.to_vec()));
    assert_eq!(texts(&store, "a").await.len(), 1);
}

pub async fn a_log_that_is_deleted_takes_nothing_until_it_is_back<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let other = open().await;
    let mut writer = Writer::default();
    let first = writer.commit(&["note-1"]);
    assert_eq!(store.append("a", &first).await, Ok(place(&first)));
    let deleted = |from, to| LogChange::Deleted { from, to };
    assert!(other.change("a", &deleted(None, Some(7))).await.is_ok());
    let second = writer.commit(&["note-1"]);
    // Nobody has told the first handle.
    assert_eq!(store.append("a", &second).await, Err(StoreError::Deleted));
    let mut segments = segments_of([StoredCommit::from(&second)]);
    let none = SideRecords::new();
    assert_eq!(store.import(&info("a"), &mut segments, &none).await, Err(StoreError::Deleted));
    let third = writer.commit(&["note-2"]);
    assert_eq!(store.append("a", &third).await, Err(StoreError::Deleted), "nor one that is ahead");
    let again = other.change("a", &deleted(None, Some(9))).await;
    assert_eq!(again, Err(StoreError::Changed("it is deleted".to_owned())));
    assert!(store.change("a", &deleted(Some(7), None)).await.is_ok());
    assert_eq!(store.append("a", &second).await, Ok(place(&second)));
}

pub async fn a_log_that_is_removed_does_not_come_back_by_a_change<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    assert_eq!(store.remove("a").await, Ok(()));
    let title = LogChange::Title { from: info("a").title, to: "Back".to_owned() };
    for change in [title, LogChange::Deleted { from: None, to: None }, LogChange::Opened(7)] {
        let unknown = Err(StoreError::UnknownLog("a".to_owned()));
        assert_eq!(store.change("a", &change).await, unknown);
    }
    assert_eq!(store.logs().await, Ok(Vec::new()));
}

pub async fn an_unknown_log_is_refused<S: LogStore>(open: impl AsyncFn() -> S) {
    let store = with_log(&open, "a").await;
    let unknown = StoreError::UnknownLog("b".to_owned());
    assert_eq!(unknown.to_string(), "there is no log b");
    let commit = Writer::default().commit(&["note-1"]);
    assert_eq!(store.append("b", &commit).await, Err(unknown.clone()));
    assert_eq!(store.put("b", Shelf::Marks, "transfers", "1").await, Err(unknown.clone()));
    assert_eq!(store.load("b").await.map(|_| ()), Err(unknown));
    assert_eq!(store.logs().await, Ok(vec![info("a")]));
    // No part of it appears once a log of that name is made.
    assert_eq!(store.add(&info("b")).await, Ok(()));
    let kept = load(&store, "b").await;
    assert!(kept.commits.is_empty() && kept.records.is_empty());
}

pub async fn logs_do_not_see_each_other<S: LogStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    // A careless range of keys would mix these names up.
    let ids = ["a", "a\u{0}", "aa", "a,note-1", ""];
    let mut commits = Vec::new();
    for (index, id) in ids.into_iter().enumerate() {
        assert_eq!(store.add(&info(id)).await, Ok(()));
        let commit = Writer::default().commit(&vec!["note-1"; index + 1]);
        assert_eq!(store.append(id, &commit).await, Ok(place(&commit)));
        assert_eq!(store.put(id, Shelf::Marks, "transfers", &index.to_string()).await, Ok(()));
        commits.push(commit);
    }
    for (index, (id, commit)) in ids.into_iter().zip(&commits).enumerate() {
        let kept = load(&store, id).await;
        let records = [((Shelf::Marks, "transfers".to_owned()), index.to_string())];
        assert_eq!(kept.records, records.into());
        assert_eq!(texts(&store, id).await, [text(commit)]);
    }
}

pub async fn another_handle_sees_everything_also_when_the_first_is_gone<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let first = with_log(&open, "a").await;
    let second = open().await;
    let mut writer = Writer::default();
    let commits = [writer.commit(&["note-1"]), writer.commit(&["note-1", "note-2"])];
    assert_eq!(first.append("a", &commits[0]).await, Ok(place(&commits[0])));
    assert_eq!(first.put("a", Shelf::Marks, "transfers", "1").await, Ok(()));
    assert_eq!(texts(&second, "a").await, [text(&commits[0])]);
    assert_eq!(second.append("a", &commits[1]).await, Ok(place(&commits[1])));
    assert_eq!(texts(&first, "a").await, commits.each_ref().map(text));
    drop(first);
    assert_eq!(texts(&second, "a").await, commits.each_ref().map(text));
    drop(second);
    let third = open().await;
    assert_eq!(third.logs().await, Ok(vec![info("a")]));
    assert_eq!(texts(&third, "a").await, commits.each_ref().map(text));
    assert_eq!(load(&third, "a").await.records.len(), 1);
}

pub async fn a_commit_over_many_streams_is_stored_whole<S: LogStore>(open: impl AsyncFn() -> S) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    let streams: Vec<String> = (0..10_000).map(|n| format!("note-{}", n * 7 % 500)).collect();
    let streams: Vec<&str> = streams.iter().map(String::as_str).collect();
    let mut late = writer.fork();
    let commits = [writer.commit(&streams), writer.commit(&streams)];
    for commit in &commits {
        assert_eq!(store.append("a", commit).await, Ok(place(commit)));
    }
    assert!(texts(&store, "a").await == commits.each_ref().map(text));
    let refused = store.append("a", &late.commit(&["note-499"])).await;
    let stream = Stream::parse("note-499").unwrap();
    assert_eq!(refused, Err(StoreError::Conflict { stream, expected: 0, actual: 40 }));
}

pub async fn a_commit_that_misses_one_without_events_goes_behind_it<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut alice = Writer::default();
    let mut bob = alice.fork();
    assert!(store.append("a", &alice.commit(&[])).await.is_ok());
    let commit = bob.commit(&["note-1"]);
    assert_eq!(store.append("a", &commit).await, Ok(CommitPlace { number: 2, after: 0 }));
    assert_eq!(texts(&store, "a").await.len(), 2);
}

pub async fn what_was_missed_can_be_read_alone<S: LogStore>(open: impl AsyncFn() -> S) {
    let here = with_log(&open, "a").await;
    let there = open().await;
    let mut alice = Writer::default();
    let mut commits = Vec::new();
    for streams in [&["note-1", "note-2"][..], &[], &["note-1"], &["note-3"]] {
        let commit = alice.commit(streams);
        assert_eq!(here.append("a", &commit).await, Ok(place(&commit)));
        commits.push(text(&commit));
    }
    for (known, head) in [(0, 0), (1, 2), (2, 2), (3, 3), (4, 4)] {
        let mut found = Vec::new();
        let mut visit = |it: CommitOrLoss<'_>| match it {
            CommitOrLoss::Commit(commit) => found.push(json(&commit.owned())),
            CommitOrLoss::Lost(loss) => panic!("{loss}"),
        };
        assert_eq!(there.read("a", known, head, &mut visit).await, Ok(()));
        assert_eq!(found, commits[usize::try_from(known).unwrap()..]);
    }
}

pub async fn a_log_is_imported_whole_or_not_at_all<S: LogStore>(open: impl AsyncFn() -> S) {
    let store = open().await;
    let mut alice = Writer::default();
    for n in 0..3_000 {
        alice.commit(if n % 7 == 0 { &[] } else { &["note-1", "note-2"] });
    }
    let commits = alice.commits.clone();
    let stored = || commits.iter().map(StoredCommit::from);
    let record = ((Shelf::Marks, "one".to_owned()), "7".to_owned());
    let records: SideRecords = [record].into_iter().collect();
    assert_eq!(store.import(&info("a"), &mut segments_of(stored()), &records).await, Ok(()));
    assert_eq!(store.records("a").await, Ok(records.clone()));
    assert_eq!(texts(&store, "a").await, commits.iter().map(text).collect::<Vec<_>>());
    assert!(store.append("a", &alice.commit(&["note-3"])).await.is_ok());
    assert_eq!(texts(&store, "a").await.len(), 3_001);

    let other = [((Shelf::Marks, "other".to_owned()), "8".to_owned())].into_iter().collect();
    let exists =
        store.import(&info("a"), &mut segments_of(stored().take(1)), &other).await.unwrap_err();
    assert_eq!(
        exists.to_string(),
        "the storage failed: commit 1 after event 0 does not follow commit 3001, which \
         ends at event 5143"
    );
    assert_eq!(texts(&store, "a").await.len(), 3_001);
    assert_eq!(store.records("a").await, Ok(records));
    let renamed = LogInfo { title: "elsewhere".to_owned(), ..info("a") };
    let title = LogChange::Title { from: info("a").title, to: "elsewhere".to_owned() };
    assert_eq!(store.change("a", &title).await, Ok(renamed.clone()));
    let more = [alice.commit(&[]), alice.commit(&["note-1", "note-4"])];
    assert_eq!(
        store
            .import(&info("a"), &mut segments_of(more.iter().map(StoredCommit::from)), &other)
            .await,
        Ok(())
    );
    assert!(store.append("a", &alice.commit(&["note-3"])).await.is_ok());
    assert_eq!(texts(&store, "a").await.len(), 3_004);
    // Records may come alone, to a log that is there.
    let third = [((Shelf::Marks, "third".to_owned()), "9".to_owned())].into_iter().collect();
    let nothing = &mut segments_of([]);
    assert_eq!(store.import(&info("a"), nothing, &third).await, Ok(()));
    let names = store.records("a").await.unwrap().into_iter().map(|((_, key), _)| key);
    assert_eq!(names.collect::<Vec<_>>(), ["one", "other", "third"]);

    let mut with_a_gap = segments_of(stored().filter(|commit| commit.number != 2_900));
    let gap = store.import(&info("b"), &mut with_a_gap, &other).await.unwrap_err();
    assert_eq!(
        gap.to_string(),
        "the storage failed: commit 2901 after event 4970 does not follow commit 2899, \
         which ends at event 4968"
    );
    assert_eq!(store.logs().await, Ok(vec![renamed]), "what is known of it stays");
    assert_eq!(store.load("b").await.map(|_| ()), Err(StoreError::UnknownLog("b".to_owned())));
    assert_eq!(
        store.import(&info("b"), &mut segments_of(stored().take(0)), &SideRecords::new()).await,
        Ok(())
    );
    assert_eq!(texts(&store, "b").await, [""; 0]);
}

pub async fn a_log_that_is_removed_is_gone_with_all_that_belongs_to_it<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    assert_eq!(store.add(&info("aa")).await, Ok(()));
    let commit = Writer::default().commit(&["note-1"]);
    for log in ["a", "aa"] {
        assert_eq!(store.append(log, &commit).await, Ok(place(&commit)));
        assert_eq!(store.put(log, Shelf::Marks, "transfers", "1").await, Ok(()));
    }
    assert_eq!(store.remove("a").await, Ok(()));
    assert_eq!(store.remove("nobody").await, Ok(()));
    assert_eq!(store.logs().await, Ok(vec![info("aa")]));
    let unknown = StoreError::UnknownLog("a".to_owned());
    assert_eq!(store.append("a", &commit).await, Err(unknown.clone()));
    assert_eq!(store.load("a").await.map(|_| ()), Err(unknown));
    let other = load(&store, "aa").await;
    assert_eq!((other.commits.len(), other.records.len()), (1, 1));
    // A new log of that name starts empty.
    assert_eq!(store.add(&info("a")).await, Ok(()));
    let again = load(&store, "a").await;
    assert!(again.commits.is_empty() && again.records.is_empty() && again.losses.is_empty());
    assert_eq!(store.append("a", &commit).await, Ok(place(&commit)));
}

pub async fn a_log_of_many_small_commits_is_read_as_it_was_written<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    let (mut commits, large) = (Vec::new(), vec!["note-2"; 2_000]);
    for n in 0..2_600 {
        let commit = match n {
            500 | 501 => writer.commit(&large),
            n if n % 5 == 0 => writer.commit(&[]),
            _ => writer.commit(&["note-1"]),
        };
        assert_eq!(store.append("a", &commit).await, Ok(place(&commit)));
        commits.push(commit);
        if n % 400 == 0 {
            assert_eq!(texts(&store, "a").await.len(), commits.len());
        }
    }
    let kept = load(&store, "a").await;
    assert_eq!((kept.losses, kept.stranded.len()), (Vec::new(), 0));
    let (found, expected) = (kept.commits.iter().map(json), commits.iter().map(text));
    assert!(found.eq(expected));
}

pub async fn how_much_a_log_holds_is_known_without_reading_it<S: LogStore>(
    open: impl AsyncFn() -> S,
) {
    let store = with_log(&open, "a").await;
    let mut writer = Writer::default();
    for streams in [&["note-1", "note-1"][..], &[]] {
        assert!(store.append("a", &writer.commit(streams)).await.is_ok());
    }
    assert_eq!(store.add(&info("b")).await, Ok(()));
    let extents = store.extents().await.unwrap();
    let found: Vec<_> =
        extents.iter().map(|(log, it)| (log.as_str(), it.commits, it.events)).collect();
    assert_eq!(found, [("a", 2, 2), ("b", 0, 0)]);
    assert_eq!(extents["b"].bytes, 0);
}

/// A minimal domain: a note that counts what was added to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Note {
    words: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Noted {
    Added { words: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Command {}

impl Aggregate for Note {
    const NAME: &'static str = "note";
    type Command = Command;
    type Event = Noted;
    type Rejection = Infallible;

    fn decide(&self, command: Command) -> Result<Vec<Noted>, Infallible> {
        match command {}
    }

    fn evolve(mut self, event: &Noted) -> Self {
        let Noted::Added { words } = event;
        self.words.push(words.clone());
        self
    }
}

fn scenario() -> Scenario {
    Scenario::new("notes", "Notes", "Somebody notes something.").aggregate::<Note>()
}

/// A writer, who proposes commits on the log as they know it.
#[derive(Default)]
pub struct Writer {
    log: EventLog,
    commits: Vec<Commit>,
}

impl Writer {
    /// Learns what is stored.
    fn read(kept: Kept) -> Self {
        let scenario = scenario();
        let mut writer = Self::default();
        for commit in kept.commits {
            writer.learn(commit.read(&scenario));
        }
        writer
    }

    /// Another writer who knows the same log.
    fn fork(&self) -> Self {
        let mut fork = Self::default();
        for commit in &self.commits {
            fork.learn(commit.clone());
        }
        fork
    }

    fn learn(&mut self, commit: Commit) {
        assert!(self.log.learn(commit.clone()), "{commit:?} does not follow");
        self.commits.push(commit);
    }

    /// A commit of one event for each stream. The writer goes on as if it were stored.
    pub fn commit(&mut self, streams: &[&str]) -> Commit {
        let events: Vec<_> = streams
            .iter()
            .map(|stream| (*stream, "Added", 1, r#"{"words":"Zoë \"🥨\" \\ n"}"#))
            .collect();
        self.commit_of(&events)
    }

    /// A commit of one event, which counts only where nothing of its stream's category has changed.
    pub fn commit_guarding(&mut self, stream: &str) -> Commit {
        let Commit { after, envelope, events, .. } = self.fork().commit(&[stream]);
        let expected = Some((Stream::parse(stream).unwrap(), Expected::Category(after)));
        let events = events.into_iter().map(Draft::from).collect();
        let proposal = Proposal { envelope: Envelope::clone(&envelope), expected, events };
        let commit = self.log.propose(proposal).unwrap();
        self.learn(commit.clone());
        commit
    }

    fn commit_of(&mut self, events: &[(&str, &str, u16, &str)]) -> Commit {
        let scenario = scenario();
        let number = self.commits.len() as u64;
        // Other events belong to another command.
        let streams: Vec<_> = events.iter().map(|(stream, ..)| *stream).collect();
        let id = command_id(&streams.join(" "), number);
        let envelope = Envelope::first(id, "Zoë".into(), number);
        let events = events.iter().map(|(stream, kind, schema, data)| {
            let data = RawValue::from_string((*data).to_owned()).unwrap();
            read_event(&scenario, &Stream::parse(stream).unwrap(), kind, *schema, &data)
        });
        let proposal = Proposal { envelope, expected: None, events: events.collect() };
        let commit = self.log.propose(proposal).unwrap();
        self.learn(commit.clone());
        commit
    }

    /// The state of a note.
    fn state(&self, stream: &str) -> Note {
        let stream = Stream::parse(stream).unwrap();
        let events = self.log.events(1, self.log.head()).filter(|it| *it.stream() == stream);
        events.filter_map(|it| it.of::<Note>()).fold(Note::default(), Note::evolve)
    }
}

/// The description of the log of this id.
pub fn info(id: &str) -> LogInfo {
    LogInfo {
        id: id.to_owned(),
        scenario: "notes".to_owned(),
        title: format!("The log {id}"),
        created_at: 1_700_000_000_000,
        opened_at: 0,
        forked_from: None,
        deleted_at: None,
        exercise: None,
        seed: None,
    }
}

async fn with_log<S: LogStore>(open: &impl AsyncFn() -> S, log: &str) -> S {
    let store = open().await;
    assert_eq!(store.add(&info(log)).await, Ok(()));
    store
}

async fn load(store: &impl LogStore, log: &str) -> Kept {
    store.load(log).await.unwrap()
}

async fn texts(store: &impl LogStore, log: &str) -> Vec<String> {
    load(store, log).await.commits.iter().map(json).collect()
}

/// The place that a commit expects.
pub fn place(commit: &Commit) -> CommitPlace {
    CommitPlace { number: commit.number, after: commit.after }
}

fn text(commit: &Commit) -> String {
    json(&commit.into())
}

fn json(commit: &StoredCommit) -> String {
    serde_json::to_string(commit).unwrap()
}

/// Runs two futures at the same time. The first one begins first.
async fn join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none()
            && let Poll::Ready(it) = a.as_mut().poll(context)
        {
            first = Some(it);
        }
        if second.is_none()
            && let Poll::Ready(it) = b.as_mut().poll(context)
        {
            second = Some(it);
        }
        if first.is_some() && second.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (first.unwrap(), second.unwrap())
}
