//! How fast the kernel decides, appends, folds and seeks, natively and in the browser:
//! `cargo xtask bench`. Rates are of one run on one machine; compare within a run.

#![expect(clippy::cast_precision_loss, clippy::cast_possible_wrap, reason = "figures to look at")]

use std::collections::BTreeMap;
use std::rc::Rc;

use leftfold::es::{
    Aggregate, Cents, CommandRecord, Commit, Draft, Envelope, EventLog, Expected, Fold, History,
    Hydrated, Instance, Map, Of, Projection, Proposal, Recorded, Row, Runner, Stream, Timeline,
    View,
};
use leftfold::es::{Scenario, field, not};
use leftfold::lab::{Change, Session, Target, WhatIf, World};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An account, as small as a domain gets; its events are about 100 bytes of JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Account {
    balance: Cents,
    entries: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
enum Event {
    Deposited { amount: Cents, reference: Rc<str> },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
enum Command {
    Deposit { amount: Cents, reference: Rc<str> },
}

#[derive(Debug, thiserror::Error)]
#[error("an amount has to be positive")]
struct NotPositive;

impl Aggregate for Account {
    const NAME: &'static str = "account";
    type Command = Command;
    type Event = Event;
    type Rejection = NotPositive;

    fn decide(
        &self,
        Command::Deposit { amount, reference }: Command,
    ) -> Result<Vec<Event>, NotPositive> {
        if amount.0 <= 0 {
            return Err(NotPositive);
        }
        Ok(vec![Event::Deposited { amount, reference }])
    }

    fn evolve(mut self, Event::Deposited { amount, .. }: &Event) -> Self {
        self.balance += *amount;
        self.entries += 1;
        self
    }
}

/// The balances of all accounts.
#[derive(Clone, Default)]
struct Balances(BTreeMap<Rc<str>, Cents>);

impl Projection for Balances {
    const NAME: &'static str = "Balances";
    const ABOUT: &'static str = "The balances of all accounts.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(Event::Deposited { amount, .. }) = recorded.of::<Account>() {
            match self.0.get_mut(recorded.key()) {
                Some(balance) => *balance += *amount,
                None => _ = self.0.insert(recorded.key().clone(), *amount),
            }
        }
    }

    fn view(&self) -> View {
        let rows = self.0.iter().map(|(key, balance)| Row::new(key.clone(), (balance,)));
        View::table(&["balance"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// An id as random as the page's, made without the cost of one.
fn id(number: usize) -> Uuid {
    Uuid::from_u128((number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// A log of `count` events over `streams` streams, each decided and appended by itself.
fn decided(count: usize, streams: usize) -> EventLog {
    let mut log = EventLog::default();
    let aggregate = Of::<Account>::default();
    let mut handlers: Vec<(Stream, Timeline<Hydrated>)> = (1..=streams)
        .map(|number| (Stream::new("account", &number.to_string()), aggregate.timeline()))
        .collect();
    for number in 0..count {
        let (stream, handler) = &mut handlers[number % streams];
        let data = format!(
            r#"{{"amount":{},"reference":"invoice {number:08}, for goods delivered, and with our thanks"}}"#,
            number % 1000 + 1
        );
        let Ok(data) = serde_json::value::RawValue::from_string(data) else { return log };
        let record = CommandRecord { stream: stream.clone(), kind: "Deposit".into(), data };
        let version = log.version(stream);
        handler.load(stream, version, &log);
        let Ok(events) = handler.decide(&record) else { return log };
        let mut envelope = Envelope::first(id(number), "Alice".into(), 0);
        envelope.command = Some(record);
        let expected = Some((stream.clone(), Expected::Exact(version)));
        if let Ok(commit) = log.propose(Proposal { envelope, expected, events }) {
            log.learn(commit);
        }
    }
    log
}

/// A log of `count` events over `streams` streams, appended a thousand at a time.
fn imported(count: usize, streams: usize) -> EventLog {
    let mut log = EventLog::default();
    let names: Vec<Stream> =
        (1..=streams).map(|number| Stream::new("account", &number.to_string())).collect();
    for batch in 0..count.div_ceil(1000) {
        let events = (batch * 1000..count.min((batch + 1) * 1000)).map(|number| {
            let amount = Cents(number as i64 % 1000 + 1);
            let reference =
                format!("invoice {number:08}, for goods delivered, and with our thanks");
            let event = Event::Deposited { amount, reference: reference.into() };
            Draft::of::<Account>(names[number % streams].clone(), event)
        });
        let events = events.collect();
        let envelope = Envelope::first(id(batch), "Alice".into(), 0);
        if let Ok(commit) = log.propose(Proposal { envelope, expected: None, events }) {
            log.learn(commit);
        }
    }
    log
}

/// A small, seeded generator (Marsaglia's xorshift): the same positions in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap_or_default()
    }
}

/// Measures, by a clock in milliseconds, with the bytes of heap where they are known.
pub fn run(now_millis: impl Fn() -> f64, heap: impl Fn() -> Option<usize>, say: impl Fn(String)) {
    let timed = |name: &str, count: usize, work: &mut dyn FnMut()| {
        let start = now_millis();
        work();
        let rate = count as f64 / (now_millis() - start) * 1000.0;
        say(format!("{name:<58}{rate:>12.0} /s"));
        rate
    };
    let million = 1_000_000;
    // First, while nothing else has been given back to the allocator.
    let before = heap();
    let log = imported(million, 100);
    if let (Some(before), Some(after)) = (before, heap()) {
        let name = "heap per event of 100 bytes, imported, at most";
        say(format!("{name:<58}{:>12} bytes", (after - before) / million));
    }
    timed("fold of a projection over 100 streams", million, &mut || {
        let mut runner = Runner::<Balances>::new();
        log.batches(0, million, |events| runner.fold(events));
        std::hint::black_box(runner.model.0.len());
    });
    let mut timeline = Timeline::<Runner<Balances>>::default();
    let before = heap();
    timed("the same in a timeline, taking snapshots", million, &mut || {
        std::hint::black_box(timeline.at(million, &log).model.0.len());
    });
    let (snapshots, rows) = timeline.held();
    let grown = before
        .zip(heap())
        .map(|(before, after)| format!(", {} kB of heap", (after - before) / 1000));
    say(format!("  {snapshots} snapshots, {rows} rows{}", grown.unwrap_or_default()));
    let mut random = Random(0x5eed);
    let batch = 10;
    let mut micros: Vec<f64> = (0..500)
        .map(|_| {
            let start = now_millis();
            for _ in 0..batch {
                std::hint::black_box(timeline.at(random.below(million), &log).model.0.len());
            }
            (now_millis() - start) * 1000.0 / f64::from(batch)
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    say(format!(
        "{:<58}{:>7.0} µs p50 {:>7.0} µs p99, of means of {batch}",
        "a random seek at 1M, 100 rows", micros[250], micros[495]
    ));
    drop((timeline, log));

    let log = imported(million, 1);
    let stream = Stream::new("account", "1");
    timed("fold of one aggregate", million, &mut || {
        let mut instance = Instance::<Account>::default();
        log.stream(&stream).batches(0, million, |events| instance.fold(events));
        std::hint::black_box(instance.version);
    });
    let mut handler = Of::<Account>::default().timeline();
    timed("the same erased, in a timeline, taking snapshots", million, &mut || {
        std::hint::black_box(handler.load(&stream, million as u64, &log));
    });
    drop((handler, log));

    for streams in [1, 100] {
        let mut rates = Vec::new();
        for count in [1_000, 100_000, 1_000_000] {
            // Small runs are repeated, so that the clock's coarseness does not show.
            let rounds = 200_000_usize.div_ceil(count).max(1);
            let name = format!("decide and append, {count} events in {streams} stream(s)");
            rates.push(timed(&name, count * rounds, &mut || {
                for _ in 0..rounds {
                    std::hint::black_box(
                        decided(count, streams).version(&Stream::new("account", "1")),
                    );
                }
            }));
        }
        let ratio = rates[2] / rates[0];
        say(format!(
            "{:<58}{ratio:>12.2}",
            format!("  rate at 1M over rate at 1k, {streams} stream(s)")
        ));
    }
    maps(&timed);
    look(&now_millis, &say);
}

/// What the kernel's map gains over the standard library's: timelines copy maps, and folds look keys
/// up.
fn maps(timed: &impl Fn(&str, usize, &mut dyn FnMut()) -> f64) {
    let keys: Vec<Rc<str>> = (0..1_000).map(|number| format!("key-{number:04}").into()).collect();
    let entries = || keys.iter().cloned().zip(0_u64..);
    let (mut map, mut standard): (Map<_, _>, BTreeMap<_, _>) =
        (entries().collect(), entries().collect());
    let rounds = 2_000;
    timed("copies of a map of 1,000 texts", rounds, &mut || {
        (0..rounds).for_each(|_| _ = std::hint::black_box(map.clone()));
    });
    timed("  the same, of the standard map", rounds, &mut || {
        (0..rounds).for_each(|_| _ = std::hint::black_box(standard.clone()));
    });
    let changes = keys.len() * rounds;
    timed("changes of values in a map of 1,000 texts", changes, &mut || {
        let keys = (0..rounds).flat_map(|_| &keys);
        keys.for_each(|key| *map.entry(key.clone()).or_default() += 1);
    });
    timed("  the same, in the standard map", changes, &mut || {
        let keys = (0..rounds).flat_map(|_| &keys);
        keys.for_each(|key| *standard.entry(key.clone()).or_default() += 1);
    });
}

/// A session over a log that somebody else wrote: nothing is delivered.
fn session(log: &EventLog) -> Session {
    let scenario = Scenario::new("bank", "Bank", "Accounts.");
    let scenario = Rc::new(scenario.aggregate::<Account>().projection::<Balances>());
    let mut world = World::new(&scenario);
    let mut commits: Vec<Commit> = Vec::new();
    for event in log.events(1, log.head()) {
        match commits.last_mut() {
            Some(last) if Rc::ptr_eq(&last.envelope, event.envelope()) => {
                last.events.push(event.clone());
            }
            _ => commits.push(Commit {
                number: commits.len() as u64 + 1,
                after: event.position() - 1,
                envelope: event.envelope().clone(),
                events: vec![event.clone()],
            }),
        }
    }
    for commit in commits {
        world.learn(commit);
    }
    Session::new(world)
}

/// Looking at a log without changing it.
fn look(now_millis: &impl Fn() -> f64, say: &impl Fn(String)) {
    let quantiles = |name: &str, rounds: usize, work: &mut dyn FnMut(usize)| {
        let mut millis: Vec<f64> = (0..rounds)
            .map(|round| {
                let start = now_millis();
                work(round);
                now_millis() - start
            })
            .collect();
        millis.sort_by(f64::total_cmp);
        let (p50, p95) = (millis[rounds / 2], millis[rounds * 95 / 100]);
        say(format!("{name:<58}{p50:>7.2} ms p50 {p95:>7.2} ms p95"));
    };
    let account = Stream::new("account", "1");
    let mut one = session(&decided(100_000, 1));
    let earliest = Change::LeaveOut([1].into());
    quantiles("what if without the earliest of 100k: one state", 100, &mut |_| {
        let Ok(mut what_if) = WhatIf::new(one.world(), &earliest) else { return };
        std::hint::black_box(what_if.state(one.world(), &account, 100_000));
    });
    if let Ok(mut what_if) = WhatIf::new(one.world(), &earliest) {
        let over = std::cell::Cell::new(false);
        quantiles("  100k decisions again, a slice of 2,000", 50, &mut |_| {
            over.set(what_if.advance(one.world(), 2_000));
        });
        say(format!("  all decided again: {}", over.get()));
    }
    one.state(&account);
    if let Some(mut why) = one.why(Target::State(account.clone()), "/balance") {
        quantiles("why, at 100k events, a slice of 2,000", 50, &mut |_| {
            one.advance_why(&mut why, 2_000);
        });
        say(format!("  events found: {}", why.causes().len()));
    }
    drop(one);
    let above = |pointer: &str, value: i64| not(field(pointer).is_at_most(value));
    for (streams, target, balance, most) in [
        (1, Target::State(account.clone()), "/balance", 500_500_000),
        (100, Target::View("Balances".into()), "/rows/1/balance", 5_000_000),
    ] {
        let mut session = session(&imported(1_000_000, streams));
        let name = format!("bisect at 1M events in {streams} stream(s)");
        quantiles(&format!("{name}: the first look at the end"), 1, &mut |_| {
            let bisect = session.bisect(target.clone(), above(balance, 0), true);
            bisect.map(|mut bisect| session.advance_bisect(&mut bisect, 1));
        });
        quantiles(&format!("{name}, once folded"), 100, &mut |round| {
            let value = most / 100 * i64::try_from(round).unwrap_or_default();
            let bisect = session.bisect(target.clone(), above(balance, value), true);
            let found = bisect.map(|mut bisect| session.advance_bisect(&mut bisect, 100));
            std::hint::black_box(found);
        });
        let never = field(balance).is_less_than(-1);
        if let Some(mut bisect) = session.bisect(target.clone(), never, false) {
            quantiles("  a scan instead, a slice of 2,000", 20, &mut |_| {
                session.advance_bisect(&mut bisect, 2_000);
            });
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn main() {
    let start = std::time::Instant::now();
    run(|| start.elapsed().as_secs_f64() * 1000.0, || None, |line| println!("{line}"));
}

#[cfg(target_arch = "wasm32")]
fn main() {}
