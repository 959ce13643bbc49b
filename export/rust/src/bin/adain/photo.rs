//! Picture files.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, RgbImage};

/// Reads a JPEG or PNG file and turns the picture upright, as its EXIF data say.
pub fn read(path: &Path) -> Result<RgbImage, Box<dyn Error>> {
    let decode = || -> ImageResult<DynamicImage> {
        let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    };
    let picture = decode().map_err(|error| {
        format!("{} cannot be read as a picture ({error}); give a JPEG or PNG file", path.display())
    })?;
    Ok(picture.into_rgb8())
}

/// The format that [`write`] gives a file of this name.
pub fn format(path: &Path) -> Result<ImageFormat, Box<dyn Error>> {
    match ImageFormat::from_path(path) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => Ok(format),
        _ => {
            Err(format!("{} has an unknown suffix; give a name that ends in .jpg, .jpeg or .png", path.display())
                .into())
        }
    }
}

/// Writes a file whole or not at all.
pub fn write(path: &Path, picture: &RgbImage) -> Result<(), Box<dyn Error>> {
    let format = format(path)?;
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
        format!("{} cannot be written: {error}", path.display()).into()
    })
}
