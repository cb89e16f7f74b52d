//! The keys with which personal data is sealed, one a person. They live outside logs: a log, its
//! copies, forks, backups, links and files hold only what is sealed, and all of them forget a person
//! together, once the key is destroyed.
//!
//! The cipher is XChaCha20-Poly1305 of the crate `chacha20poly1305`. This module never makes random
//! bytes: they are passed in.

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as LETTERS;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use es::{Map, SEAL_BEGINS, SEAL_ENDS};
use futures::future::{LocalBoxFuture, ready};
use store::{AnyStore, LogInfo, Shelf, SideRecords, StoreError};
use uuid::Uuid;

/// A person's key.
pub type Key = [u8; 32];

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is there.
    There(Key),
    /// It was here, and was destroyed.
    Destroyed,
    /// It was never here.
    NeverHere,
}

impl KeyState {
    /// What is known of a key that a ring has under an id, as `kept`: none where it was destroyed.
    pub fn of(kept: Option<&Option<Key>>) -> Self {
        match kept {
            Some(Some(key)) => Self::There(*key),
            Some(None) => Self::Destroyed,
            None => Self::NeverHere,
        }
    }
}

/// Where keys are kept. Finding one does not wait; everything else does.
pub trait KeyRing {
    /// What is known of a key, as far as keys were loaded.
    fn find(&self, id: Uuid) -> KeyState;

    /// Learns of all keys, and of those that were destroyed elsewhere.
    fn load(&self) -> LocalBoxFuture<'_, Result<(), StoreError>>;

    /// Keeps keys. None is kept that was destroyed before.
    fn keep(&self, keys: Vec<(Uuid, Key)>) -> LocalBoxFuture<'_, Result<(), StoreError>>;

    /// Destroys a key for good.
    fn destroy(&self, id: Uuid) -> LocalBoxFuture<'_, Result<(), StoreError>>;
}

/// Keys that are gone with the page, for logs that are.
#[derive(Default)]
pub struct MemoryKeys(RefCell<Map<Uuid, Option<Key>>>);

impl KeyRing for MemoryKeys {
    fn find(&self, id: Uuid) -> KeyState {
        KeyState::of(self.0.borrow().get(&id))
    }

    fn load(&self) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(ready(Ok(())))
    }

    fn keep(&self, keys: Vec<(Uuid, Key)>) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        let mut kept = self.0.borrow_mut();
        for (id, key) in keys {
            kept.entry(id).or_insert_with(|| Some(key));
        }
        Box::pin(ready(Ok(())))
    }

    fn destroy(&self, id: Uuid) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        self.0.borrow_mut().insert(id, None);
        Box::pin(ready(Ok(())))
    }
}

/// Opens the store that keys are kept in.
type OpenStore = Box<dyn Fn() -> LocalBoxFuture<'static, Result<AnyStore, StoreError>>>;

/// Keys in a store of their own, which is opened once somebody needs one. All tabs of a browser share
/// it.
pub struct StoredKeys {
    open: OpenStore,
    store: RefCell<Option<AnyStore>>,
    loaded: RefCell<Map<Uuid, Option<Key>>>,
}

/// The log beside which all keys are kept. It has no events.
const ALL_KEYS: &str = "keys";

impl StoredKeys {
    /// Keys in the store that `open` opens.
    pub fn new(
        open: impl Fn() -> LocalBoxFuture<'static, Result<AnyStore, StoreError>> + 'static,
    ) -> Self {
        Self { open: Box::new(open), store: RefCell::default(), loaded: RefCell::default() }
    }

    /// Makes the place for keys, so that people who may make no log can keep keys there.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Failed`].
    pub async fn prepare(&self) -> Result<(), StoreError> {
        let log = LogInfo { id: ALL_KEYS.to_owned(), ..LogInfo::default() };
        self.store().await?.add(&log).await
    }

    async fn store(&self) -> Result<AnyStore, StoreError> {
        let opened = self.store.borrow().clone();
        if let Some(store) = opened {
            return Ok(store);
        }
        let store = (self.open)().await?;
        self.store.replace(Some(store.clone()));
        Ok(store)
    }

    /// Puts keys, or that they were destroyed, on the disk: all of them, or nothing.
    async fn put(&self, keys: &[(Uuid, Option<Key>)]) -> Result<(), StoreError> {
        let record = |(id, key): &(Uuid, Option<Key>)| {
            let text = key.map_or("null".to_owned(), |key| format!("\"{}\"", LETTERS.encode(key)));
            ((Shelf::Keys, id.to_string()), text)
        };
        let records: SideRecords = keys.iter().map(record).collect();
        let log = LogInfo { id: ALL_KEYS.to_owned(), ..LogInfo::default() };
        let store = self.store().await?;
        store.import(&log, &mut std::iter::empty(), &records).await
    }
}

impl KeyRing for StoredKeys {
    fn find(&self, id: Uuid) -> KeyState {
        KeyState::of(self.loaded.borrow().get(&id))
    }

    fn load(&self) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let store = self.store().await?;
            let records = match store.records(ALL_KEYS).await {
                Ok(records) => records,
                // Nobody has kept a key yet.
                Err(StoreError::UnknownLog(_)) => SideRecords::new(),
                Err(fault) => return Err(fault),
            };
            let key = |text: &str| {
                let text: Option<String> = serde_json::from_str(text).ok()?;
                // What is damaged cannot be read, and counts as destroyed.
                let key = text.and_then(|it| LETTERS.decode(it).ok()?.try_into().ok());
                Some(key)
            };
            let keys = records
                .iter()
                .filter_map(|((_, id), text)| Some((Uuid::parse_str(id).ok()?, key(text)?)));
            self.loaded.replace(keys.collect());
            Ok(())
        })
    }

    fn keep(&self, keys: Vec<(Uuid, Key)>) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.load().await?;
            let new = keys.into_iter().filter(|(id, _)| self.find(*id) == KeyState::NeverHere);
            let new: Vec<_> = new.map(|(id, key)| (id, Some(key))).collect();
            if !new.is_empty() {
                self.put(&new).await?;
                self.loaded.borrow_mut().extend(new);
            }
            Ok(())
        })
    }

    fn destroy(&self, id: Uuid) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.put(&[(id, None)]).await?;
            self.loaded.borrow_mut().insert(id, None);
            Ok(())
        })
    }
}

/// Names keys that are made of random bytes.
const KEYS: Uuid = Uuid::from_u128(0x6c65_6674_666f_6c64_8000_6b65_7973_0000);
const NONCE_BYTES: usize = 24;

/// The id of a key. It says nothing of the key.
pub(crate) fn key_id(key: &Key) -> Uuid {
    Uuid::new_v5(&KEYS, key)
}

/// Seals a text. A key never seals two texts of one field of one command.
///
/// The seal holds the key's id, the nonce and the sealed text: `⟦…⟧`.
pub(crate) fn seal(key: &Key, command: Uuid, field: &str, text: &str) -> Option<String> {
    let mut nonce = [0; NONCE_BYTES];
    nonce[..16].copy_from_slice(command.as_bytes());
    nonce[16..].copy_from_slice(&Uuid::new_v5(&command, field.as_bytes()).as_bytes()[..8]);
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher.encrypt(&nonce.into(), text.as_bytes()).ok()?;
    let id = LETTERS.encode(key_id(key));
    let sealed = LETTERS.encode([&nonce[..], &sealed].concat());
    Some(format!("{SEAL_BEGINS}{id}.{sealed}{SEAL_ENDS}"))
}

/// The id of the key with which a text was sealed. None where it is no seal. `seal` is what stands
/// between the seal's brackets.
pub(crate) fn key_of(seal: &str) -> Option<Uuid> {
    let (id, _) = seal.split_once('.')?;
    Uuid::from_slice(&LETTERS.decode(id).ok()?).ok()
}

/// What a seal says to whoever looks at it: the text where its key is here, else why it cannot be
/// read. None where it is no seal.
pub(crate) fn open(keys: &dyn KeyRing, seal: &str) -> Option<String> {
    let id = key_of(seal)?;
    let key = match keys.find(id) {
        KeyState::There(key) => key,
        KeyState::Destroyed => return Some(FORGOTTEN.to_owned()),
        KeyState::NeverHere => return Some(NO_KEY.to_owned()),
    };
    let sealed = LETTERS.decode(seal.split_once('.')?.1).ok()?;
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new((&key).into());
    String::from_utf8(cipher.decrypt(nonce.into(), sealed).ok()?).ok()
}

/// What is shown in the place of what was forgotten.
pub const FORGOTTEN: &str = "▒ forgotten ▒";
/// What is shown in the place of what was sealed in another browser.
pub const NO_KEY: &str = "▒ sealed, and the key is not here ▒";

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use es::command_id;
    use store::{LogStore, MemoryStore};

    #[test]
    fn a_seal_is_opened_with_its_key_alone_and_never_once_that_is_destroyed() {
        let keys = MemoryKeys::default();
        let (key, command) = ([7; 32], command_id("test", 1));
        let seal = seal(&key, command, "name", "Lola Gheda").unwrap();
        assert!(!seal.contains("Lola"));
        let inside = seal.trim_matches([SEAL_BEGINS, SEAL_ENDS]);
        assert_eq!(open(&keys, inside).unwrap(), NO_KEY);
        futures::executor::block_on(keys.keep(vec![(key_id(&key), key)])).unwrap();
        assert_eq!(open(&keys, inside).unwrap(), "Lola Gheda");
        futures::executor::block_on(keys.destroy(key_id(&key))).unwrap();
        assert_eq!(open(&keys, inside).unwrap(), FORGOTTEN);
        futures::executor::block_on(keys.keep(vec![(key_id(&key), key)])).unwrap();
        assert_eq!(open(&keys, inside).unwrap(), FORGOTTEN, "it does not come back");
    }

    #[test]
    fn stored_keys_are_found_by_another_tab_and_stay_destroyed() {
        let shared = MemoryStore::default();
        let tab = || {
            let shared = shared.clone();
            StoredKeys::new(move || {
                let store: AnyStore = Rc::new(shared.clone());
                Box::pin(ready(Ok(store)))
            })
        };
        let (one, two) = (tab(), tab());
        let run = futures::executor::block_on::<LocalBoxFuture<'_, Result<(), StoreError>>>;
        let id = key_id(&[7; 32]);
        run(one.keep(vec![(id, [7; 32])])).unwrap();
        assert_eq!(two.find(id), KeyState::NeverHere);
        run(two.load()).unwrap();
        assert_eq!(two.find(id), KeyState::There([7; 32]));
        run(two.destroy(id)).unwrap();
        run(one.keep(vec![(id, [7; 32])])).unwrap();
        assert_eq!(one.find(id), KeyState::Destroyed);
        let kept = futures::executor::block_on(shared.records(ALL_KEYS)).unwrap();
        assert_eq!(kept.values().collect::<Vec<_>>(), ["null"]);
    }

    #[test]
    fn the_same_text_of_the_same_command_has_the_same_seal_and_any_other_another() {
        let (key, one, two) = ([7; 32], command_id("test", 1), command_id("test", 2));
        let seal = |command, field, text| super::seal(&key, command, field, text).unwrap();
        let first = seal(one, "name", "Lola");
        assert_eq!(first, seal(one, "name", "Lola"));
        assert_ne!(first, seal(two, "name", "Lola"));
        assert_ne!(first, seal(one, "email", "Lola"));
    }

    #[test]
    fn what_was_changed_or_is_no_seal_is_not_opened() {
        let keys = MemoryKeys::default();
        let key = [7; 32];
        futures::executor::block_on(keys.keep(vec![(key_id(&key), key)])).unwrap();
        let seal = seal(&key, command_id("test", 1), "name", "Lola").unwrap();
        let inside = seal.trim_matches([SEAL_BEGINS, SEAL_ENDS]);
        let changed = format!("{}A", &inside[..inside.len() - 1]);
        assert_eq!(open(&keys, &changed), None);
        for text in ["", "x", ".", "AAAA.AAAA", &inside[..30]] {
            assert!(open(&keys, text).is_none(), "{text}");
        }
    }
}
