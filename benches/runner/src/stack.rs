//! How deep a job goes into the stack: it runs on a stack that was painted, and
//! what is no longer painted was used.

use std::ffi::c_void;
use std::ptr;

use peer::Work;

const SIZE: usize = 1 << 20;
const PAINT: u8 = 0xa5;

/// Bytes of stack that one turn of a job takes, beyond a thread that does nothing.
pub(crate) fn used(work: &mut dyn Work) -> Option<usize> {
    let idle = depth(&mut || {})?;
    Some(depth(&mut || work.run(1))?.saturating_sub(idle))
}

/// A call on the other stack.
struct Call<'a>(&'a mut dyn FnMut());

extern "C" fn start(argument: *mut c_void) -> *mut c_void {
    // SAFETY: `depth` passes its own Call and waits for this thread.
    let call = unsafe { &mut *argument.cast::<Call<'_>>() };
    (call.0)();
    ptr::null_mut()
}

fn depth(call: &mut dyn FnMut()) -> Option<usize> {
    let layout = std::alloc::Layout::from_size_align(SIZE, 4096).ok()?;
    let mut call = Call(call);
    // SAFETY: the stack is memory of our own that lives until the thread has
    // been joined, and the Call does too; all results are checked.
    unsafe {
        let stack = std::alloc::alloc(layout);
        if stack.is_null() {
            return None;
        }
        ptr::write_bytes(stack, PAINT, SIZE);
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        let mut thread: libc::pthread_t = 0;
        let done = libc::pthread_attr_init(&raw mut attributes) == 0
            && libc::pthread_attr_setstack(&raw mut attributes, stack.cast(), SIZE) == 0
            && libc::pthread_create(
                &raw mut thread,
                &raw const attributes,
                start,
                (&raw mut call).cast(),
            ) == 0
            && libc::pthread_join(thread, ptr::null_mut()) == 0;
        libc::pthread_attr_destroy(&raw mut attributes);
        let bytes = std::slice::from_raw_parts(stack, SIZE);
        let clean = bytes.iter().take_while(|byte| **byte == PAINT).count();
        std::alloc::dealloc(stack, layout);
        done.then_some(SIZE - clean)
    }
}
