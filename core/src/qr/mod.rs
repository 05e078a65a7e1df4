//! QR codes: a text becomes a square of dark and light modules, and that a picture.
//!
//! The text is encoded as digits, as letters of the code's own small alphabet, or as bytes of UTF-8, whichever takes all of it. The
//! crate's own choice mixes these with Shift JIS, as which bytes of Chinese texts happen to read: a scanner would show other
//! characters.

mod deflate;
mod png;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, QrResult, Version};

/// Light modules on each side: fewer, and scanners lose the code on a dark page (ISO/IEC 18004).
const QUIET: usize = 4;

/// A code, with its quiet zone.
pub struct Code {
    /// Row by row, without the quiet zone.
    modules: Vec<Color>,
    /// Of one side, without the quiet zone.
    width: usize,
}

impl Code {
    /// The smallest code that holds `text` with error correction M; `None` if none does.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        // The largest code holds 5 596 digits: what is longer need not be tried forty times.
        if text.len() > 5_596 {
            return None;
        }
        let code = (1..=40).find_map(|it| encoded(text, Version::Normal(it)).ok())?;
        Some(Self { width: code.width(), modules: code.into_colors() })
    }

    /// Modules of one side, quiet zone and all.
    #[must_use]
    pub const fn side(&self) -> usize {
        self.width.saturating_add(QUIET.saturating_mul(2))
    }

    /// The dark modules of a row of these, from the left: where a run begins, and how long it is.
    fn runs(&self, row: usize) -> Vec<(usize, usize)> {
        let from = row.checked_sub(QUIET).and_then(|it| it.checked_mul(self.width)).unwrap_or(usize::MAX);
        let row = self.modules.get(from..from.saturating_add(self.width)).unwrap_or_default();
        let (mut runs, mut at) = (Vec::new(), QUIET);
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                runs.push((at, run.len()));
            }
            at = at.saturating_add(run.len());
        }
        runs
    }

    /// A PNG of `size` pixels, or of one pixel for each module if that is more. Modules have whole pixels; what is left is quiet.
    #[must_use]
    pub fn png(&self, size: usize) -> Vec<u8> {
        let side = self.side();
        let size = size.max(side);
        let scale = size.checked_div(side).unwrap_or(1);
        let margin = size.saturating_sub(side.saturating_mul(scale)) / 2;
        let place = |module: usize| module.saturating_mul(scale).saturating_add(margin);
        let mut picture = png::Picture::new(size);
        for row in 0..side {
            let runs = self.runs(row).into_iter().map(|(begin, length)| (place(begin), length.saturating_mul(scale)));
            picture.lines(&runs.collect::<Vec<_>>(), if row == 0 { place(1) } else { scale });
        }
        picture.finish()
    }

    /// An SVG of `size` pixels, of which a module may be a fraction.
    #[must_use]
    pub fn svg(&self, size: usize) -> String {
        let side = self.side();
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 {side} {side}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\""
        );
        for row in 0..side {
            for (begin, length) in self.runs(row) {
                out.push_str(&format!("M{begin} {row}h{length}v1h-{length}z"));
            }
        }
        out.push_str("\"/></svg>\n");
        out
    }
}

fn encoded(text: &str, version: Version) -> QrResult<QrCode> {
    let alphanumeric = |it: u8| it.is_ascii_digit() || it.is_ascii_uppercase() || b" $%*+-./:".contains(&it);
    let (text, mut bits) = (text.as_bytes(), Bits::new(version));
    if text.iter().all(u8::is_ascii_digit) {
        bits.push_numeric_data(text)?;
    } else if text.iter().all(|it| alphanumeric(*it)) {
        bits.push_alphanumeric_data(text)?;
    } else {
        bits.push_byte_data(text)?;
    }
    bits.push_terminator(EcLevel::M)?;
    QrCode::with_bits(bits, EcLevel::M)
}
