//! Vectors of length one, in whole, in bytes or in bits.

use crate::rdb::event::Quantization;
use triomphe::Arc;

/// Highest number of dimensions.
pub const DIM_MAX: usize = 1 << 16;

/// Highest component of a vector in bytes.
const STEPS: f32 = 127.0;

/// Components that a loop takes at once, each with a sum of its own.
const LANES: usize = 16;

/// Bits of a word.
const WORD_BITS: usize = u64::BITS as usize;

/// Components of a vector of length one.
#[derive(Debug, Clone)]
enum Components {
    /// As they are.
    Float32(Arc<[f32]>),
    /// In steps of the vector's range divided by 127.
    Int8(Arc<[i8]>),
    /// Their signs: set bits for those above zero, the first component in the lowest bit of the first word.
    Binary(Arc<[u64]>),
}

/// A vector as a set keeps it. Cloning it copies no components.
#[derive(Debug, Clone)]
pub struct Vector {
    components: Components,
    /// The highest absolute component of a vector in bytes.
    range: f32,
    /// The length that the vector had.
    norm: f32,
}

impl Vector {
    /// Brings components to length one and into a set's form.
    pub fn new(mut components: Vec<f32>, form: Quantization) -> Vector {
        let norm = normalise(&mut components);
        let (components, range) = match form {
            Quantization::Float32 => (Components::Float32(components.into()), 0.0),
            Quantization::Int8 => {
                let range = components.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
                // Rounds to the nearest step; what is no number becomes 0.
                let scale = if range == 0.0 { 0.0 } else { STEPS / range };
                let steps: Vec<i8> = components.iter().map(|x| (x * scale).round() as i8).collect();
                (Components::Int8(steps.into()), range)
            }
            Quantization::Binary => {
                let word = |signs: &[f32]| {
                    (0..).zip(signs).fold(0, |word, (bit, x)| word | u64::from(*x > 0.0) << bit)
                };
                let words: Vec<u64> = components.chunks(WORD_BITS).map(word).collect();
                (Components::Binary(words.into()), 0.0)
            }
        };
        Vector { components, range, norm }
    }

    /// A vector from its stored form: little-endian numbers, bytes, or words of bits. `None` if that has the wrong length.
    pub fn from_stored(
        bytes: &[u8],
        form: Quantization,
        dim: usize,
        range: f32,
        norm: f32,
    ) -> Option<Vector> {
        if bytes.len() != stored_bytes(form, dim) {
            return None;
        }
        let components = match form {
            Quantization::Float32 => {
                let (numbers, _) = bytes.as_chunks::<4>();
                let numbers: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
                Components::Float32(numbers.into())
            }
            Quantization::Int8 => {
                let steps: Vec<i8> = bytes.iter().map(|byte| byte.cast_signed()).collect();
                Components::Int8(steps.into())
            }
            Quantization::Binary => {
                let (words, _) = bytes.as_chunks::<8>();
                let words: Vec<u64> = words.iter().map(|b| u64::from_le_bytes(*b)).collect();
                Components::Binary(words.into())
            }
        };
        Some(Vector { components, range, norm })
    }

    /// The stored form of the components.
    pub fn stored(&self) -> Vec<u8> {
        match &self.components {
            Components::Float32(numbers) => numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Components::Int8(steps) => steps.iter().map(|step| step.cast_unsigned()).collect(),
            Components::Binary(words) => words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        }
    }

    /// The highest absolute component of a vector in bytes, for which 127 stands; 0 in other forms.
    pub fn range(&self) -> f32 {
        self.range
    }

    /// The length that the vector had; 1 if all its components were 0.
    pub fn norm(&self) -> f32 {
        self.norm
    }

    /// About what the vector was, of so many dimensions. Of bits, only the direction is left: each component is 1 or -1.
    pub fn restored(&self, dim: usize) -> Vec<f32> {
        match &self.components {
            Components::Float32(numbers) => numbers.iter().map(|x| x * self.norm).collect(),
            Components::Int8(steps) => {
                steps.iter().map(|step| f32::from(*step) * self.range / STEPS * self.norm).collect()
            }
            Components::Binary(words) => words
                .iter()
                .flat_map(|word| {
                    (0..WORD_BITS).map(move |bit| if word >> bit & 1 == 1 { 1.0 } else { -1.0 })
                })
                .take(dim)
                .collect(),
        }
    }

    /// How far apart two vectors of one form are: from 0 for the same direction to 2 for opposite ones.
    #[inline]
    pub fn distance(&self, other: &Vector, dim: usize) -> f32 {
        match (&self.components, &other.components) {
            (Components::Float32(a), Components::Float32(b)) => 1.0 - dot(a, b),
            (Components::Int8(a), Components::Int8(b)) => {
                // A vector without direction is as far from any other as one at a right angle.
                if self.range == 0.0 || other.range == 0.0 {
                    return 1.0;
                }
                let scale = (self.range / STEPS) * (other.range / STEPS);
                (1.0 - dot_steps(a, b) as f32 * scale).clamp(0.0, 2.0)
            }
            (Components::Binary(a), Components::Binary(b)) => {
                let differing: u32 =
                    a.iter().zip(b.iter()).map(|(a, b)| (a ^ b).count_ones()).sum();
                differing as f32 * 2.0 / dim as f32
            }
            // All vectors of a set have its form.
            _ => 2.0,
        }
    }

    /// Bytes allocated for the components.
    pub fn allocated_bytes(&self) -> usize {
        match &self.components {
            Components::Float32(numbers) => size_of_val(&**numbers),
            Components::Int8(steps) => size_of_val(&**steps),
            Components::Binary(words) => size_of_val(&**words),
        }
    }
}

/// Bytes of a vector's stored form.
pub fn stored_bytes(form: Quantization, dim: usize) -> usize {
    match form {
        Quantization::Float32 => dim * 4,
        Quantization::Int8 => dim,
        Quantization::Binary => dim.div_ceil(WORD_BITS) * 8,
    }
}

/// Divides a vector by its length, and gives that. One of zeros stays, with length 1.
fn normalise(components: &mut [f32]) -> f32 {
    let norm = dot(components, components).sqrt();
    if norm == 0.0 {
        return 1.0;
    }
    components.iter_mut().for_each(|x| *x /= norm);
    norm
}

/// The sum of products. Several sums are kept side by side, which the compiler turns into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The sum of products of steps, which no number of dimensions takes beyond 32 bits. Integers may be summed up in any order, so
/// that the compiler finds the lanes by itself once it knows how many there are.
fn dot_steps(a: &[i8], b: &[i8]) -> i32 {
    let sum = |a: &[i8], b: &[i8]| -> i32 {
        a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    };
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let lanes: i32 = a_lanes.iter().zip(b_lanes).map(|(a, b)| sum(a, b)).sum();
    lanes + sum(a_rest, b_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: [Quantization; 3] =
        [Quantization::Float32, Quantization::Int8, Quantization::Binary];

    #[test]
    fn stored_forms_come_back() {
        let components: Vec<f32> = (0..70_u8).map(|i| f32::from(i % 7) - 3.0).collect();
        for form in FORMS {
            let vector = Vector::new(components.clone(), form);
            let stored = vector.stored();
            assert_eq!(stored.len(), stored_bytes(form, 70));
            let again = Vector::from_stored(&stored, form, 70, vector.range(), vector.norm());
            assert_eq!(again.unwrap().stored(), stored);
            assert!(Vector::from_stored(&stored[1..], form, 70, 0.0, 1.0).is_none());
        }
    }

    #[test]
    fn vectors_are_restored() {
        let components = vec![0.1, 1.2, 0.5, -3.0, 0.0];
        for (form, tolerance) in [(Quantization::Float32, 1e-5), (Quantization::Int8, 0.02)] {
            let restored = Vector::new(components.clone(), form).restored(5);
            let near = |(a, b): (&f32, &f32)| (a - b).abs() < tolerance;
            assert!(restored.iter().zip(&components).all(near), "{restored:?}");
        }
        let signs = Vector::new(components, Quantization::Binary).restored(5);
        assert_eq!(signs, [1.0, 1.0, 1.0, -1.0, -1.0]);
    }

    #[test]
    fn distances_go_from_same_to_opposite() {
        for form in FORMS {
            let of = |x: f32, y: f32| Vector::new(vec![x, y], form);
            let (right, left, up) = (of(3.0, 1.0), of(-3.0, -1.0), of(-1.0, 3.0));
            assert!(right.distance(&right, 2).abs() < 0.01);
            assert!((right.distance(&left, 2) - 2.0).abs() < 0.01);
            assert!((right.distance(&up, 2) - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn odd_numbers_do_no_harm() {
        for form in FORMS {
            for odd in [0.0, f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE] {
                let vector = Vector::new(vec![odd; 33], form);
                vector.distance(&vector, 33);
                assert_eq!(vector.restored(33).len(), 33);
            }
        }
        assert_eq!(Vector::new(vec![0.0; 3], Quantization::Int8).norm(), 1.0);
    }
}
