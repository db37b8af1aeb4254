//! Errors are ordinary Rust errors that tell the caller what to do.

use corekey::Error;

const ALL: [Error; 6] = [
    Error::InvalidLength,
    Error::BufferTooSmall { needed: 48 },
    Error::Unverified,
    Error::InvalidEncoding,
    Error::EntropyFailed,
    Error::SelfTestFailed,
];

#[test]
fn each_error_reads_as_a_sentence_of_its_own() {
    let texts: Vec<_> = ALL.iter().map(ToString::to_string).collect();
    for (i, text) in texts.iter().enumerate() {
        assert!(text.contains(' '), "{text:?}");
        assert!(!texts[..i].contains(text), "{text:?} is said twice");
    }
}

#[test]
fn a_short_buffer_is_told_its_length_in_words() {
    assert!(Error::BufferTooSmall { needed: 48 }.to_string().contains("48 bytes"));
}

#[test]
fn errors_pass_through_the_question_mark() {
    fn fails() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err(Error::Unverified)?;
        Ok(())
    }
    let error = fails().unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Error::Unverified));
}
