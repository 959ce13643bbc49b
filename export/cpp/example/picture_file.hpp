#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "adain/picture.hpp"

/// JPEG and PNG files as `adain::Picture`.
namespace picture_file {

enum class Format { jpeg, png };

/// What `write` makes of a file name: JPEG of .jpg and .jpeg, PNG of .png.
///
/// @throws adain::OptionError another suffix.
Format format(const std::filesystem::path& file);

/// Read a JPEG or PNG file: upright by its EXIF orientation, in sRGB by its colour profile (CMYK without one by the plain
/// formula), on white where it is transparent. Of an animated PNG the first frame.
///
/// @param tell gets a line about what was left out, if anything.
/// @throws adain::PictureError missing, neither of the two, broken, cut short, or of more than 178,956,970 pixels.
adain::Picture read(const std::filesystem::path& file, const std::function<void(const std::string&)>& tell = {});

/// Write a picture, whole or not at all: under a temporary name that is then changed.
///
/// @throws adain::OptionError see `format`.
/// @throws adain::PictureError the file cannot be written.
void write(const adain::Picture& picture, const std::filesystem::path& file);

}  // namespace picture_file
