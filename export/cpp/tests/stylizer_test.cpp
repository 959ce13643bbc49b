#include "adain/stylizer.hpp"

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <cmath>
#include <future>

#include "adain/error.hpp"
#include "support.hpp"

namespace {

using adain::Code;
using adain::Options;
using adain::Stylizer;

/// A copy of a model, one metadata value of it overwritten by one of the same length.
void write_changed(const std::filesystem::path& model, const std::string& key, const std::string& value,
                   const std::filesystem::path& copy) {
  std::string bytes = read_bytes(model);
  const std::size_t found = bytes.find(key);
  ASSERT_NE(found, std::string::npos) << key << " is not in " << model;
  const std::size_t start = found + key.size() + 2;  // behind the key: a tag and the length of the value
  ASSERT_EQ(static_cast<std::size_t>(bytes[start - 1]), value.size());
  write_bytes(copy, bytes.replace(start, value.size(), value));
}

class ModelFile : public FolderTest {
 protected:
  const std::filesystem::path stylizer = models() / "stylizer.onnx";
  const std::filesystem::path encoder = models() / "style_encoder.onnx";
  const std::filesystem::path changed = folder / "changed.onnx";
};

TEST_F(ModelFile, IsMissingOrNoModel) {
  expect_error<adain::ModelError>("does not exist", [&] { Stylizer(folder / "none.onnx", {}, Options{1, {}}); });
  write_bytes(changed, "this is text");
  expect_error<adain::ModelError>("cannot be loaded as an ONNX model", [&] { Stylizer(changed, {}, Options{1, {}}); });
  expect_error<adain::ModelError>("cannot be loaded as an ONNX model", [&] { Stylizer(stylizer, changed, Options{1, {}}); });
}

TEST_F(ModelFile, HasAnotherContract) {
  write_changed(stylizer, "adain.contract", "3", changed);
  expect_error<adain::ModelError>("adain.contract '3', '1' or '2' was expected", [&] { Stylizer(changed, {}, Options{1, {}}); });
}

TEST_F(ModelFile, HasNoContract) {
  std::string bytes = read_bytes(stylizer);
  bytes.replace(bytes.find("adain.contract"), 5, "other");
  write_bytes(changed, bytes);
  expect_error<adain::ModelError>("adain.contract ''", [&] { Stylizer(changed, {}, Options{1, {}}); });
}

TEST_F(ModelFile, IsAnotherGraph) {
  expect_error<adain::ModelError>("adain.graph 'style_encoder'; give stylizer.onnx", [&] { Stylizer(encoder, {}, Options{1, {}}); });
  expect_error<adain::ModelError>("give style_encoder.onnx", [&] { Stylizer(stylizer, stylizer, Options{1, {}}); });
}

TEST_F(ModelFile, HasAnotherIo) {
  write_changed(stylizer, "adain.io", "Bytes", changed);
  expect_error<adain::ModelError>("adain.io 'Bytes', 'bytes' was expected", [&] { Stylizer(changed, {}, Options{1, {}}); });
}

TEST_F(ModelFile, IsOfAnotherCheckpoint) {
  write_changed(encoder, "adain.checkpoint_sha256", std::string(64, '0'), changed);
  expect_error<adain::ModelError>("different checkpoints", [&] { Stylizer(stylizer, changed, Options{1, {}}); });
}

class Loaded : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    stylizer = std::make_unique<Stylizer>(models() / "stylizer.onnx", models() / "style_encoder.onnx", Options{1, {}});
  }
  static void TearDownTestSuite() { stylizer.reset(); }

  inline static std::unique_ptr<Stylizer> stylizer;
};

TEST_F(Loaded, KeepsTheSize) {
  const Code code = stylizer->encode_style(gradient(16, 21));
  EXPECT_EQ(code.size(), stylizer->style_size());
  const auto result = stylizer->stylize(gradient(19, 33), code);
  EXPECT_EQ(result.width, 19U);
  EXPECT_EQ(result.height, 33U);
  EXPECT_EQ(result.pixels.size(), 19U * 33 * 3);
}

void expect_near(const adain::Picture& picture, const adain::Picture& expected) {
  ASSERT_EQ(picture.pixels.size(), expected.pixels.size());
  for (std::size_t i = 0; i < expected.pixels.size(); ++i) {
    ASSERT_NEAR(picture.pixels[i], expected.pixels[i], 1) << "value " << i;
  }
}

TEST_F(Loaded, BatchGivesWhatSinglePicturesGive) {
  auto second = gradient(24, 17);
  std::reverse(second.pixels.begin(), second.pixels.end());
  const std::vector contents{gradient(24, 17), second};
  const std::vector codes{stylizer->encode_style(gradient(16, 16)), stylizer->encode_style(second)};
  const auto with_two = stylizer->stylize(contents, codes, 0.5F);
  const auto with_one = stylizer->stylize(contents, {codes[1]}, 0.5F);
  ASSERT_EQ(with_two.size(), 2U);
  ASSERT_EQ(with_one.size(), 2U);
  expect_near(with_two[0], stylizer->stylize(contents[0], codes[0], 0.5F));
  expect_near(with_two[1], stylizer->stylize(contents[1], codes[1], 0.5F));
  expect_near(with_one[0], stylizer->stylize(contents[0], codes[1], 0.5F));
  expect_near(with_one[1], with_two[1]);
}

TEST_F(Loaded, ServesSeveralThreads) {
  const Code code = stylizer->encode_style(gradient(16, 16));
  const auto run = [&code](std::size_t width) { return stylizer->stylize(gradient(width, 20), code); };
  auto first = std::async(std::launch::async, run, 24);
  auto second = std::async(std::launch::async, run, 31);
  expect_near(first.get(), run(24));
  expect_near(second.get(), run(31));
}

TEST_F(Loaded, RefusesPictures) {
  const Code code(stylizer->style_size());
  expect_error<adain::PictureError>("the content is 15 x 40", [&] { stylizer->stylize(gradient(15, 40), code); });
  expect_error<adain::PictureError>("the painting is 40 x 15", [&] { stylizer->encode_style(gradient(40, 15)); });
  expect_error<adain::PictureError>("16 x 16 and 16 x 17", [&] {
    stylizer->stylize({gradient(16, 16), gradient(16, 17)}, {code});
  });
  expect_error<adain::PictureError>("no content", [&] { stylizer->stylize(std::vector<adain::Picture>{}, {code}); });
  auto short_of_bytes = gradient(16, 16);
  short_of_bytes.pixels.pop_back();
  expect_error<adain::PictureError>("has 767 bytes", [&] { stylizer->stylize(short_of_bytes, code); });
}

TEST(UsualSize, OfVeryLongPaintingsHasThePixelsOfOneEightTimesAsLongAsWide) {
  const auto size = [](std::size_t width, std::size_t height) { return adain::usual_size({width, height, {}}); };
  EXPECT_EQ(size(700, 900), 512U);
  EXPECT_EQ(size(4096, 512), 512U);
  EXPECT_EQ(size(8, 800), 145U);
  EXPECT_EQ(size(800, 8), 145U);
  EXPECT_EQ(size(100, 8000), 162U);
  EXPECT_EQ(size(20, 200'000), 16U);
}

TEST_F(Loaded, LooksAtPixelsOfTheCaller) {
  const auto content = gradient(24, 17);
  const Code code = stylizer->encode_style(content);
  const adain::PictureView view(24, 17, std::span(content.pixels));
  EXPECT_EQ(stylizer->stylize(view, std::span(code)).pixels, stylizer->stylize(content, code).pixels);
  expect_error<adain::OptionError>("the size is 15", [&] { stylizer->encode_style(gradient(40, 40), 15); });
}

TEST(SessionOptions, AreTheCallers) {
  int files = 0;
  const Options options{1, [&files](Ort::SessionOptions& session) {
                          session.SetGraphOptimizationLevel(ORT_DISABLE_ALL);
                          ++files;
                        }};
  const Stylizer plain(models() / "stylizer.onnx", models() / "style_encoder.onnx", options);
  EXPECT_EQ(files, 2);
}

TEST_F(Loaded, RefusesCodes) {
  const auto content = gradient(16, 16);
  const Code code(stylizer->style_size());
  const Code longer(stylizer->style_size() + 1);
  expect_error<adain::StyleError>("0 values", [&] { stylizer->stylize(content, Code{}); });
  expect_error<adain::StyleError>("the model takes", [&] { stylizer->stylize(content, longer); });
  expect_error<adain::OptionError>("2 style codes for 1", [&] {
    stylizer->stylize(std::vector{content}, std::vector{code, code});
  });
  Code broken = code;
  broken.back() = std::nanf("");
  expect_error<adain::StyleError>("not finite", [&] { stylizer->stylize(content, broken); });
}

TEST_F(Loaded, RefusesAlpha) {
  const Code code(stylizer->style_size());
  for (const float alpha : {-0.01F, 1.01F, std::nanf(""), INFINITY}) {
    expect_error<adain::OptionError>("alpha is", [&] { stylizer->stylize(gradient(16, 16), code, alpha); });
  }
}

TEST_F(Loaded, EncodesOnlyWithAnEncoder) {
  const Stylizer alone(models() / "stylizer.onnx", std::nullopt, Options{1, {}});
  EXPECT_EQ(alone.checkpoint_sha256(), stylizer->checkpoint_sha256());
  expect_error<adain::ModelError>("no style encoder", [&] { alone.encode_style(gradient(16, 16)); });
}

}  // namespace
