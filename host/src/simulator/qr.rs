//! The picture that `auth login --qr-base64` prints.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::{Color, QrCode};

/// The width of a module, in pixels.
const SCALE: usize = 4;

/// The margin around the code, in modules, as scanners need it.
const MARGIN: usize = 4;

/// A QR code that says `text`, as the data URL of a PNG file.
pub(super) fn data_url(text: &str) -> io::Result<String> {
    let code = QrCode::new(text).map_err(io::Error::other)?;
    let modules = code.width() + 2 * MARGIN;
    let is_dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(MARGIN).filter(|at| *at < code.width());
        inside(x).zip(inside(y)).is_some_and(|at| code[at] == Color::Dark)
    };
    let side = modules * SCALE;
    let pixels: Vec<u8> = (0..side)
        .flat_map(|y| (0..side).map(move |x| (x / SCALE, y / SCALE)))
        .map(|(x, y)| if is_dark(x, y) { 0 } else { u8::MAX })
        .collect();
    let mut file = Vec::new();
    let side = u32::try_from(side).map_err(io::Error::other)?;
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(&file)))
}
