//! The SQL of the scorecard and of the public form's settings.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use crate::domain::{
    lead::Scorecard,
    tier::{Tier, TierLimits},
};

/// The scorecard and its version.
pub async fn find_card(tx: &mut PgConnection) -> Result<(Scorecard, i32), sqlx::Error> {
    let row = sqlx::query!("SELECT card, card_version FROM lead_settings").fetch_one(tx).await?;
    let card = serde_json::from_value(row.card).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok((card, row.card_version))
}

/// Changes the scorecard if it still has the version given; says whether it had.
pub async fn update_card(tx: &mut PgConnection, card: &Scorecard, version: i32) -> Result<bool, sqlx::Error> {
    let json = serde_json::to_value(card).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let done =
        sqlx::query!("UPDATE lead_settings SET card = $1, card_version = card_version + 1 WHERE card_version = $2", json, version);
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// What admins have settled for the public form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormSettings {
    /// Whether it is open.
    pub on: bool,
    /// Sites that may show it in a frame.
    pub origins: Vec<String>,
    /// Counts the changes.
    pub version: i32,
}

/// The public form's settings.
pub async fn find_form(tx: &mut PgConnection) -> Result<FormSettings, sqlx::Error> {
    sqlx::query_as!(FormSettings, r#"SELECT form_on AS "on", form_origins AS origins, form_version AS version FROM lead_settings"#)
        .fetch_one(tx)
        .await
}

/// Changes them if they still have the version given; says whether they had.
pub async fn update_form(tx: &mut PgConnection, form: &FormSettings) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE lead_settings SET form_on = $1, form_origins = $2, form_version = form_version + 1 WHERE form_version = $3",
        form.on,
        &form.origins,
        form.version
    );
    Ok(done.execute(tx).await?.rows_affected() == 1)
}

/// A change of the scorecard, as the journal tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CardChange {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// Before and after.
    pub body: Value,
}

/// The latest changes of the scorecard.
pub async fn list_card_changes(tx: &mut PgConnection, limit: i64) -> Result<Vec<CardChange>, sqlx::Error> {
    sqlx::query_as!(
        CardChange,
        "SELECT at, actor, body FROM journal WHERE event = 'scorecard_changed' ORDER BY id DESC LIMIT $1",
        limit
    )
    .fetch_all(tx)
    .await
}

/// The tiers that are sold, from the smallest to the largest.
pub async fn list_tiers(tx: &mut PgConnection) -> Result<Vec<TierLimits>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT tier, price_cents, currency, program_weeks, tokens_per_month, interactions_per_day, agents
         FROM usage_tier_limits ORDER BY position"
    );
    Ok(rows
        .fetch_all(tx)
        .await?
        .into_iter()
        .filter_map(|row| {
            Some(TierLimits {
                tier: Tier::parse(&row.tier)?,
                price_cents: row.price_cents,
                currency: row.currency,
                program_weeks: row.program_weeks,
                tokens_per_month: row.tokens_per_month,
                interactions_per_day: row.interactions_per_day,
                agents: row.agents,
            })
        })
        .collect())
}
