//! Maps and sets in order of their keys, for states and read models: cheap to copy, because
//! timelines copy them, and small as code, because every domain has several.
//!
//! A copy shares the keys with the original until one of the two gains or loses a key. The values
//! lie in one piece of memory.
//!
//! Why not the standard library's `BTreeMap`: with it, the page is 64 kB larger after brotli (646
//! kB instead of 582), and a map of 1,000 texts is copied 300 times slower (34,000 copies a second
//! instead of 10.8 million). A change of a value is twice as quick there (4.5 million a second
//! instead of 2.2), which weighs less: a fold in a timeline copies its maps for snapshots. `cargo
//! xtask bench` measures both maps, and `cargo xtask build` prints the page's size.

use std::borrow::{Borrow, Cow};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::ops::Index;
use std::rc::Rc;
use std::slice;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// A map in order of its keys. It reads like the standard library's `BTreeMap`.
pub struct Map<K, V> {
    /// None before the first key, so that an empty map costs nothing.
    keys: Option<Rc<Keys<K>>>,
    /// By slot.
    values: Vec<V>,
}

/// A set in order. It reads like the standard library's `BTreeSet`.
pub struct Set<K>(Map<K, ()>);

/// Keys by slot, and the slots in order of their keys.
#[derive(Clone)]
struct Keys<K> {
    names: Vec<K>,
    order: Order,
}

/// Slots in the order of their keys, in pieces of at most `PIECE`, so that an insertion moves few.
#[derive(Clone, Default)]
struct Order(Vec<Vec<u32>>);

/// A place in an order: the piece, and the place inside it.
type Place = (usize, usize);

const PIECE: usize = 512;

impl Order {
    #[inline(never)]
    fn insert(&mut self, (piece, place): Place, slot: usize) {
        let slot = u32::try_from(slot).unwrap_or(u32::MAX);
        match self.0.get_mut(piece) {
            None => self.0.push(vec![slot]),
            Some(slots) => {
                slots.insert(place, slot);
                if slots.len() > PIECE {
                    let upper = slots.split_off(PIECE / 2);
                    self.0.insert(piece + 1, upper);
                }
            }
        }
    }

    #[inline(never)]
    fn remove(&mut self, (piece, place): Place) {
        self.0[piece].remove(place);
        if self.0[piece].is_empty() {
            self.0.remove(piece);
        }
    }

    fn iter(&self) -> Slots<'_> {
        Slots { pieces: self.0.iter(), slots: [].iter() }
    }
}

/// Goes through the slots of an order.
#[derive(Clone)]
struct Slots<'a> {
    pieces: slice::Iter<'a, Vec<u32>>,
    slots: slice::Iter<'a, u32>,
}

impl Iterator for Slots<'_> {
    type Item = usize;

    #[inline(never)]
    fn next(&mut self) -> Option<usize> {
        loop {
            if let Some(&slot) = self.slots.next() {
                return Some(slot as usize);
            }
            self.slots = self.pieces.next()?.iter();
        }
    }
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self { names: Vec::new(), order: Order::default() }
    }
}

impl<K> Keys<K> {
    /// The place of a key and its slot, or else the place that it would have.
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<(Place, usize), Place>
    where
        K: Borrow<Q>,
    {
        let name = |slot: u32| self.names[slot as usize].borrow();
        let Order(pieces) = &self.order;
        let piece = match pieces.len() {
            0 | 1 => 0,
            _ => pieces.partition_point(|slots| name(slots[0]) <= key).saturating_sub(1),
        };
        let Some(slots) = pieces.get(piece) else { return Err((0, 0)) };
        match slots.binary_search_by(|&slot| name(slot).cmp(key)) {
            Ok(place) => Ok(((piece, place), slots[place] as usize)),
            Err(place) => Err((piece, place)),
        }
    }
}

impl<K: Clone + Ord> Keys<K> {
    /// The slot of a new key.
    #[inline(never)]
    fn add(&mut self, place: Place, key: K) {
        self.order.insert(place, self.names.len());
        self.names.push(key);
    }

    /// Removes a key. The last slot's key moves into its slot.
    #[inline(never)]
    fn take(&mut self, place: Place, slot: usize) {
        if let Some(last) = self.names.last()
            && let Ok(((piece, place), _)) = self.find(last)
        {
            self.order.0[piece][place] = u32::try_from(slot).unwrap_or(u32::MAX);
        }
        self.names.swap_remove(slot);
        self.order.remove(place);
    }
}

impl<K, V> Map<K, V> {
    /// A map with nothing in it.
    pub fn new() -> Self {
        Self { keys: None, values: Vec::new() }
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True where there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Its entries, in order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        let (slots, names) = match &self.keys {
            Some(keys) => (keys.order.iter(), &*keys.names),
            None => (Slots { pieces: [].iter(), slots: [].iter() }, &[][..]),
        };
        Iter { slots, names, values: &self.values }
    }

    /// Its keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// Its values, in order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The entry with the smallest key.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The entry with the greatest key.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        let keys = self.keys.as_ref()?;
        let slot = *keys.order.0.last()?.last()? as usize;
        Some((&keys.names[slot], &self.values[slot]))
    }

    /// The value of a key.
    #[inline]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(_, slot)| &self.values[slot])
    }

    /// The key that equals this one, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let keys = self.keys.as_ref()?;
        keys.find(key).ok().map(|(_, slot)| (&keys.names[slot], &self.values[slot]))
    }

    /// The value of a key, to change.
    #[inline]
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|(_, slot)| &mut self.values[slot])
    }

    /// True where it has this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<(Place, usize), Place>
    where
        K: Borrow<Q>,
    {
        self.keys.as_ref().map_or(Err((0, 0)), |keys| keys.find(key))
    }
}

impl<K: Clone + Ord, V> Map<K, V> {
    /// Puts a value in; returns the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok((_, slot)) => Some(std::mem::replace(&mut self.values[slot], value)),
            Err(place) => {
                self.keys_mut().add(place, key);
                self.values.push(value);
                None
            }
        }
    }

    /// Removes a key; returns its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (place, slot) = self.find(key).ok()?;
        self.keys_mut().take(place, slot);
        Some(self.values.swap_remove(slot))
    }

    /// The place of a key, whether it is there or not.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry { map: self, key }
    }

    fn keys_mut(&mut self) -> &mut Keys<K> {
        Rc::make_mut(self.keys.get_or_insert_default())
    }
}

/// The place of a key in a map.
pub struct Entry<'a, K, V> {
    map: &'a mut Map<K, V>,
    key: K,
}

impl<'a, K: Clone + Ord, V> Entry<'a, K, V> {
    /// The value there; the default one, where there was none.
    #[inline]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// The value there; a new one, where there was none.
    #[inline]
    pub fn or_insert_with(self, new: impl FnOnce() -> V) -> &'a mut V {
        let Self { map, key } = self;
        let slot = match map.find(&key) {
            Ok((_, slot)) => slot,
            Err(place) => {
                map.keys_mut().add(place, key);
                map.values.push(new());
                map.values.len() - 1
            }
        };
        &mut map.values[slot]
    }
}

/// The entries of a map, in order of their keys.
pub struct Iter<'a, K, V> {
    slots: Slots<'a>,
    names: &'a [K],
    values: &'a [V],
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.next()?;
        Some((&self.names[slot], &self.values[slot]))
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), names: self.names, values: self.values }
    }
}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Clone, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        let slots: Vec<usize> = self.iter().slots.collect();
        let mut values: Vec<Option<V>> = self.values.into_iter().map(Some).collect();
        let names =
            self.keys.iter().flat_map(|keys| slots.iter().map(|&at| keys.names[at].clone()));
        let entries = names.zip(slots.iter().filter_map(|&at| values[at].take()));
        entries.collect::<Vec<_>>().into_iter()
    }
}

// Written by hand, here and below, because a derived one would require more of `K`.
impl<K, V: Clone> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self { keys: self.keys.clone(), values: self.values.clone() }
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for Map<K, V> {}

impl<K: Debug, V: Debug> Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Clone + Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Clone + Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Clone + Ord, V, const N: usize> From<[(K, V); N]> for Map<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Borrow<Q>, Q: Ord + ?Sized, V> Index<&Q> for Map<K, V> {
    type Output = V;

    /// # Panics
    /// Where there is no such key.
    fn index(&self, key: &Q) -> &V {
        match self.get(key) {
            Some(value) => value,
            None => panic!("no entry found for key"),
        }
    }
}

impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, K, V> Deserialize<'de> for Map<K, V>
where
    K: Deserialize<'de> + Clone + Ord,
    V: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K, V>(Map<K, V>);
        impl<'de, K, V> Visitor<'de> for Entries<K, V>
        where
            K: Deserialize<'de> + Clone + Ord,
            V: Deserialize<'de>,
        {
            type Value = Map<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(mut self, mut all: A) -> Result<Map<K, V>, A::Error> {
                while let Some((key, value)) = all.next_entry()? {
                    self.0.insert(key, value);
                }
                Ok(self.0)
            }
        }
        deserializer.deserialize_map(Entries(Self::new()))
    }
}

// In JSON, they look like the standard library's.
impl<K: JsonSchema, V: JsonSchema> JsonSchema for Map<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<K, V>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<K, V>::json_schema(generator)
    }
}

impl<K: JsonSchema + Ord> JsonSchema for Set<K> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        BTreeSet::<K>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeSet::<K>::json_schema(generator)
    }
}

impl<K> Set<K> {
    /// A set with nothing in it.
    pub fn new() -> Self {
        Self(Map::new())
    }

    /// How many there are in it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is in it, in order.
    pub fn iter(&self) -> SetIter<'_, K> {
        SetIter(self.0.iter())
    }

    /// True where this is in it.
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// The one in it that equals this.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.0.get_key_value(key).map(|(key, ())| key)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K: Clone + Ord> Set<K> {
    /// Adds something. False where it was there already.
    pub fn insert(&mut self, key: K) -> bool {
        self.0.insert(key, ()).is_none()
    }

    /// Removes the smallest.
    pub fn pop_first(&mut self) -> Option<K> {
        let first = self.iter().next()?.clone();
        self.remove(&first);
        Some(first)
    }

    /// Removes something. False where it wasn't there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.remove(key).is_some()
    }
}

/// What is in a set, in order.
pub struct SetIter<'a, K>(Iter<'a, K, ()>);

impl<'a, K> Iterator for SetIter<'a, K> {
    type Item = &'a K;

    fn next(&mut self) -> Option<&'a K> {
        self.0.next().map(|(key, ())| key)
    }
}

impl<'a, K> IntoIterator for &'a Set<K> {
    type Item = &'a K;
    type IntoIter = SetIter<'a, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Clone> IntoIterator for Set<K> {
    type Item = K;
    type IntoIter = std::vec::IntoIter<K>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().cloned().collect::<Vec<_>>().into_iter()
    }
}

impl<K> Clone for Set<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Default for Set<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: PartialEq> PartialEq for Set<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Eq> Eq for Set<K> {}

impl<K: Debug> Debug for Set<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<K: Clone + Ord> FromIterator<K> for Set<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = Self::new();
        set.extend(keys);
        set
    }
}

impl<K: Clone + Ord> Extend<K> for Set<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<K: Clone + Ord, const N: usize> From<[K; N]> for Set<K> {
    fn from(keys: [K; N]) -> Self {
        keys.into_iter().collect()
    }
}

impl<K: Serialize> Serialize for Set<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, K: Deserialize<'de> + Clone + Ord> Deserialize<'de> for Set<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Puts in and takes out the same of both, and compares.
    fn same(changes: &[(u16, bool)]) {
        let (mut map, mut model) = (Map::new(), BTreeMap::new());
        let mut before = (map.clone(), model.clone());
        for (at, &(key, put)) in changes.iter().enumerate() {
            if put {
                assert_eq!(map.insert(key, at), model.insert(key, at));
            } else {
                assert_eq!(map.remove(&key), model.remove(&key));
            }
            assert_eq!(map.get(&key), model.get(&key));
            assert_eq!(map.len(), model.len());
            if at.is_multiple_of(97) {
                before = (map.clone(), model.clone());
            }
        }
        assert!(map.iter().eq(model.iter()));
        assert_eq!(map.last_key_value(), model.last_key_value());
        assert_eq!(map.first_key_value(), model.first_key_value());
        assert!(map.into_iter().eq(model));
        assert!(before.0.iter().eq(before.1.iter()), "a copy stays as it was");
    }

    #[test]
    fn a_map_of_many_keys_does_what_the_standard_one_does() {
        let scattered = (0..6_000).map(|n: u32| (n * 7_919 % 5_003, !n.is_multiple_of(5)));
        same(&scattered.map(|(n, put)| (u16::try_from(n).unwrap(), put)).collect::<Vec<_>>());
        let (up, down) = ((0..2_000).map(|n| (n, true)), (0..2_000).rev().map(|n| (n, false)));
        same(&up.chain(down).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn a_map_does_what_the_standard_one_does(changes in vec((0..40_u16, any::<bool>()), 0..400)) {
            same(&changes);
        }
    }

    #[test]
    fn a_set_gives_its_smallest_first() {
        let mut set = Set::from([3, 1, 2]);
        assert_eq!([set.pop_first(), set.pop_first()], [Some(1), Some(2)]);
        assert_eq!(set.get(&3), Some(&3));
        assert_eq!(set.clone().into_iter().collect::<Vec<_>>(), [3]);
        assert_eq!([set.pop_first(), set.pop_first()], [Some(3), None]);
    }

    #[test]
    fn an_entry_is_made_once() {
        let mut map = Map::new();
        *map.entry("b").or_default() += 1;
        *map.entry("a").or_default() += 1;
        *map.entry("b").or_default() += 1;
        assert_eq!(map, Map::from([("a", 1), ("b", 2)]));
        assert_ne!(map, Map::from([("a", 1), ("b", 1)]));
        assert_ne!(map, Map::from([("a", 1), ("c", 2)]));
    }

    #[test]
    fn a_copy_shares_its_keys_until_one_of_the_two_gains_or_loses_one() {
        let mut map = Map::from([("a", 1), ("b", 2)]);
        let copy = map.clone();
        map.insert("a", 3);
        let shared = |other: &Map<_, _>| Rc::as_ptr(other.keys.as_ref().unwrap());
        assert_eq!(shared(&map), shared(&copy));
        map.remove("b");
        assert_ne!(shared(&map), shared(&copy));
        assert_eq!(copy, Map::from([("b", 2), ("a", 1)]));
    }

    #[test]
    fn maps_and_sets_are_objects_and_lists_in_json() {
        let map = Map::from([("b".to_owned(), 2), ("a".to_owned(), 1)]);
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(text, r#"{"a":1,"b":2}"#);
        assert_eq!(serde_json::from_str::<Map<String, i32>>(&text).unwrap(), map);
        let set = Set::from(["b".to_owned(), "a".to_owned()]);
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text, r#"["a","b"]"#);
        assert_eq!(serde_json::from_str::<Set<String>>(&text).unwrap(), set);
    }
}
