//! What is asked across days, and what loading costs.

use std::rc::Rc;

use es::{Bar, Cents, Document, Map, Projection, Recorded, View};

use super::till::Event::{DayClosed, DayOpened, Refunded, Sold};
use super::till::{Event, Till};
use crate::shared::dates::Date;

/// What each item has brought on all days.
#[derive(Clone, Default)]
pub struct TakingsByItem(Map<Rc<str>, Cents>);

impl Projection for TakingsByItem {
    const NAME: &'static str = "Takings by item";
    const ABOUT: &'static str = "What each item has brought on all days, less refunds.";

    fn apply(&mut self, recorded: &Recorded) {
        match recorded.of::<Till>() {
            Some(Sold { item, amount }) => *self.0.entry(item.clone()).or_default() += *amount,
            Some(Refunded { item, amount }) => *self.0.entry(item.clone()).or_default() -= *amount,
            _ => {}
        }
    }

    fn view(&self) -> View {
        let bars = self.0.iter().map(|(item, taken)| Bar { name: item.clone(), value: taken.0 });
        View::bars("taken", true, bars)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// Each year with its months: the sums over all of their days.
#[derive(Clone, Default)]
pub struct TheYear(Map<Rc<str>, Sums>);

#[derive(Clone, Copy, Default)]
struct Sums {
    opened: u64,
    closed: u64,
    sold: Cents,
    refunded: Cents,
}

impl Sums {
    fn add(&mut self, event: &Event) {
        match event {
            DayOpened { .. } => self.opened += 1,
            Sold { amount, .. } => self.sold += *amount,
            Refunded { amount, .. } => self.refunded += *amount,
            DayClosed { .. } => self.closed += 1,
        }
    }

    fn document(self) -> Document {
        Document::new()
            .with("daysOpened", self.opened)
            .with("daysClosed", self.closed)
            .with("sold", self.sold)
            .with("refunded", self.refunded)
            .with("taken", self.sold - self.refunded)
    }
}

/// The month of a day: `2017-09` of `2017-09-01`. None of what is no day.
fn month(day: &str) -> Option<&str> {
    Date::parse(day).and_then(|_| day.get(..7))
}

impl Projection for TheYear {
    const NAME: &'static str = "The year";
    const ABOUT: &'static str = "Each month: what is asked across days is read here, not decided.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<Till>()
            && let Some(month) = month(recorded.key())
        {
            self.0.entry(month.into()).or_default().add(event);
        }
    }

    fn view(&self) -> View {
        let mut years: Map<Rc<str>, Document> = Map::new();
        for (month, sums) in &self.0 {
            let year = years.entry(month.get(..4).unwrap_or_default().into()).or_default();
            *year = std::mem::take(year).with_document(month, sums.document());
        }
        View::documents(years)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// How many events the next command on each day loads.
#[derive(Clone, Default)]
pub struct LoadingCost(Map<Rc<str>, u64>);

impl Projection for LoadingCost {
    const NAME: &'static str = "Loading cost";
    const ABOUT: &'static str =
        "How many events a day's next command loads, and how many it would load from one stream.";

    fn apply(&mut self, recorded: &Recorded) {
        if recorded.of::<Till>().is_some() {
            let length = self.0.entry(recorded.key().clone()).or_default();
            *length = recorded.version().max(*length);
        }
    }

    fn view(&self) -> View {
        if self.0.is_empty() {
            return View::bars(EVENTS, false, []);
        }
        let bar = |name: &Rc<str>, length: u64| Bar {
            name: name.clone(),
            value: i64::try_from(length).unwrap_or(i64::MAX),
        };
        let all = self.0.values().fold(0_u64, |sum, length| sum.saturating_add(*length));
        let days = self.0.iter().map(|(day, length)| bar(day, *length));
        View::bars(EVENTS, false, days.chain([bar(&ONE_STREAM.into(), all)]))
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

const EVENTS: &str = "events to load";
/// The till as one stream that is never closed: all events of all days.
const ONE_STREAM: &str = "all in one";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::examples::{DAY, NEXT, closed, one_day, opened, refunded, sold};
    use es::{Past, past};
    use serde_json::json;

    fn two_days() -> Past {
        let told = one_day().into_iter().fold(past(), |past, event| past.and::<Till>(DAY, event));
        told.and::<Till>(NEXT, opened(7_400)).and::<Till>(NEXT, sold("tea", 400))
    }

    fn bars<const N: usize>(bars: [(&str, i64); N]) -> serde_json::Value {
        bars.map(|(name, value)| json!({ "name": name, "value": value })).as_slice().into()
    }

    #[test]
    fn each_item_has_brought_what_was_sold_less_what_was_refunded() {
        let told = two_days().and::<Till>(NEXT, refunded("pie", 100));
        let view = told.shows::<TakingsByItem>();
        assert_eq!(view["bars"], bars([("cake", 2_400), ("tea", 400), ("pie", -100)]));
        assert_eq!((&view["unit"], &view["money"]), (&json!("taken"), &json!(true)));
    }

    #[test]
    fn a_month_adds_up_all_of_its_days() {
        let told = two_days()
            .and::<Till>("2017-10-01", opened(100))
            .and::<Till>("2018-01-01", sold("tea", 50))
            .and::<Till>("one stream", sold("tea", 50));
        let month = |opened, closed, sold, refunded, taken| {
            json!({
                "daysOpened": opened,
                "daysClosed": closed,
                "sold": sold,
                "refunded": refunded,
                "taken": taken,
            })
        };
        assert_eq!(
            told.shows::<TheYear>()["documents"],
            json!({
                "2017": {
                    "2017-09": month(2, 1, 3_150, 350, 2_800),
                    "2017-10": month(1, 0, 0, 0, 0),
                },
                "2018": { "2018-01": month(0, 0, 50, 0, 50) },
            })
        );
    }

    #[test]
    fn a_days_next_command_loads_that_days_events_and_one_stream_would_load_all() {
        assert_eq!(past().shows::<LoadingCost>()["bars"], json!([]));
        let days = [("all in one", 7), (DAY, 5), (NEXT, 2)];
        assert_eq!(two_days().shows::<LoadingCost>()["bars"], bars(days));
        let more = two_days().and::<Till>(NEXT, closed(400, 0, 7_800));
        let days = [("all in one", 8), (DAY, 5), (NEXT, 3)];
        assert_eq!(more.shows::<LoadingCost>()["bars"], bars(days));
    }
}
