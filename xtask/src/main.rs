//! Every developer command of the project, one file each.
fn main() {}
