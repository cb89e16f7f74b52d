//! A till on one day: what happens, what may be asked, and what is decided. Its id is the day, such
//! as `2017-09-01`.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::{Aggregate, Cents, Listed, States, View};

use crate::shared::dates::Date;

// Events. Their names and fields are the stored format: add, never change.

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    DayOpened { carried: Cents },
    Sold { item: Rc<str>, amount: Cents },
    Refunded { item: Rc<str>, amount: Cents },
    DayClosed { sold: Cents, refunded: Cents, cash: Cents },
}
use Event::{DayClosed, DayOpened, Refunded, Sold};

// Commands.

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Command {
    /// Opens a day, with the cash of the day before. The bookkeeper does it by itself once that
    /// day is closed.
    OpenDay {
        /// What is in the till from the day before
        #[schemars(example = 10_000)]
        carried: Cents,
    },
    /// Sells something.
    Sell {
        /// What is sold
        #[schemars(example = &"coffee")]
        item: Rc<str>,
        /// For how much
        #[schemars(example = 280)]
        amount: Cents,
    },
    /// Takes something back, and gives money out for it.
    Refund {
        /// What comes back
        #[schemars(example = &"coffee")]
        item: Rc<str>,
        /// How much is given out
        #[schemars(example = 280)]
        amount: Cents,
    },
    /// Closes a day for good, and adds it up. No day has to be closed: one that is not goes on.
    CloseDay {},
}
use Command::{CloseDay, OpenDay, Refund, Sell};

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("{0:?} is no day of the calendar; one looks like 2017-09-01")]
    NoDay(Rc<str>),
    #[error("this day was opened already, with {0} in the till")]
    OpenedAlready(Cents),
    #[error("a day cannot begin with {0}, which is less than nothing")]
    LessThanNothing(Cents),
    #[error("this day is not opened yet; open it first")]
    NotOpened,
    #[error("this day is closed; what is done now belongs to a later day")]
    Closed,
    #[error("this day was closed already")]
    ClosedAlready,
    #[error("say which item")]
    NoItem,
    #[error("an amount must be more than 0.00")]
    NotPositive,
    #[error("only {cash} is in the till, so {wanted} cannot be given out")]
    TooLittle { cash: Cents, wanted: Cents },
}

// Fold and decisions.

/// A till on one day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Till {
    /// With how much the day was opened; none before that.
    pub carried: Option<Cents>,
    pub sold: Cents,
    pub refunded: Cents,
    /// What is in the till.
    pub cash: Cents,
    /// What was written down when the day was closed.
    pub closed: Option<Closing>,
}

/// The sums of a closed day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Closing {
    pub sold: Cents,
    pub refunded: Cents,
    /// What is carried over to the next day.
    pub cash: Cents,
}

/// How many days after 1970 the first day of the story is.
const FIRST_DAY: u64 = 17_410;

impl Aggregate for Till {
    const NAME: &'static str = "till";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/books-till.json"));
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            // Whoever asks again for what was done gets the same answer: the bookkeeper may.
            OpenDay { carried } if self.carried == Some(carried) => Ok(vec![]),
            OpenDay { carried } => match self.carried {
                Some(already) => Err(Rejection::OpenedAlready(already)),
                None if carried < Cents(0) => Err(Rejection::LessThanNothing(carried)),
                None => Ok(vec![DayOpened { carried }]),
            },
            _ if self.carried.is_none() => Err(Rejection::NotOpened),
            CloseDay {} if self.closed.is_some() => Err(Rejection::ClosedAlready),
            _ if self.closed.is_some() => Err(Rejection::Closed),
            Sell { item, .. } | Refund { item, .. } if item.trim().is_empty() => {
                Err(Rejection::NoItem)
            }
            Sell { amount, .. } | Refund { amount, .. } if amount <= Cents(0) => {
                Err(Rejection::NotPositive)
            }
            Refund { amount: wanted, .. } if wanted > self.cash => {
                Err(Rejection::TooLittle { cash: self.cash, wanted })
            }
            Sell { item, amount } => Ok(vec![Sold { item, amount }]),
            Refund { item, amount } => Ok(vec![Refunded { item, amount }]),
            CloseDay {} => {
                let Self { sold, refunded, cash, .. } = *self;
                Ok(vec![DayClosed { sold, refunded, cash }])
            }
        }
    }

    fn decide_as(&self, id: &str, command: Command) -> Result<Vec<Event>, Rejection> {
        match command {
            OpenDay { .. } if Date::parse(id).is_none() => Err(Rejection::NoDay(id.into())),
            other => self.decide(other),
        }
    }

    fn id_of(number: u64) -> String {
        Date::after_1970(number.saturating_add(FIRST_DAY - 1)).to_string()
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            DayOpened { carried } => self.carried = Some(*carried),
            Sold { amount, .. } => self.sold += *amount,
            Refunded { amount, .. } => self.refunded += *amount,
            DayClosed { sold, refunded, cash } => {
                self.closed = Some(Closing { sold: *sold, refunded: *refunded, cash: *cash });
            }
        }
        self.cash = self.carried.unwrap_or_default() + self.sold - self.refunded;
        self
    }
}

impl Listed for Till {
    const TITLE: &'static str = "Takings by day";
    const ABOUT: &'static str = "Each day with its sums: the fold of one short stream.";

    fn list(days: &States<Self>) -> View {
        let columns = ["day", "carried", "sold", "refunded", "cash", "closed"];
        days.table(&columns, |it| (it.carried, it.sold, it.refunded, it.cash, it.closed.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::examples::{DAY, NEXT, closed, one_day, open, opened, refund, refunded};
    use crate::books::examples::{sell, sold};
    use crate::books::scenario;
    use es::{given, past};

    #[test]
    fn a_day_is_opened_with_what_is_carried_over() {
        let till = given::<Till>([]).when_as(DAY, open(5_000)).then([opened(5_000)]);
        let carried = Some(Cents(5_000));
        assert_eq!(till, Till { carried, cash: Cents(5_000), ..Till::default() });
        given::<Till>([]).when(open(0)).then([opened(0)]);
        given::<Till>([])
            .when(open(-1))
            .refused("a day cannot begin with -0.01, which is less than nothing");
    }

    #[test]
    fn a_day_that_is_opened_again_with_the_same_amount_needs_no_event() {
        given::<Till>([opened(5_000)]).when_as(DAY, open(5_000)).then([]);
        given::<Till>(one_day()).when_as(DAY, open(5_000)).then([]);
    }

    #[test]
    fn a_day_cannot_be_opened_again_with_another_amount() {
        let already = "this day was opened already, with 50.00 in the till";
        given::<Till>([opened(5_000)]).when_as(DAY, open(4_000)).refused(already);
        given::<Till>(one_day()).when(open(7_400)).refused(already);
    }

    #[test]
    fn only_a_day_of_the_calendar_can_be_opened() {
        for id in ["1", "2017-09-31", "tomorrow"] {
            let refusal = format!("{id:?} is no day of the calendar; one looks like 2017-09-01");
            given::<Till>([]).when_as(id, open(0)).refused(&refusal);
        }
        given::<Till>([]).when_as("1", sell("tea", 350)).refused(NOT_OPENED);
    }

    const NOT_OPENED: &str = "this day is not opened yet; open it first";

    #[test]
    fn nothing_is_done_on_a_day_that_is_not_opened() {
        for command in [sell("tea", 350), refund("tea", 350), CloseDay {}] {
            given::<Till>([]).when(command).refused(NOT_OPENED);
        }
    }

    #[test]
    fn sales_bring_money_into_the_till_and_refunds_take_it_out() {
        let till =
            given::<Till>([opened(5_000)]).when(sell("cake", 2_400)).then([sold("cake", 2_400)]);
        assert_eq!((till.sold, till.cash), (Cents(2_400), Cents(7_400)));
        let till = given::<Till>([opened(5_000), sold("tea", 350)])
            .when(refund("tea", 350))
            .then([refunded("tea", 350)]);
        assert_eq!((till.sold, till.refunded, till.cash), (Cents(350), Cents(350), Cents(5_000)));
    }

    #[test]
    fn sales_and_refunds_name_an_item_and_an_amount() {
        let till = || given::<Till>([opened(5_000)]);
        for (command, refusal) in [
            (sell(" ", 350), "say which item"),
            (refund("", 350), "say which item"),
            (sell("tea", 0), "an amount must be more than 0.00"),
            (refund("tea", -350), "an amount must be more than 0.00"),
        ] {
            till().when(command).refused(refusal);
        }
    }

    #[test]
    fn no_more_is_refunded_than_is_in_the_till() {
        let till = || given::<Till>([opened(100), sold("tea", 350)]);
        till().when(refund("tea", 450)).then([refunded("tea", 450)]);
        till()
            .when(refund("tea", 451))
            .refused("only 4.50 is in the till, so 4.51 cannot be given out");
    }

    #[test]
    fn a_day_is_closed_with_its_sums() {
        let till = given::<Till>([opened(5_000), sold("cake", 2_400), refunded("tea", 350)])
            .when(CloseDay {})
            .then([closed(2_400, 350, 7_050)]);
        let (sold, refunded, cash) = (Cents(2_400), Cents(350), Cents(7_050));
        assert_eq!(till.closed, Some(Closing { sold, refunded, cash }));
        given::<Till>([opened(0)]).when(CloseDay {}).then([closed(0, 0, 0)]);
    }

    #[test]
    fn nothing_more_is_done_on_a_closed_day() {
        let closed = "this day is closed; what is done now belongs to a later day";
        for command in [sell("tea", 350), refund("tea", 350)] {
            given::<Till>(one_day()).when(command).refused(closed);
        }
        given::<Till>(one_day()).when(CloseDay {}).refused("this day was closed already");
    }

    #[test]
    fn a_till_that_nobody_closes_goes_on_in_one_stream() {
        let history = (0..1_000).map(|_| sold("tea", 350));
        let till = given::<Till>([opened(0)].into_iter().chain(history))
            .when(sell("tea", 350))
            .then([sold("tea", 350)]);
        assert_eq!(till.cash, Cents(350_350));
    }

    #[test]
    fn the_first_days_have_the_first_numbers() {
        assert_eq!([1, 2, 31].map(Till::id_of), [DAY, NEXT, "2017-10-01"]);
    }

    #[test]
    fn takings_show_each_day_with_its_sums() {
        let told = one_day().into_iter().fold(past(), |past, event| past.and::<Till>(DAY, event));
        let told = told.and::<Till>(NEXT, opened(7_400)).and::<Till>("2017-09-03", sold("tea", 1));
        assert_eq!(
            told.rows::<States<Till>>(),
            [
                "2017-09-01 | 50.00 | 27.50 | 3.50 | 74.00 | yes",
                "2017-09-02 | 74.00 | 0.00 | 0.00 | 74.00 | no",
                "2017-09-03 |  | 0.01 | 0.00 | 0.01 | no",
            ]
        );
    }

    #[test]
    fn what_was_done_behind_a_tills_back_is_found_by_a_check() {
        let holds = |history: &[Event]| -> Vec<bool> {
            let till = history.iter().fold(Till::default(), Till::evolve);
            let till = serde_json::to_value(till).unwrap();
            scenario().checks.iter().map(|check| check.holds.holds(&till)).collect()
        };
        assert_eq!(holds(&[]), [true, true]);
        assert_eq!(holds(&one_day()), [true, true]);
        assert_eq!(holds(&[opened(100), refunded("tea", 101)]), [true, false]);
        assert_eq!(holds(&[opened(100), closed(0, 0, 90)]), [false, true]);
        assert_eq!(holds(&[opened(100), closed(5, 5, 100)]), [false, true]);
        assert_eq!(holds(&[opened(100), closed(0, 0, 100), sold("tea", 1)]), [false, true]);
    }
}
