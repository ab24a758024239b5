//! What somebody does with a canary that nobody does who only works with leads.

use super::coded::coded;

coded! {
    /// What was done with a canary.
    TouchKind {
        LookedFor = 1 "LOOKED_FOR" "Asked for by its id, by somebody who was never shown it: they have the id from elsewhere.";
        HandedOn = 2 "HANDED_ON" "Put in as a lead of their own, by somebody who has its address from elsewhere.";
        SoughtOut = 3 "SOUGHT_OUT" "Found by its contact data together with others, and no other lead with them: they look for what they know of the trap.";
    }
}
