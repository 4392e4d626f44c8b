//! Compares what people and groups are called: case folding, accents and slugs.

mod decompose;
mod table;

use zalouser_settings::lower_case;

use decompose::decompose;

/// `name` in a form in which two spellings are equal if they differ only in case or in whether an
/// accent is part of its letter.
pub fn fold(name: &str) -> String {
    decompose(&lower_case(name))
}

/// `name` folded and without accents, so that a search for "nguyen" finds "Nguyễn".
pub fn unaccented(name: &str) -> String {
    fold(name)
        .chars()
        .filter(|char| !is_accent(*char))
        .map(|char| if char == 'đ' { 'd' } else { char })
        .collect()
}

/// The short form of a group's name in which a configuration may write it, with accents dropped
/// from their letters: `ho-nha` for "Họ Nhà". Empty for a name without a Latin letter or a digit.
pub fn slug(name: &str) -> String {
    dashed(&unaccented(name.trim()))
}

/// The short form that OpenClaw makes, which drops an accented letter altogether: `h-nh` for "Họ
/// Nhà". Configurations written for it go on working.
pub fn reference_slug(name: &str) -> String {
    dashed(&lower_case(name.trim()))
}

/// Whether `char` is one of the combining diacritical marks into which a Latin letter decomposes.
fn is_accent(char: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&char)
}

/// `name` in lower case with one leading `#` dropped and every run of other characters than Latin
/// letters and digits made into one dash.
fn dashed(name: &str) -> String {
    let name = name.strip_prefix('#').unwrap_or(name);
    let words = name.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgets_case_and_form_but_keeps_accents() {
        let decomposed = "Nguye\u{302}\u{303}n";
        assert_eq!(fold("NGUYỄN"), fold(decomposed));
        assert_ne!(fold("Nguyễn"), fold("Nguyen"));
    }

    #[test]
    fn a_search_without_accents_finds_a_name_with_them() {
        assert_eq!(unaccented("Nguyễn Đức"), "nguyen duc");
    }

    #[test]
    fn slugs() {
        for (name, ours, reference) in [
            ("Work Chat", "work-chat", "work-chat"),
            ("Họ Nhà", "ho-nha", "h-nh"),
            ("Đội bóng", "doi-bong", "i-b-ng"),
            (" ##a  b! ", "a-b", "a-b"),
            ("家族", "", ""),
            ("777", "777", "777"),
        ] {
            assert_eq!(slug(name), ours, "the slug of {name:?}");
            assert_eq!(reference_slug(name), reference, "OpenClaw's slug of {name:?}");
        }
    }
}
