#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "adain/error.hpp"
#include "adain/picture.hpp"

namespace adain {
namespace {

constexpr double lobes = 3;

double lanczos(double x) {
  if (x == 0) {
    return 1;
  }
  const double t = std::numbers::pi * x;
  return std::abs(x) < lobes ? lobes * std::sin(t) * std::sin(t / lobes) / (t * t) : 0;
}

/// Where the values of a resized line come from: for each, its first value in the line, and the weights from there.
struct Filter {
  std::vector<std::size_t> starts;
  std::vector<std::vector<double>> weights;

  Filter(std::size_t from, std::size_t to) : starts(to), weights(to) {
    const double scale = static_cast<double>(from) / static_cast<double>(to);  // 1 or more: nothing is enlarged
    for (std::size_t i = 0; i < to; ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * scale;
      starts[i] = static_cast<std::size_t>(std::max(0.0, centre - lobes * scale + 0.5));
      const double end = std::min(static_cast<double>(from), std::floor(centre + lobes * scale + 0.5));
      double sum = 0;
      for (auto j = static_cast<double>(starts[i]); j < end; ++j) {
        weights[i].push_back(lanczos((j - centre + 0.5) / scale));
        sum += weights[i].back();
      }
      for (double& weight : weights[i]) {
        weight /= sum;
      }
    }
  }
};

/// A line of values, resized along itself; `step` is from one of its values to the next.
void resize(const std::vector<std::uint8_t>& from, std::vector<std::uint8_t>& to, const Filter& filter,
            std::size_t start_from, std::size_t start_to, std::size_t step) {
  for (std::size_t i = 0; i < filter.starts.size(); ++i) {
    double sum = 0;
    std::size_t at = start_from + filter.starts[i] * step;
    for (const double weight : filter.weights[i]) {
      sum += weight * from[at];
      at += step;
    }
    to[start_to + i * step] = static_cast<std::uint8_t>(std::clamp(std::floor(sum + 0.5), 0.0, 255.0));
  }
}

/// A painting's longer side in shorter ones, up to which it is encoded in the usual size.
constexpr std::size_t longest = 8;

}  // namespace

std::size_t usual_size(PictureView painting) {
  const auto [shorter, longer] = std::minmax({painting.width, painting.height});
  if (longer <= longest * shorter) {
    return painting_size;
  }
  const double part = static_cast<double>(longest * shorter) / static_cast<double>(longer);
  return std::max(min_side, static_cast<std::size_t>(std::lround(painting_size * std::sqrt(part))));
}

// One axis after the other, so that values are rounded and cut to 8 bits in between, as the contract says.
Picture shrink(PictureView painting, std::size_t size) {
  painting.check("painting");
  if (size < min_side) {
    throw OptionError("the size is " + std::to_string(size) + "; give the pixels of the shorter side, " +
                      std::to_string(min_side) + " or more");
  }
  const auto [width, height, pixels] = painting;
  Picture picture{width, height, {pixels.begin(), pixels.end()}};
  const std::size_t side = std::min(width, height);
  if (side <= size) {
    return picture;
  }
  const auto scaled = [&](std::size_t length) {  // a half becomes the even number
    return static_cast<std::size_t>(std::nearbyint(static_cast<double>(length) * static_cast<double>(size) /
                                                   static_cast<double>(side)));
  };
  Picture narrow{scaled(width), height, std::vector<std::uint8_t>(scaled(width) * height * 3)};
  const Filter across(width, narrow.width);
  for (std::size_t line = 0; line < height * 3; ++line) {
    const std::size_t y = line / 3;
    resize(picture.pixels, narrow.pixels, across, y * width * 3 + line % 3, y * narrow.width * 3 + line % 3, 3);
  }
  Picture small{narrow.width, scaled(height), std::vector<std::uint8_t>(narrow.width * scaled(height) * 3)};
  const Filter down(height, small.height);
  for (std::size_t line = 0; line < narrow.width * 3; ++line) {
    resize(narrow.pixels, small.pixels, down, line, line, narrow.width * 3);
  }
  return small;
}

}  // namespace adain
