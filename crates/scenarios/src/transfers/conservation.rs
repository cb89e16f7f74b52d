//! The sum of everything, which no transfer may change.

use std::rc::Rc;

use es::{Cents, Document, Map, Projection, Recorded, View};

use super::events::AccountEvent::{AccountOpened, Deposited, Withdrew};
use super::events::TransferEvent::{Completed, Failed, Requested};
use super::events::{Account, Transfer, change, transfer_of};
use super::read_models::Flight;

/// The sum of everything: no step of any transfer makes money or loses it.
#[derive(Clone, Default)]
pub struct Conservation {
    balances: Cents,
    journeys: Map<Rc<str>, Journey>,
    opened: Cents,
    deposited: Cents,
    withdrawn: Cents,
}

/// What a transfer should move, what accounts have moved for it, and how it has ended.
#[derive(Clone, Default)]
struct Journey {
    requested: Cents,
    flight: Flight,
    completed: bool,
    failed: bool,
}

impl Journey {
    /// What is under way: the requested amount, from the withdrawal until a deposit or refund. It
    /// is not computed from the accounts' movements, because then no wrong movement would show.
    fn in_flight(&self) -> Cents {
        let Flight { withdrawn, deposited, refunded } = self.flight;
        let under_way = withdrawn != Cents(0) && deposited + refunded == Cents(0);
        if under_way { self.requested } else { Cents(0) }
    }

    /// How much more has arrived than was withdrawn.
    fn never_left(&self) -> Cents {
        let Flight { withdrawn, deposited, refunded } = self.flight;
        (deposited + refunded - withdrawn).max(Cents(0))
    }

    /// True where the transfer completed without its money, or failed although its money arrived.
    fn ended_otherwise(&self) -> bool {
        let arrived = self.flight.deposited != Cents(0);
        (self.completed && !arrived) || (self.failed && arrived)
    }
}

impl Projection for Conservation {
    const NAME: &'static str = "Conservation";
    const ABOUT: &'static str = "Balances and money in flight equal what came in less what left.";

    fn apply(&mut self, recorded: &Recorded) {
        if let Some(event) = recorded.of::<Transfer>() {
            let journey = self.journeys.entry(recorded.key().clone()).or_default();
            match event {
                Requested { amount, .. } => journey.requested = *amount,
                Completed {} => journey.completed = true,
                Failed { .. } => journey.failed = true,
            }
        }
        let Some(event) = recorded.of::<Account>() else { return };
        self.balances += change(event);
        if let Some(transfer) = transfer_of(event) {
            self.journeys.entry(transfer.key().clone()).or_default().flight.add(event);
        }
        match event {
            AccountOpened { initial_balance, .. } => self.opened += *initial_balance,
            Deposited { amount, transfer: None } => self.deposited += *amount,
            Withdrew { amount, transfer: None } => self.withdrawn += *amount,
            _ => {}
        }
    }

    fn view(&self) -> View {
        let journeys = || self.journeys.values();
        let in_flight: Cents = journeys().map(Journey::in_flight).sum();
        let from_nowhere: Cents = journeys().map(Journey::never_left).sum();
        let ended_otherwise = journeys().filter(|it| it.ended_otherwise()).count();
        let left = self.balances + in_flight;
        let right = self.opened + self.deposited - self.withdrawn;
        let left_side = Document::new()
            .with("balances", self.balances)
            .with("inFlight", in_flight)
            .with("sum", left);
        let right_side = Document::new()
            .with("opened", self.opened)
            .with("deposited", self.deposited)
            .with("withdrawn", self.withdrawn)
            .with("sum", right);
        let bank = Document::new()
            .with_document("left", left_side)
            .with_document("right", right_side)
            .with("balanced", left == right)
            .with("fromNowhere", from_nowhere)
            .with("endedOtherwise", ended_otherwise);
        View::documents([("bank".into(), bank)])
    }

    fn weight(&self) -> usize {
        1 + self.journeys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfers::examples::{
        deposit_declined, deposited, failed, opened, refunded, requested, run, withdrawal_declined,
        withdrew,
    };
    use crate::transfers::scenario;
    use es::{Past, past};
    use serde_json::json;

    #[test]
    fn conservation_adds_up_both_sides() {
        let moved = past()
            .and::<Account>("a", opened(1_000))
            .and::<Account>("b", opened(500))
            .and::<Account>("a", deposited(70, None))
            .and::<Account>("b", withdrew(40, None))
            .and::<Transfer>("1", requested("a", "b", 80))
            .and::<Transfer>("2", requested("a", "b", 30))
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("a", withdrew(30, Some("2")))
            .and::<Account>("b", deposited(30, Some("2")));
        let sides = json!({
            "left": { "balances": 1_450, "inFlight": 80, "sum": 1_530 },
            "right": { "opened": 1_500, "deposited": 70, "withdrawn": 40, "sum": 1_530 },
            "balanced": true,
            "fromNowhere": 0,
            "endedOtherwise": 0,
        });
        assert_eq!(moved.shows::<Conservation>()["documents"]["bank"], sides);
        let back = moved.and::<Account>("a", refunded("1", 80));
        let left = json!({ "balances": 1_530, "inFlight": 0, "sum": 1_530 });
        assert_eq!(back.shows::<Conservation>()["documents"]["bank"]["left"], left);
    }

    /// Which checks hold: that money is neither made nor lost, that what arrives has left, and
    /// that transfers end as their money does.
    fn holds(past: &Past) -> Vec<bool> {
        let view = past.shows::<Conservation>();
        scenario().checks.iter().map(|check| check.holds.holds(&view)).collect()
    }

    #[test]
    fn checks_hold_while_a_transfer_is_under_way_and_wherever_it_ends() {
        let paid =
            || run().and::<Account>("a", opened(100)).and::<Account>("a", withdrew(80, Some("1")));
        let arrived = || paid().and::<Account>("b", deposited(80, Some("1")));
        let back = || paid().and::<Account>("a", refunded("1", 80));
        for sound in [
            past(),
            run(),
            run().and::<Account>("a", withdrawal_declined("1", 80, "no")),
            run().and::<Transfer>("1", failed("no")),
            paid(),
            paid().and::<Account>("b", deposit_declined("1", 80, "no")),
            paid().and::<Transfer>("1", failed("a change of mind")),
            arrived(),
            arrived().and::<Transfer>("1", Completed {}),
            back(),
            back().and::<Transfer>("1", failed("no")),
        ] {
            assert_eq!(holds(&sound), [true, true, true]);
        }
    }

    #[test]
    fn a_deposit_that_no_account_paid_for_is_found_by_a_check() {
        let forged = run().and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(holds(&forged), [false, false, true]);
        assert_eq!(forged.shows::<Conservation>()["documents"]["bank"]["fromNowhere"], 80);
        let unknown = past().and::<Account>("b", deposited(80, Some("7")));
        assert_eq!(holds(&unknown), [false, false, true]);
        let both = run()
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("a", refunded("1", 80))
            .and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(holds(&both), [false, false, true]);
    }

    #[test]
    fn what_moves_in_other_amounts_than_were_requested_is_found_by_a_check() {
        let less = run().and::<Account>("a", withdrew(70, Some("1")));
        assert_eq!(holds(&less), [false, true, true]);
        let unrequested = past().and::<Account>("a", withdrew(80, Some("7")));
        assert_eq!(holds(&unrequested), [false, true, true]);
        let twice = run()
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Account>("a", withdrew(80, Some("1")));
        assert_eq!(holds(&twice), [false, true, true]);
        let paid = run().and::<Account>("a", withdrew(80, Some("1")));
        let part = paid.and::<Account>("b", deposited(30, Some("1")));
        assert_eq!(holds(&part), [false, true, true]);
    }

    #[test]
    fn a_transfer_that_is_said_to_have_ended_as_it_has_not_is_found_by_a_check() {
        let early =
            run().and::<Account>("a", withdrew(80, Some("1"))).and::<Transfer>("1", Completed {});
        assert_eq!(holds(&early), [true, true, false]);
        let early = early.and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(holds(&early), [true, true, true], "until its money has arrived");
        let late = run()
            .and::<Account>("a", withdrew(80, Some("1")))
            .and::<Transfer>("1", failed("a change of mind"))
            .and::<Account>("b", deposited(80, Some("1")));
        assert_eq!(holds(&late), [true, true, false]);
    }
}
