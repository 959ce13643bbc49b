#pragma once

#include <stdexcept>

namespace adain {

/// Any fault of what the caller gave. `what()` says in one line what came, what was expected and what to do.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file that is no model of ours, two files of different models, or a model that could not run.
class ModelError : public Error {
  using Error::Error;
};

/// A style code or its file: missing, of another type or length, or not finite.
class StyleError : public Error {
  using Error::Error;
};

/// A picture or its file: missing, broken, too small, or not of the size of its batch.
class PictureError : public Error {
  using Error::Error;
};

/// A number out of its range, or arguments that do not fit each other.
class OptionError : public Error {
  using Error::Error;
};

}  // namespace adain
