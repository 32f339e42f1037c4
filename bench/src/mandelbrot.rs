//! The Mandelbrot kernel that every subject computes: the region of the paper, in bands of rows.

/// "Three Unique Implementations of Processes for PyCSP", section 5.3.
const X: (f64, f64) = (-1.674_409_675_887_317_5, -1.674_409_671_494_062_4);
const Y: (f64, f64) = (0.000_047_164_191_972_849_76, 0.000_047_167_062_611_931_696);
pub(crate) const ITERATIONS: u16 = 5000;
const JOBS: usize = 100;

/// A picture of `size` × `size` pixels, cut into at most 100 bands of whole rows.
#[derive(Clone, Copy)]
pub(crate) struct Picture {
    pub(crate) size: usize,
    /// After how many a pixel counts as never escaping.
    pub(crate) iterations: u16,
}

impl Picture {
    pub(crate) fn rows_per_band(self) -> usize {
        self.size.div_ceil(JOBS)
    }

    pub(crate) fn bands(self) -> usize {
        self.size.div_ceil(self.rows_per_band())
    }

    pub(crate) fn pixels_per_band(self) -> usize {
        self.rows_per_band() * self.size
    }

    pub(crate) fn pixels(self) -> usize {
        self.size * self.size
    }

    /// Number of pixels in `band`: the last one may be shorter.
    pub(crate) fn pixels_in(self, band: usize) -> usize {
        let first = band * self.pixels_per_band();
        self.pixels_per_band().min(self.pixels() - first)
    }

    /// Computes the escape times of `band` into `pixels`.
    pub(crate) fn render(self, band: usize, pixels: &mut [u16]) {
        self.render_from(band * self.pixels_per_band(), pixels);
    }

    /// Computes the escape times of the pixels from `first` on.
    #[inline(never)] // the same machine code for every subject
    pub(crate) fn render_from(self, first: usize, pixels: &mut [u16]) {
        for (offset, pixel) in pixels.iter_mut().enumerate() {
            let (row, column) = ((first + offset) / self.size, (first + offset) % self.size);
            *pixel = escape_time(at(X, column, self.size), at(Y, row, self.size), self.iterations);
        }
    }
}

/// A number that differs where pictures differ (FNV-1a).
pub(crate) fn checksum(pixels: &[u16]) -> u64 {
    pixels
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &pixel| (hash ^ u64::from(pixel)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn at((from, to): (f64, f64), index: usize, size: usize) -> f64 {
    from + (to - from) * index as f64 / size as f64
}

fn escape_time(cx: f64, cy: f64, iterations: u16) -> u16 {
    let (mut x, mut y) = (0.0_f64, 0.0_f64);
    for iteration in 0..iterations {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 4.0 {
            return iteration;
        }
        y = 2.0 * x * y + cy;
        x = xx - yy + cx;
    }
    iterations
}
