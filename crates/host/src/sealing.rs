//! Seals what is personal in commands and events before anything is written down, and destroys the
//! key of whoever is to be forgotten.
//!
//! The first thing that is sealed in a stream gets a key of its own, and all later ones that key. A
//! key is kept before anything that was sealed with it is stored. What is to be sealed for somebody
//! who was forgotten is sealed with a key that nobody keeps.

use std::rc::Rc;

use es::{Act, CommandRecord, Fact, Map, Recorded, Set, Step, StoredCommit, Stream};
use lab::Submission;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map as Fields, Value};
use store::StoreError;
use uuid::Uuid;

use crate::Host;
use crate::keys::{Key, KeyState, key_id};
use crate::open_log::OpenLog;
use crate::personal::{Sealing, keys_of, parsed, seal_commit};

impl OpenLog {
    /// The key for what is sealed next in a stream. A new one is kept before this returns.
    async fn key_for(&self, stream: &Stream) -> Result<Key, StoreError> {
        let keys = &self.0.host.keys;
        let secret = self.0.host.ids.secret();
        let used = keys_of(&self.session(), stream);
        let known = used.iter().map(|id| keys.find(*id));
        for state in known.clone() {
            if let KeyState::There(key) = state {
                return Ok(key);
            }
        }
        if known.clone().any(|it| it == KeyState::Destroyed) {
            // For somebody who was forgotten, a key that nobody keeps.
            keys.destroy(key_id(&secret)).await?;
        } else {
            keys.keep(vec![(key_id(&secret), secret)]).await?;
        }
        Ok(secret)
    }

    /// A command whose personal fields are sealed. Nothing else of it has changed.
    async fn sealed(&self, id: Uuid, command: CommandRecord) -> Result<CommandRecord, StoreError> {
        let Some(personal) = &self.0.personal else { return Ok(command) };
        let of = (Rc::from(command.stream.category()), command.kind.clone());
        let fields = personal.commands.get(&of);
        let (Some(fields), Some(mut data)) = (fields, parsed(&command.data)) else {
            return Ok(command);
        };
        let key = self.key_for(&command.stream).await?;
        let plain = data.clone();
        Sealing { fields, key, command: id, label: "" }.seal(&mut data);
        if self.was_sealed_otherwise(id, &data) {
            // The id was used for something else: one key must not seal two texts alike.
            data = plain;
            let key = self.0.host.ids.secret();
            self.0.host.keys.keep(vec![(key_id(&key), key)]).await?;
            Sealing { fields, key, command: id, label: "" }.seal(&mut data);
        }
        let data = to_raw_value(&data).unwrap_or_default();
        Ok(CommandRecord { data, ..command })
    }

    /// True where the command of this id is known, and has other data.
    fn was_sealed_otherwise(&self, id: Uuid, data: &Fields<String, Value>) -> bool {
        let session = self.session();
        let mut journal = session.world().journal().iter().rev();
        let known = journal.find(|it| it.envelope.command_id == id);
        let known = known.and_then(|it| parsed(&it.envelope.command.as_ref()?.data));
        known.is_some_and(|it| it != *data)
    }

    /// What is sent, with its personal fields sealed.
    pub(crate) async fn seal(&self, ask: Submission) -> Result<Submission, StoreError> {
        let command = self.sealed(ask.id, ask.command).await?;
        Ok(Submission { command, ..ask })
    }

    /// A step of the story, with its personal fields sealed.
    pub(crate) async fn seal_step(&self, number: usize) -> Result<Option<Step>, StoreError> {
        let Some(mut step) = self.session().scenario().story.get(number).cloned() else {
            return Ok(None);
        };
        for (index, act) in step.acts.iter_mut().enumerate() {
            let id = self.session().story_command(number, index);
            match act {
                Act::Send(command) => *command = self.sealed(id, command.clone()).await?,
                Act::Append(fact) => {
                    let Fact { stream, kind, data, .. } = fact;
                    *data = self.sealed_event(id, 0, (stream, kind), data.clone()).await?;
                }
            }
        }
        Ok(Some(step))
    }

    /// The data of an event that is appended past its aggregate, with its personal fields sealed.
    async fn sealed_event(
        &self,
        id: Uuid,
        index: usize,
        (stream, kind): (&Stream, &str),
        data: Box<RawValue>,
    ) -> Result<Box<RawValue>, StoreError> {
        let Some(personal) = &self.0.personal else { return Ok(data) };
        let fields = personal.events.get(&(Rc::from(stream.category()), Rc::from(kind)));
        let (Some(fields), Some(mut fresh)) = (fields, parsed(&data)) else { return Ok(data) };
        let (key, label) = (self.key_for(stream).await?, format!("{index}/"));
        Sealing { fields, key, command: id, label: &label }.seal(&mut fresh);
        Ok(to_raw_value(&fresh).unwrap_or_default())
    }

    /// Events that are appended past their aggregates, as JSON text, with their personal fields
    /// sealed. What is no list of events stays as it is: it is refused where it is read.
    pub(crate) async fn seal_events(&self, id: Uuid, text: String) -> Result<String, StoreError> {
        if self.0.personal.is_none() {
            return Ok(text);
        }
        let Ok(Value::Array(mut rows)) = serde_json::from_str(&text) else { return Ok(text) };
        for (index, row) in rows.iter_mut().enumerate() {
            let stream = row["stream"].as_str().and_then(|it| Stream::parse(it).ok());
            let kind = row["type"].as_str().map(str::to_owned);
            let (Some(stream), Some(kind), true) = (stream, kind, row["data"].is_object()) else {
                continue;
            };
            let data = to_raw_value(&row["data"]).unwrap_or_default();
            let sealed = self.sealed_event(id, index, (&stream, &kind), data).await?;
            row["data"] = serde_json::from_str(sealed.get()).unwrap_or_default();
        }
        Ok(Value::from(rows).to_string())
    }

    /// Seals what is personal in commits that are brought along.
    pub(crate) async fn seal_commits(
        &self,
        commits: &mut [StoredCommit],
    ) -> Result<(), StoreError> {
        let Some(personal) = &self.0.personal else { return Ok(()) };
        let streams: Set<Stream> =
            commits.iter().flat_map(|it| &it.events).map(|it| it.stream.clone()).collect();
        let mut keys: Map<Stream, Key> = Map::new();
        for stream in streams {
            let key = self.key_for(&stream).await?;
            keys.insert(stream, key);
        }
        for commit in commits {
            seal_commit(personal, commit, &mut |stream| {
                keys.get(stream).copied().unwrap_or_else(|| self.0.host.ids.secret())
            });
        }
        Ok(())
    }

    /// Gives another host the keys of all that is sealed here.
    pub(crate) async fn give_keys(&self, to: &Host) -> Result<(), StoreError> {
        if self.0.personal.is_none() || Rc::ptr_eq(&self.0.host.keys, &to.keys) {
            return Ok(());
        }
        let keys: Vec<(Uuid, Key)> = {
            let session = self.session();
            let streams = session.log().streams().map(|(stream, _)| stream);
            let used = streams.flat_map(|stream| keys_of(&session, stream));
            used.filter_map(|id| match self.0.host.keys.find(id) {
                KeyState::There(key) => Some((id, key)),
                KeyState::Destroyed | KeyState::NeverHere => None,
            })
            .collect()
        };
        to.keys.keep(keys).await
    }

    /// Destroys the keys of all who were forgotten since this was last called. Others then hear of
    /// it.
    pub(crate) async fn forget_keys(&self) {
        if self.0.personal.is_none() {
            return;
        }
        let head = self.session().head();
        let forgotten: Set<Stream> = {
            let session = self.session();
            let scenario = session.scenario();
            let forgets = |it: &Recorded| {
                let aggregate = scenario.aggregate_of(it.stream().category());
                aggregate.is_some_and(|aggregate| aggregate.forgets() == Some(&**it.kind()))
            };
            let from = self.0.forgotten_up_to.get() + 1;
            let events = session.log().events(from, head).filter(|it| forgets(it));
            events.map(|it| it.stream().clone()).collect()
        };
        let mut destroyed = false;
        for stream in forgotten {
            let used = keys_of(&self.session(), &stream);
            for id in used {
                if self.0.host.keys.find(id) == KeyState::Destroyed {
                    continue;
                }
                if let Err(fault) = self.0.host.keys.destroy(id).await {
                    // It is tried again with the next event.
                    return self.in_trouble(&fault);
                }
                destroyed = true;
            }
        }
        self.0.forgotten_up_to.set(head);
        self.0.seal_turn.set(self.0.seal_turn.get() + 1);
        if destroyed {
            self.announce();
        }
    }
}
