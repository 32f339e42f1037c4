//! The rules of a choice that its grammar cannot say.

use super::alt::{Alt, Branch, Item, Order};
use super::guard::Guard;
use crate::diag::Errors;

/// Notes every broken rule.
pub(super) fn check(alt: &Alt, order: Order, errors: &mut Errors) {
    let name = match order {
        Order::Fair => "alt!",
        Order::Priority => "pri_alt!",
    };
    let is_stopped =
        |item: &Item| matches!(item, Item::Branch(branch) if matches!(branch.guard, Guard::Stopped { .. }));
    // Where a branch could not be read, nothing can be said about the whole.
    let complete = errors.is_empty();
    if alt.items.is_empty() && complete {
        let text = format!("this choice has no branch; write `{name} {{ guard => body, … }}`");
        errors.at_span(proc_macro2::Span::call_site(), text);
    }
    if let Some(Item::Branch(branch)) = alt.items.first().filter(|_| complete && alt.items.iter().all(is_stopped)) {
        errors.at(branch.guard.start(), "there is nothing to wait for beside `stopped`; add a guard on a channel");
    }
    check_stopped(&alt.items, errors);
    check_skip(&alt.items, order, errors);
    check_replicated(&alt.items, errors);
}

fn check_stopped(items: &[Item], errors: &mut Errors) {
    let mut found = false;
    for branch in branches(items) {
        let Guard::Stopped { keyword, .. } = &branch.guard else { continue };
        if found {
            errors.at(keyword, "there is one `stopped` branch already; keep one of the two");
        }
        found = true;
        if branch.precondition.is_some() {
            errors.at(keyword, "`stopped` takes no precondition; test the condition in its body");
        }
    }
}

fn check_skip(items: &[Item], order: Order, errors: &mut Errors) {
    let mut found = false;
    for item in items {
        let never = found && order == Order::Priority;
        let branch = match item {
            Item::Branch(branch) => branch,
            Item::Replicated(replicated) => {
                if never {
                    errors.at(replicated.for_token, NEVER);
                }
                continue;
            }
        };
        let unconditional = branch.precondition.is_none();
        match &branch.guard {
            Guard::Stopped { .. } => {}
            Guard::Skip { keyword } if found && unconditional => {
                errors.at(keyword, "there is a `skip` without precondition already; keep one of the two");
            }
            guard if never => errors.at(guard.start(), NEVER),
            Guard::Skip { .. } => found |= unconditional,
            _ => {}
        }
    }
}

const NEVER: &str = "this can never be chosen, because a `skip` before it is always ready; put `skip` last";

fn check_replicated(items: &[Item], errors: &mut Errors) {
    for item in items {
        let Item::Replicated(replicated) = item else { continue };
        if replicated.items.is_empty() {
            let text = "this `for` has no branch; write `for item in items { guard => body }`";
            errors.at(replicated.for_token, text);
        }
        for branch in branches(&replicated.items) {
            if let Guard::Stopped { keyword, .. } = &branch.guard {
                errors.at(keyword, "`stopped` speaks for the whole choice; move it out of the `for`");
            }
        }
        check_replicated(&replicated.items, errors);
    }
}

fn branches(items: &[Item]) -> impl Iterator<Item = &Branch> {
    items.iter().filter_map(|item| match item {
        Item::Branch(branch) => Some(&**branch),
        Item::Replicated(_) => None,
    })
}
