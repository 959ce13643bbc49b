#include "picture_file.hpp"

#include <png.h>
#include <turbojpeg.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "adain/error.hpp"
#include "decode.hpp"

namespace picture_file {
namespace {

using adain::Picture;
using adain::PictureError;

constexpr int jpeg_quality = 95;

Bytes encode_jpeg(const Picture& picture) {
  const std::unique_ptr<void, decltype(&tjDestroy)> encoder(tjInitCompress(), tjDestroy);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const int status =
      tjCompress2(encoder.get(), picture.pixels.data(), static_cast<int>(picture.width), 0,
                  static_cast<int>(picture.height), TJPF_RGB, &data, &size, TJSAMP_444, jpeg_quality, 0);
  const std::unique_ptr<unsigned char, decltype(&tjFree)> guard(data, tjFree);
  if (status != 0) {
    throw PictureError(tjGetErrorStr2(encoder.get()));
  }
  return {data, data + size};
}

Bytes encode_png(const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_RGB;
  Bytes bytes(PNG_IMAGE_PNG_SIZE_MAX(image));
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), 0, nullptr) == 0) {
    throw PictureError(image.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

Format format(const std::filesystem::path& file) {
  const std::string suffix = file.extension().string();
  if (suffix == ".png" || suffix == ".PNG") {
    return Format::png;
  }
  if (suffix == ".jpg" || suffix == ".jpeg" || suffix == ".JPG" || suffix == ".JPEG") {
    return Format::jpeg;
  }
  throw adain::OptionError(file.string() + " has an unknown suffix; pictures are written as .png, .jpg or .jpeg");
}

Picture read(const std::filesystem::path& file, const std::function<void(const std::string&)>& tell) {
  std::error_code ignored;
  std::ifstream stream(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file, ignored) || !stream) {
    throw PictureError(file.string() + " is missing or cannot be read; give a JPEG or PNG file");
  }
  const Bytes bytes{std::istreambuf_iterator<char>(stream), {}};
  try {
    Decoded decoded = decode(bytes);
    if (decoded.frames > 1 && tell) {
      tell(file.string() + " has " + std::to_string(decoded.frames) + " frames; the first one is taken");
    }
    return std::move(decoded.picture);
  } catch (const PictureError& error) {
    throw PictureError(file.string() + " cannot be read (" + error.what() +
                       "); give an intact JPEG or PNG file");
  }
}

void write(const Picture& picture, const std::filesystem::path& file) {
  const Bytes bytes = format(file) == Format::png ? encode_png(picture) : encode_jpeg(picture);
  std::filesystem::path part = file;
  part += ".part";
  std::ofstream stream(part, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  std::error_code failed;
  if (stream) {
    std::filesystem::rename(part, file, failed);
  }
  if (!stream || failed) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    throw PictureError(file.string() + " cannot be written; check the folder and its rights");
  }
}

}  // namespace picture_file
