#pragma once

#include <filesystem>

#include "adain/stylizer.hpp"

/// JPEG and PNG files as `adain::Picture`.
namespace picture_file {

enum class Format { jpeg, png };

/// What `write` makes of a file name: JPEG of .jpg and .jpeg, PNG of .png.
///
/// @throws adain::OptionError another suffix.
Format format(const std::filesystem::path& file);

/// Read a JPEG, turned upright by its EXIF orientation, or a PNG. Transparent parts of a PNG become white.
///
/// @throws adain::PictureError missing, neither of the two, broken, cut short, or of more than 178,956,970 pixels.
adain::Picture read(const std::filesystem::path& file);

/// Write a picture, whole or not at all: under a temporary name that is then changed.
///
/// @throws adain::OptionError see `format`.
/// @throws adain::PictureError the file cannot be written.
void write(const adain::Picture& picture, const std::filesystem::path& file);

/// The picture as a person should see it.
///
/// @param orientation as in EXIF, 1 to 8; any other number means 1, upright already.
adain::Picture upright(const adain::Picture& picture, int orientation);

}  // namespace picture_file
