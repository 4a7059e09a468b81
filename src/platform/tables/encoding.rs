//! How the letters of a file are written, and how they are read.

use std::io::{self, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How the letters of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, but for single bytes that are none and are read as Windows-1252.
    Utf8,
    /// UTF-16, the lower byte first.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
    /// What Windows wrote in Western Europe and America, with Latin-1 in it.
    Windows1252,
}

/// What has been seen of a file's bytes.
#[derive(Debug, Default)]
pub struct Seen {
    bytes: u64,
    /// Letters of more than one byte that are right.
    wide: u64,
    /// Bytes that are not UTF-8.
    wrong: u64,
    rest: Vec<u8>,
    start: Vec<u8>,
    controls: u64,
    zeros: [u64; 2],
}

/// How many bytes at the beginning tell of UTF-16.
const START: usize = 4096;

impl Seen {
    /// Looks at more bytes.
    pub fn look(&mut self, bytes: &[u8]) {
        if self.start.len() < START {
            self.start.extend(bytes.iter().take(START - self.start.len()));
        }
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == 0
                && let Some(zeros) = self.zeros.get_mut(usize::from(self.bytes % 2 == 1) ^ (at % 2))
            {
                *zeros += 1;
            }
            self.controls += u64::from(*byte < 32 && !matches!(byte, 9..=13 | 26 | 27 | 28..=31));
        }
        self.bytes += bytes.len() as u64;
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let mut left = all.as_slice();
        loop {
            match std::str::from_utf8(left) {
                Ok(text) => {
                    self.count(text);
                    left = &[];
                    break;
                }
                Err(error) => {
                    let (good, bad) = left.split_at(error.valid_up_to());
                    self.count(std::str::from_utf8(good).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        left = bad;
                        break;
                    };
                    self.wrong += length as u64;
                    left = bad.get(length..).unwrap_or_default();
                }
            }
        }
        self.rest = left.to_vec();
    }

    fn count(&mut self, text: &str) {
        self.wide += text.bytes().filter(|b| *b >= 0xc0).count() as u64;
    }

    /// The encoding; nothing for what is no text.
    pub fn encoding(&self) -> Option<Encoding> {
        match self.start.as_slice() {
            [0xff, 0xfe, ..] => return Some(Encoding::Utf16Le),
            [0xfe, 0xff, ..] => return Some(Encoding::Utf16Be),
            _ => {}
        }
        let [even, odd] = self.zeros;
        let pairs = self.bytes / 2;
        if pairs > 1 && self.bytes.is_multiple_of(2) {
            if odd * 10 >= pairs * 4 && even * 20 < pairs {
                return Some(Encoding::Utf16Le);
            }
            if even * 10 >= pairs * 4 && odd * 20 < pairs {
                return Some(Encoding::Utf16Be);
            }
        }
        if self.controls * 200 > self.bytes {
            return None;
        }
        let wrong = self.wrong + self.rest.len() as u64;
        Some(if wrong == 0 || self.wide > wrong { Encoding::Utf8 } else { Encoding::Windows1252 })
    }
}

/// Reads a file as text, piece by piece. No byte is lost: what is wrong in UTF-8 is read as Windows-1252.
pub struct Text<R> {
    bytes: R,
    decoder: Option<Decoder>,
    rest: Vec<u8>,
    started: bool,
    ended: bool,
}

impl<R: Read> Text<R> {
    /// From the beginning of these bytes.
    pub fn new(bytes: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(UTF_16LE.new_decoder_with_bom_removal()),
            Encoding::Utf16Be => Some(UTF_16BE.new_decoder_with_bom_removal()),
            Encoding::Windows1252 => Some(WINDOWS_1252.new_decoder_without_bom_handling()),
        };
        Self { bytes, decoder, rest: Vec::new(), started: false, ended: false }
    }

    /// Reads on: at most this many bytes are added to the text, or somewhat more letters. Whether there may be more.
    pub fn read(&mut self, most: usize, into: &mut String) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let mut piece = std::mem::take(&mut self.rest);
        let before = piece.len();
        let read = self.bytes.by_ref().take(most as u64).read_to_end(&mut piece)?;
        self.ended = read < most && piece.len() - before == read;
        if let Some(decoder) = &mut self.decoder {
            into.reserve(decoder.max_utf8_buffer_length(piece.len()).unwrap_or(piece.len() * 3));
            let _ = decoder.decode_to_string(&piece, into, self.ended);
            return Ok(!self.ended);
        }
        let mut left = piece.as_slice();
        if !self.started {
            left = left.strip_prefix(b"\xef\xbb\xbf").unwrap_or(left);
            self.started = true;
        }
        loop {
            match std::str::from_utf8(left) {
                Ok(text) => {
                    into.push_str(text);
                    break;
                }
                Err(error) => {
                    let (good, bad) = left.split_at(error.valid_up_to());
                    into.push_str(std::str::from_utf8(good).unwrap_or_default());
                    let length = match error.error_len() {
                        Some(length) => length,
                        None if self.ended => bad.len(),
                        None => {
                            self.rest = bad.to_vec();
                            break;
                        }
                    };
                    let (wrong, next) = bad.split_at(length.min(bad.len()));
                    into.push_str(&WINDOWS_1252.decode_without_bom_handling(wrong).0);
                    left = next;
                }
            }
        }
        Ok(!self.ended)
    }
}
