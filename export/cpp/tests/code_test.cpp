#include "adain/code.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "adain/error.hpp"
#include "support.hpp"

namespace {

using adain::Code;

std::string bytes_of(const Code& code) {
  std::string bytes(code.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), code.data(), bytes.size());
  return bytes;
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& values, char version = 1) {
  const std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string length{static_cast<char>(header.size()), '\0'};
  length.resize(version == 1 ? 2 : 4);
  return std::string("\x93NUMPY") + version + '\0' + length + header + values;
}

class CodeFile : public FolderTest {
 protected:
  const std::filesystem::path file = folder / "style.npy";
  const Code code{0.5F, -1.25F, 3e-8F};

  Code read(const std::string& bytes) {
    write_bytes(file, bytes);
    return adain::read_npy(file);
  }
};

TEST_F(CodeFile, NpyOfOneRow) {
  EXPECT_EQ(read(npy("<f4", "(3,)", bytes_of(code))), code);
  EXPECT_EQ(read(npy("<f4", "(1, 3)", bytes_of(code))), code);
  EXPECT_EQ(read(npy("<f4", "(1,)", bytes_of({7}))), Code{7});
  EXPECT_EQ(read(npy("<f4", "(3,)", bytes_of(code), 2)), code);
}

TEST_F(CodeFile, NpyOfAnotherTypeOrShape) {
  for (const char* descr : {"<f8", ">f4", "<i4", "|O"}) {
    expect_error<adain::StyleError>(std::string("holds ") + descr, [&] { read(npy(descr, "(3,)", bytes_of(code))); });
  }
  for (const char* shape : {"()", "(3, 1)", "(1, 1, 3)", "(-3,)"}) {
    SCOPED_TRACE(shape);
    EXPECT_THROW(read(npy("<f4", shape, bytes_of(code))), adain::StyleError);
  }
}

TEST_F(CodeFile, NpyThatIsBroken) {
  const std::string good = npy("<f4", "(3,)", bytes_of(code));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_THROW(read(good.substr(0, length)), adain::StyleError) << length << " bytes";
  }
  expect_error<adain::StyleError>("4 values, its header says 3", [&] { read(good + std::string(4, '\0')); });
  expect_error<adain::StyleError>("no .npy file", [&] { read("PK" + good); });
  std::string long_header = good;
  long_header[8] = long_header[9] = '\xFF';
  expect_error<adain::StyleError>("cut short", [&] { read(long_header); });
}

TEST_F(CodeFile, ValuesMustBeFinite) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    expect_error<adain::StyleError>("not finite", [&] { read(npy("<f4", "(2,)", bytes_of({1, bad}))); });
  }
}

TEST_F(CodeFile, Raw) {
  const auto raw = folder / "style.f32";
  write_bytes(raw, bytes_of(code));
  EXPECT_EQ(adain::read_f32(raw), code);
  write_bytes(raw, std::string("\0\0\x80\x3F\0\0\x20\xC1", 8));  // little-endian, whatever this machine is
  EXPECT_EQ(adain::read_f32(raw), (Code{1, -10}));
  write_bytes(raw, "12345");
  expect_error<adain::StyleError>("5 bytes", [&] { adain::read_f32(raw); });
  write_bytes(raw, "");
  expect_error<adain::StyleError>("0 bytes", [&] { adain::read_f32(raw); });
}

TEST_F(CodeFile, ThatIsMissingOrAFolder) {
  expect_error<adain::StyleError>("missing", [&] { adain::read_npy(folder / "none.npy"); });
  expect_error<adain::StyleError>("missing", [&] { adain::read_f32(folder); });
}

TEST(Blend, IsTheWeightedMean) {
  const Code first{0, 4, -8};
  const Code second{4, 0, 8};
  EXPECT_EQ(adain::blend({first, second}, {0.25, 0.75}), (Code{3, 1, 4}));
  EXPECT_EQ(adain::blend({first, second}, {1, 3}), (Code{3, 1, 4}));
  EXPECT_EQ(adain::blend({first, second}, {2, 0}), first);
  EXPECT_EQ(adain::blend({first}, {0.1}), first);
}

TEST(Blend, RefusesOtherWeights) {
  const Code code{1, 2};
  using Weights = std::vector<double>;
  for (const Weights& weights : {Weights{1, -0.5}, Weights{0, 0}, Weights{1, std::nan("")}, Weights{1, HUGE_VAL}}) {
    expect_error<adain::OptionError>("give finite weights", [&] { adain::blend({code, code}, weights); });
  }
  expect_error<adain::OptionError>("1 weights for 2 codes", [&] { adain::blend({code, code}, {1}); });
  expect_error<adain::OptionError>("0 weights for 0 codes", [&] { adain::blend(std::vector<Code>{}, {}); });
  expect_error<adain::StyleError>("codes of 2 and 3 values", [&] { adain::blend({code, {1, 2, 3}}, {1, 1}); });
  expect_error<adain::StyleError>("codes of 3 and 2 values", [&] { adain::blend({{1, 2, 3}, code}, {1, 1}); });
}

}  // namespace
