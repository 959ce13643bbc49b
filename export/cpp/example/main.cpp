// stylize: restyle a picture from the command line.

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
    "usage: stylize CONTENT -s STYLE -o OUT [-a ALPHA] [--style2 STYLE --blend W]\n"
    "\n"
    "CONTENT     JPEG or PNG, both sides at least 16 pixels\n"
    "-s STYLE    a picture, a .npy style code, or the name of a built-in style such as starry-night\n"
    "-o OUT      .png, .jpg or .jpeg; has the size of CONTENT\n"
    "-a ALPHA    strength, from 0 (the content) to 1 (the full style, the default)\n"
    "--style2    another style; --blend is its share, from 0 to 1\n"
    "\n"
    "ADAIN_MODELS in the environment: another folder of stylizer.onnx and style_encoder.onnx; the built-in\n"
    "styles are in the folder styles beside it.\n";

constexpr int bad_input = 2;  // exit code

using Options = std::map<std::string, std::string>;

/// The arguments by their option; the content under "".
Options parse(int argc, char** argv) {
  const std::string hint = "; see stylize --help";
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool is_option = argument.size() > 1 && argument[0] == '-';
    if (is_option && argument != "-s" && argument != "-o" && argument != "-a" && argument != "--style2" &&
        argument != "--blend") {
      throw adain::OptionError("the option " + argument + " is unknown" + hint);
    }
    if (is_option && i + 1 == argc) {
      throw adain::OptionError("the option " + argument + " needs a value" + hint);
    }
    if (!options.emplace(is_option ? argument : "", is_option ? argv[++i] : argument).second) {
      throw adain::OptionError((is_option ? argument : "CONTENT") + " was given twice" + hint);
    }
  }
  if (options.count("") + options.count("-s") + options.count("-o") < 3) {
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
  return fs::is_regular_file(style, ignored) && fs::path(style).extension() != ".npy";
}

void run(const Options& options) {
  const std::string style = options.at("-s");
  const std::optional<std::string> second =
      options.count("--style2") ? std::optional(options.at("--style2")) : std::nullopt;
  const double alpha = options.count("-a") ? number("-a", options.at("-a")) : 1;
  const double share = second ? number("--blend", options.at("--blend")) : 0;
  const fs::path output = options.at("-o");
  picture_file::format(output);  // refuse a wrong suffix now, not after the work
  const adain::Picture content = picture_file::read(options.at(""));

  const char* elsewhere = std::getenv("ADAIN_MODELS");
  const fs::path models = elsewhere ? fs::path(elsewhere) : fs::path(ADAIN_WEIGHTS) / "onnx";
  const bool encodes = is_picture(style) || (second && is_picture(*second));
  const adain::Stylizer stylizer(models / "stylizer.onnx",
                                 encodes ? std::optional(models / "style_encoder.onnx") : std::nullopt);

  const auto code = [&](const std::string& source) {
    if (is_picture(source)) {
      return stylizer.encode_style(picture_file::read(source));
    }
    if (fs::path(source).extension() == ".npy") {
      return adain::read_npy(source);
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
