#include "decode.hpp"

#include <lcms2.h>
#include <libexif/exif-data.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "adain/error.hpp"

namespace picture_file {
namespace {

using adain::Picture;
using adain::PictureError;
using View = std::span<const unsigned char>;

constexpr std::uint64_t max_pixels = 178'956'970;  // 0.5 GiB as RGB; the same limit as in the Python package

void check_size(std::uint64_t width, std::uint64_t height) {
  if (width * height > max_pixels) {
    throw PictureError("it has " + std::to_string(width) + " x " + std::to_string(height) + " pixels, at most " +
                       std::to_string(max_pixels) + " are read");
  }
}

bool starts_with(View bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

/// @param data behind "Exif\0\0", or a JPEG file.
int exif_orientation(View data) {
  const std::unique_ptr<ExifData, decltype(&exif_data_unref)> exif(
      exif_data_new_from_data(data.data(), static_cast<unsigned>(data.size())), exif_data_unref);
  const ExifEntry* entry = exif ? exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION) : nullptr;
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) {
    return 1;
  }
  return exif_get_short(entry->data, exif_data_get_byte_order(exif.get()));
}

/// Convert colours to sRGB by an ICC profile.
///
/// @param type of the colours, as lcms names it: RGB or CMYK of 8 bits.
/// @returns false where the profile is broken, or one of another kind of colours.
bool to_srgb(View profile, cmsUInt32Number type, View from, std::vector<std::uint8_t>& rgb) {
  using Profile = std::unique_ptr<void, decltype(&cmsCloseProfile)>;
  const Profile source(cmsOpenProfileFromMem(profile.data(), static_cast<cmsUInt32Number>(profile.size())),
                       cmsCloseProfile);
  const auto space = T_COLORSPACE(type) == PT_RGB ? cmsSigRgbData : cmsSigCmykData;
  if (!source || cmsGetColorSpace(source.get()) != space) {
    return false;
  }
  const Profile srgb(cmsCreate_sRGBProfile(), cmsCloseProfile);
  const std::unique_ptr<void, decltype(&cmsDeleteTransform)> transform(
      cmsCreateTransform(source.get(), type, srgb.get(), TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC,
                         cmsFLAGS_BLACKPOINTCOMPENSATION),
      cmsDeleteTransform);
  if (!transform) {
    return false;
  }
  cmsDoTransform(transform.get(), from.data(), rgb.data(), static_cast<cmsUInt32Number>(rgb.size() / 3));
  return true;
}

/// What the segments before the pixels of a JPEG file say.
struct Segments {
  Bytes profile;
  bool is_adobe = false;  // whose CMYK has 0 for all ink

  explicit Segments(View file) {
    using namespace std::string_view_literals;
    for (std::size_t at = 2; at + 4 <= file.size() && file[at] == 0xFF && file[at + 1] != 0xDA;) {
      const std::size_t size = file[at + 2] * 256U + file[at + 3];
      if (size < 2 || at + 2 + size > file.size()) {
        return;
      }
      const View body = file.subspan(at + 4, size - 2);
      if (file[at + 1] == 0xE2 && body.size() > 14 && starts_with(body, "ICC_PROFILE\0"sv)) {
        profile.insert(profile.end(), body.begin() + 14, body.end());  // behind its number and the number of parts
      }
      is_adobe |= file[at + 1] == 0xEE && starts_with(body, "Adobe"sv);
      at += 2 + size;
    }
  }
};

Picture decode_jpeg(const Bytes& bytes) {
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), tjDestroy);
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decoder.get(), bytes.data(), bytes.size(), &width, &height, &subsampling, &colours) != 0) {
    throw PictureError(tjGetErrorStr2(decoder.get()));
  }
  check_size(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height));
  const bool is_cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
  Bytes raw(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * (is_cmyk ? 4 : 3));
  // Not 0 for warnings too, such as that the file is cut short.
  if (tjDecompress2(decoder.get(), bytes.data(), bytes.size(), raw.data(), width, 0, height,
                    is_cmyk ? TJPF_CMYK : TJPF_RGB, 0) != 0) {
    throw PictureError(tjGetErrorStr2(decoder.get()));
  }
  const Segments segments(bytes);
  Picture picture{static_cast<std::size_t>(width), static_cast<std::size_t>(height), {}};
  if (!is_cmyk) {
    picture.pixels = raw;
    to_srgb(segments.profile, TYPE_RGB_8, raw, picture.pixels);
  } else {
    if (!segments.is_adobe) {
      std::ranges::transform(raw, raw.begin(), [](unsigned char ink) { return static_cast<unsigned char>(255 - ink); });
    }
    picture.pixels.resize(picture.width * picture.height * 3);
    if (!to_srgb(segments.profile, TYPE_CMYK_8_REV, raw, picture.pixels)) {
      for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
        const int light = raw[i / 3 * 4 + i % 3] * raw[i / 3 * 4 + 3];
        picture.pixels[i] = static_cast<std::uint8_t>((light + 127) / 255);
      }
    }
  }
  return upright(picture, exif_orientation(bytes));
}

/// libpng's reader of bytes in memory. Its errors come as C's long jumps, so the objects here live outside of `decode`.
class Png {
 public:
  explicit Png(View bytes) : rest_(bytes) {}
  ~Png() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;

  /// Fill in the members below. @returns false where the file is broken; `message` says how.
  bool decode() {
    png_ = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, this,
        [](png_structp png, png_const_charp text) {
          static_cast<Png*>(png_get_error_ptr(png))->message = text;
          png_longjmp(png, 1);
        },
        [](png_structp, png_const_charp) {});
    info_ = png_create_info_struct(png_);
    if (setjmp(png_jmpbuf(png_)) != 0) {
      return false;
    }
    png_set_read_fn(png_, this, [](png_structp png, png_bytep to, std::size_t size) {
      View& rest = static_cast<Png*>(png_get_io_ptr(png))->rest_;
      if (size > rest.size()) {
        png_error(png, "it is cut short");
      }
      std::memcpy(to, rest.data(), size);
      rest = rest.subspan(size);
    });
    const png_byte animation[] = "acTL";  // which this libpng may not know
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_ALWAYS, animation, 1);
    png_read_info(png_, info_);
    png_unknown_chunkp chunk = nullptr;
    if (png_get_unknown_chunks(png_, info_, &chunk) > 0 && chunk->size == 8) {
      frames = png_get_uint_32(chunk->data);
    }
    width = png_get_image_width(png_, info_);
    height = png_get_image_height(png_, info_);
    if (std::uint64_t{width} * height > max_pixels) {
      return true;  // refused by the caller
    }
    png_charp name = nullptr;
    int method = 0;
    png_bytep data = nullptr;
    png_uint_32 size = 0;
    if (png_get_iCCP(png_, info_, &name, &method, &data, &size) != 0) {
      profile.assign(data, data + size);
    }
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_add_alpha(png_, 255, PNG_FILLER_AFTER);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    rgba.resize(width * height * 4);
    for (std::size_t y = 0; y < height; ++y) {
      rows_.push_back(&rgba[y * width * 4]);
    }
    png_read_image(png_, rows_.data());
    png_read_end(png_, info_);
    if (png_get_eXIf_1(png_, info_, &size, &data) != 0) {
      exif.assign({'E', 'x', 'i', 'f', 0, 0});
      exif.insert(exif.end(), data, data + size);
    }
    return true;
  }

  std::size_t width = 0;
  std::size_t height = 0;
  std::uint32_t frames = 1;
  Bytes rgba;
  Bytes profile;
  Bytes exif;
  std::string message;

 private:
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  View rest_;
  std::vector<png_bytep> rows_;
};

Decoded decode_png(const Bytes& bytes) {
  Png png(bytes);
  if (!png.decode()) {
    throw PictureError(png.message);
  }
  check_size(png.width, png.height);
  Picture picture{png.width, png.height, std::vector<std::uint8_t>(png.width * png.height * 3)};
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] = png.rgba[i / 3 * 4 + i % 3];
  }
  to_srgb(png.profile, TYPE_RGB_8, Bytes(picture.pixels), picture.pixels);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    const int opacity = png.rgba[i / 3 * 4 + 3];
    picture.pixels[i] = static_cast<std::uint8_t>((picture.pixels[i] * opacity + 255 * (255 - opacity) + 127) / 255);
  }
  return {upright(picture, exif_orientation(png.exif)), png.frames};
}

}  // namespace

Decoded decode(const Bytes& bytes) {
  if (starts_with(bytes, "\xFF\xD8\xFF")) {
    return {decode_jpeg(bytes)};
  }
  if (starts_with(bytes, "\x89PNG")) {
    return decode_png(bytes);
  }
  throw PictureError("neither JPEG nor PNG");
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
