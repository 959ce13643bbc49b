// The program as a person runs it.

#include <sys/wait.h>

#include <algorithm>

#include "picture_file.hpp"
#include "support.hpp"

namespace {

class Program : public FolderTest {
 protected:
  const std::filesystem::path content = folder / "content.png";
  const std::filesystem::path painting = folder / "painting.jpg";
  const std::filesystem::path output = folder / "out.png";
  const std::filesystem::path log = folder / "log";

  Program() {
    picture_file::write(gradient(40, 24), content);
    picture_file::write(gradient(33, 50), painting);
  }

  /// The exit code; what the program says goes to `log`.
  int run(const std::string& arguments) const {
    const int status = std::system((std::string(STYLIZE) + " " + arguments + " > " + log.string() + " 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  void expect_picture() const {
    EXPECT_EQ(read_bytes(log), "");
    const auto picture = picture_file::read(output);
    EXPECT_EQ(picture.width, 40U);
    EXPECT_EQ(picture.height, 24U);
    std::filesystem::remove(output);
  }

  void expect_refusal(const std::string& arguments, const std::string& reason) const {
    SCOPED_TRACE(arguments);
    EXPECT_EQ(run(arguments), 2);
    const std::string said = read_bytes(log);
    EXPECT_NE(said.find(reason), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
    EXPECT_FALSE(std::filesystem::exists(output));
  }

  std::string builtin() const {
    std::filesystem::path first;
    for (const auto& entry : std::filesystem::directory_iterator(models() / ".." / "styles")) {
      if (entry.path().extension() == ".npy" && (first.empty() || entry.path() < first)) {
        first = entry.path();
      }
    }
    return first.string();
  }
};

TEST_F(Program, TakesPicturesCodesAndNames) {
  const std::string out = " -o " + output.string();
  ASSERT_EQ(run(content.string() + " -s " + painting.string() + out + " -a 0.5"), 0) << read_bytes(log);
  expect_picture();
  ASSERT_EQ(run(content.string() + " -s " + builtin() + out), 0) << read_bytes(log);
  expect_picture();
  const std::string name = std::filesystem::path(builtin()).stem().string();
  ASSERT_EQ(run(content.string() + " -s " + name + out + " --style2 " + painting.string() + " --blend 0.3"), 0)
      << read_bytes(log);
  expect_picture();
}

TEST_F(Program, BlendIsTheShareOfTheSecondStyle) {
  const std::string out = " -o " + output.string();
  ASSERT_EQ(run(content.string() + " -s " + painting.string() + out), 0);
  const auto alone = picture_file::read(output).pixels;
  ASSERT_EQ(run(content.string() + " -s " + builtin() + " --style2 " + painting.string() + " --blend 1" + out), 0);
  EXPECT_EQ(picture_file::read(output).pixels, alone);
  ASSERT_EQ(run(content.string() + " -s " + builtin() + " --style2 " + painting.string() + " --blend 0" + out), 0);
  EXPECT_NE(picture_file::read(output).pixels, alone);
}

TEST_F(Program, TellsOfFramesThatAreLeftOut) {
  const std::string file = (folder / "two.png").string();
  write_bytes(file, animated(read_bytes(content)));
  ASSERT_EQ(run(file + " -s " + file + " -o " + output.string()), 0) << read_bytes(log);
  const std::string line = "stylize: " + file + " has 2 frames; the first one is taken\n";
  EXPECT_EQ(read_bytes(log), line + line);
  EXPECT_EQ(picture_file::read(output).width, 40U);
}

TEST_F(Program, RefusesBadInput) {
  const std::string good = content.string() + " -s " + painting.string() + " -o " + output.string();
  const std::string rest = " -s " + painting.string() + " -o " + output.string();
  write_bytes(folder / "text.jpg", "no picture");
  write_bytes(folder / "text.npy", "no code");
  picture_file::write(gradient(15, 40), folder / "small.png");

  expect_refusal((folder / "none.png").string() + rest, "missing");
  expect_refusal((folder / "text.jpg").string() + rest, "neither JPEG nor PNG");
  expect_refusal((folder / "small.png").string() + rest, "the content is 15 x 40");
  expect_refusal(content.string() + " -s nobody -o " + output.string(), "no style or file named nobody");
  expect_refusal(content.string() + " -s " + (folder / "text.npy").string() + " -o " + output.string(), "no .npy");
  expect_refusal(content.string() + " -s " + painting.string() + " -o out.gif", "unknown suffix");
  expect_refusal(good + " -a 1.5", "number from 0 to 1");
  expect_refusal(good + " -a nan", "number from 0 to 1");
  expect_refusal(good + " -a", "needs a value");
  expect_refusal(good + " --blend 0.5", "need each other");
  expect_refusal(good + " --style-size 8", "the size is 8");
  expect_refusal(good + " --threads many", "--threads is 'many'");
  expect_refusal(good + " --fast", "unknown");
  expect_refusal(good + " " + content.string(), "twice");
  expect_refusal("", "give a CONTENT");
}

TEST_F(Program, SaysHowToUseIt) {
  EXPECT_EQ(run("--help"), 0);
  EXPECT_EQ(read_bytes(log).rfind("usage: stylize CONTENT", 0), 0U);
}

TEST_F(Program, TakesModelsFromElsewhere) {
  setenv("ADAIN_MODELS", folder.c_str(), 1);
  expect_refusal(content.string() + " -s " + painting.string() + " -o " + output.string(),
                 folder.string() + "/stylizer.onnx does not exist");
  unsetenv("ADAIN_MODELS");
  const std::string options = " --style " + painting.string() + " --out " + output.string() + " --style-size 20";
  EXPECT_EQ(run(content.string() + options + " --model " + models().string()), 0) << read_bytes(log);
  const std::string large = read_bytes(output);
  setenv("ADAIN_MODELS", "fast", 1);
  EXPECT_EQ(run(content.string() + options), 0) << read_bytes(log);
  EXPECT_NE(read_bytes(output), large);
  EXPECT_EQ(run(content.string() + options + " --model large"), 0) << read_bytes(log);
  EXPECT_EQ(read_bytes(output), large);
  unsetenv("ADAIN_MODELS");
  std::filesystem::remove(output);
  std::filesystem::copy_file(STYLIZE, folder / "alone");
  const int status = std::system(((folder / "alone").string() + " " + content.string() + options + " > " + log.string() +
                                  " 2>&1").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_NE(read_bytes(log).find("--model or ADAIN_MODELS"), std::string::npos) << read_bytes(log);
}

}  // namespace
