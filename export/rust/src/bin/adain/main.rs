//! Restyles a picture after a painting.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adain::{Code, Config, Stylizer, format_of, read_picture_telling, write_picture};
use lexopt::prelude::*;

const USAGE: &str = "\
usage: adain CONTENT -s STYLE -o OUT [options]

CONTENT is a JPEG or PNG picture, OUT a file that ends in .jpg, .jpeg or .png. STYLE is a picture, a style code (.npy
or .f32), or the name of a style of the bank.

  -s, --style STYLE   the style
  -o, --out OUT       where the result goes; it has the size of CONTENT
  -a, --alpha ALPHA   strength of the style, from 0 (the content) to 1 (the full style, the default)
  --style2 STYLE      a second style, to blend with the first
  --blend W           share of the second style, from 0 to 1
  --style-size N      shrink style pictures to this shorter side, in pixels (512, less of very long ones)
  --threads N         of onnxruntime; as many as the process may use if not given
  --model MODEL       fast (the small network), large, or a folder of stylizer.onnx and style_encoder.onnx
  -h, --help          show this text

Without --model, it is ADAIN_MODELS in the environment, or else large. fast and large are in the nearest weights at or
above the program; the bank is the folder styles beside that of the model. ORT_DYLIB_PATH is the path of onnxruntime's
shared library.
";

/// The command line.
struct Options {
    content: PathBuf,
    style: PathBuf,
    out: PathBuf,
    alpha: f32,
    /// The second style and its share.
    second: Option<(PathBuf, f64)>,
    style_size: Option<u32>,
    threads: usize,
    model: Option<OsString>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = error.to_string();
            eprintln!("adain: {}", message.split_whitespace().collect::<Vec<_>>().join(" ")); // one line
            ExitCode::from(2)
        }
    }
}

fn tell(line: &str) {
    eprintln!("adain: {line}");
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = parse(lexopt::Parser::from_env())? else {
        print!("{USAGE}");
        return Ok(());
    };
    let content = read_picture_telling(&options.content, tell)?;
    let models = find_models(options.model)?;
    let mut stylizer = Stylizer::load(&Config { threads: options.threads, ..Config::in_folder(&models) })?;

    let bank = models.join("../styles");
    let mut code = find_style(&mut stylizer, &options.style, options.style_size, &bank)?;
    if let Some((style, share)) = &options.second {
        let second = find_style(&mut stylizer, style, options.style_size, &bank)?;
        code = Code::blend(&[(&code, 1.0 - share), (&second, *share)])?;
    }
    let stylized = stylizer.stylize(&[content], &[code], options.alpha)?;
    Ok(write_picture(&stylized[0], &options.out)?)
}

/// The folder of the model, as USAGE says.
fn find_models(given: Option<OsString>) -> Result<PathBuf, Box<dyn Error>> {
    let variable = env::var_os("ADAIN_MODELS").filter(|model| !model.is_empty());
    let model = given.or(variable).unwrap_or_else(|| "large".into());
    let own = match model.to_str() {
        Some("large") => "weights/onnx",
        Some("fast") => "weights/fast",
        _ => return Ok(model.into()),
    };
    let program = env::current_exe()?;
    let mut found = program.ancestors().map(|folder| folder.join(own));
    found.find(|folder| folder.is_dir()).ok_or_else(|| {
        let program = program.display();
        format!("there is no {own} at or above {program}; name the folder of the models with --model or ADAIN_MODELS")
            .into()
    })
}

/// Reads the command line; nothing comes when it asks for help.
fn parse(mut parser: lexopt::Parser) -> Result<Option<Options>, Box<dyn Error>> {
    let (mut contents, mut style, mut out, mut alpha) = (Vec::new(), None, None, 1.0);
    let (mut style2, mut blend, mut style_size, mut threads, mut model) = (None, None, None, 0, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(content) => contents.push(PathBuf::from(content)),
            Short('s') | Long("style") => style = Some(PathBuf::from(parser.value()?)),
            Short('o') | Long("out") => out = Some(PathBuf::from(parser.value()?)),
            Short('a') | Long("alpha") => alpha = parser.value()?.parse()?,
            Long("style2") => style2 = Some(PathBuf::from(parser.value()?)),
            Long("blend") => blend = Some(parser.value()?.parse()?),
            Long("style-size") => style_size = Some(parser.value()?.parse()?),
            Long("model") => model = Some(parser.value()?),
            Long("threads") => threads = parser.value()?.parse()?,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    let (Some(content), true, Some(style), Some(out)) = (contents.pop(), contents.is_empty(), style, out) else {
        return Err("give one CONTENT, -s STYLE and -o OUT; adain -h tells more".into());
    };
    let second = match (style2, blend) {
        (None, None) => None,
        (Some(style), Some(share)) if (0.0..=1.0).contains(&share) => Some((style, share)),
        (Some(_), Some(share)) => return Err(format!("--blend is {share}; give a number from 0 to 1").into()),
        _ => return Err("--style2 and --blend need each other; give both or none".into()),
    };
    format_of(&out)?;
    Ok(Some(Options { content, style, out, alpha, second, style_size, threads, model }))
}

/// The code that STYLE stands for: of a file, or else of the bank.
fn find_style(stylizer: &mut Stylizer, style: &Path, size: Option<u32>, bank: &Path) -> Result<Code, Box<dyn Error>> {
    if !style.exists() {
        return Ok(stylizer.bank_code(bank, &style.to_string_lossy())?);
    }
    let suffix = style.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if suffix == "npy" || suffix == "f32" {
        return Ok(Code::load(style)?);
    }
    Ok(stylizer.encode_style(&read_picture_telling(style, tell)?, size)?)
}
