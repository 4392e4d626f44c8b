//! QR codes: out of `zca`'s pictures, and onto a terminal.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// What precedes a picture in what `zca` prints.
const DATA_URL: &str = "data:image/png;base64,";

/// The longest side of a picture that is looked at, in pixels. `zca`'s have a few hundred.
const SIDE_MAX: u32 = 4_096;

/// Black on white in any colour scheme, and back.
const BLACK_ON_WHITE: &str = "\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";

/// Why there is no QR code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QrError {
    /// `zca` printed no picture.
    #[error("zca printed no QR code")]
    NotPrinted,
    /// `zca` printed what is no picture.
    #[error("the QR code that zca printed is damaged")]
    Damaged,
    /// The picture is no PNG file.
    #[error("the picture cannot be read: {0}")]
    Unreadable(#[from] png::DecodingError),
    /// The picture is larger than any that `zca` makes.
    #[error("the picture is too large")]
    TooLarge,
    /// There is no code in the picture.
    #[error("no QR code was found in the picture")]
    NotFound,
    /// What it says cannot be drawn.
    #[error("it cannot be drawn: {0}")]
    Undrawable(#[from] qrcode::types::QrError),
}

/// The PNG file in what `zca auth login --qr-base64` printed.
pub(crate) fn picture(stdout: &str) -> Result<Vec<u8>, QrError> {
    let (_, rest) = stdout.split_once(DATA_URL).ok_or(QrError::NotPrinted)?;
    let end = rest.find(|char: char| !(char.is_ascii_alphanumeric() || "+/=".contains(char)));
    let encoded = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    STANDARD.decode(encoded).map_err(|_| QrError::Damaged)
}

/// A picture as a URL that holds it.
pub(crate) fn data_url(picture: &[u8]) -> String {
    format!("{DATA_URL}{}", STANDARD.encode(picture))
}

/// What the QR code in a PNG file says.
pub(crate) fn payload(picture: &[u8]) -> Result<Vec<u8>, QrError> {
    let mut decoder = png::Decoder::new(Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let (width, height) = reader.info().size();
    if width.max(height) > SIDE_MAX {
        return Err(QrError::TooLarge);
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(QrError::TooLarge)?];
    let frame = reader.next_frame(&mut pixels)?;
    let samples = frame.color_type.samples();
    let luminance = |x: usize, y: usize| {
        let at = y.saturating_mul(frame.line_size).saturating_add(x.saturating_mul(samples));
        let pixel = pixels.get(at..at.saturating_add(samples)).unwrap_or_default();
        match *pixel {
            [grey] => grey,
            [grey, alpha] => on_white(grey, alpha),
            [red, green, blue] => mean(red, green, blue),
            [red, green, blue, alpha] => on_white(mean(red, green, blue), alpha),
            _ => u8::MAX,
        }
    };
    let side = |pixels: u32| usize::try_from(pixels).map_err(|_| QrError::TooLarge);
    let (width, height) = (side(width)?, side(height)?);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, luminance);
    for code in image.detect_grids() {
        let mut payload = Vec::new();
        if code.decode_to(&mut payload).is_ok() {
            return Ok(payload);
        }
    }
    Err(QrError::NotFound)
}

/// Draws a QR code with half blocks, two modules a character, with the margin that scanners need. With
/// `colour` it is black on white in any terminal; without, it is meant for light text on dark ground.
pub(crate) fn draw(payload: &[u8], colour: bool) -> Result<String, QrError> {
    let code = QrCode::with_error_correction_level(payload, EcLevel::L)?;
    let mut renderer = code.render::<Dense1x2>();
    if colour {
        let lines = renderer.build();
        return Ok(lines.lines().map(|line| format!("{BLACK_ON_WHITE}{line}{RESET}\n")).collect());
    }
    // A block is as light as text is.
    Ok(renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build() + "\n")
}

fn mean(red: u8, green: u8, blue: u8) -> u8 {
    let sum = u16::from(red) + u16::from(green) + u16::from(blue);
    u8::try_from(sum / 3).unwrap_or(u8::MAX)
}

fn on_white(grey: u8, alpha: u8) -> u8 {
    let (grey, alpha) = (u16::from(grey), u16::from(alpha));
    u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"https://id.zalo.me/qr?code=AbC-123";

    /// A picture of a code with four pixels a module, and a margin.
    fn png_of(payload: &[u8], color: png::ColorType, pixel: impl Fn(bool) -> Vec<u8>) -> Vec<u8> {
        let code = QrCode::new(payload).unwrap();
        let side = code.width() + 8;
        let dark = |x: usize, y: usize| {
            let inside = |at: usize| (4..side - 4).contains(&at);
            inside(x) && inside(y) && code[(x - 4, y - 4)] == qrcode::Color::Dark
        };
        let mut file = Vec::new();
        let pixels: u32 = (side * 4).try_into().unwrap();
        let mut encoder = png::Encoder::new(&mut file, pixels, pixels);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        let data: Vec<u8> = (0..side * 4)
            .flat_map(|y| (0..side * 4).map(move |x| (x / 4, y / 4)))
            .flat_map(|(x, y)| pixel(dark(x, y)))
            .collect();
        encoder.write_header().unwrap().write_image_data(&data).unwrap();
        file
    }

    #[test]
    fn a_code_is_read_from_any_kind_of_picture() {
        let grey = |dark: bool| if dark { 0 } else { 255 };
        let pictures = [
            png_of(TEXT, png::ColorType::Grayscale, |dark| vec![grey(dark)]),
            png_of(TEXT, png::ColorType::Rgb, |dark| vec![grey(dark), grey(dark), 255]),
            // Transparent where it is light.
            png_of(TEXT, png::ColorType::Rgba, |dark| vec![0, 0, 0, 255 - grey(dark)]),
        ];
        for (index, picture) in pictures.iter().enumerate() {
            assert_eq!(payload(picture).unwrap(), TEXT, "picture {index}");
        }
    }

    #[test]
    fn what_is_no_code_says_so() {
        let blank = png_of(TEXT, png::ColorType::Grayscale, |_| vec![255]);
        for picture in [b"".as_slice(), b"\x89PNG", &blank] {
            payload(picture).expect_err("there is none");
        }
    }

    #[test]
    fn a_picture_is_found_among_other_lines() {
        let printed = format!("Warning: x\n{DATA_URL}aGk=\nbye\n");
        assert_eq!(picture(&printed).unwrap(), b"hi");
        for printed in ["", "hi", "data:image/png;base64,a"] {
            picture(printed).expect_err(printed);
        }
    }

    #[test]
    fn a_drawing_is_square_and_has_a_margin() {
        let drawing = draw(b"x", false).unwrap();
        let lines: Vec<Vec<char>> = drawing.lines().map(|line| line.chars().collect()).collect();
        // Version 1 has 21 modules a side, the margin four more on each.
        assert_eq!((lines.len(), lines[0].len()), (29_usize.div_ceil(2), 29));
        assert!(lines[..2].iter().flatten().all(|char| *char == '█'), "{drawing}");
        let coloured = draw(b"x", true).unwrap();
        assert!(coloured.lines().all(|line| line.starts_with(BLACK_ON_WHITE) && line.ends_with(RESET)));
    }
}
