//! The three calls of `with balancer.pick() as pick` written against CPython's C API, because what PyO3 and CPython
//! do around them costs more than all that the engine does inside.
//!
//! * `Balancer.pick` without arguments, or with `key=` alone, skips PyO3's parsing of arguments.
//! * `Pick.__enter__` and `Pick.__exit__` are looked up on each `with`, and for a method CPython then makes a bound
//!   method that its garbage collector follows. A [`Door`] in the place of the method makes a [`Bond`] instead:
//!   two words, from a stock of spare ones, called without a tuple.
//!
//! Whatever is unusual (other arguments, an exception in the block, a pick given back before) goes to the method that
//! PyO3 made, so this file decides nothing: without [`install`] everything works the same, a third slower.
//!
//! This is the only unsafe code of the project. What it relies on:
//! * The interpreter's lock is held whenever CPython calls: the module says that it needs it (`gil_used`), so that an
//!   interpreter built without one takes it up on import.
//! * Everything used belongs to the stable ABI of CPython 3.11, but for vectorcall (its flag, its offset and
//!   `PyVectorcall_Call`), which joined it in 3.12 as it had been since 3.9.
//! * Objects hold strong references to what they point to, and none of them is followed by the collector: a bond is
//!   reachable from the interpreter's stack only, unless somebody keeps `pick.__exit__`, and it never makes a ring.
//! * A panic never crosses into C: [`guarded`] raises it, as PyO3 does.
//!
//! Miri cannot run this file, as it cannot run CPython; `tests/unit/library/test_shortcut.py` counts references.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int, c_void};
use std::mem::{self, offset_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::balancer::Balancer;
use crate::pick::Pick;

/// In the stable ABI since 3.12, with the value it has had since 3.9.
const HAVE_VECTORCALL: u32 = 1 << 11;
/// The flag beside the number of arguments: the caller lends the place before them.
const OFFSET: usize = 1 << (usize::BITS - 1);

unsafe extern "C" {
    fn PyVectorcall_Call(
        callable: *mut ffi::PyObject,
        args: *mut ffi::PyObject,
        names: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}

/// A value that is only ever taken out and put in, by who holds the interpreter's lock: no other lock is needed then.
pub struct Attached<T>(UnsafeCell<T>);

// SAFETY: `replace` is the only way in, and its token says that no other thread is there.
unsafe impl<T: Send> Sync for Attached<T> {}

impl<T> Attached<T> {
    pub fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Puts `value` in and hands out what was there. Nothing else runs meanwhile.
    #[inline(always)]
    pub fn replace(&self, _py: Python<'_>, value: T) -> T {
        // SAFETY: the token, and no reference into the cell outlives a call.
        mem::replace(unsafe { &mut *self.0.get() }, value)
    }

    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

/// What stands in the class in place of a method.
#[repr(C)]
struct Door {
    head: ffi::PyObject,
    /// PyO3's method.
    method: Py<PyAny>,
    /// What its bonds do when called.
    call: ffi::vectorcallfunc,
    /// The class of its bonds.
    bonds: *mut ffi::PyTypeObject,
    /// The class of picks, which has no subclasses: nothing else is bound.
    picks: *mut ffi::PyTypeObject,
}

/// A method bound to its pick.
#[repr(C)]
struct Bond {
    head: ffi::PyObject,
    call: ffi::vectorcallfunc,
    pick: Py<Pick>,
    /// Doors are never freed, even if somebody takes them out of the class: [`install`] keeps a reference.
    door: *const Door,
}

/// Memory of bonds that are gone: each `with` takes two and gives two back.
struct Spare(UnsafeCell<(usize, [*mut c_void; 16])>);

// SAFETY: only touched under the interpreter's lock.
unsafe impl Sync for Spare {}

static SPARE: Spare = Spare(UnsafeCell::new((0, [ptr::null_mut(); 16])));

/// `__get__` of a door: PyO3's own method for the class, a bond for a pick.
unsafe extern "C" fn open(
    door: *mut ffi::PyObject,
    pick: *mut ffi::PyObject,
    _class: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: only doors have this slot; anybody may call it with anything, so the class is looked at. Memory from the
    // stock is that of a bond.
    unsafe {
        let door = &*door.cast::<Door>();
        if pick.is_null() {
            return ffi::Py_NewRef(door.method.as_ptr());
        }
        if ffi::Py_TYPE(pick) != door.picks {
            return refuse(&door.method, pick);
        }
        let (filled, places) = &mut *SPARE.0.get();
        let memory = if *filled == 0 {
            ffi::PyObject_Malloc(size_of::<Bond>())
        } else {
            *filled -= 1;
            places[*filled]
        };
        if memory.is_null() {
            return ffi::PyErr_NoMemory();
        }
        let bond = ffi::PyObject_Init(memory.cast(), door.bonds).cast::<Bond>();
        let py = Python::assume_attached();
        (&raw mut (*bond).call).write(door.call);
        (&raw mut (*bond).pick)
            .write(Bound::from_borrowed_ptr(py, pick).cast_into_unchecked().unbind());
        (&raw mut (*bond).door).write(door);
        bond.cast()
    }
}

/// What PyO3's method says when it is bound to what is no pick.
#[cold]
unsafe fn refuse(method: &Py<PyAny>, object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    Python::attach(|py| {
        // SAFETY: the caller's object, alive as long as the call.
        let object = unsafe { Bound::from_borrowed_ptr(py, object) };
        give(py, method.call_method1(py, "__get__", (object,)))
    })
}

/// An answer as C hands it over: nothing, with the error set, when it failed.
fn give(py: Python<'_>, answer: PyResult<Py<PyAny>>) -> *mut ffi::PyObject {
    answer.map_or_else(
        |error| {
            error.restore(py);
            ptr::null_mut()
        },
        Py::into_ptr,
    )
}

/// A bond is gone.
unsafe extern "C" fn part(bond: *mut ffi::PyObject) {
    // SAFETY: only bonds have this slot, and nobody else has this one any more.
    unsafe {
        let class = ffi::Py_TYPE(bond);
        ffi::Py_DECREF((*bond.cast::<Bond>()).pick.as_ptr());
        let (filled, places) = &mut *SPARE.0.get();
        if *filled == places.len() {
            ffi::PyObject_Free(bond.cast());
        } else {
            places[*filled] = bond.cast();
            *filled += 1;
        }
        ffi::Py_DECREF(class.cast());
    }
}

/// `with` enters.
unsafe extern "C" fn enter(
    bond: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: only bonds are called so, with `count` arguments and perhaps names.
    unsafe {
        let bond = &*bond.cast::<Bond>();
        if count & !OFFSET == 0 && names.is_null() && bond.pick.get().is_out() {
            return ffi::Py_NewRef(bond.pick.as_ptr());
        }
        bond.ask(args, count & !OFFSET, names)
    }
}

/// `with` leaves.
unsafe extern "C" fn leave(
    bond: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as in `enter`; the second argument is the exception.
    guarded(|| unsafe {
        let bond = &*bond.cast::<Bond>();
        let well = count & !OFFSET == 3 && names.is_null() && *args.add(1) == ffi::Py_None();
        if well && bond.pick.get().leave_well(Python::assume_attached()) {
            return ffi::Py_NewRef(ffi::Py_False());
        }
        bond.ask(args, count & !OFFSET, names)
    })
}

/// Raises the panics of what it calls.
#[inline(always)]
fn guarded(call: impl FnOnce() -> *mut ffi::PyObject) -> *mut ffi::PyObject {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        Python::attach(|py| PanicException::new_err("the engine has panicked").restore(py));
        ptr::null_mut()
    })
}

impl Bond {
    #[cold]
    unsafe fn ask(
        &self,
        args: *const *mut ffi::PyObject,
        count: usize,
        names: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject {
        // SAFETY: doors live for ever; the arguments are passed on as they came.
        unsafe { ask(&(*self.door).method, self.pick.as_ptr(), args, count, names) }
    }
}

/// Asks PyO3's method, whose arguments come in a tuple and a table.
#[cold]
unsafe fn ask(
    method: &Py<PyAny>,
    object: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let answer = |py: Python<'_>| -> PyResult<Py<PyAny>> {
        // SAFETY: after `count` plain arguments come those with names, and all of them live as long as the call.
        let (object, names, given) = unsafe {
            let names = Bound::from_borrowed_ptr_or_opt(py, names);
            let names = names.map(|names| names.cast_into_unchecked::<PyTuple>());
            let all = count + names.as_ref().map_or(0, PyTupleMethods::len);
            let given = (0..all).map(|at| Bound::from_borrowed_ptr(py, *args.add(at)));
            (Bound::from_borrowed_ptr(py, object), names, given.collect::<Vec<_>>())
        };
        let table = PyDict::new(py);
        for (name, value) in names.iter().flatten().zip(&given[count..]) {
            table.set_item(name, value)?;
        }
        let plain = [&object].into_iter().chain(&given[..count]);
        method.call(py, PyTuple::new(py, plain.collect::<Vec<_>>())?, Some(&table))
    };
    Python::attach(|py| give(py, answer(py)))
}

/// PyO3's `Balancer.pick`.
static PICK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// `Balancer.pick`.
unsafe extern "C" fn pick(
    balancer: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: CPython has checked that this is a balancer, and gives as many arguments and names as it says.
    guarded(|| unsafe {
        let py = Python::assume_attached();
        let key = if names.is_null() {
            None
        } else if ffi::PyTuple_Size(names) == 1
            && ffi::PyTuple_GetItem(names, 0) == intern!(py, "key").as_ptr()
        {
            Some(Bound::from_borrowed_ptr(py, *args.offset(count)))
        } else {
            return ask_pick(py, balancer, args, count, names);
        };
        let this = Bound::from_borrowed_ptr(py, balancer).cast_into_unchecked();
        if count == 0
            && let Some(pick) = Balancer::lend(&this, key.as_ref())
            && let Ok(pick) = Py::new(py, pick)
        {
            return pick.into_ptr();
        }
        ask_pick(py, balancer, args, count, names)
    })
}

#[cold]
unsafe fn ask_pick(
    py: Python<'_>,
    balancer: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let method = PICK.get(py).expect("set before this method was");
    // SAFETY: all is passed on as it came.
    unsafe { ask(method, balancer, args, count.unsigned_abs(), names) }
}

/// Puts the three shortcuts in the place of PyO3's methods.
pub fn install(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let lending = py.get_type::<Balancer>();
    PICK.set(py, lending.getattr("pick")?.unbind()).ok();
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: c"pick".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: pick },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: c"pick($self, /, *, key=None)\n--\n\nLends a node. Never waits: raises `NoNodeAvailable` when there is none.".as_ptr(),
    }));
    // SAFETY: the definition lives for ever, and the method is put into the very class that it is made for.
    let method = unsafe {
        let method = ffi::PyDescr_NewMethod(lending.as_type_ptr(), definition);
        Bound::from_owned_ptr_or_err(py, method)?
    };
    lending.setattr("pick", method)?;
    let lent = py.get_type::<Pick>();
    let (doors, bonds) = (door_class(py)?, bond_class(py)?);
    for (name, call) in [("__enter__", enter as ffi::vectorcallfunc), ("__exit__", leave)] {
        let method = lent.getattr(name)?.unbind();
        // SAFETY: as much memory as a door needs, filled before anybody sees it.
        let door = unsafe {
            let memory = ffi::PyObject_Malloc(size_of::<Door>());
            if memory.is_null() {
                return Err(PyMemoryError::new_err("no memory for the doors of a pick"));
            }
            let door = ffi::PyObject_Init(memory.cast(), doors.as_type_ptr()).cast::<Door>();
            (&raw mut (*door).method).write(method);
            (&raw mut (*door).call).write(call);
            (&raw mut (*door).bonds).write(bonds.as_type_ptr());
            (&raw mut (*door).picks).write(lent.as_type_ptr());
            Bound::from_owned_ptr(py, door.cast())
        };
        lent.setattr(name, &door)?;
        mem::forget(door); // a bond that is out still needs it when somebody replaces the method
    }
    // The classes stay as long as the process, like those of PyO3.
    mem::forget((doors, bonds));
    Ok(())
}

fn door_class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let slots = [(ffi::Py_tp_descr_get, open as *mut c_void)];
    class(py, c"evenly._engine._Door", size_of::<Door>(), 0, &slots)
}

fn bond_class(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    // CPython reads the list of members when it makes the class; it need not live longer, but for the name.
    let mut members = [
        ffi::PyMemberDef {
            name: c"__vectorcalloffset__".as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: offset_of!(Bond, call).cast_signed(),
            flags: ffi::Py_READONLY,
            doc: ptr::null(),
        },
        ffi::PyMemberDef::default(),
    ];
    let slots = [
        (ffi::Py_tp_members, members.as_mut_ptr().cast()),
        (ffi::Py_tp_call, PyVectorcall_Call as *mut c_void),
        (ffi::Py_tp_dealloc, part as *mut c_void),
    ];
    class(py, c"evenly._engine._Bond", size_of::<Bond>(), HAVE_VECTORCALL, &slots)
}

fn class<'py>(
    py: Python<'py>,
    name: &'static CStr,
    size: usize,
    flags: u32,
    slots: &[(c_int, *mut c_void)],
) -> PyResult<Bound<'py, PyType>> {
    let mut slots: Vec<_> =
        slots.iter().map(|&(slot, pfunc)| ffi::PyType_Slot { slot, pfunc }).collect();
    slots.push(ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() });
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: c_int::try_from(size)?,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as u32
            | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION as u32
            | flags,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: every slot has the kind of function that CPython expects there.
    unsafe {
        let class = ffi::PyType_FromSpec(&raw mut spec);
        Ok(Bound::from_owned_ptr_or_err(py, class)?.cast_into_unchecked())
    }
}
