//! Replays `../conformance`; its README.md describes the fields of the manifest.

use std::fs;
use std::path::{Path, PathBuf};

use adain::image::{self, RgbImage};
use adain::{Code, Config, Error, Stylizer, read_picture, shrink};
use serde_json::Value;
use sha2::{Digest, Sha256};

struct Set {
    folder: PathBuf,
    manifest: Value,
}

impl Set {
    fn open() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance");
        let manifest = fs::read(folder.join("manifest.json")).expect("the conformance set is missing");
        Self { folder, manifest: serde_json::from_slice(&manifest).unwrap() }
    }

    /// A file of the set, whose SHA-256 is as expected.
    fn check(&self, path: &str, expected: &Value) -> PathBuf {
        let file = self.folder.join(path);
        let digest = Sha256::digest(fs::read(&file).unwrap());
        let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(expected, &found, "SHA-256 of {path}");
        file
    }

    fn file(&self, path: &Value) -> PathBuf {
        let path = path.as_str().unwrap();
        self.check(path, &self.manifest["files"][path])
    }

    fn picture(&self, path: &Value) -> RgbImage {
        image::open(self.file(path)).unwrap().into_rgb8()
    }

    fn code(&self, path: &Value) -> Code {
        Code::load(self.file(path)).unwrap()
    }

    fn model(&self, name: &str) -> PathBuf {
        let entry = &self.manifest["models"][name];
        self.check(entry["file"].as_str().unwrap(), &entry["sha256"])
    }

    /// The stylizer of the set's models.
    fn stylizer(&self) -> Stylizer {
        assert!(["1", "2"].contains(&self.manifest["contract"].as_str().unwrap()));
        let config =
            Config { stylizer: self.model("stylizer"), style_encoder: Some(self.model("style_encoder")), threads: 1 };
        let stylizer = Stylizer::load(&config).unwrap();
        assert_eq!(
            self.manifest["checkpoint_sha256"],
            stylizer.checkpoint(),
            "the set and the models are of different checkpoints; rebuild the set"
        );
        stylizer
    }

    fn tolerance(&self, kind: &str, measure: &str) -> f64 {
        self.manifest["tolerance"][kind][measure].as_f64().unwrap()
    }
}

/// The elements of a list, of which there is at least one.
fn list(value: &Value) -> &[Value] {
    let list = value.as_array().unwrap();
    assert!(!list.is_empty());
    list
}

#[test]
fn encode() {
    let set = Set::open();
    let mut stylizer = set.stylizer();
    for case in list(&set.manifest["encode"]) {
        let code = stylizer.encode_style(&set.picture(&case["image"]), None).unwrap();
        let expected = set.code(&case["code"]);
        assert_eq!(code.0.len(), expected.0.len(), "{}", case["name"]);
        for (value, expected) in code.0.iter().zip(&expected.0) {
            let difference = f64::from((value - expected).abs());
            assert!(difference <= set.tolerance("style", "max"), "{}: {value}, not {expected}", case["name"]);
        }
    }
}

#[test]
fn stylize() {
    let set = Set::open();
    let mut stylizer = set.stylizer();
    check_pictures(&set, &mut stylizer, "stylize");
}

#[test]
fn fast() {
    let set = Set::open();
    let config = Config { stylizer: set.model("fast"), style_encoder: None, threads: 1 };
    check_pictures(&set, &mut Stylizer::load(&config).unwrap(), "fast");
}

fn check_pictures(set: &Set, stylizer: &mut Stylizer, kind: &str) {
    for case in list(&set.manifest[kind]) {
        let contents: Vec<RgbImage> = list(&case["contents"]).iter().map(|path| set.picture(path)).collect();
        let codes: Vec<Code> = list(&case["styles"]).iter().map(|style| blend(set, style)).collect();
        let alpha = case["alpha"].as_f64().unwrap() as f32;
        let stylized = stylizer.stylize(&contents, &codes, alpha).unwrap();
        let expected = list(&case["expected"]);
        assert_eq!(stylized.len(), expected.len(), "{}", case["name"]);
        for (picture, path) in stylized.iter().zip(expected) {
            let expected = set.picture(path);
            let (max, mean) = compare(path, picture, &expected);
            assert!(max <= set.tolerance("pixels", "max") && mean <= set.tolerance("pixels", "mean"), "{path}");
        }
    }
}

#[test]
fn paintings() {
    let set = Set::open();
    let mut stylizer = set.stylizer();
    for case in list(&set.manifest["paintings"]) {
        let painting = set.picture(&case["image"]);
        let size = case["size"].as_u64().unwrap() as u32;
        let (max, mean) = compare(&case["name"], &shrink(&painting, size).unwrap(), &set.picture(&case["shrunk"]));
        assert!(max <= set.tolerance("shrunk", "max") && mean <= set.tolerance("shrunk", "mean"), "{}", case["name"]);
        let (code, expected) = (stylizer.encode_style(&painting, Some(size)).unwrap(), set.code(&case["code"]));
        let differences = code.0.iter().zip(&expected.0).map(|(a, b)| f64::from((a - b).abs()));
        let largest = differences.fold(0.0, f64::max);
        println!("{}: the code differs by {largest:.5}", case["name"]);
        assert!(largest <= set.tolerance("painting", "max"), "{}: {largest}", case["name"]);
    }
}

#[test]
fn reading() {
    let set = Set::open();
    for case in list(&set.manifest["reading"]) {
        let read = read_picture(set.file(&case["file"]));
        if case["expected"].is_null() {
            assert!(matches!(read, Err(Error::Picture(_))), "{} was read", case["name"]);
        } else {
            let (max, _) = compare(&case["name"], &read.unwrap(), &set.picture(&case["expected"]));
            assert!(max <= set.tolerance("reading", "max"), "{}: {max}", case["name"]);
        }
    }
}

/// The largest and the mean difference of two pictures of one size, in steps of 255.
fn compare(name: &Value, picture: &RgbImage, expected: &RgbImage) -> (f64, f64) {
    assert_eq!(picture.dimensions(), expected.dimensions(), "{name}");
    let pairs = picture.as_raw().iter().zip(expected.as_raw());
    let differences: Vec<f64> = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).collect();
    let max = differences.iter().copied().fold(0.0, f64::max);
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    println!("{name}: largest difference {max}, mean {mean:.5}");
    (max, mean)
}

fn blend(set: &Set, style: &Value) -> Code {
    let codes: Vec<Code> = list(style).iter().map(|part| set.code(&part["code"])).collect();
    let weights = list(style).iter().map(|part| part["weight"].as_f64().unwrap());
    Code::blend(&codes.iter().zip(weights).collect::<Vec<_>>()).unwrap()
}
