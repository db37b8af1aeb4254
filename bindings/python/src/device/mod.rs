//! Device keys, sealed messages, rotation and the boot journal (`docs/` of the
//! repository).

pub(crate) mod journal;
pub(crate) mod key;
pub(crate) mod message;
pub(crate) mod name;
pub(crate) mod opener;
pub(crate) mod root;
pub(crate) mod sealer;
