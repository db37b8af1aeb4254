//! Simulated flash for the tests of the boot journal: words written once
//! between erases, power that fails in the middle of any write or erase, words
//! that go bad.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use corekey::device::journal::{Fault, Storage};

const WORD: usize = 8;

/// SplitMix64: what is torn has to look random and to be repeatable.
#[derive(Clone)]
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// What a power cut leaves of the word or page that it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    /// It was not touched yet.
    Untouched,
    /// It was finished, but the call did not return.
    Done,
    /// Random bits everywhere.
    Noise,
    /// Some bits of the word are programmed; each word of the page is old,
    /// erased or random.
    Partly,
    /// A beginning of the word is written, a beginning of the page is erased.
    Prefix,
    /// It cannot be read any more: an ECC error.
    Unreadable,
}

pub(crate) const TEARS: [Tear; 6] =
    [Tear::Untouched, Tear::Done, Tear::Noise, Tear::Partly, Tear::Prefix, Tear::Unreadable];

/// The power fails in the operation (write or erase) of this number.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    pub(crate) at: usize,
    pub(crate) tear: Tear,
}

/// A call that fails by itself, with the power on.
#[derive(Clone, Copy)]
pub(crate) enum Glitch {
    Read(usize),
    /// Whether the write or erase took place all the same.
    Operation(usize, bool),
    /// The write or erase says that it is done, and is not quite.
    Wrong(usize),
}

#[derive(Clone)]
pub(crate) struct Flash {
    pub(crate) pages: Vec<Vec<u8>>,
    unreadable: BTreeSet<(usize, usize)>,
    /// Words that a cut hit: what they read as may change at each start.
    pub(crate) unstable: BTreeSet<(usize, usize)>,
    pub(crate) operations: usize,
    pub(crate) reads: usize,
    pub(crate) cut: Option<Cut>,
    pub(crate) glitch: Option<Glitch>,
    off: bool,
    pub(crate) noise: Noise,
}

impl Flash {
    pub(crate) fn new(pages: usize, page_size: usize) -> Self {
        Self {
            pages: vec![vec![0xFF; page_size]; pages],
            unreadable: BTreeSet::new(),
            unstable: BTreeSet::new(),
            operations: 0,
            reads: 0,
            cut: None,
            glitch: None,
            off: false,
            noise: Noise(0),
        }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off
    }

    pub(crate) fn power_on(&mut self) {
        self.off = false;
        self.cut = None;
    }

    /// What was hit by a cut reads differently at each start.
    pub(crate) fn shake(&mut self) {
        for (page, word) in self.unstable.clone() {
            match self.noise.below(4) {
                0 => self.set_word(page, word, [0xFF; WORD]),
                1 => self.scramble(page, word),
                _ => {}
            }
        }
    }

    /// A word goes bad.
    pub(crate) fn scramble(&mut self, page: usize, word: usize) {
        let bits = self.noise.next().to_le_bytes();
        self.set_word(page, word, bits);
    }

    fn set_word(&mut self, page: usize, word: usize, bytes: [u8; WORD]) {
        self.pages[page][word * WORD..][..WORD].copy_from_slice(&bytes);
    }

    fn word(&self, page: usize, word: usize) -> [u8; WORD] {
        self.pages[page][word * WORD..][..WORD].try_into().unwrap()
    }

    fn tear_word(&mut self, tear: Tear, page: usize, word: usize, new: [u8; WORD]) {
        self.unstable.insert((page, word));
        let random = self.noise.next().to_le_bytes();
        let old = self.word(page, word);
        let mut torn = old;
        match tear {
            Tear::Untouched => {}
            Tear::Done => torn = new,
            Tear::Noise => torn = random,
            Tear::Partly => {
                for (i, byte) in torn.iter_mut().enumerate() {
                    *byte &= new[i] | random[i];
                }
            }
            Tear::Prefix => {
                let len = 1 + self.noise.below(WORD - 1);
                torn[..len].copy_from_slice(&new[..len]);
            }
            Tear::Unreadable => {
                self.unreadable.insert((page, word));
            }
        }
        self.set_word(page, word, torn);
    }

    fn tear_page(&mut self, tear: Tear, page: usize) {
        let words = self.pages[page].len() / WORD;
        let prefix = 1 + self.noise.below(words - 1);
        for word in 0..words {
            self.unstable.insert((page, word));
            let erased = match tear {
                Tear::Untouched => false,
                Tear::Done => true,
                Tear::Prefix => word < prefix,
                Tear::Noise => {
                    self.scramble(page, word);
                    false
                }
                Tear::Partly => match self.noise.below(3) {
                    0 => {
                        self.scramble(page, word);
                        false
                    }
                    draw => draw == 1,
                },
                Tear::Unreadable => {
                    if self.noise.below(2) == 0 {
                        self.unreadable.insert((page, word));
                    }
                    false
                }
            };
            if erased {
                self.set_word(page, word, [0xFF; WORD]);
                self.unreadable.remove(&(page, word));
            }
        }
    }

    /// Counts an operation: the tear if the power fails in it.
    fn begin(&mut self) -> Result<Option<Tear>, Fault> {
        if self.off {
            return Err(Fault::Failed);
        }
        let number = self.operations;
        self.operations += 1;
        if let Some(Glitch::Operation(at, false)) = self.glitch
            && at == number
        {
            return Err(Fault::Failed);
        }
        let Some(cut) = self.cut.filter(|cut| cut.at == number) else { return Ok(None) };
        self.off = true;
        Ok(Some(cut.tear))
    }

    /// What an operation on a word comes to; for an erase that is the last one.
    fn end(&mut self, page: usize, word: usize) -> Result<(), Fault> {
        match self.glitch {
            Some(Glitch::Operation(at, true)) if at + 1 == self.operations => Err(Fault::Failed),
            Some(Glitch::Wrong(at)) if at + 1 == self.operations => {
                self.pages[page][word * WORD + 7] ^= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The flash as the journal sees it, while a test looks at it as well.
#[derive(Clone)]
pub(crate) struct Chip(pub(crate) Rc<RefCell<Flash>>);

impl Chip {
    pub(crate) fn new(flash: Flash) -> Self {
        Self(Rc::new(RefCell::new(flash)))
    }
}

impl Storage for Chip {
    fn pages(&self) -> usize {
        self.0.borrow().pages.len()
    }

    fn page_size(&self) -> usize {
        self.0.borrow().pages[0].len()
    }

    fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> Result<(), Fault> {
        let mut flash = self.0.borrow_mut();
        if flash.off {
            return Err(Fault::Failed);
        }
        let number = flash.reads;
        flash.reads += 1;
        if matches!(flash.glitch, Some(Glitch::Read(at)) if at == number) {
            return Err(Fault::Failed);
        }
        let words = offset / WORD..(offset + out.len()).div_ceil(WORD);
        if flash.unreadable.range((page, words.start)..(page, words.end)).next().is_some() {
            out.fill(0xA5);
            return Err(Fault::Unreadable);
        }
        out.copy_from_slice(&flash.pages[page][offset..][..out.len()]);
        Ok(())
    }

    fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD]) -> Result<(), Fault> {
        let mut flash = self.0.borrow_mut();
        assert!(offset.is_multiple_of(WORD), "a write in the middle of a word");
        let at = offset / WORD;
        if let Some(tear) = flash.begin()? {
            flash.tear_word(tear, page, at, *word);
            return Err(Fault::Failed);
        }
        assert_eq!(flash.word(page, at), [0xFF; WORD], "a word written twice");
        flash.unstable.remove(&(page, at));
        flash.set_word(page, at, *word);
        flash.end(page, at)
    }

    fn erase(&mut self, page: usize) -> Result<(), Fault> {
        let mut flash = self.0.borrow_mut();
        if let Some(tear) = flash.begin()? {
            flash.tear_page(tear, page);
            return Err(Fault::Failed);
        }
        flash.pages[page].fill(0xFF);
        flash.unreadable.retain(|(at, _)| *at != page);
        flash.unstable.retain(|(at, _)| *at != page);
        let last = flash.pages[page].len() / WORD - 1;
        flash.end(page, last)
    }
}
