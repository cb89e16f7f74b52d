//! Chooses the stream of a command where nobody has named one: a stream that accepts the command,
//! so that a form works as it stands.

use std::rc::Rc;

use super::forms::Form;
use super::session::Viewpoint;
use es::{CommandRecord, Map, Stream, natural, sort};

/// How many existing streams are tried before a new one.
const ASKED: usize = 12;

impl Viewpoint {
    /// The id of a stream that accepts the form's command at the playhead: the first existing one
    /// that does, or the next new one. Where none accepts it, the first existing one. Aggregates
    /// decide on trial, and nothing is changed.
    pub fn addressee(&mut self, form: &Form, inputs: &Map<Rc<str>, String>) -> Rc<str> {
        let (log, position) = (self.log(), self.position());
        let streams = log.streams().map(|(stream, _)| stream);
        let mut ids: Vec<Rc<str>> = streams
            .filter(|it| it.category() == &*form.aggregate && log.version_at(it, position) > 0)
            .map(|it| it.id().clone())
            .collect();
        sort(&mut ids, |a, b| natural(a, b));
        let next = self.new_id(&form.aggregate, &ids);
        let first = ids.first().unwrap_or(&next).clone();
        let Ok(data) = form.read(inputs) else { return first };
        let mut candidates = ids.into_iter().take(ASKED).chain([next]);
        let willing = candidates.find(|id| {
            let stream = Stream::new(&form.aggregate, id);
            let (kind, data) = (form.name.clone(), data.clone());
            self.would_refuse(&CommandRecord { stream, kind, data }).is_none()
        });
        willing.unwrap_or(first)
    }

    /// An id that none of these is. They are sorted.
    fn new_id(&self, category: &str, ids: &[Rc<str>]) -> Rc<str> {
        let numbers = ids.iter().filter_map(|it| it.parse::<u64>().ok());
        let next = numbers.max().unwrap_or_default().saturating_add(1);
        let Some(aggregate) = self.scenario().aggregate_of(category) else {
            return next.to_string().into();
        };
        let is_new = |id: &Rc<str>| ids.binary_search_by(|it| natural(it, id)).is_err();
        let mut new = (next..u64::MAX).map(|number| aggregate.id_of(number));
        new.find(is_new).unwrap_or_else(|| next.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Session, World, forms};

    fn told(scenario: &str) -> Session {
        let scenario = scenarios::all().into_iter().find(|it| &*it.id == scenario).unwrap();
        let mut session = Session::new(World::new(&scenario));
        session.play_story();
        session
    }

    fn addressee(session: &mut Session, command: &str) -> String {
        let forms = forms(session.scenario());
        let form = forms.iter().find(|it| &*it.name == command).unwrap();
        session.addressee(form, &form.defaults()).to_string()
    }

    #[test]
    fn a_command_that_begins_something_goes_to_the_next_number() {
        let mut session = told("transfers");
        let head = session.head();
        assert_eq!(addressee(&mut session, "RequestTransfer"), "6");
        assert_eq!(session.head(), head, "asking changes nothing");
    }

    #[test]
    fn where_ids_are_days_the_next_one_is_the_first_day_that_nobody_has_opened() {
        let mut session = told("books");
        assert_eq!(addressee(&mut session, "OpenDay"), "2017-09-05");
        session.seek(0);
        assert_eq!(addressee(&mut session, "OpenDay"), "2017-09-01");
    }

    #[test]
    fn a_command_that_goes_on_with_something_goes_to_the_first_that_accepts_it() {
        let mut session = told("listing");
        assert_eq!(addressee(&mut session, "DraftListing"), "4");
        session.seek(0);
        assert_eq!(addressee(&mut session, "DraftListing"), "1");
    }

    #[test]
    fn a_command_that_nobody_accepts_goes_to_the_first_there_is() {
        let mut session = told("cart");
        session.seek(0);
        assert_eq!(addressee(&mut session, "Checkout"), "1");
    }

    #[test]
    fn every_aggregate_has_a_command_that_is_accepted_as_its_form_stands() {
        for scenario in scenarios::all() {
            let mut session = told(&scenario.id);
            for aggregate in &scenario.aggregates {
                let forms = forms(&scenario);
                let mut own = forms.iter().filter(|it| it.aggregate == aggregate.name());
                let accepted = own.any(|form| {
                    let id = session.addressee(form, &form.defaults());
                    let stream = Stream::new(&form.aggregate, &id);
                    let data = form.read(&form.defaults()).unwrap();
                    let command = CommandRecord { stream, kind: form.name.clone(), data };
                    session.would_refuse(&command).is_none()
                });
                assert!(accepted, "{}: {}", scenario.id, aggregate.name());
            }
        }
    }
}
