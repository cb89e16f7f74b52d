//! What the page asks of the browser: addresses, the clock, files, the focus, small memories and
//! other tabs. Nothing here knows of logs' contents or of the page's parts.

pub mod address;
pub mod embed;
pub mod clock;
pub mod files;
pub mod fixed;
pub mod later;
mod focus;
mod memory;
pub mod offline;
pub mod class;
pub mod own_code;
pub mod popover;
pub mod tabs;

pub use self::files::said;
pub use self::focus::{
    FocusHeld, bring, close_menus, focus, in_view, is_within, on_button, remove,
};
pub use self::memory::{remember, remember_here, remembered, remembered_here, switch_theme, tell};
