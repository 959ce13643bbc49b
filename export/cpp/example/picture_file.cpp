#include "picture_file.hpp"

#include <libexif/exif-data.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "adain/error.hpp"

namespace picture_file {
namespace {

using adain::Picture;
using adain::PictureError;
using Bytes = std::vector<unsigned char>;

constexpr std::uint64_t max_pixels = 178'956'970;  // 0.5 GiB as RGB; the same limit as in the Python package
constexpr int jpeg_quality = 95;

/// A picture of the size that a file's header gives, its pixels still to be decoded.
Picture blank(std::size_t width, std::size_t height) {
  if (std::uint64_t{width} * height > max_pixels) {
    throw PictureError("it has " + std::to_string(width) + " x " + std::to_string(height) + " pixels, at most " +
                       std::to_string(max_pixels) + " are read");
  }
  Picture picture{width, height, {}};
  picture.pixels.resize(width * height * 3);
  return picture;
}

int exif_orientation(const Bytes& bytes) {
  const std::unique_ptr<ExifData, decltype(&exif_data_unref)> data(
      exif_data_new_from_data(bytes.data(), static_cast<unsigned>(bytes.size())), exif_data_unref);
  const ExifEntry* entry = data ? exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION) : nullptr;
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) {
    return 1;
  }
  return exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
}

Picture decode_jpeg(const Bytes& bytes) {
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), tjDestroy);
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decoder.get(), bytes.data(), bytes.size(), &width, &height, &subsampling, &colours) != 0) {
    throw PictureError(tjGetErrorStr2(decoder.get()));
  }
  Picture picture = blank(static_cast<std::size_t>(width), static_cast<std::size_t>(height));
  // Not 0 for warnings too, such as that the file is cut short.
  if (tjDecompress2(decoder.get(), bytes.data(), bytes.size(), picture.pixels.data(), width, 0, height, TJPF_RGB, 0) !=
      0) {
    throw PictureError(tjGetErrorStr2(decoder.get()));
  }
  return upright(picture, exif_orientation(bytes));
}

Picture decode_png(const Bytes& bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> guard(&image, png_image_free);
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) {
    throw PictureError(image.message);
  }
  image.format = PNG_FORMAT_RGB;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  Picture picture = blank(image.width, image.height);
  const png_color white{255, 255, 255};
  if (png_image_finish_read(&image, &white, picture.pixels.data(), 0, nullptr) == 0) {
    throw PictureError(image.message);
  }
  return picture;
}

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

bool starts_with(const Bytes& bytes, const Bytes& magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
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

Picture read(const std::filesystem::path& file) {
  std::error_code ignored;
  std::ifstream stream(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file, ignored) || !stream) {
    throw PictureError(file.string() + " is missing or cannot be read; give a JPEG or PNG file");
  }
  const Bytes bytes{std::istreambuf_iterator<char>(stream), {}};
  try {
    if (starts_with(bytes, {0xFF, 0xD8, 0xFF})) {
      return decode_jpeg(bytes);
    }
    if (starts_with(bytes, {0x89, 'P', 'N', 'G'})) {
      return decode_png(bytes);
    }
    throw PictureError("neither JPEG nor PNG");
  } catch (const PictureError& error) {
    throw PictureError(file.string() + " cannot be read (" + error.what() +
                       "); give an intact JPEG (RGB or grey) or PNG file");
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

Picture upright(const Picture& picture, int orientation) {
  const bool transposed = orientation >= 5 && orientation <= 8;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  if (!transposed && !from_right && !from_bottom) {
    return picture;
  }
  Picture turned{transposed ? picture.height : picture.width, transposed ? picture.width : picture.height, {}};
  turned.pixels.reserve(picture.pixels.size());
  for (std::size_t y = 0; y < turned.height; ++y) {
    for (std::size_t x = 0; x < turned.width; ++x) {
      const std::size_t across = transposed ? y : x;
      const std::size_t down = transposed ? x : y;
      const std::size_t column = from_right ? picture.width - 1 - across : across;
      const std::size_t row = from_bottom ? picture.height - 1 - down : down;
      const auto* pixel = &picture.pixels[(row * picture.width + column) * 3];
      turned.pixels.insert(turned.pixels.end(), pixel, pixel + 3);
    }
  }
  return turned;
}

}  // namespace picture_file
