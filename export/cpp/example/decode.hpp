#pragma once

#include <cstdint>
#include <vector>

#include "adain/picture.hpp"

namespace picture_file {

using Bytes = std::vector<unsigned char>;

struct Decoded {
  adain::Picture picture;
  std::uint32_t frames = 1;  // of an animated PNG; the picture is the first
};

/// The bytes of a JPEG or PNG file as a picture: upright, in sRGB, on white.
///
/// @throws adain::PictureError neither of the two, broken, cut short, or of more than 178,956,970 pixels.
Decoded decode(const Bytes& bytes);

/// The picture as a person should see it.
///
/// @param orientation as in EXIF, 1 to 8; any other number means 1, upright already.
adain::Picture upright(const adain::Picture& picture, int orientation);

}  // namespace picture_file
