//! The lab's place on the page: what can be done to subscriptions, races, and the tools that look
//! without changing. Nothing of it is seen until it is asked for.
//!
//! It draws, and says what is asked; it does nothing itself.

mod control;
mod health;
mod flag;
mod pick;
mod worker;
mod side_by_side;
mod race;
mod replica;
mod wait;
mod why;
mod whatif;
mod compare;
mod specs;
mod shards;
mod snapshots;
mod code;
mod drawer;

pub use self::control::{menu_of, state_of, untaken};
pub use self::drawer::drawer;
pub use self::flag::DragFlag;
pub use self::health::{differences, health_of};
pub use self::pick::{field_of, walk};
pub use self::race::race_button;
pub use self::replica::{replica, replicate};
pub use self::wait::wait;
pub use self::whatif::{banner, offers};
