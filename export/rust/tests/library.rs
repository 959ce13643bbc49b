//! The library on the shipped models: what it refuses, and the bank.

mod common;

use std::cell::RefCell;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard};

use adain::image::RgbImage;
use adain::ort::{self, environment::Environment};
use adain::{Code, Config, Error, Stylizer, painting_size, read_picture_telling};
use common::{folder, picture, weights, write_animation};

/// As in a program that uses `ort` itself.
static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(|| {
    let library = env::var("ORT_DYLIB_PATH").expect("set ORT_DYLIB_PATH");
    ort::init_from(library).unwrap().build().unwrap()
});

static SHIPPED: LazyLock<Mutex<Stylizer>> = LazyLock::new(|| Mutex::new(load(&shipped()).unwrap()));

fn shipped() -> Config {
    Config { threads: 1, ..Config::in_folder(weights().join("onnx")) }
}

fn load(config: &Config) -> Result<Stylizer, Error> {
    Stylizer::load_in(&ENVIRONMENT, config)
}

fn stylizer() -> MutexGuard<'static, Stylizer> {
    SHIPPED.lock().unwrap()
}

fn assert_message<T>(result: Result<T, Error>, parts: &[&str]) {
    let message = result.err().expect("no error came").to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
}

/// A copy of a model with one more metadata entry, which replaces the older one of that key: two protobuf messages
/// in one file are read as one.
fn with_metadata(file: &Path, key: &str, value: &str) -> PathBuf {
    let field = |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8], content].concat();
    let entry = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
    let model = [fs::read(file).unwrap(), field(14, &entry)].concat(); // ModelProto.metadata_props
    let path = folder(key).join(file.file_name().unwrap());
    fs::write(&path, model).unwrap();
    path
}

#[test]
fn load_refuses() {
    let good = shipped();
    let encoder = good.style_encoder.clone().unwrap();
    let text = folder("load_refuses").join("text.onnx");
    fs::write(&text, "no model").unwrap();
    let identity = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity.onnx");
    let checkpoint = stylizer().checkpoint().to_owned();
    let changed = |key, value| with_metadata(&good.stylizer, key, value);
    let cases: [(&str, PathBuf, Option<PathBuf>, &[&str]); 10] = [
        ("missing", "nowhere.onnx".into(), None, &["nowhere.onnx", "adain export"]),
        ("missing encoder", good.stylizer.clone(), Some("nowhere.onnx".into()), &["nowhere.onnx", "adain export"]),
        ("no model", text, None, &["text.onnx", "no ONNX model"]),
        ("not ours", identity, None, &["identity.onnx", "adain.contract"]),
        ("swapped", encoder.clone(), None, &["\"style_encoder\"", "\"stylizer\" was expected"]),
        ("twice", good.stylizer.clone(), Some(good.stylizer.clone()), &["\"style_encoder\" was expected"]),
        ("contract 3", changed("adain.contract", "3"), None, &["version \"3\"", "\"1\""]),
        ("portable", changed("adain.io", "portable"), None, &["\"portable\"", "--io bytes"]),
        ("style size", changed("adain.style_size", "many"), None, &["style_size \"many\""]),
        (
            "other checkpoint",
            good.stylizer.clone(),
            Some(with_metadata(&encoder, "adain.checkpoint_sha256", "abc")),
            &["different models", "abc", &checkpoint],
        ),
    ];
    for (name, stylizer, style_encoder, parts) in cases {
        println!("{name}");
        let result = load(&Config { stylizer, style_encoder, threads: 1 });
        assert!(matches!(result, Err(Error::Model(_))), "another kind of error");
        assert_message(result, parts);
    }
}

#[test]
fn stylize_refuses() {
    let mut stylizer = stylizer();
    let code = Code(vec![0.0; stylizer.style_size()]);
    let short = Code(code.0[1..].to_vec());
    let mut infinite = code.clone();
    infinite.0[3] = f32::NEG_INFINITY;
    let (good, narrow, low) = (picture(16, 16), picture(15, 16), picture(16, 15));
    let (one, two) = (&[good.clone()][..], &[good.clone(), picture(16, 17)][..]);

    for alpha in [f32::NAN, 1.01, -0.01, f32::INFINITY] {
        let parts = [format!("alpha is {alpha}"), "from 0".into()];
        assert_message(stylizer.stylize(one, std::slice::from_ref(&code), alpha), &[&parts[0], &parts[1]]);
    }
    assert_message(stylizer.stylize(one, &[short], 1.0), &["values", "expected"]);
    assert_message(stylizer.stylize(one, &[infinite], 1.0), &["value 3", "-inf"]);
    assert_message(stylizer.stylize(one, &[], 1.0), &["0 style codes for 1 contents"]);
    assert_message(stylizer.stylize(one, &[code.clone(), code.clone()], 1.0), &["2 style codes for 1 contents"]);
    assert_message(stylizer.stylize(&[], std::slice::from_ref(&code), 1.0), &["no picture"]);
    assert_message(stylizer.stylize(&[narrow], std::slice::from_ref(&code), 1.0), &["15 x 16", "at least 16"]);
    assert_message(stylizer.stylize(&[low], std::slice::from_ref(&code), 1.0), &["16 x 15", "at least 16"]);
    assert_message(stylizer.stylize(two, &[code], 1.0), &["16 x 16 and of 16 x 17"]);
}

#[test]
fn encode_style_refuses() {
    assert_message(stylizer().encode_style(&picture(100, 8), None), &["100 x 8", "at least 16"]);
    assert_message(stylizer().encode_style(&picture(100, 80), Some(15)), &["the size is 15", "16 or more"]);
    let mut alone = load(&Config { style_encoder: None, ..shipped() }).unwrap();
    assert_message(alone.encode_style(&picture(16, 16), None), &["no style encoder"]);
}

#[test]
fn very_long_paintings_have_the_pixels_of_one_8_times_as_long_as_wide() {
    let sides = [(700, 900), (4096, 512), (8, 800), (800, 8), (100, 8000), (20, 200_000)];
    let sizes = sides.map(|(width, height)| painting_size(&RgbImage::new(width, height)));
    assert_eq!(sizes, [512, 512, 145, 145, 162, 16]);
}

#[test]
fn of_several_frames_the_first_is_taken_and_told() {
    let folder = folder("several_frames");
    let first = picture(20, 16);
    let told = RefCell::new(Vec::new());
    let read = |file: &Path| read_picture_telling(file, |line| told.borrow_mut().push(line.to_owned())).unwrap();
    for count in [1, 2] {
        let file = folder.join("frames.png");
        write_animation(&file, &first, count);
        assert_eq!(read(&file), first);
    }
    let line = format!("{} has 2 frames; the first one is taken", folder.join("frames.png").display());
    assert_eq!(told.take(), [line]);
}

#[test]
fn moves_to_other_threads() {
    let mut own = load(&shipped()).unwrap();
    let elsewhere = std::thread::spawn(move || own.encode_style(&picture(24, 16), None).unwrap());
    let here = stylizer().encode_style(&picture(24, 16), None).unwrap();
    assert_eq!(elsewhere.join().unwrap(), here);
}

#[test]
fn code_files() {
    let folder = folder("code_files");
    let bytes: Vec<u8> = [1.5_f32, -2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(folder.join("code.F32"), &bytes).unwrap();
    assert_eq!(Code::load(folder.join("code.F32")).unwrap(), Code(vec![1.5, -2.0]));
    for (name, content, part) in
        [("torn.f32", &bytes[1..], "7 bytes"), ("empty.f32", &[], "0 bytes"), ("code.txt", &bytes, "txt")]
    {
        fs::write(folder.join(name), content).unwrap();
        assert_message(Code::load(folder.join(name)), &[name, part]);
    }
    assert_message(Code::load("nowhere.npy"), &["nowhere.npy"]);
}

#[test]
fn bank() {
    let stylizer = stylizer();
    let styles = weights().join("styles");
    assert_eq!(stylizer.bank_code(&styles, "starry-night").unwrap().0.len(), stylizer.style_size());
    assert_message(stylizer.bank_code(&styles, "stary-night"), &["\"stary-night\"", "starry-night"]);
    let other = folder("bank");
    assert_message(stylizer.bank_code(&other, "starry-night"), &["no bank"]);
    fs::write(other.join("index.json"), r#"{"model": "abc", "styles": {"starry-night": {}}}"#).unwrap();
    assert_message(stylizer.bank_code(&other, "starry-night"), &["another model", "abc", stylizer.checkpoint()]);
}
