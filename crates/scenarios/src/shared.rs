//! What several domains have in common, so that no rule is written twice. It knows no domain.

pub mod accounts;
pub mod customers;
pub mod dates;
