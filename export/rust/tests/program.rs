//! The program as a user runs it.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{folder, picture, weights, write_animation};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

/// Runs the program in the client's folder, from where it finds the models.
fn adain(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adain"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("ADAIN_MODELS").args(["--threads", "1"]).args(arguments);
    command
}

/// A run that must succeed without a word, and the picture that it wrote.
fn good(mut command: Command, out: &Path) -> RgbImage {
    let done = command.arg("-o").arg(out).output().unwrap();
    let stderr = String::from_utf8(done.stderr).unwrap();
    assert_eq!((done.status.code(), stderr.as_str()), (Some(0), ""));
    image::open(out).unwrap().into_rgb8()
}

/// A run that must fail with one line that has this part.
fn bad(mut command: Command, part: &str) {
    let done = command.output().unwrap();
    let stderr = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{stderr}");
    assert!(stderr.ends_with('\n') && stderr.lines().count() == 1 && stderr.contains(part), "{part}: {stderr}");
}

fn saved(path: PathBuf, width: u32, height: u32) -> String {
    picture(width, height).save(&path).unwrap();
    path.into_os_string().into_string().unwrap()
}

#[test]
fn good_runs() {
    let folder = folder("good_runs");
    let content = &saved(folder.join("content.png"), 40, 23);
    let painting = &saved(folder.join("painting.jpg"), 32, 24);
    let code = weights().join("styles/scream.npy");
    let cases: [(&str, &[&str]); 4] = [
        ("picture.png", &[content, "-s", painting]),
        ("code.jpg", &["-s", code.to_str().unwrap(), content, "-a", "0.5"]),
        ("bank.JPEG", &["-s", "great-wave", content]),
        ("blend.png", &[content, "-s", "great-wave", "--style2", painting, "--blend", "0.25"]),
    ];
    for (out, arguments) in cases {
        assert_eq!(good(adain(arguments), &folder.join(out)).dimensions(), (40, 23));
    }
    let large = &saved(folder.join("large.png"), 120, 80);
    let run = |size: &str| {
        let options = ["--style", large.as_str(), "--alpha", "1", "--style-size", size];
        good(adain(&[&[content.as_str()], &options[..]].concat()), &folder.join("sized.png"))
    };
    assert!(run("40") != run("80") && run("80") == run("512")); // the size arrives, and enlarges nothing
    // alpha, style and blend arrive: the results differ, and a share of 0 is the first style alone.
    let out = folder.join("out.png");
    let run = |arguments: &[&str]| good(adain(&[&[content.as_str()], arguments].concat()), &out);
    let (full, other) = (run(&["-s", "great-wave"]), run(&["-s", "scream"]));
    assert!(full != other && full != run(&["-s", "great-wave", "-a", "0.2"]));
    assert!(full == run(&["-s", "great-wave", "--style2", "scream", "--blend", "0"]));
    assert!(other == run(&["-s", "great-wave", "--style2", "scream", "--blend", "1"]));
}

#[test]
fn frames_left_out_are_told() {
    let folder = folder("frames_left_out");
    let file = folder.join("two.png");
    write_animation(&file, &picture(20, 16), 2);
    let file = file.to_str().unwrap();
    let done = adain(&[file, "-s", file, "-o", folder.join("out.png").to_str().unwrap()]).output().unwrap();
    let line = format!("adain: {file} has 2 frames; the first one is taken\n");
    assert_eq!((done.status.code(), String::from_utf8(done.stderr).unwrap()), (Some(0), line.repeat(2)));
}

#[test]
fn bad_runs() {
    let folder = folder("bad_runs");
    let content = saved(folder.join("content.png"), 40, 23);
    let small = saved(folder.join("small.png"), 15, 40);
    let file = |name: &str| folder.join(name).into_os_string().into_string().unwrap();
    let (text, broken, out, gif) = (file("text.png"), file("code.npy"), file("out.png"), file("out.gif"));
    let no_folder = file("none/out.png");
    for path in [&text, &broken] {
        fs::write(path, "neither picture nor code").unwrap();
    }
    let cases: &[(&[&str], &str)] = &[
        (&["-s", "scream", "-o", &out], "CONTENT"),
        (&[&content, &content, "-s", "scream", "-o", &out], "one CONTENT"),
        (&[&content, "-o", &out], "STYLE"),
        (&[&content, "-s", "scream", "-o", &out, "-q"], "-q"),
        (&["nowhere.png", "-s", "scream", "-o", &out], "nowhere.png"),
        (&[&text, "-s", "scream", "-o", &out], "text.png"),
        (&[&small, "-s", "scream", "-o", &out], "15 x 40"),
        (&[&content, "-s", "screem", "-o", &out], "screem"),
        (&[&content, "-s", &broken, "-o", &out], "code.npy"),
        (&[&content, "-s", "scream", "-o", &out, "-a", "2"], "alpha is 2"),
        (&[&content, "-s", "scream", "-o", &out, "-a", "NaN"], "alpha is NaN"),
        (&[&content, "-s", "scream", "-o", &out, "-a", "full"], "full"),
        (&[&content, "-s", "scream", "-o", &out, "--style2", "dance"], "--blend"),
        (&[&content, "-s", "scream", "-o", &out, "--style2", "dance", "--blend", "1.5"], "--blend is 1.5"),
        (&[&content, "-s", &content, "-o", &out, "--style-size", "8"], "the size is 8"),
        (&[&content, "-s", "scream", "-o", &gif], "out.gif"),
        (&[&content, "-s", "scream", "-o", &no_folder], "none"),
    ];
    for (arguments, part) in cases {
        bad(adain(arguments), part);
    }
    assert!(!Path::new(&out).exists() && !Path::new(&gif).exists() && !folder.join("out.png.part").exists());
}

#[test]
fn models_elsewhere() {
    let folder = folder("models_elsewhere");
    let content = saved(folder.join("content.png"), 16, 16);
    let out = folder.join("out.png");
    let with = |name: &str, value: &Path| {
        let mut command = adain(&[&content, "-s", "scream"]);
        command.current_dir(&folder).env("ADAIN_MODELS", weights().join("onnx")).env(name, value);
        command
    };
    let fails = |mut command: Command, part: &str| {
        command.arg("-o").arg(&out);
        bad(command, part);
    };
    fails(with("ADAIN_MODELS", &folder), "models_elsewhere");
    let mut option = with("ADAIN_MODELS", &folder);
    option.arg("--model").arg(weights().join("onnx"));
    assert_eq!(good(option, &out).dimensions(), (16, 16));
    fs::remove_file(&out).unwrap();
    fails(with("ORT_DYLIB_PATH", &folder.join("libonnxruntime.so")), "ORT_DYLIB_PATH");
    assert!(!out.exists());
    let large = good(with("ADAIN_MODELS", &weights().join("onnx")), &out);
    assert_eq!(large.dimensions(), (16, 16));
    let fast = good(with("ADAIN_MODELS", Path::new("fast")), &out);
    assert!(fast != large);
    let mut option = with("ADAIN_MODELS", &folder);
    option.args(["--model", "fast"]);
    assert!(good(option, &out) == fast);
}

/// The result of a photo with each EXIF orientation is upright: its red corner is where it belongs.
#[test]
fn orientation() {
    let folder = folder("orientation");
    let mut jpeg = Vec::new();
    picture(40, 24).write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 100)).unwrap();
    let corners = [
        // width, height, and where the red corner is, for orientation 1, 2, ... 8
        (40, 24, 0, 0),
        (40, 24, 39, 0),
        (40, 24, 39, 23),
        (40, 24, 0, 23),
        (24, 40, 0, 0),
        (24, 40, 23, 0),
        (24, 40, 23, 39),
        (24, 40, 0, 39),
    ];
    for (orientation, (width, height, x, y)) in (1..).zip(corners) {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let segment = [&[0xff, 0xe1, 0, exif.len() as u8 + 2], &exif[..]].concat();
        let content = folder.join("content.jpg");
        fs::write(&content, [&jpeg[..2], &segment, &jpeg[2..]].concat()).unwrap();
        let run = adain(&[content.to_str().unwrap(), "-s", "scream", "-a", "0"]);
        let result = good(run, &folder.join("out.png"));
        assert_eq!(result.dimensions(), (width, height), "orientation {orientation}");
        let Rgb([red, green, blue]) = *result.get_pixel(x, y);
        assert!(red > 150 && green < 100 && blue < 100, "orientation {orientation}: {red} {green} {blue}");
    }
}
