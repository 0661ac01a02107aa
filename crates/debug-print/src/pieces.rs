//! Formatted text in pieces that `DbgPrint` takes.

use core::fmt;

/// What one call of `DbgPrint` transmits (its documentation page, "Remarks").
const LIMIT: usize = 512;

/// Collects text and hands it on whenever a piece is full.
pub struct Pieces<F: FnMut(&[u8])> {
    bytes: [u8; LIMIT],
    used: usize,
    send: F,
}

impl<F: FnMut(&[u8])> Pieces<F> {
    pub const fn new(send: F) -> Self {
        Self {
            bytes: [0; LIMIT],
            used: 0,
            send,
        }
    }

    /// Hands on what is left.
    pub fn flush(&mut self) {
        if let Some(piece @ [_, ..]) = self.bytes.get(..self.used) {
            (self.send)(piece);
        }
        self.used = 0;
    }

    fn push(&mut self, byte: u8) {
        if self.used == LIMIT {
            self.flush();
        }
        if let Some(place) = self.bytes.get_mut(self.used) {
            *place = byte;
            self.used += 1;
        }
    }
}

impl<F: FnMut(&[u8])> fmt::Write for Pieces<F> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.push(byte));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::fmt::Write as _;
    use std::{string::String, vec, vec::Vec};

    use super::{LIMIT, Pieces};

    fn pieces_of(texts: &[&str]) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        let mut pieces = Pieces::new(|piece: &[u8]| sent.push(piece.to_vec()));
        for text in texts {
            pieces.write_str(text).expect("pieces take any text");
        }
        pieces.flush();
        sent
    }

    #[test]
    fn what_is_written_in_parts_is_one_piece() {
        assert_eq!(pieces_of(&["before is ", "", "19", "\n"]), [b"before is 19\n"]);
        assert_eq!(pieces_of(&[""]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_long_text_is_cut_at_the_limit_and_nothing_is_lost() {
        for length in [LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT] {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let sent = pieces_of(&[&text]);
            assert_eq!(sent.concat(), text.as_bytes());
            assert_eq!(sent.len(), length.div_ceil(LIMIT));
            let full = vec![LIMIT; length / LIMIT];
            let lengths: Vec<usize> = sent.iter().map(Vec::len).collect();
            assert!(lengths.starts_with(&full), "{lengths:?}");
        }
    }
}
