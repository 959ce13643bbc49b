#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adain/code.hpp"
#include "adain/picture.hpp"

namespace Ort {
struct SessionOptions;  // of onnxruntime_cxx_api.h, which only callers that set options need
}

namespace adain {

/// How models are run.
struct Options {
  /// Threads that one call computes with; 0 is as many as the process may use.
  int threads = 0;
  /// What else is to be set, such as execution providers; called for each file, after the threads.
  std::function<void(Ort::SessionOptions&)> session;
};

/// The network: a stylizer, and where wanted a style encoder, as `adain export` writes them (`bytes` files).
///
/// Several threads may use one object at the same time.
class Stylizer {
 public:
  /// Load the model files.
  ///
  /// @param stylizer path of stylizer.onnx.
  /// @param style_encoder path of style_encoder.onnx; `encode_style` needs it.
  /// @param options threads and the options of onnxruntime.
  /// @throws ModelError a file is missing or no ONNX model, is not ours (contract, graph or io in its metadata),
  ///     or the two are of different checkpoints.
  explicit Stylizer(const std::filesystem::path& stylizer,
                    const std::optional<std::filesystem::path>& style_encoder = std::nullopt,
                    const Options& options = {});
  ~Stylizer();
  Stylizer(Stylizer&&) noexcept;
  Stylizer& operator=(Stylizer&&) noexcept;

  /// The style code of a painting.
  ///
  /// @param size the painting is shrunk so that its shorter side has at most so many pixels, or else those of
  ///     `usual_size`. It changes texture and contrast, and takes memory by its square.
  /// @throws PictureError a side is shorter than `min_side`.
  /// @throws OptionError the size is below `min_side`.
  /// @throws ModelError no style encoder was loaded, or memory does not suffice.
  Code encode_style(PictureView painting, std::optional<std::size_t> size = std::nullopt) const;

  /// Restyle one picture; the result has its size.
  ///
  /// @param alpha strength, from 0 (the content, rebuilt) to 1 (the full style).
  /// @throws PictureError, StyleError, OptionError, ModelError as for a batch.
  Picture stylize(PictureView content, std::span<const float> code, float alpha = 1) const;

  /// Restyle a batch in one run of the network.
  ///
  /// @param contents one or more, all of one size.
  /// @param codes one for each content, or a single one that serves all.
  /// @param alpha strength, from 0 (the contents, rebuilt) to 1 (the full style).
  /// @throws PictureError no content, a side shorter than `min_side`, or different sizes.
  /// @throws StyleError a code of another length than `style_size`, or not finite.
  /// @throws OptionError alpha outside 0 to 1, or a number of codes that does not fit the contents.
  /// @throws ModelError memory does not suffice.
  std::vector<Picture> stylize(std::span<const PictureView> contents,
                               std::span<const std::span<const float>> codes, float alpha = 1) const;

  /// The same of vectors.
  std::vector<Picture> stylize(const std::vector<Picture>& contents, const std::vector<Code>& codes,
                               float alpha = 1) const {
    const std::vector<PictureView> views(contents.begin(), contents.end());
    const std::vector<std::span<const float>> spans(codes.begin(), codes.end());
    return stylize(std::span(views), std::span(spans), alpha);
  }

  /// S, the length of a style code.
  std::size_t style_size() const;

  /// SHA-256 of the checkpoint that the files were exported from, in hexadecimal.
  const std::string& checkpoint_sha256() const;

 private:
  struct Models;
  std::unique_ptr<Models> models_;
};

/// The style encoder of a folder of models: its own, or else the one in `onnx` beside it, whose codes the small network
/// takes.
std::filesystem::path style_encoder_of(const std::filesystem::path& folder);

}  // namespace adain
