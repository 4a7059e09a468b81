//! The scorecard: to read, to change, and what a change would do.

use serde_json::json;

pub use super::store::settings::CardChange;
use super::{
    scoring::Judge,
    store::{self, settings},
};
use crate::{
    domain::{
        AppError, AppResult,
        lead::{
            Band, Scorecard, actions, enrich,
            score::{MAX_POINTS, MAX_SCORE, MAX_WORD, MAX_WORDS, ScoreRule, score},
        },
        people::{Faults, Permission},
    },
    platform::{
        ctx::Ctx,
        db::to_app,
        journal::{self, Entry},
    },
};

/// Changes that the page shows.
const HISTORY: i64 = 20;
/// Leads that a preview looks at: the latest open ones.
pub const LOOKED_AT: i64 = 2_000;

/// The scorecard, its version, and its latest changes.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn find(ctx: &Ctx) -> AppResult<(Scorecard, i32, Vec<CardChange>)> {
    ctx.require(Permission::ManageCrm)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let (card, version) = settings::find_card(&mut tx).await.map_err(to_app)?;
    Ok((card, version, settings::list_card_changes(&mut tx, HISTORY).await.map_err(to_app)?))
}

/// The scorecard, for whoever sees leads: what is recommended rests on it.
///
/// # Errors
/// `Forbidden`; when the database is away.
pub async fn current(ctx: &Ctx) -> AppResult<Scorecard> {
    ctx.require(Permission::ReadCrm)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    Ok(settings::find_card(&mut tx).await.map_err(to_app)?.0)
}

fn checked(card: &Scorecard) -> AppResult<()> {
    let mut faults = Faults::default();
    for rule in ScoreRule::ALL {
        if !(-MAX_POINTS..=MAX_POINTS).contains(&card.points(*rule)) {
            faults.add(&format!("/{}", rule.as_str()), "out_of_range", format!("must be from -{MAX_POINTS} to {MAX_POINTS}"));
        }
    }
    if card.long_visit_s > 86_400 {
        faults.add("/long_visit_s", "out_of_range", "must be from 0 to 86400");
    }
    for (pointer, words) in [("/words", &card.words), ("/spanish_words", &card.spanish_words)] {
        if words.len() > MAX_WORDS {
            faults.add(pointer, "too_many", format!("at most {MAX_WORDS}"));
        }
        // A single letter would be found in every message.
        if words.iter().any(|word| !(2..=MAX_WORD).contains(&word.chars().count()) || word.chars().any(char::is_control)) {
            faults.add(pointer, "words", format!("each must have 2 to {MAX_WORD} characters"));
        }
    }
    if !(1..=MAX_SCORE).contains(&card.medium) {
        faults.add("/medium", "out_of_range", format!("must be from 1 to {MAX_SCORE}"));
    }
    if card.high <= card.medium || card.high > MAX_SCORE {
        faults.add("/high", "out_of_range", format!("must be above the other one, and at most {MAX_SCORE}"));
    }
    faults.check()
}

/// What a change would do to the latest open leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many were looked at.
    pub looked_at: i64,
    /// How many are of each band now: high, medium, low.
    pub before: [i64; 3],
    /// How many would be.
    pub after: [i64; 3],
    /// How many would have another score.
    pub rescored: i64,
    /// How many would change their band.
    pub moved: i64,
}

/// What a change would do, without doing it.
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; when the database is away.
pub async fn preview(ctx: &Ctx, card: &Scorecard) -> AppResult<Preview> {
    ctx.require(Permission::ManageCrm)?;
    checked(card)?;
    let mut tx = ctx.snapshot().await.map_err(to_app)?;
    let judge = Judge::now(&mut tx).await.map_err(to_app)?;
    let tiers = settings::list_tiers(&mut tx).await.map_err(to_app)?;
    let mut preview = Preview::default();
    for lead in store::list_latest(&mut tx, LOOKED_AT).await.map_err(to_app)? {
        let before = judge.judge(ctx, &lead.data);
        let profile = enrich(&lead.data, &tiers, ctx.now());
        let points = score(card, &lead.data, &profile);
        let after = actions::rank(card, &points, &profile);
        preview.looked_at += 1;
        for (counts, band) in [(&mut preview.before, before.band), (&mut preview.after, after)] {
            let [high, medium, low] = counts;
            *match band {
                Band::High => high,
                Band::Medium => medium,
                Band::Low => low,
            } += 1;
        }
        preview.rescored += i64::from(before.score.points != points.points);
        preview.moved += i64::from(before.band != after);
    }
    Ok(preview)
}

/// Changes the scorecard; open leads follow it within seconds, see [`super::scoring::pass`].
///
/// # Errors
/// `Forbidden`; `Invalid` for each field; `Conflict` when somebody else changed it meanwhile; when the database is away.
pub async fn change(ctx: &Ctx, card: &Scorecard, version: i32) -> AppResult<()> {
    ctx.require(Permission::ManageCrm)?;
    checked(card)?;
    let mut tx = ctx.begin().await.map_err(to_app)?;
    let (before, _) = settings::find_card(&mut tx).await.map_err(to_app)?;
    if !settings::update_card(&mut tx, card, version).await.map_err(to_app)? {
        return Err(AppError::Conflict { detail: "somebody else changed it meanwhile".into() });
    }
    let entry = Entry {
        event: "scorecard_changed",
        subject_kind: "lead_settings",
        subject_id: String::new(),
        body: json!({"before": before, "after": card, "version": version + 1}),
    };
    journal::record(&mut tx, ctx, &entry).await.map_err(to_app)?;
    tx.commit().await.map_err(to_app)
}
