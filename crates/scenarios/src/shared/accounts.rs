//! The rules that every account follows. A domain may add rules of its own.

use es::Cents;

/// The most that an account takes in at once. The limit keeps sums of amounts exact.
pub const MOST: Cents = Cents(100_000_000);

/// Why an account does not do what it is asked for.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountRejection {
    #[error("this account was opened already")]
    OpenedAlready,
    #[error("say whose account it is")]
    Nobodys,
    #[error("an account cannot start with {0}, which is less than nothing")]
    LessThanNothing(Cents),
    #[error("this account was never opened")]
    NeverOpened,
    #[error("this account is closed")]
    Closed,
    #[error("an amount must be more than 0.00")]
    NotPositive,
    /// The amount is more than [`MOST`]. The text says what has that limit, such as "paid in".
    #[error("{MOST} is the most that can be {0} at once")]
    TooMuch(&'static str),
    #[error("only {available} is available, so {wanted} cannot be withdrawn")]
    Overdrawn { available: Cents, wanted: Cents },
    #[error("there is still {0} on this account; withdraw it before closing")]
    NotEmpty(Cents),
}
use AccountRejection as No;

/// What the rules need to know of an account.
#[derive(Clone, Copy)]
pub struct Standing {
    pub opened: bool,
    pub closed: bool,
    pub balance: Cents,
    /// What has the limit [`MOST`], for the refusal's sentence: "paid in".
    pub limited: &'static str,
}

impl Standing {
    /// It is opened once, for somebody, and with an amount that is not negative.
    pub fn open(self, has_owner: bool, initial_balance: Cents) -> Result<(), No> {
        match initial_balance {
            _ if self.opened => Err(No::OpenedAlready),
            _ if !has_owner => Err(No::Nobodys),
            amount if amount < Cents(0) => Err(No::LessThanNothing(amount)),
            amount => self.limit(amount),
        }
    }

    /// It takes in a positive amount while it is open.
    pub fn deposit(self, amount: Cents) -> Result<(), No> {
        self.move_money(amount)?;
        self.limit(amount)
    }

    /// It gives out a positive amount while it is open, and no more than it holds.
    pub fn withdraw(self, amount: Cents) -> Result<(), No> {
        self.move_money(amount)?;
        let available = self.balance;
        if amount > available { Err(No::Overdrawn { available, wanted: amount }) } else { Ok(()) }
    }

    /// It is closed once, and empty.
    pub fn close(self) -> Result<(), No> {
        self.use_it()?;
        if self.balance == Cents(0) { Ok(()) } else { Err(No::NotEmpty(self.balance)) }
    }

    /// No more than [`MOST`] is moved at once.
    pub fn limit(self, amount: Cents) -> Result<(), No> {
        if amount > MOST { Err(No::TooMuch(self.limited)) } else { Ok(()) }
    }

    fn move_money(self, amount: Cents) -> Result<(), No> {
        self.use_it()?;
        if amount > Cents(0) { Ok(()) } else { Err(No::NotPositive) }
    }

    fn use_it(self) -> Result<(), No> {
        match self {
            Self { opened: false, .. } => Err(No::NeverOpened),
            Self { closed: true, .. } => Err(No::Closed),
            _ => Ok(()),
        }
    }
}
