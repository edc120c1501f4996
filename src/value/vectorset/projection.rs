//! Vectors brought to fewer dimensions before they are added.

use triomphe::Arc;

/// Most numbers of a matrix that is made here: half a gigabyte of them.
const NUMBERS_MAX: usize = 1 << 27;

/// A matrix that takes vectors of many dimensions to vectors of few. Cloning it copies no numbers.
#[derive(Debug, Clone)]
pub struct Projection {
    /// Row by row, one for each dimension of the result.
    matrix: Arc<[f32]>,
    input_dim: usize,
}

impl Projection {
    /// The matrix for these numbers of dimensions, the same for everyone who asks: rows of a Walsh-Hadamard matrix, which keep
    /// distances well. `None` if it would be beyond all reason.
    pub fn new(input_dim: usize, dim: usize) -> Option<Projection> {
        if input_dim.checked_mul(dim).is_none_or(|numbers| numbers > NUMBERS_MAX) {
            return None;
        }
        let scale = 1.0 / (input_dim as f32).sqrt();
        let sign = |row: usize, column: usize| {
            if (row & column).count_ones().is_multiple_of(2) { scale } else { -scale }
        };
        let rows = (0..dim).flat_map(|row| (0..input_dim).map(move |column| sign(row, column)));
        let matrix: Vec<f32> = rows.collect();
        Some(Projection { matrix: matrix.into(), input_dim })
    }

    /// A matrix from its stored form, for results of so many dimensions; `None` if that has the wrong length.
    pub fn from_stored(bytes: &[u8], input_dim: usize, dim: usize) -> Option<Projection> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || Some(numbers.len()) != input_dim.checked_mul(dim) {
            return None;
        }
        let matrix: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Some(Projection { matrix: matrix.into(), input_dim })
    }

    /// The stored form.
    pub fn stored(&self) -> Vec<u8> {
        self.matrix.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    /// Dimensions of what it is applied to.
    pub fn input_dim(&self) -> usize {
        self.input_dim
    }

    /// Applies it to a vector of [`Projection::input_dim`] dimensions.
    pub fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let rows = self.matrix.chunks_exact(self.input_dim.max(1));
        rows.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum()).collect()
    }

    /// Bytes allocated.
    pub fn allocated_bytes(&self) -> usize {
        size_of_val(&*self.matrix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_orthogonal_signs() {
        let projection = Projection::new(4, 2).unwrap();
        assert_eq!(projection.apply(&[1.0, 2.0, 3.0, 4.0]), [5.0, -1.0]);
        let stored = projection.stored();
        let again = Projection::from_stored(&stored, 4, 2).unwrap();
        assert_eq!(again.apply(&[1.0, 0.0, 0.0, 0.0]), [0.5, 0.5]);
        assert!(Projection::from_stored(&stored, 4, 3).is_none());
        assert!(Projection::from_stored(&stored, usize::MAX, 2).is_none());
        assert!(Projection::new(1 << 16, 1 << 16).is_none());
    }
}
