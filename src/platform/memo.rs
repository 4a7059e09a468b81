//! Answers that many ask for and that hold for as long as nothing moves: read once, handed to everyone.

use std::{
    any::Any,
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

/// Different questions whose answers are kept; when there are more, all are forgotten.
const KEPT: usize = 128;

/// What an answer was of: it holds for as long as this is the same.
pub type Version = [i64; 3];

type Answer = Option<(Version, Arc<dyn Any + Send + Sync>)>;

/// The latest answer to each question, in this process.
#[derive(Debug, Default)]
pub struct Memo {
    answers: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Answer>>>>,
}

impl Memo {
    /// The answer to a question at a version: the kept one, else what `read` finds, which is kept. Those who ask the same meanwhile
    /// wait for it and do not read themselves.
    ///
    /// # Errors
    /// Those of `read`; nothing is kept then.
    pub async fn get<T, E>(&self, question: String, version: Version, read: impl Future<Output = Result<T, E>>) -> Result<Arc<T>, E>
    where
        T: Send + Sync + 'static,
    {
        let place = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            if answers.len() >= KEPT && !answers.contains_key(&question) {
                answers.clear();
            }
            Arc::clone(answers.entry(question).or_default())
        };
        let mut answer = place.lock().await;
        if let Some((of, kept)) = answer.as_ref()
            && *of == version
            && let Ok(kept) = Arc::clone(kept).downcast::<T>()
        {
            return Ok(kept);
        }
        let found = Arc::new(read.await?);
        *answer = Some((version, Arc::clone(&found) as Arc<dyn Any + Send + Sync>));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(memo: &Memo, question: &str, version: i64, found: Result<i32, &'static str>) -> Result<i32, &'static str> {
        memo.get(question.to_owned(), [version, 0, 0], async { found }).await.map(|answer| *answer)
    }

    #[tokio::test]
    async fn an_answer_holds_until_its_version_moves() {
        let memo = Memo::default();
        assert_eq!(ask(&memo, "a", 1, Ok(10)).await, Ok(10));
        assert_eq!(ask(&memo, "a", 1, Ok(11)).await, Ok(10), "kept");
        assert_eq!(ask(&memo, "b", 1, Ok(12)).await, Ok(12), "another question");
        assert_eq!(ask(&memo, "a", 2, Ok(13)).await, Ok(13), "moved");
        assert_eq!(ask(&memo, "a", 3, Err("away")).await, Err("away"));
        assert_eq!(ask(&memo, "a", 3, Ok(14)).await, Ok(14), "an error is not kept");
    }

    #[tokio::test]
    async fn no_more_answers_are_kept_than_there_is_room_for() {
        let memo = Memo::default();
        for n in 0..=i32::try_from(KEPT).unwrap() {
            ask(&memo, &n.to_string(), 1, Ok(n)).await.unwrap();
        }
        assert!(memo.answers.lock().unwrap().len() <= KEPT);
    }
}
