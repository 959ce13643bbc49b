use std::fmt;

/// What can go wrong. Each message says what came, what was expected, and what to do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// onnxruntime cannot be loaded, or cannot run a model.
    Runtime(String),
    /// A file that is missing, is no ONNX model, or is not the file of the contract that was asked for.
    Model(String),
    /// A file that is no style code, or codes that do not fit the model or each other.
    Style(String),
    /// A picture that cannot be read or written, is too small, or has another size than its batch.
    Picture(String),
    /// An alpha, a weight or a size outside its range.
    Range(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Runtime(message)
        | Self::Model(message)
        | Self::Style(message)
        | Self::Picture(message)
        | Self::Range(message)) = self;
        f.write_str(message)
    }
}

impl std::error::Error for Error {}

impl From<ort::Error> for Error {
    fn from(error: ort::Error) -> Self {
        Self::Runtime(format!("onnxruntime cannot run the model: {error}"))
    }
}
