//! The characters that a terminal shows as they are.
//!
//! The others are those that a terminal obeys or does not show: control characters (C1 too), characters
//! that change the direction of writing, have no width or are tags, and spaces other than U+0020. `\` is
//! another, so that an escape has one meaning.

/// Returns true if a terminal shows this character as it is.
pub(crate) fn is_plain(character: char) -> bool {
    match character {
        '\'' | '"' => true,
        // The ones after `\` are letters and a symbol that are blank.
        '\\' | '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' => false,
        _ => character.escape_debug().len() == 1,
    }
}
