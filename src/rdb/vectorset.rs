//! Vector sets of Redis 8: a module value whose items are known (section 9 of the format).
//!
//! ```text
//! dim, count, quantisation | most links << 8, flags, [input dim, projection matrix],
//! count × ( name, [attributes], vector, n, n × parameter )
//! ```
//!
//! The parameters are the node's place in the graph; the last one holds the quantisation range
//! and the vector's length. What they say is not looked into here.

use super::event::{Elem, Quantization};
use super::module::ModuleItem;
use crate::base::bulk::Bulk;

/// Highest number of dimensions a server accepts.
const DIM_MAX: u64 = 65536;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Dim,
    Count,
    Config,
    Flags,
    InputDim,
    Matrix,
    Name,
    Attributes,
    Vector,
    ParamCount,
    Param,
    Done,
}

/// Takes the items of a vector set one by one and gives its vectors.
pub(super) struct VectorSetReader {
    next: Next,
    dim: u64,
    count: u64,
    left: u64,
    quantization: Quantization,
    max_links: u64,
    has_attributes: bool,
    input_dim: Option<u64>,
    matrix: Vec<u8>,
    params_left: u64,
    name: Vec<u8>,
    attributes: Option<Vec<u8>>,
    data: Vec<u8>,
    /// Each took bytes of the file, so that they are not more than it holds.
    params: Vec<u64>,
}

impl VectorSetReader {
    pub(super) fn new() -> Self {
        VectorSetReader {
            next: Next::Dim,
            dim: 0,
            count: 0,
            left: 0,
            quantization: Quantization::Float32,
            max_links: 0,
            has_attributes: false,
            input_dim: None,
            matrix: Vec::new(),
            params_left: 0,
            name: Vec::new(),
            attributes: None,
            data: Vec::new(),
            params: Vec::new(),
        }
    }

    /// Whether all vectors have been read.
    pub(super) fn is_complete(&self) -> bool {
        self.next == Next::Done
    }

    /// Takes the next item; gives an element when one is complete.
    pub(super) fn push(&mut self, item: &ModuleItem<'_>) -> Result<Option<Elem<'_>>, &'static str> {
        match item {
            ModuleItem::Int(n) => self.number(*n),
            ModuleItem::Str(bulk) => self.string(bulk),
            _ => Err("a vector set holds no floating point items"),
        }
    }

    fn number(&mut self, n: u64) -> Result<Option<Elem<'_>>, &'static str> {
        match self.next {
            Next::Dim if n == 0 || n > DIM_MAX => {
                return Err("the vector dimension is out of range");
            }
            Next::Dim => {
                self.dim = n;
                self.next = Next::Count;
            }
            Next::Count => {
                self.count = n;
                self.left = n;
                self.next = Next::Config;
            }
            Next::Config => {
                self.quantization = match n & 0xff {
                    0 => Quantization::Float32,
                    1 => Quantization::Int8,
                    2 => Quantization::Binary,
                    _ => return Err("unknown vector quantisation"),
                };
                self.max_links = n >> 8 & 0xffff;
                self.next = Next::Flags;
            }
            Next::Flags => {
                self.has_attributes = n & 2 != 0;
                if n & 1 != 0 {
                    self.next = Next::InputDim;
                } else {
                    return Ok(Some(self.shape()));
                }
            }
            Next::InputDim => {
                self.input_dim = Some(n);
                self.next = Next::Matrix;
            }
            Next::ParamCount if n == 0 => return Err("a vector has no parameters"),
            Next::ParamCount => {
                self.params_left = n;
                self.params.clear();
                self.next = Next::Param;
            }
            Next::Param => {
                self.params_left -= 1;
                self.params.push(n);
                if self.params_left == 0 {
                    return Ok(Some(self.vector(n)));
                }
            }
            _ => return Err("a number stands where a vector set has a string"),
        }
        Ok(None)
    }

    fn string(&mut self, bulk: &Bulk<'_>) -> Result<Option<Elem<'_>>, &'static str> {
        match self.next {
            Next::Matrix => {
                let expected = u128::from(self.dim) * u128::from(self.input_dim.unwrap_or(0)) * 4;
                if bulk.text_len() as u128 != expected {
                    return Err("the projection matrix has the wrong size");
                }
                self.matrix = bulk.to_vec();
                return Ok(Some(self.shape()));
            }
            Next::Name => {
                self.name = bulk.to_vec();
                self.attributes = None;
                self.next = if self.has_attributes { Next::Attributes } else { Next::Vector };
            }
            Next::Attributes => {
                self.attributes = (bulk.text_len() > 0).then(|| bulk.to_vec());
                self.next = Next::Vector;
            }
            Next::Vector => {
                let expected = match self.quantization {
                    Quantization::Float32 => self.dim * 4,
                    Quantization::Int8 => self.dim,
                    Quantization::Binary => self.dim.div_ceil(64) * 8,
                };
                if bulk.text_len() as u64 != expected {
                    return Err("a vector has the wrong size");
                }
                self.data = bulk.to_vec();
                self.next = Next::ParamCount;
            }
            _ => return Err("a string stands where a vector set has a number"),
        }
        Ok(None)
    }

    fn shape(&mut self) -> Elem<'_> {
        self.next = if self.left == 0 { Next::Done } else { Next::Name };
        Elem::VectorSet {
            dim: self.dim,
            count: self.count,
            quantization: self.quantization,
            max_links: self.max_links,
            projected_from: self.input_dim,
            matrix: &self.matrix,
        }
    }

    fn vector(&mut self, last_param: u64) -> Elem<'_> {
        self.left -= 1;
        self.next = if self.left == 0 { Next::Done } else { Next::Name };
        Elem::Vector {
            name: Bulk::Bytes(&self.name),
            attributes: self.attributes.as_deref().map(Bulk::Bytes),
            data: &self.data,
            range: f32::from_bits((last_param >> 32) as u32),
            norm: f32::from_bits(last_param as u32),
            graph: &self.params,
        }
    }
}
