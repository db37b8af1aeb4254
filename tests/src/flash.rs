//! Flash in memory, for the boot journal: words are written once between two
//! erases of their page, and some of them cannot be read.

use std::collections::BTreeSet;

/// Bytes that are written at a time.
pub const WORD: usize = 8;
const ERASED: u8 = 0xff;

/// A flash. Its drivers are in the fronts.
#[derive(Clone, Debug)]
pub struct Flash {
    page_size: usize,
    pages: Vec<Vec<u8>>,
    /// Page and offset of each word that cannot be read.
    unreadable: BTreeSet<(usize, usize)>,
    misused: Option<String>,
}

impl Flash {
    /// A flash with pages as they are given.
    #[must_use]
    pub fn new(pages: Vec<Vec<u8>>, unreadable: &[(usize, usize)]) -> Self {
        let page_size = pages.first().map_or(0, Vec::len);
        Self { page_size, pages, unreadable: unreadable.iter().copied().collect(), misused: None }
    }

    /// How many pages there are.
    #[must_use]
    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// The bytes of a page.
    #[must_use]
    pub fn page_size(&self) -> usize {
        self.page_size
    }

    /// All pages, as they would be read.
    #[must_use]
    pub fn pages(&self) -> &[Vec<u8>] {
        &self.pages
    }

    /// What a driver must not be asked for, if it was.
    #[must_use]
    pub fn misused(&self) -> Option<&str> {
        self.misused.as_deref()
    }

    /// Reads, or not, if a word of it is unreadable.
    #[must_use]
    pub fn read(&mut self, page: usize, offset: usize, out: &mut [u8]) -> bool {
        let words = offset / WORD..(offset + out.len()).div_ceil(WORD);
        if words.into_iter().any(|word| self.unreadable.contains(&(page, word * WORD))) {
            return false;
        }
        let from = self.pages.get(page).and_then(|page| page.get(offset..offset + out.len()));
        match from {
            Some(from) => out.copy_from_slice(from),
            None => self.misused = Some(format!("read at {page}, {offset}")),
        }
        true
    }

    /// Writes a word.
    pub fn write(&mut self, page: usize, offset: usize, word: &[u8; WORD]) {
        let to = self.pages.get_mut(page).and_then(|page| page.get_mut(offset..offset + WORD));
        match to {
            Some(to) if offset.is_multiple_of(WORD) && to.iter().all(|byte| *byte == ERASED) => {
                to.copy_from_slice(word);
            }
            _ => self.misused = Some(format!("write at {page}, {offset}")),
        }
    }

    /// Erases a page, and every word of it can be read again.
    pub fn erase(&mut self, page: usize) {
        match self.pages.get_mut(page) {
            Some(bytes) => bytes.fill(ERASED),
            None => self.misused = Some(format!("erase of {page}")),
        }
        self.unreadable.retain(|(of, _)| *of != page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_written_once_between_two_erases() {
        let mut flash = Flash::new(vec![vec![ERASED; 16]; 2], &[]);
        flash.write(1, 8, &[1; 8]);
        assert_eq!(flash.pages()[1], [[ERASED; 8], [1; 8]].concat());
        assert_eq!(flash.misused(), None);
        flash.write(1, 8, &[1; 8]);
        assert!(flash.misused().is_some());
    }

    #[test]
    fn an_unreadable_word_fails_every_read_of_it_until_it_is_erased() {
        let mut flash = Flash::new(vec![vec![0; 24]; 2], &[(1, 8)]);
        assert!(flash.read(0, 0, &mut [0; 24]));
        assert!(flash.read(1, 0, &mut [0; 8]) && flash.read(1, 16, &mut [0; 8]));
        assert!(!flash.read(1, 0, &mut [0; 9]) && !flash.read(1, 15, &mut [0; 1]));
        flash.erase(1);
        assert!(flash.read(1, 0, &mut [0; 24]));
    }
}
