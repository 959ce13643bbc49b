#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace adain {

/// The shortest side that the network takes.
inline constexpr std::size_t min_side = 16;

/// The shorter side, in pixels, to which paintings are shrunk unless another is asked for, as the contract says; but see
/// `usual_size`.
inline constexpr std::size_t painting_size = 512;

/// uint8 [height, width, 3]: sRGB, red first, rows from the top, no padding between them.
struct Picture {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixels;
};

/// A look at the pixels of a picture that is held elsewhere; laid out as in `Picture`.
struct PictureView {
  std::size_t width = 0;
  std::size_t height = 0;
  std::span<const std::uint8_t> pixels;

  PictureView(std::size_t width, std::size_t height, std::span<const std::uint8_t> pixels)
      : width(width), height(height), pixels(pixels) {}
  PictureView(const Picture& picture) : PictureView(picture.width, picture.height, picture.pixels) {}  // on purpose

  /// @throws PictureError a side is shorter than `min_side`, or the number of bytes is not width * height * 3.
  void check(std::string_view name) const;
};

/// The shorter side, in pixels, to which a painting is shrunk unless another is asked for: `painting_size`; of a scroll or
/// a frieze less, so that it has no more pixels than a painting 8 times as long as wide, but never below `min_side`.
std::size_t usual_size(PictureView painting);

/// A painting as it is encoded: its shorter side at most `size` pixels, by the Lanczos filter; smaller ones stay as
/// they are.
///
/// @throws PictureError see `PictureView::check`.
/// @throws OptionError the size is below `min_side`.
Picture shrink(PictureView painting, std::size_t size = painting_size);

}  // namespace adain
