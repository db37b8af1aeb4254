//! What every export does with its arguments: catch panics, refuse pointers and
//! lengths that cannot be right, refuse overlaps, and only then make slices.

use core::slice;

use crate::context::Context;
use crate::status::{
    COREKEY_E_ALIGNMENT, COREKEY_E_BUFFER_TOO_SMALL, COREKEY_E_LENGTH, COREKEY_E_NULL,
    COREKEY_E_OVERLAP, COREKEY_E_UNVERIFIED, COREKEY_OK, corekey_status, from_error,
};

/// What an export's body gives.
pub(crate) type Outcome<T = ()> = Result<T, corekey_status>;

/// Runs the body of an export that changes no context.
pub(crate) fn guard(body: impl FnOnce() -> Outcome) -> corekey_status {
    #[cfg(feature = "std")]
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body))
        .unwrap_or(Err(crate::status::COREKEY_E_INTERNAL));
    #[cfg(not(feature = "std"))]
    let outcome = body();
    outcome.err().unwrap_or(COREKEY_OK)
}

/// Runs the body of an export that changes `context`, which is cleared if the
/// body panics.
pub(crate) fn guard_context<C: Context>(
    context: *mut C,
    body: impl FnOnce() -> Outcome,
) -> corekey_status {
    let status = guard(body);
    if status == crate::status::COREKEY_E_INTERNAL && aligned(context).is_ok() {
        // SAFETY: the caller vouches for a context where the header asks for
        // one; it is neither NULL nor misaligned.
        unsafe { crate::context::clear(context) };
    }
    status
}

/// [`guard_context`] of a body that has secrets by value in its frame, such as
/// the value that it moves into `context`.
pub(crate) fn guard_context_copies<C: Context>(
    context: *mut C,
    body: impl FnOnce() -> Outcome,
) -> corekey_status {
    wiping(|| guard_context(context, body))
}

/// [`guard`] of a body that has secrets by value in its frame.
#[cfg(any(feature = "device", feature = "encode", feature = "wrap"))]
pub(crate) fn guard_copies(body: impl FnOnce() -> Outcome) -> corekey_status {
    wiping(|| guard(body))
}

/// Bytes of dead stack that are overwritten after an export that has copied
/// something secret. The others borrow what is in their contexts, and the core
/// wipes what is below.
const DEPTH: usize = 4 * 1024;

fn wiping(body: impl FnOnce() -> corekey_status) -> corekey_status {
    let status = own_frame(body);
    zeroize::zeroize_stack::<DEPTH>();
    corekey::cpu::clear_registers();
    status
}

#[inline(never)]
fn own_frame(body: impl FnOnce() -> corekey_status) -> corekey_status {
    body()
}

/// Addresses that an argument covers, up to `end`. An empty one is such that it
/// overlaps nothing.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    start: usize,
    end: usize,
}

impl Region {
    /// No address at all.
    pub(crate) const NOWHERE: Self = Self { start: usize::MAX, end: 0 };

    #[inline(always)]
    const fn new(start: usize, len: usize) -> Self {
        if len == 0 {
            return Self::NOWHERE;
        }
        Self { start, end: start.saturating_add(len) }
    }

    /// Without branches: there are many of these in a call.
    #[inline(always)]
    const fn overlaps(self, other: Self) -> bool {
        (self.start < other.end) & (other.start < self.end)
    }
}

/// Bytes to read.
#[derive(Clone, Copy)]
pub(crate) struct Input {
    start: *const u8,
    len: usize,
}

impl Input {
    /// # Errors
    /// COREKEY_E_NULL, COREKEY_E_LENGTH.
    #[inline(always)]
    pub(crate) fn new(start: *const u8, len: usize) -> Outcome<Self> {
        check_range(start.addr(), len)?;
        Ok(Self { start, len })
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn region(self) -> Region {
        Region::new(self.start.addr(), self.len)
    }

    /// The bytes up to the last `n`, and those.
    ///
    /// # Errors
    /// COREKEY_E_LENGTH if there are fewer than `n`.
    pub(crate) fn split_last(self, n: usize) -> Outcome<(Self, Self)> {
        let head = self.len.checked_sub(n).ok_or(COREKEY_E_LENGTH)?;
        let tail = Self { start: self.start.wrapping_add(head), len: n };
        Ok((Self { start: self.start, len: head }, tail))
    }

    /// # Safety
    /// The bytes are valid to read and nothing writes to them for `'a`.
    pub(crate) unsafe fn slice<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: not NULL, no more than isize::MAX bytes (checked in `new`);
        // valid by the caller's word.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }

    /// # Errors
    /// COREKEY_E_LENGTH if these are not `N` bytes.
    ///
    /// # Safety
    /// As [`Input::slice`].
    pub(crate) unsafe fn array<'a, const N: usize>(self) -> Outcome<&'a [u8; N]> {
        // SAFETY: the caller's word.
        unsafe { self.slice() }.try_into().map_err(|_| COREKEY_E_LENGTH)
    }
}

/// Bytes to write.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    start: *mut u8,
    len: usize,
}

impl Output {
    /// # Errors
    /// COREKEY_E_NULL, COREKEY_E_LENGTH.
    #[inline(always)]
    pub(crate) fn new(start: *mut u8, len: usize) -> Outcome<Self> {
        check_range(start.addr(), len)?;
        Ok(Self { start, len })
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn region(self) -> Region {
        Region::new(self.start.addr(), self.len)
    }

    /// # Safety
    /// The bytes are valid to read and write, initialised or not of interest,
    /// and nothing else uses them for `'a`: see [`disjoint`].
    pub(crate) unsafe fn slice<'a>(self) -> &'a mut [u8] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: not NULL, no more than isize::MAX bytes (checked in `new`);
        // valid and unshared by the caller's word.
        unsafe { slice::from_raw_parts_mut(self.start, self.len) }
    }
}

#[cfg(feature = "root")]
impl Output {
    /// The first `count` elements of a type that is bytes only.
    ///
    /// # Safety
    /// As [`Output::slice`]; any bytes are a `T`, which aligns to 1, and as many
    /// fit in the output.
    pub(crate) unsafe fn elements<'a, T>(self, count: usize) -> &'a mut [T] {
        const { assert!(align_of::<T>() == 1) };
        if count == 0 {
            return &mut [];
        }
        // SAFETY: not NULL, since there are bytes; else as in `slice`.
        unsafe { slice::from_raw_parts_mut(self.start.cast(), count) }
    }
}

/// An output whose length the call reports in `*len`.
pub(crate) struct Reported {
    pub(crate) out: Output,
    len: *mut usize,
}

impl Reported {
    /// # Errors
    /// COREKEY_E_NULL, COREKEY_E_ALIGNMENT, COREKEY_E_LENGTH.
    #[inline(always)]
    pub(crate) fn new(start: *mut u8, capacity: usize, len: *mut usize) -> Outcome<Self> {
        aligned(len)?;
        Ok(Self { out: Output::new(start, capacity)?, len })
    }

    /// Refuses overlaps of buffer and length with `others` and each other.
    #[inline(always)]
    pub(crate) fn disjoint(&self, others: &[Region]) -> Outcome {
        disjoint(self.out.region(), others)?;
        disjoint(self.len_region(), others)?;
        disjoint(self.len_region(), &[self.out.region()])
    }

    /// As [`Reported::disjoint`], but `source` may start where the buffer does.
    /// Returns whether it does: then the call works in place.
    #[inline(always)]
    pub(crate) fn disjoint_or_in_place(&self, source: Input, others: &[Region]) -> Outcome<bool> {
        self.disjoint(others)?;
        disjoint(self.len_region(), &[source.region()])?;
        in_place(self.out, source)
    }

    /// As [`Reported::disjoint`], but `source` may lie inside the buffer.
    /// Returns where it does.
    #[cfg(feature = "device")]
    pub(crate) fn disjoint_or_inside(
        &self,
        source: Input,
        others: &[Region],
    ) -> Outcome<Option<usize>> {
        self.disjoint(others)?;
        disjoint(self.len_region(), &[source.region()])?;
        if !self.out.region().overlaps(source.region()) {
            return Ok(None);
        }
        let at = source.start.addr().checked_sub(self.out.start.addr());
        let inside = at.filter(|at| at + source.len <= self.out.len);
        inside.map(Some).ok_or(COREKEY_E_OVERLAP)
    }

    /// Stores the length that belongs to `result`, `extra` bytes more where
    /// one that is needed is told.
    ///
    /// # Safety
    /// The length pointer is valid to write.
    #[inline(always)]
    pub(crate) unsafe fn report(
        &self,
        result: Result<usize, corekey::Error>,
        extra: usize,
    ) -> Outcome {
        let (len, outcome) = match result {
            Ok(len) => (len, Ok(())),
            Err(corekey::Error::BufferTooSmall { needed }) => {
                (needed.saturating_add(extra), Err(COREKEY_E_BUFFER_TOO_SMALL))
            }
            Err(corekey::Error::Unverified) => (0, Err(COREKEY_E_UNVERIFIED)),
            Err(other) => return Err(from_error(other)),
        };
        // SAFETY: neither NULL nor misaligned (checked in `new`); valid by the
        // caller's word.
        unsafe { self.len.write(len) };
        outcome
    }

    #[inline(always)]
    fn len_region(&self) -> Region {
        Region::new(self.len.addr(), size_of::<usize>())
    }
}

/// The addresses of a context.
pub(crate) fn region_of<C>(context: *const C) -> Region {
    Region::new(context.addr(), size_of::<C>())
}

/// # Errors
/// COREKEY_E_OVERLAP if `out` overlaps any of `others`.
#[inline(always)]
pub(crate) fn disjoint(out: Region, others: &[Region]) -> Outcome {
    if others.iter().fold(false, |any, other| any | out.overlaps(*other)) {
        return Err(COREKEY_E_OVERLAP);
    }
    Ok(())
}

/// Whether `out` starts where `source` does, which is in place.
///
/// # Errors
/// COREKEY_E_OVERLAP if they overlap in another way.
#[inline(always)]
pub(crate) fn in_place(out: Output, source: Input) -> Outcome<bool> {
    if !out.region().overlaps(source.region()) {
        return Ok(false);
    }
    if out.start.addr() != source.start.addr() {
        return Err(COREKEY_E_OVERLAP);
    }
    Ok(true)
}

/// # Errors
/// COREKEY_E_NULL, COREKEY_E_ALIGNMENT.
#[inline(always)]
pub(crate) fn aligned<T>(pointer: *const T) -> Outcome {
    if pointer.is_null() {
        return Err(COREKEY_E_NULL);
    }
    if !pointer.is_aligned() {
        return Err(COREKEY_E_ALIGNMENT);
    }
    Ok(())
}

#[inline(always)]
fn check_range(start: usize, len: usize) -> Outcome {
    if len > isize::MAX as usize {
        return Err(COREKEY_E_LENGTH);
    }
    if start == 0 && len != 0 {
        return Err(COREKEY_E_NULL);
    }
    if start.checked_add(len).is_none() {
        return Err(COREKEY_E_LENGTH);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::COREKEY_E_INTERNAL;

    #[test]
    fn a_panic_becomes_a_status() {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let status = guard(|| panic!("a defect"));
        std::panic::set_hook(hook);
        assert_eq!(status, COREKEY_E_INTERNAL);
    }

    #[test]
    fn regions_overlap_only_where_they_share_a_byte() {
        let region = Region::new;
        assert!(region(10, 5).overlaps(region(14, 1)));
        assert!(region(14, 1).overlaps(region(10, 5)));
        assert!(!region(10, 5).overlaps(region(15, 1)));
        assert!(!region(10, 5).overlaps(region(5, 5)));
        assert!(!region(10, 0).overlaps(region(5, 50)));
    }

    #[test]
    fn null_is_an_empty_slice_and_nothing_else() {
        assert!(Input::new(core::ptr::null(), 0).is_ok());
        assert_eq!(Input::new(core::ptr::null(), 1).err(), Some(COREKEY_E_NULL));
        let huge = isize::MAX as usize + 1;
        assert_eq!(Input::new([0].as_ptr(), huge).err(), Some(COREKEY_E_LENGTH));
        let last = core::ptr::without_provenance(usize::MAX);
        assert_eq!(Input::new(last, 2).err(), Some(COREKEY_E_LENGTH));
    }
}
