//! Where things stand that the parser does not report: dashes, colons, missing values, ends of blocks.

/// The first byte behind blanks, line breaks and comments.
pub(super) fn skip_blank(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'#') => {
                at = memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default())
                    .map_or(text.len(), |length| at + length)
            }
            _ => return at,
        }
    }
}

/// The first byte of a node's content behind blanks, anchors and tags.
pub(super) fn skip_properties(text: &str, from: usize) -> usize {
    let mut at = skip_blank(text, from);
    while let Some(b'&' | b'!') = text.as_bytes().get(at) {
        let rest = text.get(at..).unwrap_or_default();
        at = skip_blank(
            text,
            at + rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len()),
        );
    }
    at
}

/// The byte behind the colon that follows a key, if one follows.
pub(super) fn behind_colon(text: &str, key_end: usize) -> Option<usize> {
    let at = skip_blank(text, key_end);
    (text.as_bytes().get(at) == Some(&b':')).then_some(at + 1)
}

/// The `?` in front of a key, on its line.
pub(super) fn question_mark(text: &str, key_start: usize) -> Option<usize> {
    let before = text.get(..key_start)?.trim_end_matches([' ', '\t']);
    let at = before.len().checked_sub(1)?;
    let is_blank_between = before.len() < key_start;
    let is_alone = before.get(..at)?.ends_with([' ', '\t', '\n', '-', '{', '[', ',']) || at == 0;
    (before.ends_with('?') && is_blank_between && is_alone).then_some(at)
}

/// The text with blanks for the tabs that indent the line at `at` and the lines that follow it with tabs:
/// inside brackets YAML 1.1 takes them, the parser does not.
pub(super) fn blank_tabs(text: &str, at: usize) -> Option<String> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |line_break| line_break + 1);
    let mut out = String::with_capacity(text.len());
    out.push_str(text.get(..start)?);
    let mut is_running = true;
    let mut any = false;
    for line in text.get(start..)?.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        let indent = line.get(..line.len() - content.len())?;
        is_running &= indent.contains('\t');
        any |= is_running;
        out.extend(indent.chars().map(|c| if is_running { ' ' } else { c }));
        out.push_str(content);
    }
    any.then_some(out)
}

/// The `|` or `>` of the block scalar whose text begins at `start`, on the line in front of it.
pub(super) fn block_header(text: &str, start: usize) -> Option<usize> {
    let before = text.get(..start)?.trim_end();
    let line_start = before.rfind('\n').map_or(0, |line_break| line_break + 1);
    let line = before.get(line_start..)?;
    let is_header = |at: usize| {
        let opens = line
            .get(..at)
            .is_some_and(|it| it.is_empty() || it.ends_with([' ', '\t']));
        let rest = line.get(at + 1..).unwrap_or_default();
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
        opens && (rest.is_empty() || rest.starts_with([' ', '\t']))
    };
    line.match_indices(['|', '>'])
        .map(|(at, _)| at)
        .find(|&at| is_header(at))
        .map(|at| line_start + at)
}

/// Where a block scalar ends: without the line break of its last line, and without the empty lines behind it
/// unless its header keeps them.
pub(super) fn block_scalar_end(text: &str, start: usize, end: usize) -> usize {
    let scalar = text.get(start..end).unwrap_or_default();
    let header = scalar.lines().next().unwrap_or_default();
    let indicators = header.split([' ', '\t', '#', '\r']).next().unwrap_or_default();
    if !indicators.contains('+') {
        return start + scalar.trim_end().len();
    }
    // What follows the last break is the indentation of the next node.
    let whole = match scalar.rfind('\n') {
        Some(line_break)
            if scalar
                .get(line_break..)
                .is_some_and(|rest| rest.trim().is_empty()) =>
        {
            scalar.get(..line_break).unwrap_or(scalar)
        }
        _ => scalar,
    };
    start + whole.strip_suffix('\r').unwrap_or(whole).len()
}
