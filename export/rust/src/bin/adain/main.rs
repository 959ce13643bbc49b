//! Restyles a picture after a painting.

mod photo;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use adain::{Code, Config, Stylizer};
use lexopt::prelude::*;

const USAGE: &str = "\
usage: adain CONTENT -s STYLE -o OUT [-a ALPHA] [--style2 STYLE --blend W] [--threads N]

CONTENT is a JPEG or PNG picture, OUT a file that ends in .jpg, .jpeg or .png. STYLE is a picture, a .npy style
code, or the name of a style of the bank.

  -s STYLE         the style
  -o OUT           where the result goes; it has the size of CONTENT
  -a ALPHA         strength of the style, from 0 (the content) to 1 (the full style, the default)
  --style2 STYLE   a second style, to blend with the first
  --blend W        share of the second style, from 0 to 1
  --threads N      of onnxruntime; one for each core if not given

The models come from the folder in the environment variable ADAIN_MODELS, or else from ../../weights/onnx; the bank
is the folder styles beside that one. ORT_DYLIB_PATH is the path of onnxruntime's shared library.
";

/// The command line.
struct Options {
    content: PathBuf,
    style: PathBuf,
    out: PathBuf,
    alpha: f32,
    /// The second style and its share.
    second: Option<(PathBuf, f64)>,
    threads: usize,
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

fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = parse(lexopt::Parser::from_env())? else {
        print!("{USAGE}");
        return Ok(());
    };
    let content = photo::read(&options.content)?;
    let models = env::var_os("ADAIN_MODELS").filter(|folder| !folder.is_empty());
    let models = models.unwrap_or_else(|| "../../weights/onnx".into());
    let mut stylizer = Stylizer::load(&Config { threads: options.threads, ..Config::in_folder(&models) })?;

    let bank = Path::new(&models).join("../styles");
    let mut code = find_style(&mut stylizer, &options.style, &bank)?;
    if let Some((style, share)) = &options.second {
        let second = find_style(&mut stylizer, style, &bank)?;
        code = Code::blend(&[(&code, 1.0 - share), (&second, *share)])?;
    }
    let stylized = stylizer.stylize(&[content], &[code], options.alpha)?;
    photo::write(&options.out, &stylized[0])
}

/// Reads the command line; nothing comes when it asks for help.
fn parse(mut parser: lexopt::Parser) -> Result<Option<Options>, Box<dyn Error>> {
    let (mut contents, mut style, mut out, mut alpha) = (Vec::new(), None, None, 1.0);
    let (mut style2, mut blend, mut threads) = (None, None, 0);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(content) => contents.push(PathBuf::from(content)),
            Short('s') => style = Some(PathBuf::from(parser.value()?)),
            Short('o') => out = Some(PathBuf::from(parser.value()?)),
            Short('a') => alpha = parser.value()?.parse()?,
            Long("style2") => style2 = Some(PathBuf::from(parser.value()?)),
            Long("blend") => blend = Some(parser.value()?.parse()?),
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
    photo::format(&out)?;
    Ok(Some(Options { content, style, out, alpha, second, threads }))
}

/// The code that STYLE stands for: of a file, or else of the bank.
fn find_style(stylizer: &mut Stylizer, style: &Path, bank: &Path) -> Result<Code, Box<dyn Error>> {
    if !style.exists() {
        return Ok(stylizer.bank_code(bank, &style.to_string_lossy())?);
    }
    let suffix = style.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if suffix == "npy" || suffix == "f32" {
        return Ok(Code::load(style)?);
    }
    Ok(stylizer.encode_style(&photo::read(style)?)?)
}
