#include "adain/code.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>
#include <regex>
#include <string>
#include <string_view>
#include <system_error>

#include "adain/error.hpp"

namespace adain {
namespace {

const std::string cure = "; give a code as `adain styles PICTURE` writes it";

std::string read_file(const std::filesystem::path& file) {
  std::error_code ignored;
  std::ifstream stream(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file, ignored) || !stream) {
    throw StyleError(file.string() + " is missing or cannot be read" + cure);
  }
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Up to 4 bytes as a number, the lowest first.
std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    number |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return number;
}

Code floats(std::string_view bytes, const std::filesystem::path& file) {
  if (bytes.empty() || bytes.size() % sizeof(float) != 0) {
    throw StyleError(file.string() + " has " + std::to_string(bytes.size()) +
                     " bytes of values, no whole number of float32" + cure);
  }
  Code code(bytes.size() / sizeof(float));
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::uint32_t bits = little_endian(bytes.substr(i * sizeof(float), sizeof(float)));
    std::memcpy(&code[i], &bits, sizeof(float));
  }
  if (!std::all_of(code.begin(), code.end(), [](float value) { return std::isfinite(value); })) {
    throw StyleError(file.string() + " has values that are not finite; encode the style again");
  }
  return code;
}

}  // namespace

// The format: "\x93NUMPY", version (2 bytes), length of the header (2 bytes in version 1, 4 in later ones),
// header (a Python dict with descr, fortran_order and shape), values.
Code read_npy(const std::filesystem::path& file) {
  constexpr std::size_t max_header = 10'000;  // numpy's own limit
  const std::string data = read_file(file);
  const std::size_t start = data.size() > 6 && data[6] == 1 ? 10 : 12;
  if (data.size() < start || data.compare(0, 6, "\x93NUMPY") != 0) {
    throw StyleError(file.string() + " is no .npy file" + cure);
  }
  const std::size_t length = little_endian(std::string_view(data).substr(8, start - 8));
  if (length > std::min(max_header, data.size() - start)) {
    throw StyleError(file.string() + " is cut short or broken" + cure);
  }

  const std::string header = data.substr(start, length);
  std::smatch type;
  std::smatch shape;
  if (!std::regex_search(header, type, std::regex(R"('descr': *'([<>=|A-Za-z0-9]*)')")) ||
      !std::regex_search(header, shape, std::regex(R"('shape': *\(([0-9, ]*)\))"))) {
    throw StyleError(file.string() + " has a broken header" + cure);
  }
  const std::string sizes = shape[1];
  std::smatch size;
  if (type[1] != "<f4" || !std::regex_match(sizes, size, std::regex("(?:1, *)?([0-9]+),?"))) {
    throw StyleError(file.string() + " holds " + type[1].str() + " of shape (" + sizes +
                     "); <f4 (float32) of shape (S,) or (1, S) was expected" + cure);
  }

  const Code code = floats(std::string_view(data).substr(start + length), file);
  if (size[1] != std::to_string(code.size())) {
    throw StyleError(file.string() + " has " + std::to_string(code.size()) + " values, its header says " +
                     size[1].str() + cure);
  }
  return code;
}

Code read_f32(const std::filesystem::path& file) { return floats(read_file(file), file); }

Code blend(std::span<const Code> codes, std::span<const double> weights) {
  if (codes.empty() || codes.size() != weights.size()) {
    throw OptionError(std::to_string(weights.size()) + " weights for " + std::to_string(codes.size()) +
                      " codes; give one weight for each code");
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const bool negative = std::any_of(weights.begin(), weights.end(), [](double weight) { return weight < 0; });
  if (negative || !std::isfinite(sum) || sum == 0) {
    throw OptionError("a weight is negative or not finite, or all are 0; give finite weights of 0 or more");
  }
  std::vector<double> mean(codes[0].size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i].size() != mean.size()) {
      throw StyleError("codes of " + std::to_string(mean.size()) + " and " + std::to_string(codes[i].size()) +
                       " values cannot be blended; encode them with one model");
    }
    for (std::size_t j = 0; j < mean.size(); ++j) {
      mean[j] += weights[i] / sum * codes[i][j];
    }
  }
  return {mean.begin(), mean.end()};
}

}  // namespace adain
