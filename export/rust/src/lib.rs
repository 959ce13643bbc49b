//! Restyles pictures after paintings with AdaIN (arXiv 1703.06868), through onnxruntime.
//!
//! It reads the `bytes` files that `adain export` writes; `export/CONTRACT.md` describes them. onnxruntime is a
//! shared library that is loaded at run time from the path in the environment variable `ORT_DYLIB_PATH`, or else
//! from where the system looks for libraries.
//!
//! ```no_run
//! use adain::{Code, Config, Stylizer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut stylizer = Stylizer::load(&Config::in_folder("weights/onnx"))?;
//! let wave = Code::load("great-wave.npy")?;
//! let mine = stylizer.encode_style(&image::open("painting.jpg")?.into_rgb8())?;
//! let code = Code::blend(&[(&wave, 1.0), (&mine, 2.0)])?;
//! let photo = image::open("photo.jpg")?.into_rgb8();
//! stylizer.stylize(&[photo], &[code], 0.8)?[0].save("out.png")?;
//! # Ok(())
//! # }
//! ```

mod bank;
mod code;
mod error;
mod model;
mod stylizer;

pub use code::Code;
pub use error::Error;
pub use stylizer::{Config, MIN_SIDE, Stylizer};
