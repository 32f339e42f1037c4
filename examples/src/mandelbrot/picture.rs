//! From escape times to a PNG.
//!
//! Neighbouring escape times may differ by 1 in one picture and by 1000 in another. So a pixel's colour
//! is its *rank*: the share of the picture's pixels that escape sooner. Every region then uses the whole
//! palette, and equal escape times always give equal bytes.

use std::io::Write;

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

/// The palette: rank and colour (sRGB). Night, sea and ice outside, then embers towards the set.
const PALETTE: [(f64, [u8; 3]); 8] = [
    (0.00, [6, 8, 32]),
    (0.25, [18, 46, 110]),
    (0.50, [40, 120, 180]),
    (0.68, [170, 215, 225]),
    (0.78, [255, 244, 214]),
    (0.88, [255, 176, 60]),
    (0.95, [190, 60, 30]),
    (1.00, [40, 6, 24]),
];

/// What never escapes.
const INSIDE: [u8; 3] = [0, 0, 0];

/// Steps in which the palette is used; no display shows finer ones.
const SHADES: usize = 4096;

/// The colours of a picture, red, green and blue for each pixel.
#[must_use]
pub fn colours(escapes: &[f32]) -> Vec<u8> {
    let ranks = ranks(escapes);
    let shades: Vec<_> = (0..=SHADES).map(|shade| blend(shade as f64 / SHADES as f64)).collect();
    let colour = |&escape: &f32| {
        if escape.is_infinite() {
            return INSIDE;
        }
        let (whole, fraction) = (escape as usize, f64::from(escape.fract()));
        let rank = ranks[whole] + (ranks[whole + 1] - ranks[whole]) * fraction;
        shades[(rank * SHADES as f64).round() as usize]
    };
    escapes.iter().flat_map(colour).collect()
}

/// For each whole number of iterations the share of the escaping pixels that take fewer.
fn ranks(escapes: &[f32]) -> Vec<f64> {
    let mut pixels: Vec<u64> = Vec::new();
    for whole in escapes.iter().filter(|escape| escape.is_finite()).map(|&escape| escape as usize) {
        if whole >= pixels.len() {
            pixels.resize(whole + 1, 0);
        }
        pixels[whole] += 1;
    }
    let all: u64 = pixels.iter().sum();
    let sooner = pixels.iter().scan(0, |sum, count| {
        *sum += count;
        Some(*sum as f64 / all as f64)
    });
    std::iter::once(0.0).chain(sooner).collect()
}

/// The palette at `rank`, blended in linear light, so that no band looks duller than its neighbours.
fn blend(rank: f64) -> [u8; 3] {
    const GAMMA: f64 = 2.2;
    let above = PALETTE.iter().position(|&(at, _)| at >= rank).unwrap_or(PALETTE.len() - 1).max(1);
    let ((from, left), (to, right)) = (PALETTE[above - 1], PALETTE[above]);
    let t = (rank - from) / (to - from);
    let t = t * t * (3.0 - 2.0 * t);
    std::array::from_fn(|i| {
        let [left, right] = [left[i], right[i]].map(|channel| (f64::from(channel) / 255.0).powf(GAMMA));
        ((left + (right - left) * t).powf(GAMMA.recip()) * 255.0).round() as u8
    })
}

/// Writes a picture of `width` × `height` pixels as a PNG.
///
/// # Errors
///
/// Writing to `out` fails, or the number of colours does not fit the size.
pub fn write_png(mut out: impl Write, width: usize, height: usize, colours: &[u8]) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast); // 30 times as fast as the default, a tenth larger
    let mut writer = encoder.write_header()?;
    writer.write_image_data(colours)?;
    writer.finish()?;
    Ok(out.flush()?)
}
