//! A handle that contains the current policy. All middleware of a server can share one handle. Through the handle, a
//! program can replace the policy while the server runs.

use core::fmt;
use std::sync::{Arc, PoisonError};

use super::Policy;
use crate::event::{Counters, Event, log};
use crate::sync::RwLock;

/// Shares one policy between all middleware of a server. Through the handle, a program can replace the policy while the
/// server runs.
///
/// All clones of a handle share one policy. A request uses the policy that the handle contained when the request began.
/// So a request never uses a mixture of two policies.
///
/// ```
/// use hardtack::{Policy, PolicyHandle};
///
/// let handle = PolicyHandle::new(Policy::default());
/// let clone = handle.clone();
/// handle.apply(Policy::builder().cookie_domain("shop.example").build()?);
/// assert_eq!(clone.current().cookie_domain(), Some("shop.example"));
/// # Ok::<(), hardtack::policy::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct PolicyHandle {
    current: Arc<RwLock<CurrentPolicy>>,
    counters: Arc<Counters>,
}

impl PolicyHandle {
    /// Makes a handle for the policy.
    ///
    /// ```
    /// use hardtack::{Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// assert_eq!(handle.current().cookie_domain(), None);
    /// ```
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let counters = Arc::<Counters>::default();
        let current = CurrentPolicy::new(policy, counters.clone());
        PolicyHandle { current: Arc::new(RwLock::new(current)), counters }
    }

    /// Replaces the policy for every request that begins after the call of `apply`.
    ///
    /// ```
    /// use hardtack::{Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::from(Policy::default());
    /// handle.apply(Policy::builder().cookie_domain("shop.example").build()?);
    /// assert_eq!(handle.current().cookie_domain(), Some("shop.example"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    pub fn apply(&self, policy: Policy) {
        let current = CurrentPolicy::new(policy, self.counters.clone());
        // Ignores a poisoned lock. The policy in the lock is always valid, because one assignment replaces the whole
        // `CurrentPolicy`.
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// Returns the current policy.
    ///
    /// ```
    /// use hardtack::{Policy, PolicyHandle};
    ///
    /// let handle = PolicyHandle::new(Policy::default());
    /// handle.apply(handle.current().to_builder().cookie_domain("shop.example").build()?);
    /// assert_eq!(handle.current().cookie_domain(), Some("shop.example"));
    /// # Ok::<(), hardtack::policy::PolicyError>(())
    /// ```
    #[must_use]
    pub fn current(&self) -> Arc<Policy> {
        Arc::clone(&self.current_policy().policy)
    }

    /// Returns the counters of events. For each kind, a counter contains the number of events since the handle was
    /// made.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Returns the current policy and the handle's counters. A request keeps both until the response is finished.
    pub(crate) fn current_policy(&self) -> CurrentPolicy {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<Policy> for PolicyHandle {
    fn from(policy: Policy) -> Self {
        PolicyHandle::new(policy)
    }
}

impl fmt::Debug for PolicyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolicyHandle").field(&self.current()).finish()
    }
}

/// The policy that a handle contained when a request began, and the handle's counters. A clone is cheap.
#[derive(Debug, Clone)]
pub(crate) struct CurrentPolicy(Arc<Applied>);

#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) policy: Arc<Policy>,
    counters: Arc<Counters>,
}

impl core::ops::Deref for CurrentPolicy {
    type Target = Applied;

    fn deref(&self) -> &Applied {
        &self.0
    }
}

impl CurrentPolicy {
    fn new(policy: Policy, counters: Arc<Counters>) -> Self {
        CurrentPolicy(Arc::new(Applied { policy: Arc::new(policy), counters }))
    }

    /// Counts the event, calls the policy's callback and logs the event.
    pub(crate) fn emit(&self, event: &Event<'_>) {
        self.counters.count(event.kind);
        self.policy.emit_to_callback(event);
        log(event);
    }
}

#[cfg(test)]
mod tests {
    use super::PolicyHandle;
    use crate::policy::Policy;

    #[test]
    fn apply_reaches_all_clones_and_survives_poison() {
        let handle = PolicyHandle::new(Policy::default());
        let (clone, before) = (handle.clone(), handle.current());
        let poisoner = handle.clone();
        let panicked = std::thread::spawn(move || {
            let _guard = poisoner.current.write();
            panic!("poisons the lock");
        });
        assert!(panicked.join().is_err());
        handle.apply(Policy::builder().cookie_domain("a.example").build().unwrap());
        assert_eq!(clone.current().cookie_domain(), Some("a.example"));
        assert_eq!(before.cookie_domain(), None);
    }
}
