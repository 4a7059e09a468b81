//! Who is signed in, for the whole page.

use leptos::prelude::*;

use crate::domain::people::Me;

/// Who is signed in; nobody where a program reads a page with its key.
#[derive(Clone, Debug)]
pub struct Whoami(pub Option<Me>);

/// Who is signed in.
pub fn use_me() -> Option<Me> {
    use_context::<Whoami>().and_then(|whoami| whoami.0)
}
