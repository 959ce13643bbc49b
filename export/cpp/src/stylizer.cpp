#include "adain/stylizer.hpp"

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "adain/error.hpp"
#include "threads.hpp"

namespace adain {
namespace {

/// The versions of the contract that this library can run; what it uses of them is the same.
constexpr std::array<std::string_view, 2> contracts{"1", "2"};

using Shape = std::vector<std::int64_t>;

/// One ONNX file whose metadata has been checked.
struct Model {
  std::string file;
  Ort::Session session;
  std::string checkpoint_sha256;
  std::size_t style_size;

  Model(const Ort::Env& env, const std::filesystem::path& path, const std::string& graph,
        const Options& wanted)
      : file(path.string()),
        session(load(env, path, wanted)),
        checkpoint_sha256(metadata("adain.checkpoint_sha256")),
        style_size(std::strtoul(metadata("adain.style_size").c_str(), nullptr, 10)) {
    if (std::ranges::find(contracts, metadata("adain.contract")) == contracts.end()) {
      throw ModelError(file + " has adain.contract '" + metadata("adain.contract") +
                       "', '1' or '2' was expected; give a file that `adain export` wrote, or a newer client");
    }
    if (metadata("adain.graph") != graph) {
      throw ModelError(file + " has adain.graph '" + metadata("adain.graph") + "'; give " + graph + ".onnx here");
    }
    if (metadata("adain.io") != "bytes") {
      throw ModelError(file + " has adain.io '" + metadata("adain.io") +
                       "', 'bytes' was expected; export it with `adain export --io bytes`");
    }
    if (checkpoint_sha256.empty() || style_size == 0) {
      throw ModelError(file + " has incomplete adain metadata; export it again");
    }
  }

  /// The value of a metadata key, empty where the file has none.
  std::string metadata(const char* key) const {
    const Ort::AllocatorWithDefaultOptions allocator;
    const auto value = session.GetModelMetadata().LookupCustomMetadataMapAllocated(key, allocator);
    return value ? value.get() : "";
  }

  /// Run the graph, which has one output; the names are those of CONTRACT.md.
  ///
  /// @returns the values of the output, whose element type and shape are checked.
  template <typename T>
  std::vector<T> run(const std::vector<const char*>& names, const std::vector<Ort::Value>& inputs,
                     const char* output, const Shape& shape) {
    try {
      const auto outputs = session.Run({}, names.data(), inputs.data(), inputs.size(), &output, 1);
      const auto info = outputs[0].GetTensorTypeAndShapeInfo();
      if (info.GetElementType() != Ort::TypeToTensorType<T>::type || info.GetShape() != shape) {
        throw ModelError(file + " gave a result of another type or size than its contract says; export it again");
      }
      const T* values = outputs[0].GetTensorData<T>();
      return {values, values + info.GetElementCount()};
    } catch (const Ort::Exception& error) {
      throw ModelError(file + " could not run (" + error.what() + "); try a smaller picture");
    }
  }

 private:
  static Ort::Session load(const Ort::Env& env, const std::filesystem::path& path, const Options& wanted) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) {
      throw ModelError(path.string() + " does not exist; give a file that `adain export` wrote");
    }
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(wanted.threads > 0 ? wanted.threads : usable_threads());
    try {
      if (wanted.session) {
        wanted.session(options);
      }
      return {env, path.c_str(), options};
    } catch (const Ort::Exception& error) {
      throw ModelError(path.string() + " cannot be loaded as an ONNX model (" + error.what() +
                       "); give a file that `adain export` wrote");
    }
  }
};

/// A tensor that looks at `values`, which must outlive it; onnxruntime only reads them.
template <typename T>
Ort::Value tensor(std::span<const T> values, const Shape& shape) {
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeCPU);
  return Ort::Value::CreateTensor<T>(memory, const_cast<T*>(values.data()), values.size(), shape.data(),
                                     shape.size());
}

std::int64_t dim(std::size_t size) { return static_cast<std::int64_t>(size); }

std::string size_of(PictureView picture) {
  return std::to_string(picture.width) + " x " + std::to_string(picture.height);
}

void check(std::span<const float> code, std::size_t style_size) {
  if (code.size() != style_size) {
    throw StyleError("the style code has " + std::to_string(code.size()) + " values, the model takes " +
                     std::to_string(style_size) + "; encode the style with this model");
  }
  if (!std::all_of(code.begin(), code.end(), [](float value) { return std::isfinite(value); })) {
    throw StyleError("the style code has values that are not finite; encode the style again");
  }
}

}  // namespace

void PictureView::check(std::string_view name) const {
  const std::string which = "the " + std::string(name) + " is " + size_of(*this);
  if (std::min(width, height) < min_side) {
    throw PictureError(which + "; both sides need at least " + std::to_string(min_side) + " pixels");
  }
  if (pixels.size() != width * height * 3) {
    throw PictureError(which + ", but has " + std::to_string(pixels.size()) + " bytes; give width * height * 3");
  }
}

struct Stylizer::Models {
  Ort::Env env{ORT_LOGGING_LEVEL_FATAL, "adain"};  // faults are thrown, not logged as well
  Model stylizer;
  std::optional<Model> encoder;

  Models(const std::filesystem::path& stylizer_file, const std::optional<std::filesystem::path>& encoder_file,
         const Options& options)
      : stylizer(env, stylizer_file, "stylizer", options) {
    if (!encoder_file) {
      return;
    }
    encoder.emplace(env, *encoder_file, "style_encoder", options);
    if (encoder->checkpoint_sha256 != stylizer.checkpoint_sha256 || encoder->style_size != stylizer.style_size) {
      throw ModelError(stylizer.file + " and " + encoder->file +
                       " are of different checkpoints; export both from one model");
    }
  }
};

std::filesystem::path style_encoder_of(const std::filesystem::path& folder) {
  const std::filesystem::path own = folder / "style_encoder.onnx";
  const std::filesystem::path shared = folder / ".." / "onnx" / "style_encoder.onnx";
  return !std::filesystem::exists(own) && std::filesystem::exists(shared) ? shared : own;
}

Stylizer::Stylizer(const std::filesystem::path& stylizer, const std::optional<std::filesystem::path>& style_encoder,
                   const Options& options)
    : models_(std::make_unique<Models>(stylizer, style_encoder, options)) {}
Stylizer::~Stylizer() = default;
Stylizer::Stylizer(Stylizer&&) noexcept = default;
Stylizer& Stylizer::operator=(Stylizer&&) noexcept = default;

Code Stylizer::encode_style(PictureView painting, std::optional<std::size_t> size) const {
  if (!models_->encoder) {
    throw ModelError("no style encoder was loaded; give the path of style_encoder.onnx too");
  }
  const Picture image = shrink(painting, size.value_or(usual_size(painting)));
  std::vector<Ort::Value> inputs;
  inputs.push_back(tensor<std::uint8_t>(image.pixels, {1, dim(image.height), dim(image.width), 3}));
  Code code = models_->encoder->run<float>({"image"}, inputs, "style", {1, dim(style_size())});
  check(code, style_size());
  return code;
}

Picture Stylizer::stylize(PictureView content, std::span<const float> code, float alpha) const {
  return stylize({&content, 1}, {&code, 1}, alpha).front();
}

std::vector<Picture> Stylizer::stylize(std::span<const PictureView> contents,
                                       std::span<const std::span<const float>> codes, float alpha) const {
  if (contents.empty()) {
    throw PictureError("there is no content; give at least one picture");
  }
  if (codes.size() != 1 && codes.size() != contents.size()) {
    throw OptionError(std::to_string(codes.size()) + " style codes for " + std::to_string(contents.size()) +
                      " contents; give one for each content, or one for all");
  }
  if (!(alpha >= 0 && alpha <= 1)) {  // NaN fails this too
    throw OptionError("alpha is " + std::to_string(alpha) + "; give a number from 0 (content) to 1 (full style)");
  }
  const PictureView first = contents[0];
  std::vector<std::uint8_t> pixels;
  for (const PictureView content : contents) {
    content.check("content");
    if (content.width != first.width || content.height != first.height) {
      throw PictureError("a batch has pictures of " + size_of(first) + " and " + size_of(content) +
                         "; give pictures of one size, or one after the other");
    }
    pixels.insert(pixels.end(), content.pixels.begin(), content.pixels.end());
  }
  std::vector<float> style;
  for (const std::span<const float> code : codes) {
    check(code, style_size());
    style.insert(style.end(), code.begin(), code.end());
  }

  const Shape shape{dim(contents.size()), dim(first.height), dim(first.width), 3};
  std::vector<Ort::Value> inputs;
  inputs.push_back(tensor<std::uint8_t>(pixels, shape));
  inputs.push_back(tensor<float>(style, {dim(codes.size()), dim(style_size())}));
  inputs.push_back(tensor<float>({&alpha, 1}, {1}));
  const auto stylized =
      models_->stylizer.run<std::uint8_t>({"content", "style", "alpha"}, inputs, "stylized", shape);

  std::vector<Picture> pictures;
  for (auto begin = stylized.begin(); begin != stylized.end();) {
    const auto end = begin + static_cast<std::ptrdiff_t>(first.pixels.size());
    pictures.push_back({first.width, first.height, {begin, end}});
    begin = end;
  }
  return pictures;
}

std::size_t Stylizer::style_size() const { return models_->stylizer.style_size; }

const std::string& Stylizer::checkpoint_sha256() const { return models_->stylizer.checkpoint_sha256; }

}  // namespace adain
