//! One file of the contract, open in onnxruntime.

use std::borrow::Cow;
use std::env::{self, consts};
use std::path::Path;
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use ort::value::PrimitiveTensorElementType;

use crate::{Error, threads};

/// The versions of the contract that this crate can run; what it uses of them is the same.
const CONTRACT_VERSIONS: [&str; 2] = ["1", "2"];

pub(crate) struct Model {
    session: Session,
    /// S, the number of values of a style code.
    pub style_size: usize,
    /// SHA-256 of the model that the file was exported from.
    pub checkpoint: String,
}

/// The environment of this crate; the first call loads onnxruntime.
pub(crate) fn environment() -> Result<&'static Environment, Error> {
    static ENVIRONMENT: OnceLock<Result<Environment, Error>> = OnceLock::new();
    let environment = ENVIRONMENT.get_or_init(|| {
        let path = env::var("ORT_DYLIB_PATH")
            .ok()
            .filter(|path| !path.is_empty())
            .unwrap_or_else(|| format!("{}onnxruntime{}", consts::DLL_PREFIX, consts::DLL_SUFFIX));
        let cure = "set ORT_DYLIB_PATH to the shared library of onnxruntime 1.20 or later";
        let builder = ort::init_from(&path)
            .map_err(|error| Error::Runtime(format!("onnxruntime cannot be loaded ({error}); {cure}")))?;
        Ok(builder.with_telemetry(false).build()?)
    });
    environment.as_ref().map_err(Error::clone)
}

impl Model {
    /// Opens a file and checks that it is the graph that was asked for. With 0 threads, it runs on as many
    /// as this process may use.
    pub fn open(environment: &Environment, path: &Path, graph: &str, threads: usize) -> Result<Self, Error> {
        let file = path.display();
        let cure = "give a file that `adain export` wrote";
        path.metadata().map_err(|error| Error::Model(format!("{file} cannot be read ({error}); {cure}")))?;
        let session = Session::builder(environment)?
            .with_intra_threads(if threads == 0 { threads::usable() } else { threads })
            .map_err(ort::Error::from)?
            .commit_from_file(path)
            .map_err(|error| {
                Error::Model(format!("{file} is no ONNX model that onnxruntime can read ({error}); {cure}"))
            })?;
        let (style_size, checkpoint) =
            check_metadata(&session, graph).map_err(|problem| Error::Model(format!("{file} {problem}")))?;
        Ok(Self { session, style_size, checkpoint })
    }

    /// Runs the graph on named inputs and returns the values of its only output.
    pub fn run<T>(&mut self, inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)>) -> Result<Vec<T>, Error>
    where
        T: PrimitiveTensorElementType + Clone,
    {
        let outputs = self.session.run(inputs)?;
        let (_, values) = outputs[0].try_extract_tensor::<T>()?;
        Ok(values.to_vec())
    }
}

/// Checks what a file says of itself, and returns its style size and checkpoint; or what is wrong.
fn check_metadata(session: &Session, graph: &str) -> Result<(usize, String), String> {
    let metadata = session.metadata().map_err(|error| format!("has no metadata ({error})"))?;
    let entry = |name: &str| metadata.custom(&format!("adain.{name}")).unwrap_or_default();
    match entry("contract").as_str() {
        version if CONTRACT_VERSIONS.contains(&version) => {}
        "" => {
            return Err("is an ONNX model, but not one of adain's (it has no adain.contract entry); \
                        give a file that `adain export` wrote"
                .into());
        }
        version => {
            return Err(format!(
                "follows contract version {version:?}, this crate knows {CONTRACT_VERSIONS:?}; export it again"
            ));
        }
    }
    let found = entry("graph");
    if found != graph {
        return Err(format!("is a {found:?} graph, a {graph:?} was expected; give the file of that name"));
    }
    let found = entry("io");
    if found != "bytes" {
        return Err(format!("has pixels of kind {found:?}, \"bytes\" was expected; export it with --io bytes"));
    }
    let (size, checkpoint) = (entry("style_size"), entry("checkpoint_sha256"));
    match size.parse() {
        Ok(size) if size > 0 && !checkpoint.is_empty() => Ok((size, checkpoint)),
        _ => Err(format!(
            "has incomplete adain metadata (style_size {size:?}, checkpoint_sha256 {checkpoint:?}); export it again"
        )),
    }
}
