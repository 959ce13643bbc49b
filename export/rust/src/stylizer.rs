use std::path::{Path, PathBuf};

use image::RgbImage;
use ort::environment::Environment;
use ort::inputs;
use ort::value::TensorRef;

use crate::model::{self, Model};
use crate::{Code, Error, painting_size, shrink};

/// The smallest side, in pixels, of a picture that the networks take.
pub const MIN_SIDE: u32 = 16;

/// What [`Stylizer::load`] loads.
#[derive(Debug, Clone)]
pub struct Config {
    /// Path of `stylizer.onnx`.
    pub stylizer: PathBuf,
    /// Path of `style_encoder.onnx`; none where codes come from files only.
    pub style_encoder: Option<PathBuf>,
    /// Threads of onnxruntime for one call; 0 is as many as this process may use.
    pub threads: usize,
}

impl Config {
    /// The files of a folder such as `weights/onnx`, or `weights/fast`: where the style encoder is missing, that of the
    /// folder `onnx` beside it serves.
    pub fn in_folder(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        let own = folder.join("style_encoder.onnx");
        let shared = folder.join("../onnx/style_encoder.onnx");
        let encoder = if !own.exists() && shared.exists() { shared } else { own };
        Self { stylizer: folder.join("stylizer.onnx"), style_encoder: Some(encoder), threads: 0 }
    }
}

/// Restyles pictures. Its methods need `&mut self`, as those of `ort` do: give each thread a stylizer of its own.
pub struct Stylizer {
    stylizer: Model,
    encoder: Option<Model>,
}

impl Stylizer {
    /// Opens the files of a [`Config`].
    ///
    /// # Errors
    /// [`Error::Runtime`] when onnxruntime cannot be loaded. [`Error::Model`] when a file is missing, is no ONNX
    /// model, is of another contract version, graph or door than expected, or when the files are of different
    /// checkpoints.
    pub fn load(config: &Config) -> Result<Self, Error> {
        Self::load_in(model::environment()?, config)
    }

    /// The same in the environment of a program that uses `ort` itself: a process can have only one.
    ///
    /// # Errors
    /// Those of [`Stylizer::load`].
    pub fn load_in(environment: &Environment, config: &Config) -> Result<Self, Error> {
        let open = |path: &Path, graph| Model::open(environment, path, graph, config.threads);
        let stylizer = open(&config.stylizer, "stylizer")?;
        let Some(path) = &config.style_encoder else {
            return Ok(Self { stylizer, encoder: None });
        };
        let encoder = open(path, "style_encoder")?;
        if encoder.checkpoint != stylizer.checkpoint {
            return Err(Error::Model(format!(
                "{} and {} are of different models (checkpoints {} and {}); export both from one",
                config.stylizer.display(),
                path.display(),
                stylizer.checkpoint,
                encoder.checkpoint
            )));
        }
        Ok(Self { stylizer, encoder: Some(encoder) })
    }

    /// S, the number of values of a style code.
    pub fn style_size(&self) -> usize {
        self.stylizer.style_size
    }

    /// SHA-256 of the model that both files were exported from.
    pub fn checkpoint(&self) -> &str {
        &self.stylizer.checkpoint
    }

    /// The style code of a painting with sides of [`MIN_SIDE`] or more. It is first shrunk so that its shorter side has
    /// at most `size` pixels, or without one those of [`painting_size`], as the codes of the bank were. Another size
    /// changes texture and contrast, and takes memory by its square.
    ///
    /// # Errors
    /// [`Error::Picture`] when it is too small, [`Error::Range`] when the size is below [`MIN_SIDE`],
    /// [`Error::Style`] without a style encoder.
    pub fn encode_style(&mut self, painting: &RgbImage, size: Option<u32>) -> Result<Code, Error> {
        let encoder = self.encoder.as_mut().ok_or_else(|| {
            Error::Style("no style encoder is loaded; give Config::style_encoder, or a ready style code".into())
        })?;
        let (shape, pixels) = pack(&[shrink(painting, size.unwrap_or_else(|| painting_size(painting)))?])?;
        let values = encoder.run(inputs!["image" => TensorRef::from_array_view((shape, &*pixels))?])?;
        Ok(Code(values))
    }

    /// Gives the contents the styles of the codes, and returns pictures of the contents' size.
    ///
    /// - `contents`: a batch of at least one picture, all of one size, with sides of [`MIN_SIDE`] or more.
    /// - `codes`: one for each content, or one that serves all.
    /// - `alpha`: strength of the style, from 0 (the content as it is) to 1 (the full style).
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::Picture`] or [`Error::Style`] when one of these does not hold.
    pub fn stylize(&mut self, contents: &[RgbImage], codes: &[Code], alpha: f32) -> Result<Vec<RgbImage>, Error> {
        if !(0.0..=1.0).contains(&alpha) {
            return Err(Error::Range(format!(
                "alpha is {alpha}; give a number from 0 (the content) to 1 (the full style)"
            )));
        }
        let (shape, pixels) = pack(contents)?;
        if codes.len() != 1 && codes.len() != contents.len() {
            return Err(Error::Style(format!(
                "{} style codes for {} contents; give one code, or one for each content",
                codes.len(),
                contents.len()
            )));
        }
        for code in codes {
            code.check(self.style_size())?;
        }
        let style: Vec<f32> = codes.iter().flat_map(|code| &code.0).copied().collect();
        let stylized = self.stylizer.run::<u8>(inputs![
            "content" => TensorRef::from_array_view((shape, &*pixels))?,
            "style" => TensorRef::from_array_view(([codes.len(), self.stylizer.style_size], &*style))?,
            "alpha" => TensorRef::from_array_view(([1_usize], &[alpha][..]))?,
        ])?;
        let (width, height) = contents[0].dimensions();
        let pictures = stylized.chunks_exact(pixels.len() / contents.len());
        Ok(pictures
            .map(|pixels| RgbImage::from_raw(width, height, pixels.to_vec()).expect("a chunk is one picture"))
            .collect())
    }
}

/// Lays a batch of pictures out as the contract's pixels: uint8 [N,H,W,3], red first, rows from the top.
fn pack(pictures: &[RgbImage]) -> Result<([usize; 4], Vec<u8>), Error> {
    let Some(first) = pictures.first() else {
        return Err(Error::Picture("there is no picture; give at least one".into()));
    };
    let (width, height) = first.dimensions();
    if width < MIN_SIDE || height < MIN_SIDE {
        return Err(Error::Picture(format!(
            "a picture of {width} x {height} pixels is too small; both sides must have at least {MIN_SIDE}"
        )));
    }
    if let Some(other) = pictures.iter().find(|picture| picture.dimensions() != (width, height)) {
        return Err(Error::Picture(format!(
            "a batch has pictures of {width} x {height} and of {} x {} pixels; \
             give pictures of one size, or one at a time",
            other.width(),
            other.height()
        )));
    }
    let pixels = pictures.iter().flat_map(|picture| picture.as_raw()).copied().collect();
    Ok(([pictures.len(), height as usize, width as usize, 3], pixels))
}
