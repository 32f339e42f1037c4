//! The kernel: the escape-time loop.

/// The square of the radius beyond which a point counts as escaped. 2 would do; a larger one makes the
/// fraction below smooth.
const BAILOUT: f64 = 256.0;

/// How many iterations of z → z² + c the point c = `cx` + i·`cy` takes to escape, with a fraction;
/// infinity if it has not escaped after `limit` of them.
///
/// The fraction is the usual one: log₂ of how far beyond the radius the point landed, on a logarithmic
/// scale.
pub(super) fn escape(cx: f64, cy: f64, limit: u32) -> f32 {
    let (mut x, mut y) = (0.0, 0.0);
    for n in 0..limit {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > BAILOUT {
            let beyond = ((xx + yy).ln() / BAILOUT.ln()).log2();
            return (f64::from(n) + 1.0 - beyond).max(0.0) as f32;
        }
        y = (x + x) * y + cy;
        x = xx - yy + cx;
    }
    f32::INFINITY
}
