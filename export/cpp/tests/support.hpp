#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "adain/stylizer.hpp"

/// The folder of the models: ADAIN_MODELS, or that of this repository.
inline std::filesystem::path models() {
  const char* elsewhere = std::getenv("ADAIN_MODELS");
  return elsewhere ? std::filesystem::path(elsewhere) : std::filesystem::path(ADAIN_WEIGHTS) / "onnx";
}

inline std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// A picture without edges: a colour of its own for each pixel.
inline adain::Picture gradient(std::size_t width, std::size_t height) {
  adain::Picture picture{width, height, {}};
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (const std::size_t value : {x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)}) {
        picture.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return picture;
}

/// The bytes of a PNG file, said to be an animation of two frames.
inline std::string animated(std::string png) {
  const std::string two("\0\0\0\x08" "acTL" "\0\0\0\x02" "\0\0\0\0" "\xF3\x8D\x93\x70", 20);  // played without end; CRC
  return png.insert(33, two);  // behind the signature and IHDR
}

/// Expect that `call` throws an `E` whose message has `part` in it.
template <typename E, typename Call>
void expect_error(const std::string& part, Call call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown; expected: " << part;
  } catch (const E& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

/// A test with an empty folder of its own.
class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~FolderTest() override { std::filesystem::remove_all(folder); }

  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      (std::string("adain-") + testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() + "-" +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};
