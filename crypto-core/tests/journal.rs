//! The boot journal under power cuts at every write and erase, with words that
//! are torn, go bad and read differently each time (`docs/rotation.md`, "The
//! boot journal"). What it promises is checked after each step of each history:
//! no boot number twice, no way back to an older key, none of it in the flash,
//! and no loss of the journal unless two words went bad.
#![cfg(feature = "device")]

mod flash;

use corekey::Error;
use corekey::device::journal::{Fault, Journal, Storage};
use corekey::device::key::DeviceKey;
use corekey::device::name::{DeviceId, Version};
use corekey::device::rotation::{self, Applied};
use corekey::secret::Secret;
use flash::{Chip, Cut as PowerCut, Flash, Glitch, Noise, TEARS, Tear};

const HEADER: usize = 64;
const SLOTS: usize = 128;
const SLOT: usize = 16;

fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

/// The key of a version, never the same bytes as that of another.
fn key(version: u64) -> [u8; 32] {
    let mut noise = Noise(version);
    let mut key = [0; 32];
    for word in key.chunks_mut(8) {
        word.copy_from_slice(&noise.next().to_le_bytes());
    }
    key
}

fn secret(version: u64) -> Secret<32> {
    Secret::take(&mut key(version))
}

fn id() -> DeviceId {
    DeviceId::new(b"pump-7").unwrap()
}

/// What a device does after a start.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Provision(u64),
    Boot,
    Rotate(u64),
}
use Step::{Boot, Provision, Rotate};

/// A device, and what it did so far.
#[derive(Clone)]
struct World {
    flash: Flash,
    provisioned: bool,
    version: u64,
    last_boot: u64,
}

impl World {
    fn new(pages: usize, page_size: usize) -> Self {
        Self { flash: Flash::new(pages, page_size), provisioned: false, version: 0, last_boot: 0 }
    }

    fn with_chip<T>(&mut self, work: impl FnOnce(&mut Self, &Chip) -> T) -> T {
        let chip = Chip::new(self.flash.clone());
        let result = work(self, &chip);
        self.flash = chip.0.borrow().clone();
        result
    }

    /// Starts the device and does one step.
    fn step(&mut self, step: Step) -> Result<(), Error> {
        self.with_chip(|world, chip| world.step_on(chip, step))
    }

    fn step_on(&mut self, chip: &Chip, step: Step) -> Result<(), Error> {
        let mut journal = match step {
            Provision(to) => Journal::provision(chip.clone(), version(to), &secret(to))?,
            Boot | Rotate(_) => Journal::open(chip.clone())?,
        };
        self.check(&journal, chip);
        match step {
            Provision(to) => assert_eq!(journal.version().get(), to),
            Boot => self.count(&mut journal)?,
            Rotate(to) if journal.version().get() == to => {}
            Rotate(to) => {
                journal.rotate(version(to), &secret(to))?;
                self.check(&journal, chip);
                assert_eq!(journal.version().get(), to);
            }
        }
        Ok(())
    }

    fn count(&mut self, journal: &mut Journal<Chip>) -> Result<(), Error> {
        let boot = journal.next_boot()?.get();
        assert!(boot > self.last_boot, "boot {boot} after {}", self.last_boot);
        self.last_boot = boot;
        Ok(())
    }

    /// What holds whenever a journal was opened.
    fn check(&mut self, journal: &Journal<Chip>, chip: &Chip) {
        let found = journal.version().get();
        assert!(found >= self.version, "version {found} after {}", self.version);
        assert_eq!(journal.device_key(&id()).expose(), &key(found), "another key");
        self.provisioned = true;
        self.version = found;
        let flash = chip.0.borrow();
        for old in 1..found {
            for word in key(old).chunks(8) {
                let part = &word[..6];
                let left = flash.pages.iter().any(|page| page.chunks(8).any(|it| &it[..6] == part));
                assert!(!left, "a part of key {old} is left under version {found}");
            }
        }
    }

    /// Does a step that nothing disturbs.
    fn calm_step(&mut self, step: Step) {
        if let Err(error) = self.step(step) {
            panic!("{step:?}: {error:?}");
        }
    }
}

/// What goes wrong on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    /// The power fails, at any operation of any step.
    Cut,
    /// Any one byte goes bad before any step.
    BadByte,
    /// Any one word goes bad before any step.
    BadWord,
    /// Any one byte goes bad at once.
    BadByteNow,
    /// Any one word goes bad at once.
    BadWordNow,
}
use Event::{BadByte, BadByteNow, BadWord, BadWordNow, Cut};

/// All ways in which a series of events can hit a history.
struct Search<'a> {
    steps: &'a [Step],
    /// How many steps follow when something went wrong.
    tail: usize,
    tears: &'a [Tear],
    runs: usize,
}

impl Search<'_> {
    fn run(&mut self, (pages, page_size): (usize, usize), events: &[Event]) {
        self.explore(World::new(pages, page_size), 0, self.steps.len(), events);
    }

    fn explore(&mut self, mut world: World, from: usize, until: usize, events: &[Event]) {
        let Some((event, later)) = events.split_first() else {
            self.runs += 1;
            for step in &self.steps[from..until] {
                world.calm_step(*step);
            }
            return;
        };
        for at in from..until {
            world.flash.noise = Noise(self.runs as u64);
            let mut calm = world.clone();
            calm.calm_step(self.steps[at]);
            for hit in self.hits(&world, *event, at, calm.flash.operations) {
                self.explore(hit, at, (at + self.tail).min(self.steps.len()), later);
            }
            if matches!(event, BadByteNow | BadWordNow) {
                return;
            }
            world = calm;
        }
    }

    /// What the device may be after an event in a step, or before it.
    fn hits(&self, world: &World, event: Event, at: usize, end: usize) -> Vec<World> {
        let pages = 0..world.flash.pages.len();
        let size = world.flash.pages[0].len();
        let places =
            |count| pages.clone().flat_map(move |page| (0..count).map(move |it| (page, it)));
        let mut noise = world.flash.noise.clone();
        let mut next = || {
            let mut hit = world.clone();
            hit.flash.noise = Noise(noise.next());
            hit
        };
        match event {
            Cut => (world.flash.operations..end)
                .flat_map(|operation| self.tears.iter().map(move |tear| (operation, *tear)))
                .map(|(operation, tear)| {
                    cut(next(), self.steps[at], PowerCut { at: operation, tear })
                })
                .collect(),
            BadByte | BadByteNow => places(size)
                .map(|(page, byte)| {
                    let mut bad = next();
                    bad.flash.pages[page][byte] ^= 1 + bad.flash.noise.below(255) as u8;
                    bad
                })
                .collect(),
            BadWord | BadWordNow => places(size / 8)
                .map(|(page, word)| {
                    let mut bad = next();
                    bad.flash.scramble(page, word);
                    bad
                })
                .collect(),
        }
    }
}

/// The device after the power failed in a step, and came back.
fn cut(mut world: World, step: Step, cut: PowerCut) -> World {
    world.flash.cut = Some(cut);
    assert_eq!(world.step(step), Err(Error::StorageFailed));
    assert!(world.flash.is_off(), "the cut was not reached");
    world.flash.power_on();
    world
}

/// Provisioning, boots through several pages, rotations, more boots.
const LIFE: [Step; 20] = [
    Provision(1),
    Boot,
    Boot,
    Boot,
    Boot,
    Boot,
    Rotate(2),
    Boot,
    Boot,
    Rotate(5),
    Boot,
    Boot,
    Boot,
    Boot,
    Boot,
    Provision(6),
    Boot,
    Boot,
    Boot,
    Boot,
];

/// The same in short, for several events.
const SHORT_LIFE: [Step; 7] = [Provision(1), Boot, Boot, Boot, Rotate(2), Boot, Boot];

/// Pages with 1 to 4 slots: the number of pages, the bytes of each.
const GEOMETRIES: [(usize, usize); 5] = [(2, 144), (2, 160), (2, 192), (3, 144), (3, 176)];

#[test]
fn no_power_cut_repeats_a_boot_or_loses_a_key() {
    let mut search = Search { steps: &LIFE, tail: 5, tears: &TEARS, runs: 0 };
    for geometry in [(2, 144), (2, 176), (3, 160)] {
        search.run(geometry, &[Cut]);
    }
    println!("{} runs with one power cut", search.runs);
}

#[test]
fn nor_do_two_power_cuts() {
    let tears = [Tear::Partly];
    let mut search = Search { steps: &SHORT_LIFE, tail: 3, tears: &tears, runs: 0 };
    search.run((2, 160), &[Cut, Cut]);
    println!("{} runs with two power cuts", search.runs);
}

#[test]
fn nor_does_any_byte_that_goes_bad() {
    let mut search = Search { steps: &LIFE, tail: 4, tears: &[], runs: 0 };
    search.run((2, 160), &[BadByte]);
    println!("{} runs with one bad byte", search.runs);
}

#[test]
fn nor_does_any_word_that_goes_bad_after_a_power_cut() {
    let tears = [Tear::Noise, Tear::Partly];
    let mut search = Search { steps: &SHORT_LIFE, tail: 4, tears: &tears, runs: 0 };
    search.run((2, 160), &[Cut, BadWordNow]);
    println!("{} runs with a power cut, then a bad word", search.runs);
}

#[test]
#[ignore = "minutes in a release build: --release -- --ignored"]
fn nor_does_any_series_of_power_cuts_with_one_bad_word_or_byte() {
    let mut runs = 0;
    let mut all =
        |steps: &[Step], tail, geometries: &[(usize, usize)], tears: &[Tear], events: &[Event]| {
            let mut search = Search { steps, tail, tears, runs: 0 };
            for geometry in geometries {
                search.run(*geometry, events);
            }
            println!("{} runs of {events:?}", search.runs);
            runs += search.runs;
        };
    all(&LIFE, 6, &GEOMETRIES, &TEARS, &[Cut]);
    all(&LIFE, 6, &GEOMETRIES, &[], &[BadByte]);
    let few = &[(2, 144), (2, 160), (3, 160)];
    all(&SHORT_LIFE, 5, few, &TEARS, &[Cut, Cut]);
    all(&SHORT_LIFE, 5, few, &TEARS, &[Cut, BadByteNow]);
    all(&SHORT_LIFE, 4, few, &TEARS[2..], &[BadWord, Cut]);
    all(&SHORT_LIFE, 4, few, &TEARS[2..], &[Cut, BadWord]);
    let rough = &[Tear::Noise, Tear::Partly];
    all(&SHORT_LIFE, 3, few, &[Tear::Partly], &[Cut, Cut, Cut]);
    all(&SHORT_LIFE, 3, few, rough, &[Cut, BadWordNow, Cut]);
    all(&SHORT_LIFE, 3, &few[1..2], rough, &[Cut, Cut, BadWordNow]);
    all(&SHORT_LIFE, 3, &few[1..2], rough, &[BadWord, Cut, Cut]);
    println!("{runs} runs");
}

/// Lives of many steps with cuts anywhere, and one bad word at some time.
fn random_life(seed: u64, unstable: bool) -> usize {
    let mut noise = Noise(seed);
    let (pages, page_size) = GEOMETRIES[noise.below(GEOMETRIES.len())];
    let mut world = World::new(pages, page_size);
    world.flash.noise = Noise(noise.next());
    world.calm_step(Provision(1));
    let mut bad_word_at = (!unstable).then(|| noise.below(40));
    let mut cuts = 0;
    for step_number in 0..40 {
        let step = if noise.below(6) == 0 { Rotate(world.version + 1) } else { Boot };
        loop {
            if bad_word_at == Some(step_number) {
                bad_word_at = None;
                let word = noise.below(page_size / 8);
                world.flash.scramble(noise.below(pages), word);
            }
            if noise.below(2) == 0 {
                let at = world.flash.operations + noise.below(24);
                world.flash.cut = Some(PowerCut { at, tear: TEARS[noise.below(TEARS.len())] });
            }
            let result = world.step(step);
            match result {
                Ok(()) => break,
                // What reads differently each time is beyond one bad word.
                Err(Error::StateLost) if unstable => return cuts,
                Err(error) => {
                    assert_eq!((error, world.flash.is_off()), (Error::StorageFailed, true))
                }
            }
            cuts += 1;
            world.flash.power_on();
            if unstable {
                world.flash.shake();
            }
        }
        world.flash.power_on();
    }
    cuts
}

#[test]
fn nor_do_cuts_all_life_long() {
    let cuts: usize = (0..300).map(|seed| random_life(seed, false)).sum();
    println!("{cuts} power cuts in 300 lives");
}

#[test]
fn torn_words_that_read_differently_each_time_repeat_no_boot() {
    let cuts: usize = (0..300).map(|seed| random_life(seed, true)).sum();
    println!("{cuts} power cuts in 300 lives");
}

#[test]
#[ignore = "a minute in a release build: --release -- --ignored"]
fn many_random_lives_repeat_no_boot() {
    let lives = 100_000;
    let cuts: usize = (0..lives).map(|seed| random_life(seed, seed % 2 == 0)).sum();
    println!("{cuts} power cuts in {lives} lives");
}

/// The sequence number of a page by the first copy of its header.
fn sequence(page: &[u8]) -> Option<u32> {
    page.starts_with(b"ckj1").then(|| u32::from_be_bytes(page[4..8].try_into().unwrap()))
}

#[test]
fn a_page_that_lost_both_headers_is_a_loss_and_never_an_older_page() {
    let mut runs = 0;
    for (pages, page_size) in GEOMETRIES {
        let mut world = World::new(pages, page_size);
        for step in LIFE {
            world.calm_step(step);
            let mut lost = world.clone();
            let newest = (0..pages).max_by_key(|page| sequence(&world.flash.pages[*page])).unwrap();
            lost.flash.pages[newest][..2 * HEADER].fill(0);
            assert_eq!(lost.step(Boot), Err(Error::StateLost));
            runs += provision_after_loss(&lost);
        }
    }
    println!("{runs} runs with a lost page");
}

/// Cuts the power in provisioning after a loss: nothing but that comes of it.
fn provision_after_loss(lost: &World) -> usize {
    let anew = Provision(9);
    let mut runs = 0;
    let mut calm = lost.clone();
    calm.calm_step(anew);
    for at in lost.flash.operations..calm.flash.operations {
        for tear in [Tear::Done, Tear::Partly] {
            let mut world = cut(lost.clone(), anew, PowerCut { at, tear });
            let chip = Chip::new(world.flash.clone());
            match Journal::open(chip) {
                Ok(journal) => assert_eq!(journal.version().get(), 9),
                Err(error) => assert_eq!(error, Error::StateLost),
            }
            world.last_boot = 0;
            world.calm_step(anew);
            world.calm_step(Boot);
            runs += 1;
        }
    }
    runs
}

#[test]
fn a_storage_that_fails_or_does_not_answer_is_no_reason_to_go_back() {
    let mut runs = 0;
    for (pages, page_size) in [(2, 144), (3, 160)] {
        let mut world = World::new(pages, page_size);
        for step in LIFE {
            let mut calm = world.clone();
            calm.calm_step(step);
            let reads = (world.flash.reads..calm.flash.reads).map(Glitch::Read);
            let operations = (world.flash.operations..calm.flash.operations).flat_map(|at| {
                [Glitch::Operation(at, false), Glitch::Operation(at, true), Glitch::Wrong(at)]
            });
            for glitch in reads.chain(operations) {
                let mut hit = world.clone();
                hit.flash.glitch = Some(glitch);
                assert_eq!(hit.step(step), Err(Error::StorageFailed));
                hit.flash.glitch = None;
                hit.calm_step(step);
                hit.calm_step(Boot);
                runs += 1;
            }
            world = calm;
        }
    }
    println!("{runs} runs with a failed call");
}

#[test]
fn a_call_that_failed_may_be_repeated_on_the_same_journal() {
    let mut runs = 0;
    for boots in 0..4 {
        for rotate in [false, true] {
            for tear in [false, true] {
                for at in 0..40 {
                    runs += usize::from(repeated_call(boots, rotate, tear, at));
                }
            }
        }
    }
    println!("{runs} repeated calls");
    assert!(runs > 100);
}

/// Whether the operation `at` of the call, which then fails, exists.
fn repeated_call(boots: usize, rotate: bool, takes_place: bool, at: usize) -> bool {
    let mut world = World::new(2, 160);
    world.calm_step(Provision(1));
    for _ in 0..boots {
        world.calm_step(Boot);
    }
    world.with_chip(|world, chip| {
        let mut journal = Journal::open(chip.clone()).unwrap();
        let glitch = Glitch::Operation(chip.0.borrow().operations + at, takes_place);
        chip.0.borrow_mut().glitch = Some(glitch);
        let result =
            if rotate { journal.rotate(version(2), &secret(2)) } else { world.count(&mut journal) };
        chip.0.borrow_mut().glitch = None;
        if result.is_ok() {
            return false;
        }
        assert_eq!(result, Err(Error::StorageFailed));
        world.count(&mut journal).unwrap();
        world.check(&journal, chip);
        if rotate && journal.version().get() == 1 {
            journal.rotate(version(2), &secret(2)).unwrap();
        }
        world.count(&mut journal).unwrap();
        world.check(&journal, chip);
        true
    })
}

/// CRC-32 as the specification has it, apart from that of the library.
fn crc(bytes: &[u8]) -> [u8; 4] {
    let crc = bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    });
    (!crc).to_be_bytes()
}

/// A page as the specification has it.
fn page(sequence: u32, of_version: u64, base: u64, boots: &[u64], page_size: usize) -> Vec<u8> {
    let mut header = b"ckj1".to_vec();
    header.extend(sequence.to_be_bytes());
    header.extend(of_version.to_be_bytes());
    header.extend(&base.to_be_bytes()[2..]);
    header.extend([0; 2]);
    header.extend(key(of_version));
    header.extend([0; 4]);
    header.extend(crc(&header));
    let mut page = header.repeat(2);
    for boot in boots {
        let mut entry = boot.to_be_bytes()[2..].to_vec();
        entry.extend(sequence.to_be_bytes());
        entry.extend([0; 2]);
        entry.extend(crc(&entry));
        page.extend(entry);
    }
    page.resize(page_size, 0xFF);
    page
}

fn blank(page_size: usize) -> Vec<u8> {
    vec![0xFF; page_size]
}

fn chip(pages: Vec<Vec<u8>>) -> Chip {
    let mut flash = Flash::new(pages.len(), pages[0].len());
    flash.pages = pages;
    Chip::new(flash)
}

fn pages(chip: &Chip) -> Vec<Vec<u8>> {
    chip.0.borrow().pages.clone()
}

#[test]
fn the_flash_holds_what_the_specification_says() {
    let size = 160;
    let chip = chip(vec![blank(size), blank(size)]);
    let mut journal = Journal::provision(chip.clone(), version(3), &secret(3)).unwrap();
    assert_eq!(pages(&chip), [page(1, 3, 0, &[0], size), blank(size)]);
    assert_eq!(journal.next_boot().unwrap().get(), 1);
    assert_eq!(pages(&chip), [page(1, 3, 0, &[0, 1], size), blank(size)]);
    assert_eq!(journal.next_boot().unwrap().get(), 2);
    assert_eq!(pages(&chip), [page(1, 3, 0, &[0, 1], size), page(2, 3, 1, &[2], size)]);
    assert_eq!(journal.next_boot().unwrap().get(), 3);
    assert_eq!(journal.next_boot().unwrap().get(), 4);
    assert_eq!(pages(&chip), [page(3, 3, 3, &[4], size), page(2, 3, 1, &[2, 3], size)]);
    journal.rotate(version(7), &secret(7)).unwrap();
    assert_eq!(pages(&chip), [blank(size), page(4, 7, 4, &[4], size)]);
    assert_eq!(journal.next_boot().unwrap().get(), 5);
}

#[test]
fn torn_slots_behind_the_last_entry_count_as_boots() {
    let size = 224;
    let mut image = page(1, 1, 0, &[0, 1, 2, 3, 4], size);
    image[SLOTS + 2 * SLOT] ^= 1;
    assert_eq!(
        Journal::open(chip(vec![image.clone(), blank(size)])).unwrap().next_boot().unwrap().get(),
        5
    );
    image[SLOTS + 3 * SLOT] ^= 1;
    image[SLOTS + 4 * SLOT] ^= 1;
    let mut journal = Journal::open(chip(vec![image, blank(size)])).unwrap();
    assert_eq!(journal.next_boot().unwrap().get(), 1 + 3 + 1);
}

#[test]
fn an_entry_of_another_page_is_torn() {
    let size = 192;
    let other = page(4, 1, 0, &[9], size);
    let mut image = page(5, 1, 6, &[7], size);
    image[SLOTS + SLOT..][..SLOT].copy_from_slice(&other[SLOTS..][..SLOT]);
    let mut journal = Journal::open(chip(vec![blank(size), image])).unwrap();
    assert_eq!(journal.next_boot().unwrap().get(), 7 + 1 + 1);
}

#[test]
fn an_interrupted_rotation_is_finished_from_the_first_entry_on_or_undone() {
    let size = 160;
    let old = page(6, 1, 9, &[10, 11], size);
    let new = page(7, 2, 11, &[11], size);

    // Both headers are there: the new key, and an entry first of all.
    let without_entry = chip(vec![old.clone(), page(7, 2, 11, &[], size)]);
    assert_eq!(Journal::open(without_entry.clone()).unwrap().version().get(), 2);
    assert_eq!(pages(&without_entry), [blank(size), new.clone()]);

    // One header of it, and no entry: the old key.
    let mut one_header = blank(size);
    one_header[..HEADER].copy_from_slice(&new[..HEADER]);
    let unfinished = chip(vec![old.clone(), one_header.clone()]);
    assert_eq!(Journal::open(unfinished.clone()).unwrap().version().get(), 1);
    assert_eq!(pages(&unfinished), [old.clone(), blank(size)]);

    // A part of the old key in a page that was half erased goes as well.
    let mut half_erased = old.clone();
    half_erased[..24].fill(0xFF);
    half_erased[HEADER..].fill(0xFF);
    let unfinished = chip(vec![half_erased, new.clone()]);
    assert_eq!(Journal::open(unfinished.clone()).unwrap().version().get(), 2);
    assert_eq!(pages(&unfinished), [blank(size), new]);

    // One header and nothing else anywhere is no journal.
    let lost = Journal::open(chip(vec![blank(size), one_header])).unwrap_err();
    assert_eq!(lost, Error::StateLost);
}

#[test]
fn only_provisioning_begins_and_it_never_goes_back() {
    let blank_flash = vec![blank(160), blank(160)];
    assert_eq!(Journal::open(chip(blank_flash.clone())).unwrap_err(), Error::StateLost);

    let chip = chip(blank_flash);
    Journal::provision(chip.clone(), version(4), &secret(4)).unwrap().next_boot().unwrap();
    let before = pages(&chip);
    Journal::provision(chip.clone(), version(4), &secret(4)).unwrap();
    assert_eq!(pages(&chip), before, "the same again changes nothing");
    for (again, of) in [(4, 5), (3, 3), (1, 4)] {
        let refused = Journal::provision(chip.clone(), version(again), &secret(of)).unwrap_err();
        assert_eq!(refused, Error::OutOfRange);
        assert_eq!(pages(&chip), before);
    }
    let mut journal = Journal::provision(chip.clone(), version(5), &secret(5)).unwrap();
    assert_eq!(pages(&chip), [blank(160), page(2, 5, 1, &[1], 160)]);
    assert_eq!(journal.rotate(version(5), &secret(5)), Err(Error::OutOfRange));
    assert_eq!(journal.next_boot().unwrap().get(), 2);
}

/// A storage of a shape, and nothing in it that could be touched.
struct Shape {
    pages: usize,
    page_size: usize,
}

impl Storage for Shape {
    fn pages(&self) -> usize {
        self.pages
    }

    fn page_size(&self) -> usize {
        self.page_size
    }

    fn read(&mut self, _: usize, _: usize, _: &mut [u8]) -> Result<(), Fault> {
        panic!("read")
    }

    fn write(&mut self, _: usize, _: usize, _: &[u8; 8]) -> Result<(), Fault> {
        panic!("written")
    }

    fn erase(&mut self, _: usize) -> Result<(), Fault> {
        panic!("erased")
    }
}

#[test]
fn storages_that_are_too_small_are_refused_untouched() {
    for (pages, page_size) in [(0, 160), (1, 160), (2, 0), (2, 128), (2, 152), (2, 168)] {
        let refused = [
            Journal::open(Shape { pages, page_size }).unwrap_err(),
            Journal::provision(Shape { pages, page_size }, version(1), &secret(1)).unwrap_err(),
        ];
        assert_eq!(refused, [Error::InvalidLength; 2], "{pages} pages of {page_size} bytes");
    }
}

#[test]
fn the_numbers_end_without_a_wrap() {
    let size = 160;
    let last = (1 << 48) - 1;
    let mut journal =
        Journal::open(chip(vec![page(1, 1, last - 2, &[last - 1], size), blank(size)])).unwrap();
    assert_eq!(journal.next_boot().unwrap().get(), last);
    assert_eq!(journal.next_boot().unwrap_err(), Error::OutOfRange);

    let full = page(u32::MAX, 1, 0, &[1, 2], size);
    let mut journal = Journal::open(chip(vec![full, blank(size)])).unwrap();
    assert_eq!(journal.next_boot().unwrap_err(), Error::OutOfRange);
    assert_eq!(journal.rotate(version(2), &secret(2)), Err(Error::OutOfRange));
}

#[test]
fn an_offer_is_durable_when_it_is_applied() {
    let chip = chip(vec![blank(192), blank(192)]);
    let mut journal = Journal::provision(chip.clone(), version(1), &secret(1)).unwrap();
    let next = DeviceKey::new(id(), version(3), secret(3));
    let offer = rotation::offer(&journal.device_key(&id()), &next).unwrap();

    let mut changed = offer;
    changed[20] ^= 1;
    assert_eq!(journal.apply(&id(), &changed).unwrap_err(), Error::BadOffer);
    assert!(
        matches!(journal.apply(&id(), &offer), Ok(Applied::Next(key)) if key.version() == version(3))
    );
    drop(journal);

    let mut journal = Journal::open(chip.clone()).unwrap();
    assert_eq!(journal.device_key(&id()).expose(), &key(3));
    assert_eq!(pages(&chip)[0], blank(192), "the old key is gone");
    let before = pages(&chip);
    assert!(matches!(journal.apply(&id(), &offer), Ok(Applied::Ignored)));
    assert_eq!(pages(&chip), before);
}

#[test]
fn nothing_of_the_key_is_shown() {
    let chip = chip(vec![blank(160), blank(160)]);
    let journal = Journal::provision(chip, version(1), &secret(1)).unwrap();
    assert_eq!(format!("{journal:?}"), "Journal { page: 0, version: Version(1), .. }");
}
