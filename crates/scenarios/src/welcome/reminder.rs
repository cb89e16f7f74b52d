//! The process manager that reminds those who registered and were never seen again.

use std::rc::Rc;

use serde_json::json;

use es::{Id, Map, ProcessManager, Projection, Reaction, Recorded, Row, View};

use super::customer::Command::RemindCustomer;
use super::customer::Customer;
use super::customer::Event::{AccountsMerged, CustomerRegistered, CustomerReminded, SignedIn};
use crate::shared::dates::{DAY_MILLIS, minute};

const THREE_DAYS_MILLIS: u64 = 3 * DAY_MILLIS;

/// Sets each customer a deadline of three days, and mails whoever is reminded then.
#[derive(Clone, Default)]
pub struct Reminder(Map<Rc<str>, Known>);

/// What is known of a customer. The order in which the events arrived makes no difference.
#[derive(Clone, Default)]
struct Known {
    /// The latest registration. Whoever goes behind a customer's back makes a second one.
    registered: Option<Registered>,
    /// The customer signed in, was merged or was reminded: nobody waits for the deadline.
    over: bool,
    reminded: bool,
}

#[derive(Clone)]
struct Registered {
    version: u64,
    name: Rc<str>,
    email: Rc<str>,
    deadline: u64,
}

fn deadline(registered: &Recorded) -> u64 {
    registered.at().saturating_add(THREE_DAYS_MILLIS)
}

/// What a reminder has for a subject.
pub fn subject(name: &str) -> String {
    format!("{name}, do sign in")
}

impl Known {
    /// The mail, once it is known that the customer was reminded, and where mail goes.
    fn mail(&self, customer: &str) -> Option<Reaction> {
        let Registered { name, email, .. } = self.registered.as_ref().filter(|_| self.reminded)?;
        let mail = json!({
            "to": email,
            "subject": subject(name),
            "body": "Your account is waiting.",
        });
        Some(Reaction::effect(customer, "mail", "mail", mail))
    }
}

impl Projection for Reminder {
    const NAME: &'static str = "Reminder";
    const ABOUT: &'static str = "Who has not been seen yet, and until when the process waits.";

    fn apply(&mut self, recorded: &Recorded) {
        let Some(event) = recorded.of::<Customer>() else { return };
        let known = self.0.entry(recorded.key().clone()).or_default();
        match event {
            CustomerRegistered { name, email } => {
                let version = recorded.version();
                if known.registered.as_ref().is_none_or(|before| before.version < version) {
                    let (name, email) = (name.clone(), email.clone());
                    let deadline = deadline(recorded);
                    known.registered = Some(Registered { version, name, email, deadline });
                }
            }
            AccountsMerged { .. } | SignedIn {} => known.over = true,
            CustomerReminded {} => (known.over, known.reminded) = (true, true),
        }
    }

    fn view(&self) -> View {
        let waiting = self.0.iter().filter(|(_, known)| !known.over);
        let rows = waiting.filter_map(|(key, known)| {
            let Registered { name, deadline, .. } = known.registered.as_ref()?;
            Some(Row::of(key, (name, minute(*deadline))))
        });
        View::table(&["customer", "name", "waits until"], rows)
    }

    fn weight(&self) -> usize {
        self.0.len()
    }
}

impl ProcessManager for Reminder {
    const WAITS: bool = true;

    /// The process need not know who has signed in: once the time has come, the customer decides.
    /// The step of a deadline carries the event's version, so that each registration has its own.
    fn react(&self, recorded: &Recorded) -> Vec<Reaction> {
        let key = recorded.key();
        let mail = || self.0.get(key).and_then(|known| known.mail(key));
        match recorded.of::<Customer>() {
            Some(CustomerRegistered { .. }) => {
                let step = format!("remind-{}", recorded.version());
                let customer = Id::<Customer>::new(key.clone());
                let remind = Reaction::command(key, &step, &customer, &RemindCustomer {});
                let remind = remind.map(|it| it.due(deadline(recorded)));
                // The event that tells of the reminder may have arrived first.
                remind.into_iter().chain(mail()).collect()
            }
            Some(CustomerReminded {}) => mail().into_iter().collect(),
            Some(AccountsMerged { .. } | SignedIn {}) | None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::welcome::examples::{LOLA, merged, registered, reminder};
    use es::past;

    /// 29 August 2017, 09:00 UTC.
    const MORNING: u64 = 1_503_997_200_000;
    const REMIND: &str = "1/remind-1: RemindCustomer {} to customer-1 at 1504256400000";

    #[test]
    fn each_customer_gets_three_days_and_what_happens_meanwhile_makes_no_difference() {
        let told = past().at(MORNING).and::<Customer>("1", registered("Lola", LOLA));
        assert_eq!(told.asked::<Reminder>(), [REMIND]);
        let told = told.and::<Customer>("1", SignedIn {}).and::<Customer>("1", merged("2"));
        assert_eq!(told.asked::<Reminder>(), [REMIND]);
    }

    #[test]
    fn whoever_is_reminded_gets_one_mail() {
        let told = past()
            .at(MORNING)
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("1", CustomerReminded {})
            .and::<Customer>("1", CustomerReminded {});
        assert_eq!(told.asked::<Reminder>(), [REMIND.to_owned(), reminder("1", "Lola", LOLA)]);
    }

    #[test]
    fn the_mail_goes_out_as_well_where_the_registration_is_heard_of_last() {
        let told = past()
            .at(MORNING)
            .and::<Customer>("1", CustomerReminded {})
            .and::<Customer>("1", registered("Lola", LOLA));
        let remind = REMIND.replace("remind-1", "remind-2");
        assert_eq!(told.asked::<Reminder>(), [remind, reminder("1", "Lola", LOLA)]);
        assert!(told.rows::<Reminder>().is_empty());
    }

    #[test]
    fn a_deadline_is_shown_until_the_customer_is_seen_merged_or_reminded() {
        let told = ["1", "2", "3", "4"].iter().fold(past().at(MORNING), |past, id| {
            past.and::<Customer>(id, registered("Lola", &format!("{id}@example.org")))
        });
        assert_eq!(told.rows::<Reminder>().len(), 4);
        let told = told
            .and::<Customer>("1", SignedIn {})
            .and::<Customer>("2", merged("1"))
            .and::<Customer>("3", CustomerReminded {});
        assert_eq!(told.rows::<Reminder>(), ["4 | Lola | 2017-09-01 09:00"]);
    }

    #[test]
    fn of_two_registrations_the_later_one_counts_in_whichever_order_they_are_told() {
        let told = past()
            .at(MORNING)
            .and::<Customer>("1", registered("Lola", LOLA))
            .and::<Customer>("1", registered("L.", "l@example.org"));
        for order in [[1, 2], [2, 1]] {
            let mut process = Reminder::default();
            for position in order {
                process.apply(told.log().event(position).unwrap());
            }
            let known = process.0.get("1").and_then(|it| it.registered.clone());
            assert_eq!(known.map(|it| it.name).as_deref(), Some("L."), "{order:?}");
        }
    }

    #[test]
    fn a_deadline_never_overflows() {
        let late = past().at(u64::MAX).and::<Customer>("1", registered("Lola", LOLA));
        assert!(late.asked::<Reminder>()[0].ends_with(&u64::MAX.to_string()));
    }
}
