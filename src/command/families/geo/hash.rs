//! Places as hashes: bits of latitude and longitude in turn, 26 of each in a score.

/// Bits of each coordinate in a score.
pub(super) const STEP_MAX: u32 = 26;
const LATITUDE_MAX: f64 = 85.051_128_78;
const LONGITUDE_MAX: f64 = 180.0;
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
const MERCATOR_MAX: f64 = 20_037_726.37;
const EVEN: u64 = 0x5555_5555_5555_5555;
const ODD: u64 = !EVEN;

/// Whether a longitude and a latitude can be hashed.
pub(super) fn is_on_map([longitude, latitude]: [f64; 2]) -> bool {
    longitude.abs() <= LONGITUDE_MAX && latitude.abs() <= LATITUDE_MAX
}

/// Radians, as servers reckon them: by a quotient.
fn radians(degrees: f64) -> f64 {
    degrees * (std::f64::consts::PI / 180.0)
}

fn degrees(radians: f64) -> f64 {
    radians / (std::f64::consts::PI / 180.0)
}

/// One cell of the map at a precision of some bits of each coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) bits: u64,
    pub(super) step: u32,
}

/// A cell's borders.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    longitude: [f64; 2],
    latitude: [f64; 2],
}

/// Puts 32 bits at the even places of 64.
fn spread(n: u32) -> u64 {
    let mut n = u64::from(n);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, EVEN),
    ] {
        n = (n | n << shift) & mask;
    }
    n
}

/// Takes the bits at even places.
fn gather(n: u64) -> u32 {
    let mut n = n & EVEN;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        n = (n | n >> shift) & mask;
    }
    n as u32
}

fn interleaved([longitude, latitude]: [f64; 2], latitude_max: f64, step: u32) -> u64 {
    let cells = (1_u64 << step) as f64;
    let latitude = (latitude + latitude_max) / (latitude_max + latitude_max) * cells;
    let longitude = (longitude + LONGITUDE_MAX) / (LONGITUDE_MAX + LONGITUDE_MAX) * cells;
    spread(latitude as u32) | spread(longitude as u32) << 1
}

impl Cell {
    pub(super) fn at(place: [f64; 2], step: u32) -> Cell {
        Cell { bits: interleaved(place, LATITUDE_MAX, step), step }
    }

    fn area(self) -> Area {
        let cells = (1_u64 << self.step) as f64;
        let border =
            |n: u32, more: f64, max: f64| -max + ((f64::from(n) + more) / cells) * (max + max);
        let (latitude, longitude) = (gather(self.bits), gather(self.bits >> 1));
        Area {
            longitude: [
                border(longitude, 0.0, LONGITUDE_MAX),
                border(longitude, 1.0, LONGITUDE_MAX),
            ],
            latitude: [border(latitude, 0.0, LATITUDE_MAX), border(latitude, 1.0, LATITUDE_MAX)],
        }
    }

    /// The cell so many cells to the east and to the north: -1, 0 or 1. The map's borders are joined.
    fn neighbor(self, east: i8, north: i8) -> Cell {
        let shift = 64 - self.step * 2;
        let moved = |bits: u64, mask: u64, others: u64, by: i8| match by {
            0 => bits & mask,
            1 => (bits & mask).wrapping_add((others >> shift) + 1) & (mask >> shift),
            _ => {
                ((bits & mask) | (others >> shift)).wrapping_sub((others >> shift) + 1)
                    & (mask >> shift)
            }
        };
        let bits = moved(self.bits, ODD, EVEN, east) | moved(self.bits, EVEN, ODD, north);
        Cell { bits, step: self.step }
    }

    /// The scores of the places in the cell: from, and up to but without.
    pub(super) fn scores(self) -> (f64, f64) {
        let shift = 52 - self.step * 2;
        ((self.bits << shift) as f64, ((self.bits + 1) << shift) as f64)
    }
}

/// The score of a place.
pub(super) fn encode(place: [f64; 2]) -> u64 {
    Cell::at(place, STEP_MAX).bits
}

/// The middle of the cell that a score is.
pub(super) fn decode(score: f64) -> [f64; 2] {
    let area = Cell { bits: score as u64, step: STEP_MAX }.area();
    let middle = |[low, high]: [f64; 2], max: f64| ((low + high) / 2.0).clamp(-max, max);
    [middle(area.longitude, LONGITUDE_MAX), middle(area.latitude, LATITUDE_MAX)]
}

/// The customary text of a place's hash, whose latitudes reach to the poles.
pub(super) fn text(place: [f64; 2]) -> Vec<u8> {
    const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let bits = interleaved(place, 90.0, STEP_MAX);
    let mut text: Vec<u8> =
        (1..=10).map(|digit| ALPHABET[(bits >> (52 - digit * 5) & 31) as usize]).collect();
    // There are no bits for the eleventh.
    text.push(b'0');
    text
}

fn latitude_distance_m(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_M * (radians(b) - radians(a)).abs()
}

/// The distance between two places along a great circle.
pub(super) fn distance_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    let v = ((radians(b[0]) - radians(a[0])) / 2.0).sin();
    if v == 0.0 {
        return latitude_distance_m(a[1], b[1]);
    }
    let (first, second) = (radians(a[1]), radians(b[1]));
    let u = ((second - first) / 2.0).sin();
    let a = u * u + first.cos() * second.cos() * v * v;
    2.0 * EARTH_RADIUS_M * a.sqrt().asin()
}

/// What is searched: a circle or a box around a place. Lengths are in metres.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
}

impl Shape {
    /// The distance of a place inside the shape.
    pub(super) fn distance_m(self, center: [f64; 2], place: [f64; 2]) -> Option<f64> {
        match self {
            Shape::Circle { radius } => {
                Some(distance_m(center, place)).filter(|distance| *distance <= radius)
            }
            Shape::Box { width, height } => {
                let inside = latitude_distance_m(place[1], center[1]) <= height / 2.0
                    && distance_m(place, [center[0], place[1]]) <= width / 2.0;
                inside.then(|| distance_m(center, place))
            }
        }
    }

    /// The cells that hold all of the shape, in the order in which servers look through them.
    pub(super) fn cells(self, center: [f64; 2]) -> Vec<Cell> {
        let (half_width, half_height, reach) = match self {
            Shape::Circle { radius } => (radius, radius, radius),
            Shape::Box { width, height } => {
                let (w, h) = (width / 2.0, height / 2.0);
                (w, h, (w * w + h * h).sqrt())
            }
        };
        let [longitude, latitude] = center;
        let up = degrees(half_height / EARTH_RADIUS_M);
        let edge = if latitude < 0.0 { latitude - up } else { latitude + up };
        let aside = degrees(half_width / EARTH_RADIUS_M / radians(edge).cos());
        let (west, east) = (longitude - aside, longitude + aside);
        let (south, north) = (latitude - up, latitude + up);

        let mut step = step_for(reach, latitude);
        let mut cell = Cell::at(center, step);
        let too_small = cell.neighbor(0, 1).area().latitude[1] < north
            || cell.neighbor(0, -1).area().latitude[0] > south
            || cell.neighbor(1, 0).area().longitude[1] < east
            || cell.neighbor(-1, 0).area().longitude[0] > west;
        if step > 1 && too_small {
            step -= 1;
            cell = Cell::at(center, step);
        }
        let area = cell.area();
        let useless = |x: i8, y: i8| {
            step >= 2
                && (y < 0 && area.latitude[0] < south
                    || y > 0 && area.latitude[1] > north
                    || x < 0 && area.longitude[0] < west
                    || x > 0 && area.longitude[1] > east)
        };
        let around = [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut cells = vec![cell];
        for (x, y) in around {
            let next = cell.neighbor(x, y);
            // Around the whole earth neighbours are the same, if not always the one before.
            let repeated = cells.len() > 1 && cells.last() == Some(&next);
            if !useless(x, y) && !repeated {
                cells.push(next);
            }
        }
        cells
    }
}

/// Bits at which a cell and those around it hold a circle.
fn step_for(mut reach_m: f64, latitude: f64) -> u32 {
    if reach_m == 0.0 {
        return STEP_MAX;
    }
    let mut step = 1_i32;
    while reach_m < MERCATOR_MAX {
        reach_m *= 2.0;
        step += 1;
    }
    step -= 2;
    // Cells are narrower towards the poles.
    step -= i32::from(latitude.abs() > 66.0) + i32::from(latitude.abs() > 80.0);
    step.clamp(1, STEP_MAX as i32) as u32
}
