//! The switch on x86-64: whoever goes on is reached by one jump, from wherever the thread is.
//!
//! Of a stack that does not run, [`Left`] tells where to go on, and the address at which two registers lie:
//!
//! ```text
//!   address + 8    rbx
//!   address        rbp
//! ```
//!
//! On one that has never run there lie a function and its argument, for [`first`].
//! All other registers belong to the compiler, which is told that they are lost.

use std::arch::{asm, naked_asm};
use std::cell::{Cell, UnsafeCell};
use std::ptr;

use corosensei::stack::Stack;

use super::super::stack::SlabStack;

/// A coroutine can be gone to from another one.
pub(in super::super) const IS_DIRECT: bool = true;

thread_local! {
    /// Where this thread's worker goes on, while a coroutine runs.
    static WORKER: Left = const { Left::new() };
}

/// Where to go on. It is not on the stack, which may be in memory still when the processor wants to know, and is a word shorter so.
#[repr(C)]
struct Left {
    stack: Cell<*mut u8>,
    code: Cell<*const ()>,
}

impl Left {
    const fn new() -> Self {
        Self { stack: Cell::new(ptr::null_mut()), code: Cell::new(ptr::null()) }
    }
}

/// A stack, and where it goes on. Used by one thread alone.
#[repr(C)]
pub(in super::super) struct Coroutine {
    left: Left,
    stack: UnsafeCell<Option<SlabStack>>,
}

impl Coroutine {
    pub(in super::super) const fn new() -> Self {
        Self { left: Left::new(), stack: UnsafeCell::new(None) }
    }

    /// It is to run `body`, on `stack`. Once that has ended, the worker goes on.
    ///
    /// # Safety
    /// It has no stack, or has ended. `body` does not unwind.
    pub(in super::super) unsafe fn begin<F: FnOnce() + 'static>(&self, stack: SlabStack, body: F) {
        let place = stack.base().get() - size_of::<F>();
        let place = ptr::with_exposed_provenance_mut::<F>(place & !(align_of::<F>().max(16) - 1));
        // SAFETY: the top of a stack that nobody uses, which is far longer than this.
        unsafe { place.write(body) };
        let start: [*const (); 2] = [run::<F> as *const (), place.cast()];
        let at = place.cast::<[*const (); 2]>().wrapping_sub(1);
        // SAFETY: as above.
        unsafe { at.write(start) };
        self.left.stack.set(at.cast());
        self.left.code.set(first as *const ());
        // SAFETY: by the caller nobody uses it.
        unsafe { *self.stack.get() = Some(stack) };
    }

    /// By the worker: runs it, and whom it goes to in turn, until one of them goes back to the worker.
    ///
    /// # Safety
    /// It waits to run on this thread, and the caller is the thread's worker.
    #[inline(always)]
    pub(in super::super) unsafe fn resume(&self) {
        WORKER.with(|worker| {
            // SAFETY: by the caller.
            unsafe { switch(worker, &self.left) };
            worker.stack.set(ptr::null_mut());
        });
    }

    /// By the coroutine itself: the worker goes on, until somebody goes on here.
    ///
    /// # Safety
    /// The caller runs on its stack, and the worker's is not in use.
    #[inline(always)]
    pub(in super::super) unsafe fn suspend(&self) {
        // SAFETY: by the caller.
        WORKER.with(|worker| unsafe { switch(&self.left, worker) });
    }

    /// By the coroutine itself: `next` goes on, until somebody goes on here.
    ///
    /// # Safety
    /// As for [`suspend`](Self::suspend); `next` is another one, and waits to run on this thread.
    #[inline(always)]
    pub(in super::super) unsafe fn go_to(&self, next: &Self) {
        // SAFETY: by the caller.
        unsafe { switch(&self.left, &next.left) };
    }

    /// Gives up the stack of one that has ended.
    ///
    /// # Safety
    /// It has, and the thread has left its stack.
    pub(in super::super) unsafe fn clear(&self) {
        // SAFETY: by the caller nobody uses it.
        drop(unsafe { (*self.stack.get()).take() });
    }

    /// By the coroutine itself: runs `call` on the worker's stack, below what lies there. Nobody may switch meanwhile.
    ///
    /// # Safety
    /// The caller runs on the coroutine's stack, and the worker's is not in use.
    pub(in super::super) unsafe fn on_workers_stack<F: FnOnce() + Send>(&self, call: F) {
        let top = WORKER.with(|worker| worker.stack.get());
        // The worker is on its stack itself.
        if top.is_null() {
            return call();
        }
        let mut call = Some(call);
        // SAFETY: `call_once` is for just this argument; there is nobody below where the worker has stopped.
        unsafe { call_on((&raw mut call).cast(), call_once::<F>, top) };
    }

    /// Near to where its registers lie while it does not run.
    #[inline(always)]
    pub(in super::super) fn top(&self) -> *const u8 {
        self.left.stack.get()
    }
}

/// The body of a coroutine, and its end.
// SAFETY: for `first` alone: a body lies there, for this one call, on a stack of its own; and the thread's worker waits.
unsafe extern "C" fn run<F: FnOnce()>(place: *mut F) -> ! {
    // SAFETY: by the caller.
    let body = unsafe { place.read() };
    body();
    // SAFETY: by the caller; nobody comes back here.
    WORKER.with(|worker| unsafe { switch(&Left::new(), worker) });
    std::process::abort()
}

/// What [`call_on`] calls.
// SAFETY: for `on_workers_stack` alone: a call lies there, in an `Option`, and nobody else uses it.
unsafe extern "C-unwind" fn call_once<F: FnOnce()>(call: *mut u8) {
    // SAFETY: by the caller.
    let call = unsafe { &mut *call.cast::<Option<F>>() };
    if let Some(call) = call.take() {
        call();
    }
}

/// Leaves in `from` where the caller goes on, and goes on where `to` says.
///
/// # Safety
/// `to` was left by a switch, or made by `begin`, and is used once.
#[inline(always)]
unsafe fn switch(from: &Left, to: &Left) {
    const CODE: usize = std::mem::offset_of!(Left, code);
    // SAFETY: by the caller. What is pushed is popped when somebody goes on here, with the same stack pointer.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "lea rax, [rip + 2f]",
            "mov [rdi], rsp",
            "mov [rdi + {CODE}], rax",
            "mov rsp, [rsi]",
            // Not `ret`, which the processor would expect to lead to the last caller.
            "jmp [rsi + {CODE}]",
            "2:",
            "pop rbp",
            "pop rbx",
            CODE = const CODE,
            out("rax") _,
            inout("rdi") from => _,
            inout("rsi") to => _,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
            clobber_abi("sysv64"),
        );
    }
}

/// The first step on a stack: calls the function that lies there, as functions expect it, with the argument behind it. Nobody has called
/// this one, which is what a backtrace is told.
// SAFETY: nobody calls it: a switch goes there, on a stack that `begin` has prepared. It does not return.
#[unsafe(naked)]
unsafe extern "C" fn first() -> ! {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip",
        "pop rax",
        "pop rdi",
        "xor ebp, ebp",
        "call rax",
        "ud2",
        ".cfi_endproc",
    )
}

/// Calls `function` with `argument` on another stack, from `top` down. Its frame is found by `rbp`, so a backtrace goes on where this was
/// called.
///
/// # Safety
/// Nobody uses the stack below `top`; the rest is for `function` to say.
// SAFETY: all of it is below; it keeps to the calling convention.
#[unsafe(naked)]
unsafe extern "C-unwind" fn call_on(argument: *mut u8, function: unsafe extern "C-unwind" fn(*mut u8), top: *mut u8) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "and rdx, -16",
        "mov rsp, rdx",
        "call rsi",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_restore rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}
