//! A customer, who has an id and a name.

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use es::Aggregate;

// The names and fields are the stored format: add, never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CustomerEvent {
    CustomerRegistered { name: Rc<str> },
}
use CustomerEvent::CustomerRegistered;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub enum CustomerCommand {
    /// Makes somebody a customer. Others know customers by their ids.
    RegisterCustomer {
        /// What the customer is called
        #[schemars(example = &"Lola Gheda")]
        name: Rc<str>,
    },
}
use CustomerCommand::RegisterCustomer;

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CustomerRejection {
    #[error("say what the customer is called")]
    Unnamed,
    #[error("this customer is registered already")]
    RegisteredAlready,
}

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    pub name: Option<Rc<str>>,
}

impl Aggregate for Customer {
    const NAME: &'static str = "customer";
    const SCHEMAS: Option<&'static str> = Some(include_str!("../schemas/bank-customer.json"));
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Rejection = CustomerRejection;

    fn decide(&self, command: CustomerCommand) -> Result<Vec<CustomerEvent>, CustomerRejection> {
        match command {
            RegisterCustomer { .. } if self.name.is_some() => {
                Err(CustomerRejection::RegisteredAlready)
            }
            RegisterCustomer { name } if name.trim().is_empty() => Err(CustomerRejection::Unnamed),
            RegisterCustomer { name } => Ok(vec![CustomerRegistered { name }]),
        }
    }

    fn evolve(self, event: &CustomerEvent) -> Self {
        let CustomerRegistered { name } = event;
        Self { name: Some(name.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es::given;

    #[test]
    fn a_customer_is_registered_once_and_by_name() {
        let register = |name: &str| RegisterCustomer { name: name.into() };
        let registered = || CustomerRegistered { name: "Lola".into() };
        let lola = given::<Customer>([]).when(register("Lola")).then([registered()]);
        assert_eq!(lola, Customer { name: Some("Lola".into()) });
        given::<Customer>([]).when(register(" ")).refused("say what the customer is called");
        given::<Customer>([registered()])
            .when(register("Lola"))
            .refused("this customer is registered already");
    }
}
