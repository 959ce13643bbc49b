// Replays export/conformance: every case of its manifest through the library.

#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "adain/code.hpp"
#include "adain/error.hpp"
#include "adain/stylizer.hpp"
#include "picture_file.hpp"
#include "support.hpp"

namespace {

using nlohmann::json;

std::string sha256(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    text += {digits[digest[i] / 16], digits[digest[i] % 16]};
  }
  return text;
}

class Conformance : public testing::Test {
 protected:
  const std::filesystem::path folder = ADAIN_CONFORMANCE;
  const json manifest = json::parse(std::ifstream(folder / "manifest.json"));
  const adain::Stylizer stylizer{model("stylizer"), model("style_encoder"), {1, {}}};

  void SetUp() override {
    ASSERT_EQ(manifest["version"], 1);
    ASSERT_EQ(manifest["checkpoint_sha256"], stylizer.checkpoint_sha256())
        << "the models and the manifest are of different checkpoints; run export/conformance/rebuild.py";
  }

  std::filesystem::path checked(const std::filesystem::path& file, const std::string& expected) const {
    EXPECT_EQ(sha256(read_bytes(file)), expected) << file;
    return file;
  }

  std::filesystem::path model(const std::string& name) const {
    const json& entry = manifest["models"][name];
    return checked(folder / entry["file"].get<std::string>(), entry["sha256"]);
  }

  /// The path of a file that the manifest lists, its SHA-256 compared.
  std::filesystem::path file(const std::string& name) const {
    return checked(folder / name, manifest["files"].at(name));
  }

  void expect_close(const adain::Picture& picture, const adain::Picture& expected, const std::string& kind) const {
    ASSERT_EQ(picture.width, expected.width);
    ASSERT_EQ(picture.height, expected.height);
    int largest = 0;
    double sum = 0;
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
      const int difference = std::abs(picture.pixels[i] - expected.pixels[i]);
      largest = std::max(largest, difference);
      sum += difference;
    }
    const json& tolerance = manifest["tolerance"][kind];
    const double mean = sum / static_cast<double>(picture.pixels.size());
    RecordProperty(kind, std::to_string(largest) + ", mean " + std::to_string(mean));
    EXPECT_LE(largest, tolerance["max"].get<int>());
    EXPECT_LE(mean, tolerance.value("mean", 255.0));
  }

  /// The cases of a kind give the pictures that they should.
  void expect_pictures(const std::string& kind, const adain::Stylizer& painter) const {
    ASSERT_FALSE(manifest[kind].empty());
    for (const json& test : manifest[kind]) {
      SCOPED_TRACE(test["name"]);
      std::vector<adain::Picture> contents;
      for (const std::string name : test["contents"]) {
        contents.push_back(picture_file::read(file(name)));
      }
      std::vector<adain::Code> codes;
      for (const json& parts : test["styles"]) {
        std::vector<adain::Code> blended;
        std::vector<double> weights;
        for (const json& part : parts) {
          blended.push_back(adain::read_f32(file(part["code"])));
          weights.push_back(part["weight"]);
        }
        codes.push_back(adain::blend(blended, weights));
      }
      const auto pictures = painter.stylize(contents, codes, test["alpha"]);
      ASSERT_EQ(pictures.size(), test["expected"].size());
      for (std::size_t i = 0; i < pictures.size(); ++i) {
        SCOPED_TRACE(test["expected"][i]);
        expect_close(pictures[i], picture_file::read(file(test["expected"][i])), "pixels");
      }
    }
  }
};

TEST_F(Conformance, Encode) {
  ASSERT_FALSE(manifest["encode"].empty());
  for (const json& test : manifest["encode"]) {
    SCOPED_TRACE(test["name"]);
    const adain::Code code = stylizer.encode_style(picture_file::read(file(test["image"])));
    const adain::Code expected = adain::read_f32(file(test["code"]));
    ASSERT_EQ(code.size(), expected.size());
    for (std::size_t i = 0; i < code.size(); ++i) {
      ASSERT_NEAR(code[i], expected[i], manifest["tolerance"]["style"]["max"].get<double>()) << "value " << i;
    }
  }
}

TEST_F(Conformance, Paintings) {
  ASSERT_FALSE(manifest["paintings"].empty());
  for (const json& test : manifest["paintings"]) {
    SCOPED_TRACE(test["name"]);
    const adain::Picture painting = picture_file::read(file(test["image"]));
    const std::size_t size = test["size"];
    expect_close(adain::shrink(painting, size), picture_file::read(file(test["shrunk"])), "shrunk");
    const adain::Code code = stylizer.encode_style(painting, size);
    if (size == adain::painting_size) {
      EXPECT_EQ(code, stylizer.encode_style(painting));
    }
    const adain::Code expected = adain::read_f32(file(test["code"]));
    ASSERT_EQ(code.size(), expected.size());
    for (std::size_t i = 0; i < code.size(); ++i) {
      ASSERT_NEAR(code[i], expected[i], manifest["tolerance"]["painting"]["max"].get<double>()) << "value " << i;
    }
  }
}

TEST_F(Conformance, Reading) {
  ASSERT_FALSE(manifest["reading"].empty());
  for (const json& test : manifest["reading"]) {
    SCOPED_TRACE(test["name"]);
    const auto path = file(test["file"]);
    if (test["expected"].is_null()) {
      EXPECT_THROW(picture_file::read(path), adain::PictureError);
    } else {
      expect_close(picture_file::read(path), picture_file::read(file(test["expected"])), "reading");
    }
  }
}

TEST_F(Conformance, Stylize) { expect_pictures("stylize", stylizer); }

TEST_F(Conformance, Fast) { expect_pictures("fast", adain::Stylizer{model("fast"), std::nullopt, {1, {}}}); }

TEST_F(Conformance, NpyAndRawCodesAreTheSame) {
  int compared = 0;
  for (const auto& entry : manifest["files"].items()) {
    std::filesystem::path name = entry.key();
    if (name.extension() == ".npy") {
      const adain::Code code = adain::read_npy(file(name.generic_string()));
      EXPECT_EQ(code, adain::read_f32(file(name.replace_extension(".f32").generic_string()))) << name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
