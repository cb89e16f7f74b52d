//! Why a log cannot be written, and how a person is told.

use std::fmt;

use codec::Loss;
use store::StoreError;

/// Why a log cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Parts of the log are gone.
    Damaged(Vec<Loss>),
    /// Another tab writes the log, and this browser does not let two tabs share it.
    Elsewhere,
    /// The storage is full.
    Full,
    /// The storage cannot be reached, for this reason.
    Unreachable(String),
    /// What is stored cannot be read, for this reason.
    Unread(String),
    /// The storage has not answered for a while, and still may.
    Slow,
    /// The storage does not answer.
    Silent,
    /// The storage no longer has the log, or has less of it than this tab.
    Evicted,
    /// The log was deleted in another tab.
    Deleted,
}

impl Trouble {
    /// The trouble behind a store's error. A conflict is no trouble.
    pub(crate) fn of(fault: &StoreError) -> Option<Self> {
        match fault {
            StoreError::Full => Some(Self::Full),
            StoreError::UnknownLog(_) => Some(Self::Evicted),
            StoreError::Failed(why) => Some(Self::Unreachable(why.clone())),
            StoreError::Silent => Some(Self::Silent),
            StoreError::Deleted => Some(Self::Deleted),
            StoreError::Conflict { .. }
            | StoreError::Behind { .. }
            | StoreError::Changed(_)
            | StoreError::NotAllowed(_) => None,
        }
    }

    /// True where trying again is of no use.
    pub(crate) fn lasts(&self) -> bool {
        let passes = matches!(self, Self::Full | Self::Unreachable(_) | Self::Unread(_));
        !passes && !matches!(self, Self::Slow | Self::Silent)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(losses) => {
                f.write_str("Part of this log is damaged: ")?;
                for (number, loss) in losses.iter().enumerate() {
                    write!(f, "{}{loss}", if number == 0 { "" } else { "; " })?;
                }
                f.write_str(". What comes before can be used, and what is left can be exported.")
            }
            Self::Elsewhere => f.write_str(
                "Another tab writes this log, and this browser does not let two tabs share it. \
                 You can look at it here; to change it, close the other tab.",
            ),
            Self::Full => f.write_str(
                "The storage is full: the last change was not stored. Make room, then \
                 try again. Everything that is shown as stored is stored.",
            ),
            Self::Unreachable(why) => {
                write!(f, "The last change was not stored: {why}. Nothing is lost in this tab.")
            }
            Self::Unread(why) => write!(
                f,
                "What is stored cannot be read: {why}. This tab may not show what others have stored \
                 since; everything that it shows is stored."
            ),
            Self::Slow => f.write_str(
                "The storage has not answered for a while. What was done last is shown once \
                 it is stored, and what is done next waits for it.",
            ),
            Self::Silent => f.write_str(
                "The storage does not answer, so nobody knows whether the last change \
                 was stored. Nothing is written until it answers again; everything that is shown \
                 as stored is stored.",
            ),
            Self::Deleted => f.write_str(
                "This log was deleted in another tab, and goes for good a day later. Nothing is \
                 added to it until it is back.",
            ),
            Self::Evicted => f.write_str(
                "The browser has thrown this log away, or part of it. This tab still has all of \
                 it and can save it again.",
            ),
        }
    }
}
