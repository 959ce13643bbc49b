// stylize: restyle a picture from the command line.

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "adain/code.hpp"
#include "adain/error.hpp"
#include "adain/stylizer.hpp"
#include "picture_file.hpp"

namespace {

namespace fs = std::filesystem;

constexpr std::string_view usage =
    "usage: stylize CONTENT -s STYLE -o OUT [options]\n"
    "\n"
    "CONTENT is a JPEG or PNG picture, OUT a file that ends in .jpg, .jpeg or .png. STYLE is a picture, a style code (.npy\n"
    "or .f32), or the name of a style of the bank.\n"
    "\n"
    "  -s, --style STYLE   the style\n"
    "  -o, --out OUT       where the result goes; it has the size of CONTENT\n"
    "  -a, --alpha ALPHA   strength of the style, from 0 (the content) to 1 (the full style, the default)\n"
    "  --style2 STYLE      a second style, to blend with the first\n"
    "  --blend W           share of the second style, from 0 to 1\n"
    "  --style-size N      shrink style pictures to this shorter side, in pixels (512, less of very long ones)\n"
    "  --threads N         of onnxruntime; as many as the process may use if not given\n"
    "  --model MODEL       fast (the small network), large, or a folder of stylizer.onnx and style_encoder.onnx\n"
    "  -h, --help          show this text\n"
    "\n"
    "Without --model, it is ADAIN_MODELS in the environment, or else large. fast and large are in the nearest weights at or\n"
    "above the program; the bank is the folder styles beside that of the model.\n";

constexpr int bad_input = 2;  // exit code

using Options = std::map<std::string, std::string>;

/// What options are called, long and short.
const std::map<std::string, std::string> names{
    {"-s", "--style"},   {"--style", "--style"},   {"-o", "--out"},           {"--out", "--out"},
    {"-a", "--alpha"},   {"--alpha", "--alpha"},   {"--style2", "--style2"},  {"--blend", "--blend"},
    {"--style-size", "--style-size"}, {"--threads", "--threads"}, {"--model", "--model"}};

/// The arguments by the long names of their options; the content under "".
Options parse(int argc, char** argv) {
  const std::string hint = "; see stylize --help";
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool is_option = argument.size() > 1 && argument[0] == '-';
    if (is_option && !names.contains(argument)) {
      throw adain::OptionError("the option " + argument + " is unknown" + hint);
    }
    if (is_option && i + 1 == argc) {
      throw adain::OptionError("the option " + argument + " needs a value" + hint);
    }
    if (!options.emplace(is_option ? names.at(argument) : "", is_option ? argv[++i] : argument).second) {
      throw adain::OptionError((is_option ? argument : "CONTENT") + " was given twice" + hint);
    }
  }
  if (options.count("") + options.count("--style") + options.count("--out") < 3) {
    throw adain::OptionError("give a CONTENT, -s STYLE and -o OUT" + hint);
  }
  if (options.count("--style2") != options.count("--blend")) {
    throw adain::OptionError("--style2 and --blend need each other" + hint);
  }
  return options;
}

double number(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0 && value <= 1)) {  // NaN fails this too
    throw adain::OptionError(option + " is '" + text + "'; give a number from 0 to 1");
  }
  return value;
}

std::optional<std::size_t> whole(const Options& options, const std::string& option) {
  if (!options.contains(option)) {
    return std::nullopt;
  }
  const std::string& text = options.at(option);
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > 1'000'000) {
    throw adain::OptionError(option + " is '" + text + "'; give a whole number of 1 or more");
  }
  return value;
}

/// The package's own models and their folders.
const std::map<std::string, std::string> own{{"large", "weights/onnx"}, {"fast", "weights/fast"}};

/// The folder of the model, as `usage` says.
fs::path find_models(const Options& options) {
  const char* variable = std::getenv("ADAIN_MODELS");
  const std::string otherwise = variable != nullptr && *variable != '\0' ? variable : "large";
  const std::string model = options.contains("--model") ? options.at("--model") : otherwise;
  if (!own.contains(model)) {
    return model;
  }
  const fs::path program = fs::canonical("/proc/self/exe");
  for (fs::path folder = program.parent_path();; folder = folder.parent_path()) {
    if (fs::is_directory(folder / own.at(model))) {
      return folder / own.at(model);
    }
    if (folder == folder.parent_path()) {
      throw adain::ModelError("there is no " + own.at(model) + " at or above " + program.string() +
                              "; name the folder of the models with --model or ADAIN_MODELS");
    }
  }
}

/// A built-in style.
adain::Code builtin(const std::string& name, const fs::path& folder, const std::string& checkpoint) {
  const auto index = nlohmann::json::parse(std::ifstream(folder / "index.json"), nullptr, false);
  if (!index.is_object() || !index.contains("styles") || !index["styles"].is_object()) {
    throw adain::StyleError("the built-in styles cannot be read from " + (folder / "index.json").string());
  }
  if (!index["styles"].contains(name)) {
    std::string known;
    for (const auto& style : index["styles"].items()) {
      known += (known.empty() ? "" : ", ") + style.key();
    }
    throw adain::StyleError("there is no style or file named " + name + "; the built-in styles are " + known);
  }
  if (index.value("model", "") != checkpoint) {
    throw adain::StyleError("the built-in styles are of another model; give the picture itself");
  }
  return adain::read_npy(folder / (name + ".npy"));
}

bool is_picture(const std::string& style) {
  std::error_code ignored;
  return fs::is_regular_file(style, ignored) && fs::path(style).extension() != ".npy" &&
         fs::path(style).extension() != ".f32";
}

void tell(const std::string& line) { std::cerr << "stylize: " << line << '\n'; }

void run(const Options& options) {
  const std::string style = options.at("--style");
  const std::optional<std::string> second =
      options.count("--style2") ? std::optional(options.at("--style2")) : std::nullopt;
  const double alpha = options.count("--alpha") ? number("--alpha", options.at("--alpha")) : 1;
  const double share = second ? number("--blend", options.at("--blend")) : 0;
  const fs::path output = options.at("--out");
  picture_file::format(output);  // refuse a wrong suffix now, not after the work
  const adain::Picture content = picture_file::read(options.at(""), tell);

  const fs::path models = find_models(options);
  const bool encodes = is_picture(style) || (second && is_picture(*second));
  const adain::Stylizer stylizer(models / "stylizer.onnx",
                                 encodes ? std::optional(adain::style_encoder_of(models)) : std::nullopt,
                                 {.threads = static_cast<int>(whole(options, "--threads").value_or(0)), .session = {}});
  const auto size = whole(options, "--style-size");

  const auto code = [&](const std::string& source) {
    if (is_picture(source)) {
      return stylizer.encode_style(picture_file::read(source, tell), size);
    }
    if (fs::path(source).extension() == ".npy") {
      return adain::read_npy(source);
    }
    if (fs::path(source).extension() == ".f32") {
      return adain::read_f32(source);
    }
    return builtin(source, models / ".." / "styles", stylizer.checkpoint_sha256());
  };
  const adain::Code blended = second ? adain::blend({code(style), code(*second)}, {1 - share, share}) : code(style);
  picture_file::write(stylizer.stylize(content, blended, static_cast<float>(alpha)), output);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h")) {
    std::cout << usage;
    return 0;
  }
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    const std::string message = error.what();
    std::cerr << "stylize: " << message.substr(0, message.find('\n')) << '\n';
    return bad_input;
  }
}
