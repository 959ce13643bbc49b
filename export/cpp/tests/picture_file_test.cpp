#include "picture_file.hpp"

#include <array>

#include "adain/error.hpp"
#include "decode.hpp"
#include "support.hpp"

namespace {

class PictureFile : public FolderTest {};

TEST_F(PictureFile, PngComesBackAsItWas) {
  const auto picture = gradient(37, 23);
  picture_file::write(picture, folder / "a.png");
  const auto read = picture_file::read(folder / "a.png");
  EXPECT_EQ(read.width, 37U);
  EXPECT_EQ(read.height, 23U);
  EXPECT_EQ(read.pixels, picture.pixels);
}

TEST_F(PictureFile, OfSeveralFramesTheFirstIsTakenAndTold) {
  const auto picture = gradient(37, 23);
  std::string told;
  const auto tell = [&](const std::string& line) { told += line + '\n'; };
  picture_file::write(picture, folder / "one.png");
  EXPECT_EQ(picture_file::read(folder / "one.png", tell).pixels, picture.pixels);
  EXPECT_EQ(told, "");
  const auto two = folder / "two.png";
  write_bytes(two, animated(read_bytes(folder / "one.png")));
  EXPECT_EQ(picture_file::read(two, tell).pixels, picture.pixels);
  EXPECT_EQ(told, two.string() + " has 2 frames; the first one is taken\n");
  EXPECT_EQ(picture_file::read(two).pixels, picture.pixels);  // nobody listens
}

TEST_F(PictureFile, JpegComesBackNearly) {
  const auto picture = gradient(64, 48);
  picture_file::write(picture, folder / "a.jpg");
  const auto read = picture_file::read(folder / "a.jpg");
  ASSERT_EQ(read.pixels.size(), picture.pixels.size());
  for (std::size_t i = 0; i < read.pixels.size(); ++i) {
    ASSERT_NEAR(read.pixels[i], picture.pixels[i], 8) << i;
  }
}

TEST_F(PictureFile, JpegIsTurnedByItsExif) {
  picture_file::write(gradient(64, 48), folder / "a.jpg");
  const auto lying = picture_file::read(folder / "a.jpg");
  const std::string exif("\xFF\xE1\0\x22"
                         "Exif\0\0MM\0*\0\0\0\x08"    // big-endian, first directory at 8
                         "\0\x01\x01\x12\0\x03\0\0\0\x01"  // one entry: orientation, one short
                         "\0\x06\0\0\0\0\0\0",         // 6: turn right; no further directory
                         36);
  write_bytes(folder / "a.jpg", read_bytes(folder / "a.jpg").insert(2, exif));
  const auto read = picture_file::read(folder / "a.jpg");
  EXPECT_EQ(read.width, 48U);
  EXPECT_EQ(read.height, 64U);
  EXPECT_EQ(read.pixels, picture_file::upright(lying, 6).pixels);
}

TEST(Upright, HasTheCornerOfTheExifStandard) {
  // 3 x 2 pixels, numbered from 1; the rows that a viewer should show for each orientation.
  adain::Picture picture{3, 2, {}};
  for (std::uint8_t value = 1; value <= 6; ++value) {
    picture.pixels.insert(picture.pixels.end(), 3, value);
  }
  const std::array<std::string, 8> shown{"123456", "321654", "654321", "456123",
                                         "142536", "415263", "635241", "362514"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto turned = picture_file::upright(picture, orientation);
    std::string values;
    for (std::size_t i = 0; i < turned.pixels.size(); i += 3) {
      values += static_cast<char>('0' + turned.pixels[i]);
    }
    EXPECT_EQ(values, shown[static_cast<std::size_t>(orientation - 1)]) << orientation;
    EXPECT_EQ(turned.width, orientation < 5 ? 3U : 2U) << orientation;
  }
}

TEST_F(PictureFile, ThatCannotBeRead) {
  expect_error<adain::PictureError>("missing", [&] { picture_file::read(folder / "none.png"); });
  expect_error<adain::PictureError>("missing", [&] { picture_file::read(folder); });
  write_bytes(folder / "text.png", "no picture");
  expect_error<adain::PictureError>("neither JPEG nor PNG", [&] { picture_file::read(folder / "text.png"); });
  for (const char* name : {"cut.png", "cut.jpg"}) {
    picture_file::write(gradient(64, 64), folder / name);
    const std::string bytes = read_bytes(folder / name);
    write_bytes(folder / name, bytes.substr(0, bytes.size() / 2));
    expect_error<adain::PictureError>(name, [&] { picture_file::read(folder / name); });
  }
}

TEST_F(PictureFile, ThatCannotBeWritten) {
  expect_error<adain::OptionError>("unknown suffix", [&] { picture_file::write(gradient(2, 2), folder / "a.gif"); });
  expect_error<adain::PictureError>("cannot be written",
                                    [&] { picture_file::write(gradient(2, 2), folder / "none" / "a.png"); });
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
