//! Picture files, and the size of paintings.

use std::fs::{self, File};
use std::io::{BufWriter, Cursor, Write};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, RgbImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::{Error, MIN_SIDE};

/// The shorter side, in pixels, to which paintings are shrunk unless another is asked for, as the contract says; but see
/// [`painting_size`].
pub const PAINTING_SIZE: u32 = 512;

/// Larger pictures are not read: 0.54 GB of pixels, the limit of the Python package too.
const MAX_PIXELS: u64 = 178_956_970;

/// Reads a JPEG or PNG file: upright by its EXIF orientation, in sRGB by its colour profile, on white where it is
/// transparent. A profile that cannot be used is passed over; CMYK is converted by the plain formula. Of an animated PNG
/// the first frame.
///
/// # Errors
/// [`Error::Picture`] when it is missing, no picture, broken, cut off, or of more than 178,956,970 pixels.
pub fn read_picture(path: impl AsRef<Path>) -> Result<RgbImage, Error> {
    read_picture_telling(path, |_| {})
}

/// The same; `tell` gets a line about what was left out, if anything.
///
/// # Errors
/// Those of [`read_picture`].
pub fn read_picture_telling(path: impl AsRef<Path>, tell: impl Fn(&str)) -> Result<RgbImage, Error> {
    let path = path.as_ref();
    let decode = || -> Result<RgbImage, Box<dyn std::error::Error>> {
        let data = fs::read(path)?;
        let reader = ImageReader::new(Cursor::new(&data)).with_guessed_format()?;
        let is_jpeg = reader.format() == Some(ImageFormat::Jpeg);
        let mut decoder = reader.into_decoder()?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(format!("{width} x {height} pixels are more than {MAX_PIXELS}").into());
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let profile = decoder.icc_profile().ok().flatten();
        let mut picture = DynamicImage::from_decoder(decoder)?;
        if is_jpeg && !ends(&data) {
            return Err("it is cut off".into()); // the decoder would fill it up
        }
        let frames = frames(&data);
        if frames > 1 {
            tell(&format!("{} has {frames} frames; the first one is taken", path.display()));
        }
        picture.apply_orientation(orientation);
        Ok(on_white(picture, profile.as_deref()))
    };
    decode().map_err(|error| {
        Error::Picture(format!("{} cannot be read as a picture ({error}); give a JPEG or PNG file", path.display()))
    })
}

/// The format that [`write_picture`] gives a file of this name.
///
/// # Errors
/// [`Error::Picture`] when its suffix is another than .jpg, .jpeg and .png.
pub fn format_of(path: impl AsRef<Path>) -> Result<ImageFormat, Error> {
    let path = path.as_ref();
    match ImageFormat::from_path(path) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => Ok(format),
        _ => {
            let path = path.display();
            Err(Error::Picture(format!("{path} has an unknown suffix; give a name that ends in .jpg, .jpeg or .png")))
        }
    }
}

/// Writes a file whole or not at all: PNG, or JPEG of quality 95, by its suffix.
///
/// # Errors
/// [`Error::Picture`] when the suffix is unknown or the file cannot be written.
pub fn write_picture(picture: &RgbImage, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let format = format_of(path)?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let encode = || -> ImageResult<()> {
        let mut file = BufWriter::new(File::create(&part)?);
        match format {
            ImageFormat::Jpeg => picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 95))?,
            _ => picture.write_with_encoder(PngEncoder::new(&mut file))?,
        }
        file.flush()?;
        Ok(fs::rename(&part, path)?)
    };
    encode().map_err(|error| {
        let _ = fs::remove_file(&part); // it may not even exist
        Error::Picture(format!("{} cannot be written: {error}", path.display()))
    })
}

/// A painting's longer side in shorter ones, up to which it is encoded in the usual size.
const LONGEST: u64 = 8;

/// The shorter side, in pixels, to which a painting is shrunk unless another is asked for: [`PAINTING_SIZE`]; of a scroll
/// or a frieze less, so that it has no more pixels than a painting 8 times as long as wide, but never below [`MIN_SIDE`].
pub fn painting_size(painting: &RgbImage) -> u32 {
    let (width, height) = painting.dimensions();
    let (shorter, longer) = (u64::from(width.min(height)), u64::from(width.max(height)));
    if longer <= LONGEST * shorter {
        return PAINTING_SIZE;
    }
    let part = (LONGEST * shorter) as f64 / longer as f64;
    MIN_SIDE.max((f64::from(PAINTING_SIZE) * part.sqrt()).round() as u32)
}

/// A painting as it is encoded: its shorter side at most `size`, by the Lanczos filter; smaller ones stay as they are.
///
/// # Errors
/// [`Error::Range`] when the size is below [`MIN_SIDE`].
pub fn shrink(painting: &RgbImage, size: u32) -> Result<RgbImage, Error> {
    if size < MIN_SIDE {
        return Err(Error::Range(format!(
            "the size is {size}; give the pixels of the shorter side, {MIN_SIDE} or more"
        )));
    }
    let (width, height) = painting.dimensions();
    let side = width.min(height);
    if side <= size {
        return Ok(painting.clone());
    }
    let scaled = |length: u32| (f64::from(length) * f64::from(size) / f64::from(side)).round_ties_even() as u32;
    // One axis after the other, so that values are rounded and cut to 8 bits in between, as the contract says.
    let narrow = imageops::resize(painting, scaled(width), height, FilterType::Lanczos3);
    Ok(imageops::resize(&narrow, scaled(width), scaled(height), FilterType::Lanczos3))
}

/// How many frames an animated PNG has; 1 of any other file.
fn frames(data: &[u8]) -> u32 {
    let reader = png::Decoder::new(Cursor::new(data)).read_info();
    reader.ok().and_then(|reader| reader.info().animation_control).map_or(1, |animation| animation.num_frames)
}

/// Whether the end of a JPEG file is there. It is the marker after the last scan; in a scan, 0xFF is followed by 0 or by
/// a restart marker (D0 to D7).
fn ends(jpeg: &[u8]) -> bool {
    let mut at = 2; // behind the first marker
    loop {
        match jpeg.get(at..at + 2) {
            None => return false,
            Some([0xff, 0xd9]) => return true,
            Some([0xff, 0x00 | 0xd0..=0xd7]) => at += 2,
            Some([0xff, 0x01..=0xfe]) => match jpeg.get(at + 2..at + 4) {
                Some([high, low]) => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
                _ => return false,
            },
            Some(_) => at += 1,
        }
    }
}

fn on_white(picture: DynamicImage, profile: Option<&[u8]>) -> RgbImage {
    let is_rgb = picture.color().has_color();
    if !picture.color().has_alpha() {
        let mut rgb = picture.into_rgb8();
        if is_rgb {
            to_srgb(&mut rgb, profile);
        }
        return rgb;
    }
    let picture = picture.into_rgba8();
    let mut rgb = RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, _] = picture.get_pixel(x, y).0;
        [red, green, blue].into()
    });
    if is_rgb {
        to_srgb(&mut rgb, profile);
    }
    for (pixel, from) in rgb.pixels_mut().zip(picture.pixels()) {
        let opacity = u32::from(from.0[3]);
        pixel.0 = pixel.0.map(|value| ((u32::from(value) * opacity + 255 * (255 - opacity) + 127) / 255) as u8);
    }
    rgb
}

/// Converts colours by an ICC profile; does nothing where there is none, or none of RGB that can be used.
fn to_srgb(picture: &mut RgbImage, profile: Option<&[u8]>) {
    let Some(profile) = profile.and_then(|data| ColorProfile::new_from_slice(data).ok()) else { return };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    if let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default()) {
        let from = picture.clone();
        let _ = transform.transform(&from, picture); // of equal lengths
    }
}
