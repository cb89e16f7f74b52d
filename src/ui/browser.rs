//! What the page asks of the browser: addresses, the clock, files, the focus, small memories and
//! other tabs. Nothing here knows of logs' contents or of the page's parts.

pub mod address;
pub mod clock;
pub mod files;
pub mod fixed;
mod focus;
mod memory;
pub mod popover;
pub mod tabs;

pub use self::focus::{FocusHeld, bring, close_menus, focus, in_view, on_button, remove};
pub use self::memory::{remember, remembered, switch_theme, tell};
