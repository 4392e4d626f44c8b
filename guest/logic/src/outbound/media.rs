//! Tells from its name how a piece of media is sent.

use crate::command::MediaKind;

/// The kind that the extension of `source` says, an `http(s)` URL or a path. Without an extension
/// it is an image, which is what agents make most.
pub(super) fn kind_of(source: &str) -> MediaKind {
    let path = match source.split_once("://") {
        Some((_, url)) => {
            let url = url.split(['?', '#']).next().unwrap_or_default();
            url.split_once('/').map_or("", |(_, path)| path)
        }
        None => source,
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "" | "jpg" | "jpeg" | "png" | "gif" | "webp" | "bmp" | "heic" => MediaKind::Image,
        "mp4" | "mov" | "avi" | "webm" | "mkv" | "m4v" => MediaKind::Video,
        "mp3" | "wav" | "ogg" | "m4a" | "aac" | "opus" | "amr" => MediaKind::Voice,
        _ => MediaKind::File,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_of_the_path_tells_the_kind() {
        for (source, kind) in [
            ("https://a.vn/b.PNG", MediaKind::Image),
            ("https://a.vn/b.mp4?x=y.pdf#z.mp3", MediaKind::Video),
            ("https://a.vn/b.c/d.ogg", MediaKind::Voice),
            ("https://a.vn/b.pdf", MediaKind::File),
            ("https://a.vn/b.c/d", MediaKind::Image),
            ("https://a.pdf", MediaKind::Image),
            ("https://a.vn?b=/c.pdf", MediaKind::Image),
            ("/tmp/a?b#c.mov", MediaKind::Video),
            ("/tmp/a.", MediaKind::Image),
        ] {
            assert_eq!(kind_of(source), kind, "{source}");
        }
    }
}
