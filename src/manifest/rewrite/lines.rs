//! Lines of a text, whatever their breaks are.

/// A text seen as lines; offsets are bytes of the whole text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'a>(pub &'a str);

const BYTE_ORDER_MARK: char = '\u{feff}';

impl<'a> Lines<'a> {
    /// First byte of the line that holds `at`; a byte order mark is no part of the first line.
    pub fn start(self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or(self.0);
        match memchr::memrchr(b'\n', before.as_bytes()) {
            Some(line_break) => line_break + 1,
            None if self.0.starts_with(BYTE_ORDER_MARK) => BYTE_ORDER_MARK.len_utf8().min(at),
            None => 0,
        }
    }

    /// Where the line that holds `at` ends, without its break.
    pub fn end(self, at: usize) -> usize {
        let rest = self.0.get(at..).unwrap_or("").as_bytes();
        match memchr::memchr(b'\n', rest) {
            Some(length) if length > 0 && rest.get(length - 1) == Some(&b'\r') => at + length - 1,
            Some(length) => at + length,
            None => self.0.len(),
        }
    }

    /// First byte of the next line; `None` on a last line without a break.
    pub fn next(self, at: usize) -> Option<usize> {
        let end = self.end(at);
        let rest = self.0.get(end..).unwrap_or("");
        if rest.starts_with("\r\n") {
            Some(end + 2)
        } else if rest.starts_with('\n') {
            Some(end + 1)
        } else {
            None
        }
    }

    /// The break at the end of the line that holds `at`; on a last line without one that of the line before.
    pub fn line_break(self, at: usize) -> &'static str {
        let is_crlf = match self.next(at) {
            Some(next) => self.0.get(..next).unwrap_or("").ends_with("\r\n"),
            None => self.0.get(..self.start(at)).unwrap_or("").ends_with("\r\n"),
        };
        if is_crlf { "\r\n" } else { "\n" }
    }

    /// Bytes between the start of its line and `at`.
    pub fn column(self, at: usize) -> usize {
        at - self.start(at)
    }

    /// Whether nothing but blanks stands before `at` on its line.
    pub fn is_first(self, at: usize) -> bool {
        self.between(self.start(at), at).bytes().all(|byte| byte == b' ')
    }

    /// The text between two offsets.
    pub fn between(self, from: usize, to: usize) -> &'a str {
        self.0.get(from..to).unwrap_or("")
    }

    /// The rest of the line behind `at` if that is a comment, with the blanks in front of it.
    pub fn comment(self, at: usize) -> Option<&'a str> {
        let rest = self.between(at, self.end(at));
        (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#')).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_whatever_their_breaks() {
        let lines = Lines("\u{feff}ab: 1 # x\r\n  cd\nlast");
        assert_eq!((lines.start(5), lines.column(5)), (3, 2));
        assert_eq!(
            (lines.end(5), lines.next(5), lines.line_break(5)),
            (12, Some(14), "\r\n")
        );
        assert_eq!(
            (lines.start(16), lines.line_break(16), lines.is_first(16)),
            (14, "\n", true)
        );
        assert_eq!((lines.next(20), lines.line_break(20)), (None, "\n"));
        assert_eq!(lines.comment(8), Some(" # x"));
        assert_eq!(lines.comment(16), None);
    }
}
