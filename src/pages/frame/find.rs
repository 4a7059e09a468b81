//! What the palette finds: users of GENESIS, contacts and companies.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::{AppResult, tier::Tier};
#[cfg(feature = "ssr")]
use crate::{
    domain::usage::UserQuery,
    features::{contacts::find as crm, usage::usecase as usage},
    platform::{ctx::Ctx, wire},
    ui::href,
};

/// How many of each kind are listed.
#[cfg(feature = "ssr")]
const EACH: usize = 5;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Of which kind: the first letter of `contact`, `business` (a company) and `user` (of GENESIS).
    pub kind: char,
    /// Its name.
    pub name: String,
    /// What tells it from others.
    pub note: Option<String>,
    /// The user's tier.
    pub tier: Option<Tier>,
    /// Its page.
    pub href: String,
}

/// What holds a text, of each kind the first few.
///
/// # Errors
/// Those of the use-cases.
#[server(prefix = "/api", endpoint = "find", input = server_fn::codec::Json)]
pub async fn find(
    /// The text.
    text: String,
) -> AppResult<Vec<Found>> {
    let ctx = wire::ctx()?;
    wire::respond(everything(&ctx, &text).await)
}

#[cfg(feature = "ssr")]
async fn everything(ctx: &Ctx, text: &str) -> AppResult<Vec<Found>> {
    let (contacts, companies) = crm::find(ctx, text, EACH as i64).await?;
    let found = |kind: char, path: &'static str| {
        move |it: crm::Named| Found { kind, name: it.name, note: it.note, tier: None, href: format!("{path}/{}", it.id) }
    };
    let mut all: Vec<_> = contacts.into_iter().map(found('c', "/contacts")).collect();
    all.extend(companies.into_iter().map(found('b', "/companies")));
    let query = UserQuery { search: text.trim().to_owned(), ..UserQuery::default() };
    let users = usage::users(ctx, &query).await?.rows.into_iter().take(EACH);
    all.extend(users.map(|user| {
        let href = href::user(&user.user_id);
        Found { kind: 'u', name: user.user_id, note: user.organization_id, tier: Some(user.tier), href }
    }));
    Ok(all)
}
