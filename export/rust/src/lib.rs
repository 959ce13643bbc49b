//! Restyles pictures after paintings with AdaIN (arXiv 1703.06868), through onnxruntime.
//!
//! It reads the `bytes` files that `adain export` writes; `export/CONTRACT.md` describes them. onnxruntime is a
//! shared library that is loaded at run time from the path in the environment variable `ORT_DYLIB_PATH`, or else
//! from where the system looks for libraries.
//!
//! ```no_run
//! use adain::{Code, Config, Stylizer, read_picture, write_picture};
//!
//! # fn main() -> Result<(), adain::Error> {
//! let mut stylizer = Stylizer::load(&Config::in_folder("weights/onnx"))?;
//! let wave = Code::load("great-wave.npy")?;
//! let mine = stylizer.encode_style(&read_picture("painting.jpg")?, None)?;
//! let code = Code::blend(&[(&wave, 1.0), (&mine, 2.0)])?;
//! let pictures = stylizer.stylize(&[read_picture("photo.jpg")?], &[code], 0.8)?;
//! write_picture(&pictures[0], "out.png")?;
//! # Ok(())
//! # }
//! ```
//!
//! Pictures are [`image::RgbImage`]; the crates `image` and `ort` are exported here, so that a caller uses the same
//! versions.

mod bank;
mod code;
mod error;
mod model;
mod picture;
mod stylizer;
mod threads;

pub use code::Code;
pub use error::Error;
pub use picture::{PAINTING_SIZE, format_of, painting_size, read_picture, read_picture_telling, shrink, write_picture};
pub use stylizer::{Config, MIN_SIDE, Stylizer};
pub use {image, ort};

/// The snippets of `README.md`, which are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
