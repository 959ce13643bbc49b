#pragma once

#include <filesystem>
#include <span>
#include <vector>

namespace adain {

/// A style code: S finite values (`Stylizer::style_size`), with a meaning only to the checkpoint whose
/// style encoder made them.
using Code = std::vector<float>;

/// The code in a `.npy` file: little-endian float32 of shape [S] or [1, S], as numpy.save writes it.
///
/// @throws StyleError missing, another type or shape, more or fewer values than its header says, or not finite.
Code read_npy(const std::filesystem::path& file);

/// The code in a file that holds little-endian float32 values and nothing else.
///
/// @throws StyleError missing, empty, no whole number of values, or not finite.
Code read_f32(const std::filesystem::path& file);

/// The style between several: the weighted mean of their codes.
///
/// @param codes one or more, of one length.
/// @param weights one for each code, finite and 0 or more, in any unit: 2 and 1 are the same as 2/3 and 1/3.
/// @throws OptionError the weights are not like that, or all are 0.
/// @throws StyleError codes of different lengths.
Code blend(std::span<const Code> codes, std::span<const double> weights);

/// The same of vectors, and of lists that are written out.
inline Code blend(const std::vector<Code>& codes, const std::vector<double>& weights) {
  return blend(std::span(codes), std::span(weights));
}

}  // namespace adain
