//! Deadlines of connections.
//!
//! A connection has one deadline at a time and moves it several times per request. A timer wheel would be touched on
//! every move; here a move is a store, and one sweep per worker finds the few that have passed. The price is
//! lateness: up to one period of the sweep, an eighth of the shortest configured timeout.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use evenly_core::Nanos;

/// Shortest and longest time between two sweeps. 10 ms cost nothing measurable; a quarter of a second late is fine
/// for timeouts of seconds.
const PERIOD: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(250));

/// All alarms of a worker.
#[derive(Debug, Default)]
pub struct Alarms {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<u32>>,
}

#[derive(Debug)]
struct Slot {
    due: Nanos,
    rung: bool,
    waker: Option<Waker>,
}

/// One connection's alarm; given back when dropped.
#[derive(Debug)]
pub struct Alarm {
    all: Rc<Alarms>,
    index: u32,
}

impl Alarms {
    /// How often to sweep when `shortest` is the shortest timeout there is.
    pub fn period(shortest: Duration) -> Duration {
        (shortest / 8).clamp(PERIOD.0, PERIOD.1)
    }

    /// An alarm that is off, waking `waker`'s task.
    pub fn alarm(self: &Rc<Self>, waker: &Waker) -> Alarm {
        let slot = Slot { due: Nanos::NEVER, rung: false, waker: Some(waker.clone()) };
        let mut slots = self.slots.borrow_mut();
        let index = if let Some(index) = self.free.borrow_mut().pop() {
            slots[index as usize] = slot;
            index
        } else {
            slots.push(slot);
            slots.len() as u32 - 1
        };
        Alarm { all: Rc::clone(self), index }
    }

    /// Rings what is due and wakes its connections.
    pub fn sweep(&self, now: Nanos) {
        for slot in self.slots.borrow_mut().iter_mut() {
            if slot.due <= now && !slot.rung {
                slot.rung = true;
                if let Some(waker) = &slot.waker {
                    waker.wake_by_ref();
                }
            }
        }
    }

    /// Wakes every connection, so that it looks at the worker's phase.
    pub fn wake_all(&self) {
        for waker in self.slots.borrow().iter().filter_map(|slot| slot.waker.as_ref()) {
            waker.wake_by_ref();
        }
    }
}

impl Alarm {
    /// Rings at `due` and not before, whatever was set.
    pub fn set(&self, due: Nanos) {
        let slot = &mut self.all.slots.borrow_mut()[self.index as usize];
        slot.due = due;
        slot.rung = false;
    }

    /// Rings no more until it is set.
    pub fn off(&self) {
        self.set(Nanos::NEVER);
    }

    /// Whether what was set has passed.
    pub fn rung(&self) -> bool {
        self.all.slots.borrow()[self.index as usize].rung
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let slot = &mut self.all.slots.borrow_mut()[self.index as usize];
        *slot = Slot { due: Nanos::NEVER, rung: false, waker: None };
        self.all.free.borrow_mut().push(self.index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An alarm rings when its moment has passed, and setting it again silences it.
    #[test]
    fn an_alarm_rings_once_its_moment_has_passed() {
        let alarms = Rc::new(Alarms::default());
        let alarm = alarms.alarm(Waker::noop());
        alarm.set(Nanos(10));
        alarms.sweep(Nanos(9));
        assert!(!alarm.rung());
        alarms.sweep(Nanos(10));
        assert!(alarm.rung());
        alarm.set(Nanos(20));
        assert!(!alarm.rung());
    }

    /// A place that was given back is used again instead of growing the table.
    #[test]
    fn places_are_used_again() {
        let alarms = Rc::new(Alarms::default());
        for _ in 0..100 {
            let _one = alarms.alarm(Waker::noop());
        }
        assert_eq!((alarms.slots.borrow().len(), alarms.free.borrow().len()), (1, 1));
    }
}
