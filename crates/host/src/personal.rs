//! What is personal in the messages of a scenario, and how it is sealed and opened. Nothing here
//! waits for anything.

use std::cell::RefCell;
use std::rc::Rc;

use es::{
    CommandRecord, History, Map, PERSONAL, Recorded, SEAL_BEGINS, SEAL_ENDS, Scenario,
    StoredCommit, Stream, command_id, seals,
};
use lab::{JournalEntry, Opener, Sealer, Viewpoint};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map as Fields, Value};
use store::StoreError;
use uuid::Uuid;

use crate::Host;
use crate::keys::{Key, KeyRing, key_id, key_of, open, seal};

/// Type of a command or event → its personal fields.
type ByType = Map<(Rc<str>, Rc<str>), Vec<Rc<str>>>;

/// The fields of a scenario's commands and events that are personal.
#[derive(Default)]
pub(crate) struct PersonalFields {
    pub(crate) commands: ByType,
    pub(crate) events: ByType,
}

impl PersonalFields {
    /// Those of a scenario. None where it has none.
    pub(crate) fn of(scenario: &Scenario) -> Option<Self> {
        let mut it = Self::default();
        for aggregate in scenario.aggregates.iter().filter(|it| it.forgets().is_some()) {
            let name = aggregate.name();
            collect(&mut it.commands, &name, &aggregate.commands());
            collect(&mut it.events, &name, &aggregate.events());
        }
        (!it.commands.is_empty() || !it.events.is_empty()).then_some(it)
    }
}

/// Collects the personal fields of a schema's types.
fn collect(all: &mut ByType, aggregate: &Rc<str>, schema: &Value) {
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        let Some((kind, data)) = variant["properties"].as_object().and_then(|it| it.iter().next())
        else {
            continue;
        };
        let fields = data["properties"].as_object().into_iter().flatten();
        let personal = fields.filter(|(_, schema)| schema["format"] == PERSONAL);
        let personal: Vec<Rc<str>> = personal.map(|(name, _)| name.as_str().into()).collect();
        if !personal.is_empty() {
            all.insert((aggregate.clone(), kind.as_str().into()), personal);
        }
    }
}

/// Where the personal fields of one message are sealed.
pub(crate) struct Sealing<'a> {
    pub(crate) fields: &'a [Rc<str>],
    pub(crate) key: Key,
    pub(crate) command: Uuid,
    /// Tells messages of one command apart.
    pub(crate) label: &'a str,
}

impl Sealing<'_> {
    /// Seals the fields of a message's data. What is sealed already, or empty, stays.
    pub(crate) fn seal(&self, data: &mut Fields<String, Value>) {
        for name in self.fields {
            let Some(Value::String(text)) = data.get_mut(&**name) else { continue };
            if !is_plain(text) {
                continue;
            }
            let field = format!("{}{name}", self.label);
            // Without a seal, nothing is written down.
            *text = seal(&self.key, self.command, &field, text).unwrap_or_default();
        }
    }
}

/// True where a text is to be sealed: it is neither empty nor a seal as a whole. A seal somewhere in
/// it hides nothing of the rest.
fn is_plain(text: &str) -> bool {
    let inside = text.strip_prefix(SEAL_BEGINS).and_then(|it| it.strip_suffix(SEAL_ENDS));
    let seal = inside.filter(|it| !it.contains([SEAL_BEGINS, SEAL_ENDS])).and_then(key_of);
    !text.trim().is_empty() && seal.is_none()
}

/// The fields of a message's data. None where it is no object.
pub(crate) fn parsed(data: &RawValue) -> Option<Fields<String, Value>> {
    serde_json::from_str(data.get()).ok()
}

/// The ids of the keys that were used in a stream's events, and in commands to it that were not
/// accepted: the first one first.
pub(crate) fn keys_of(session: &Viewpoint, stream: &Stream) -> Vec<Uuid> {
    let mut keys = Vec::new();
    let mut note = |text: &str| {
        for id in seals(text).filter_map(key_of) {
            if !keys.contains(&id) {
                keys.push(id);
            }
        }
    };
    let history = session.log().stream(stream);
    history.walk(0, history.len(), |event: &Recorded| {
        note(event.data().get());
        if let Some(command) = event.command() {
            note(command.data.get());
        }
    });
    let asked = |it: &JournalEntry| it.envelope.command.clone().filter(|it| it.stream == *stream);
    session.world().journal().iter().filter_map(asked).for_each(|it| note(it.data.get()));
    keys
}

/// Opens seals with the keys of a ring.
pub(crate) fn opener(keys: &Rc<dyn KeyRing>) -> Opener {
    let keys = keys.clone();
    Rc::new(move |seal| open(&*keys, seal))
}

/// Seals what is personal in a commit that comes from elsewhere. What is sealed there already stays.
pub(crate) fn seal_commit(
    personal: &PersonalFields,
    commit: &mut StoredCommit,
    key: &mut dyn FnMut(&Stream) -> Key,
) {
    let id = commit.envelope.command_id;
    let mut seal = |all: &ByType, of: (&Stream, &Rc<str>), label: &str, data: &RawValue| {
        let (stream, kind) = of;
        let fields = all.get(&(Rc::from(stream.category()), kind.clone()))?;
        let mut fresh = parsed(data)?;
        let plain = fields
            .iter()
            .any(|name| is_plain(fresh.get(&**name).and_then(Value::as_str).unwrap_or_default()));
        plain.then(|| {
            Sealing { fields, key: key(stream), command: id, label }.seal(&mut fresh);
            to_raw_value(&fresh).unwrap_or_default()
        })
    };
    for (index, event) in commit.events.iter_mut().enumerate() {
        let of = (&event.stream, &event.kind);
        if let Some(data) = seal(&personal.events, of, &format!("{index}/"), &event.data) {
            event.data = data;
        }
    }
    if let Some(command) = &mut commit.envelope.command {
        let of = (&command.stream, &command.kind);
        if let Some(data) = seal(&personal.commands, of, "", &command.data) {
            command.data = data;
        }
    }
}

/// The key of a stream in a run by chance. It follows from the run's seed: what such a run says of
/// people is made up.
fn key_by_chance(seed: u64, stream: &Stream) -> Key {
    let mut key = [0; 32];
    let half = |name: &str| command_id(&format!("{name} of {stream}"), seed).into_bytes();
    key[..16].copy_from_slice(&half("first half"));
    key[16..].copy_from_slice(&half("second half"));
    key
}

/// Seals the commands of a run by chance, and collects the keys.
pub(crate) fn sealer(
    scenario: &Scenario,
    seed: u64,
    keys: Rc<RefCell<Map<Uuid, Key>>>,
) -> Option<Sealer> {
    let personal = PersonalFields::of(scenario)?;
    Some(Box::new(move |_, id, command| {
        let of = (Rc::from(command.stream.category()), command.kind.clone());
        let fields = personal.commands.get(&of);
        let (Some(fields), Some(mut data)) = (fields, parsed(&command.data)) else {
            return command;
        };
        let key = key_by_chance(seed, &command.stream);
        keys.borrow_mut().insert(key_id(&key), key);
        Sealing { fields, key, command: id, label: "" }.seal(&mut data);
        CommandRecord { data: to_raw_value(&data).unwrap_or_default(), ..command }
    }))
}

impl Host {
    /// Learns of all keys, where a scenario seals anything.
    pub(crate) async fn load_keys(&self, scenario: &Scenario) -> Result<(), StoreError> {
        if scenario.aggregates.iter().any(|it| it.forgets().is_some()) {
            self.keys.load().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_person_in_each_run_by_chance_has_a_key_of_their_own() {
        let (one, other) = (Stream::new("person", "1"), Stream::new("person", "2"));
        let keys = [(1, &one), (1, &other), (2, &one)].map(|(seed, it)| key_by_chance(seed, it));
        assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
        assert_eq!(key_by_chance(1, &one), keys[0]);
    }

    #[test]
    fn a_text_with_a_seal_in_it_is_sealed_and_a_seal_is_not_sealed_again() {
        let (key, command) = ([7; 32], command_id("one", 1));
        let fields = [Rc::from("name")];
        let sealing = Sealing { fields: &fields, key, command, label: "" };
        let sealed = |text: &str| {
            let mut data = Fields::from_iter([("name".to_owned(), json!(text))]);
            sealing.seal(&mut data);
            data["name"].as_str().unwrap_or_default().to_owned()
        };
        let seal = sealed("Lola");
        assert!(!seal.contains("Lola"));
        assert_eq!(sealed(&seal), seal);
        assert_eq!(sealed(" "), " ");
        for hidden in [format!("{seal} Lola"), format!("Lola {seal}"), format!("{seal}Lola{seal}")]
        {
            assert!(!sealed(&hidden).contains("Lola"), "{hidden}");
        }
    }
}
