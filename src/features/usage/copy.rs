//! Rows for COPY in PostgreSQL's binary format.
//!
//! Source: PostgreSQL documentation, "COPY", section "Binary Format"; the fields' forms are those of the types' `_send` functions.

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Microseconds from the Unix epoch to PostgreSQL's, 2000-01-01.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Days between the same.
const EPOCH_DAYS: i32 = 10_957;

/// A buffer of rows.
#[derive(Debug)]
pub struct CopyRows(BytesMut);

impl CopyRows {
    /// An empty buffer with room for about `rows` rows.
    pub fn with_capacity(rows: usize) -> Self {
        let mut buffer = BytesMut::with_capacity(rows.saturating_mul(320) + 32);
        buffer.put_slice(b"PGCOPY\n\xff\r\n\0");
        buffer.put_i32(0);
        buffer.put_i32(0);
        Self(buffer)
    }

    /// Begins a row of so many fields.
    pub fn row(&mut self, fields: i16) -> &mut Self {
        self.0.put_i16(fields);
        self
    }

    fn field(&mut self, bytes: &[u8]) -> &mut Self {
        // A field is far below 2 GiB: strings and contexts are limited by the contract.
        self.0.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        self.0.put_slice(bytes);
        self
    }

    /// A null.
    pub fn null(&mut self) -> &mut Self {
        self.0.put_i32(-1);
        self
    }

    /// A uuid.
    pub fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.field(id.as_bytes())
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.field(text.as_bytes())
    }

    /// A text or null.
    pub fn text_or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// A bigint.
    pub fn i64(&mut self, n: i64) -> &mut Self {
        self.field(&n.to_be_bytes())
    }

    /// An integer.
    pub fn i32(&mut self, n: i32) -> &mut Self {
        self.field(&n.to_be_bytes())
    }

    /// A smallint.
    pub fn i16(&mut self, n: i16) -> &mut Self {
        self.field(&n.to_be_bytes())
    }

    /// A date.
    pub fn date(&mut self, day: NaiveDate) -> &mut Self {
        self.i32(day.to_epoch_days() - EPOCH_DAYS)
    }

    /// A timestamptz.
    pub fn time(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.i64(at.timestamp_micros() - EPOCH_MICROS)
    }

    /// A jsonb from JSON text, or null.
    pub fn json_or_null(&mut self, json: Option<&str>) -> &mut Self {
        match json {
            None => self.null(),
            Some(json) => {
                self.0.put_i32(i32::try_from(json.len() + 1).unwrap_or(i32::MAX));
                self.0.put_u8(1);
                self.0.put_slice(json.as_bytes());
                self
            }
        }
    }

    /// The whole, with its trailer.
    pub fn finish(mut self) -> BytesMut {
        self.0.put_i16(-1);
        self.0
    }
}
