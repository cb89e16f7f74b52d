//! Given what has happened, when somebody asks, then this is decided: how every decision is
//! tested, in its own domain's types.

use super::Aggregate;

/// What has happened so far to one aggregate.
pub struct Given<A>(A);

/// What was decided.
pub struct Outcome<A: Aggregate> {
    before: A,
    decided: Result<Vec<A::Event>, A::Rejection>,
}

/// Starts a specification.
pub fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    Given(history.into_iter().fold(A::default(), |state, event| state.evolve(&event)))
}

impl<A: Aggregate> Given<A> {
    /// Asks.
    pub fn when(self, command: &A::Command) -> Outcome<A> {
        Outcome { decided: self.0.decide(command), before: self.0 }
    }

    /// Compares the state that the history folds into.
    ///
    /// # Panics
    /// Where it is another one.
    #[track_caller]
    pub fn is(self, state: &A) {
        assert_eq!(&self.0, state);
    }
}

impl<A: Aggregate> Outcome<A> {
    /// Accepted, with exactly these events. Returns the state after them.
    ///
    /// # Panics
    /// Where it was refused, or decided otherwise.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = A::Event>) -> A {
        let expected: Vec<A::Event> = events.into_iter().collect();
        match self.decided {
            Ok(decided) => {
                assert_eq!(decided, expected);
                decided.iter().fold(self.before, A::evolve)
            }
            Err(refusal) => panic!("refused, because {refusal}; expected {expected:?}"),
        }
    }

    /// Refused, with this sentence.
    ///
    /// # Panics
    /// Where it was accepted, or refused for another reason.
    #[track_caller]
    pub fn refused(self, sentence: &str) {
        match self.decided {
            Ok(events) => panic!("accepted with {events:?}; expected a refusal: {sentence}"),
            Err(refusal) => assert_eq!(refusal.to_string(), sentence),
        }
    }
}
