//! The process manager, which opens the next day once a day is closed.

use std::rc::Rc;

use es::{Cents, Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, View};

use super::till::Command::OpenDay;
use super::till::Event::{DayClosed, DayOpened};
use super::till::Till;
use crate::shared::dates::Date;

/// Carries the cash of each closed day over to the next.
#[derive(Clone, Default)]
pub struct Bookkeeper {
    closed: Map<Rc<str>, First>,
    opened: Map<Rc<str>, First>,
}

/// An amount, and the version at which the day's stream names it first. Events may come in any
/// order, and a damaged stream may name a second one.
#[derive(Clone, Copy)]
struct First {
    version: u64,
    amount: Cents,
}

/// Notes an amount, unless the stream names another one before it.
fn note(days: &mut Map<Rc<str>, First>, recorded: &Recorded, amount: Cents) {
    let version = recorded.version();
    if days.get(recorded.key()).is_none_or(|it| version < it.version) {
        days.insert(recorded.key().clone(), First { version, amount });
    }
}

impl Bookkeeper {
    /// The day after a closed one, and what is carried over to it.
    fn carried_over(&self, day: &str) -> Option<(Rc<str>, Cents)> {
        let cash = self.closed.get(day)?.amount;
        let next = Date::parse(day)?.next()?;
        Some((next.to_string().into(), cash))
    }
}

impl Projection for Bookkeeper {
    const NAME: &'static str = "Bookkeeper";
    const ABOUT: &'static str = "Opens the next day with the cash that a closed day leaves.";

    fn apply(&mut self, recorded: &Recorded) {
        match recorded.of::<Till>() {
            Some(DayOpened { carried }) => note(&mut self.opened, recorded, *carried),
            Some(DayClosed { cash, .. }) => note(&mut self.closed, recorded, *cash),
            _ => {}
        }
    }

    fn view(&self) -> View {
        let rows = self.closed.keys().filter_map(|day| {
            let (next, cash) = self.carried_over(day)?;
            let opened = self.opened.get(&next).map(|it| it.amount);
            Some(Row::of(day, (cash, &next, opened)))
        });
        View::table(&["closed day", "cash", "next day", "opened with"], rows)
    }

    fn weight(&self) -> usize {
        self.closed.len() + self.opened.len()
    }
}

impl ProcessManager for Bookkeeper {
    /// It asks whenever it hears of a closed day. The id of the step and the till see to it that
    /// the next day is opened once.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let day = recorded.key();
        let Some(DayClosed { .. }) = recorded.of::<Till>() else { return Vec::new() };
        let Some((next, carried)) = self.carried_over(day) else { return Vec::new() };
        let next = Id::<Till>::new(next);
        Reaction::command(day, "carry over", &next, &OpenDay { carried }).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::examples::{DAY, NEXT, closed, opened, sold};
    use es::{Past, past};

    const CARRY_OVER: &str =
        r#"2017-09-01/carry over: OpenDay {"carried":7400} to till-2017-09-02"#;

    fn closed_day() -> Past {
        past()
            .and::<Till>(DAY, opened(5_000))
            .and::<Till>(DAY, sold("cake", 2_400))
            .and::<Till>(DAY, closed(2_400, 0, 7_400))
    }

    #[test]
    fn a_closed_days_cash_is_carried_over_to_the_next_day() {
        let day = past().and::<Till>(DAY, opened(5_000)).and::<Till>(DAY, sold("cake", 2_400));
        assert!(day.asked::<Bookkeeper>().is_empty());
        assert!(day.rows::<Bookkeeper>().is_empty());
        let day = closed_day();
        assert_eq!(day.asked::<Bookkeeper>(), [CARRY_OVER]);
        assert_eq!(day.rows::<Bookkeeper>(), ["2017-09-01 | 74.00 | 2017-09-02 | "]);
        let day = day.and::<Till>(NEXT, opened(7_400));
        assert_eq!(day.asked::<Bookkeeper>(), [CARRY_OVER]);
        assert_eq!(day.rows::<Bookkeeper>(), ["2017-09-01 | 74.00 | 2017-09-02 | 74.00"]);
    }

    #[test]
    fn the_day_after_the_last_of_a_month_is_the_first_of_the_next() {
        for (day, next) in [
            ("2017-09-30", "2017-10-01"),
            ("2017-12-31", "2018-01-01"),
            ("2016-02-28", "2016-02-29"),
            ("2017-02-28", "2017-03-01"),
        ] {
            let asked = past().and::<Till>(day, closed(0, 0, 5)).asked::<Bookkeeper>();
            let open = format!(r#"{day}/carry over: OpenDay {{"carried":5}} to till-{next}"#);
            assert_eq!(asked, [open]);
        }
    }

    #[test]
    fn a_day_that_somebody_opened_before_is_asked_for_all_the_same_and_may_refuse() {
        let early = past()
            .and::<Till>(NEXT, opened(5_000))
            .and::<Till>(DAY, opened(5_000))
            .and::<Till>(DAY, closed(2_400, 0, 7_400));
        assert_eq!(early.asked::<Bookkeeper>(), [CARRY_OVER]);
        assert_eq!(early.rows::<Bookkeeper>(), ["2017-09-01 | 74.00 | 2017-09-02 | 50.00"]);
    }

    #[test]
    fn a_second_closing_of_a_day_asks_for_the_same_step_and_the_same_amount() {
        let told = closed_day().and::<Till>(DAY, closed(2_400, 0, 9_900));
        let mut bookkeeper = Bookkeeper::default();
        let mut asked = Vec::new();
        for position in [4, 3, 4] {
            let event = told.log().event(position).unwrap();
            bookkeeper.apply(event);
            asked.push(format!("{:?}", bookkeeper.react(event)));
        }
        assert!(asked[0].contains("9900"), "it knows of no other: {}", asked[0]);
        assert!(asked[1].contains("7400"), "{}", asked[1]);
        assert_eq!(asked[1], asked[2]);
        assert_eq!(told.asked::<Bookkeeper>(), [CARRY_OVER]);
    }

    #[test]
    fn nothing_follows_where_there_is_no_next_day() {
        for day in ["1", "2017-09-31", "9999-12-31"] {
            let told = past().and::<Till>(day, closed(0, 0, 5));
            assert!(told.asked::<Bookkeeper>().is_empty(), "{day}");
            assert!(told.rows::<Bookkeeper>().is_empty(), "{day}");
        }
    }
}
