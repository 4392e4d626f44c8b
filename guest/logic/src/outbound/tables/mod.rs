//! x
use crate::account::TableStyle;
use std::borrow::Cow;
/// x
pub fn convert_tables(text: &str, _s: TableStyle) -> Cow<'_, str> {
    Cow::Borrowed(text)
}
