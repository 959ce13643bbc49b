use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Code, Error, Stylizer};

impl Stylizer {
    /// The code of a named style from a bank: a folder of `NAME.npy` files with an `index.json`, as in
    /// `weights/styles`.
    ///
    /// # Errors
    /// [`Error::Style`] when there is no bank, when it has no such style, or when it is of another model.
    pub fn bank_code(&self, folder: impl AsRef<Path>, name: &str) -> Result<Code, Error> {
        let folder = folder.as_ref();
        let path = folder.join("index.json");
        let file = path.display();
        let text = fs::read_to_string(&path).map_err(|error| {
            Error::Style(format!(
                "there is no file {name}, and no bank of styles ({file}: {error}); give a picture or a code"
            ))
        })?;
        let index: Value = serde_json::from_str(&text)
            .map_err(|error| Error::Style(format!("{file} cannot be read ({error}); restore it")))?;
        if index["model"] != self.checkpoint() {
            return Err(Error::Style(format!(
                "the styles in {} are of another model (checkpoint {}, not {}); give a picture or a code",
                folder.display(),
                index["model"],
                self.checkpoint()
            )));
        }
        if index["styles"].get(name).is_none() {
            let names: Vec<&str> =
                index["styles"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            return Err(Error::Style(format!(
                "there is no file and no style {name:?}; the styles are {}",
                names.join(", ")
            )));
        }
        Code::load(folder.join(format!("{name}.npy")))
    }
}
