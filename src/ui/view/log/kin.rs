//! Which events belong together: causes and effects of the event at the playhead.

use crate::es::Set;
use crate::lab::Viewpoint;

/// How many causes and effects of one event are lit.
const KIN_AT_MOST: usize = 200;

/// The positions of the events that the event at the playhead follows from, of those that follow
/// from it, and its own. Nothing where it stands alone.
pub fn kin(session: &Viewpoint) -> Set<u64> {
    if session.scenario().processes.is_empty() {
        return Set::default();
    }
    let here = session.position();
    let mut kin = Set::from([here]);
    let mut at = here;
    while let Some((cause, _)) = session.cause(at) {
        at = cause;
        if kin.len() >= KIN_AT_MOST || !kin.insert(cause) {
            break;
        }
    }
    let mut open = vec![here];
    while let Some(at) = open.pop() {
        for (effect, _) in session.caused_by(at) {
            if kin.len() < KIN_AT_MOST && kin.insert(effect) {
                open.push(effect);
            }
        }
    }
    if kin.len() > 1 { kin } else { Set::new() }
}
