//! What several test files use.

use std::fs::File;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};

/// `weights/` of the repository.
pub fn weights() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../weights")
}

/// An empty folder for the files of a test.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder); // of an earlier run
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A synthetic picture, red in the upper left corner.
pub fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([255 - (3 * x + 3 * y) as u8, (9 * x) as u8, (7 * y) as u8]))
}

/// Writes a PNG file of several frames, all of them black but the first.
#[allow(dead_code)] // not in every test file
pub fn write_animation(path: &Path, first: &RgbImage, frames: u32) {
    let (width, height) = first.dimensions();
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(frames, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(first.as_raw()).unwrap();
    for _ in 1..frames {
        writer.write_image_data(RgbImage::new(width, height).as_raw()).unwrap();
    }
    writer.finish().unwrap();
}
