#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adain/code.hpp"

namespace adain {

/// uint8 [height, width, 3]: sRGB, red first, rows from the top, no padding between them.
struct Picture {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixels;
};

/// The shortest side that the network takes.
inline constexpr std::size_t min_side = 16;

/// The network: a stylizer, and where wanted a style encoder, as `adain export` writes them (`bytes` files).
///
/// Several threads may use one object at the same time.
class Stylizer {
 public:
  /// Load the model files.
  ///
  /// @param stylizer path of stylizer.onnx.
  /// @param style_encoder path of style_encoder.onnx; `encode_style` needs it.
  /// @param threads that one call computes with; 0 is one for each core.
  /// @throws ModelError a file is missing or no ONNX model, is not ours (contract, graph or io in its metadata),
  ///     or the two are of different checkpoints.
  explicit Stylizer(const std::filesystem::path& stylizer,
                    const std::optional<std::filesystem::path>& style_encoder = std::nullopt, int threads = 0);
  ~Stylizer();
  Stylizer(Stylizer&&) noexcept;
  Stylizer& operator=(Stylizer&&) noexcept;

  /// The style code of a picture of any size.
  ///
  /// @throws PictureError a side is shorter than `min_side`.
  /// @throws ModelError no style encoder was loaded, or memory does not suffice.
  Code encode_style(const Picture& image) const;

  /// Restyle one picture; the result has its size.
  ///
  /// @param alpha strength, from 0 (the content, rebuilt) to 1 (the full style).
  /// @throws PictureError, StyleError, OptionError, ModelError as for a batch.
  Picture stylize(const Picture& content, const Code& code, float alpha = 1) const;

  /// Restyle a batch in one run of the network.
  ///
  /// @param contents one or more, all of one size.
  /// @param codes one for each content, or a single one that serves all.
  /// @param alpha strength, from 0 (the contents, rebuilt) to 1 (the full style).
  /// @throws PictureError no content, a side shorter than `min_side`, or different sizes.
  /// @throws StyleError a code of another length than `style_size`, or not finite.
  /// @throws OptionError alpha outside 0 to 1, or a number of codes that does not fit the contents.
  /// @throws ModelError memory does not suffice.
  std::vector<Picture> stylize(const std::vector<Picture>& contents, const std::vector<Code>& codes,
                               float alpha = 1) const;

  /// S, the length of a style code.
  std::size_t style_size() const;

  /// SHA-256 of the checkpoint that the files were exported from, in hexadecimal.
  const std::string& checkpoint_sha256() const;

 private:
  struct Models;
  std::unique_ptr<Models> models_;
};

}  // namespace adain
