package adain

import (
	"bytes"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bep/imagemeta"
)

// maxPixels is how large a picture is read: 0.54 GB of pixels, the limit of the Python package too.
const maxPixels = 178_956_970

// encoders write pictures, by the suffix of the file.
var encoders = map[string]func(io.Writer, image.Image) error{
	".png":  png.Encode,
	".jpg":  encodeJPEG,
	".jpeg": encodeJPEG,
}

func encodeJPEG(out io.Writer, picture image.Image) error {
	return jpeg.Encode(out, picture, &jpeg.Options{Quality: 95})
}

// ReadPicture reads a JPEG or PNG file: upright by its EXIF orientation, in sRGB by its colour profile, on white where
// it is transparent. A profile with tables, which printers have, is passed over, and CMYK is converted by the plain
// formula. It fails with ErrPicture when the file is missing, no picture, broken, cut off, or has more than 178,956,970
// pixels.
func ReadPicture(path string) (*image.NRGBA, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fail(ErrPicture, "the picture cannot be read: %w", err)
	}
	picture, format, err := decode(data)
	if err != nil {
		return nil, fail(ErrPicture, "%s cannot be read as a picture (%w); give a JPEG or PNG file", path, err)
	}
	converted := image.NewNRGBA(image.Rectangle{Max: picture.Bounds().Size()})
	draw.Draw(converted, converted.Rect, picture, picture.Bounds().Min, draw.Src)
	switch picture.(type) {
	case *image.Gray, *image.Gray16, *image.CMYK: // a profile of theirs is none of RGB
	default:
		toSRGB(converted, findProfile(data, format))
	}
	return upright(onWhite(converted), orientation(data, format)), nil
}

func decode(data []byte) (image.Image, string, error) {
	header, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, "", err
	}
	if header.Width*header.Height > maxPixels {
		return nil, "", errors.New("it has more than 178,956,970 pixels")
	}
	return image.Decode(bytes.NewReader(data))
}

// CheckSuffix tells, before the work, whether WritePicture knows the format of a file.
func CheckSuffix(path string) error {
	if suffix := filepath.Ext(path); encoders[strings.ToLower(suffix)] == nil {
		return fail(ErrPicture, "%s ends in %q; give a name that ends in .jpg, .jpeg or .png", path, suffix)
	}
	return nil
}

// WritePicture writes a file whole or not at all: PNG, or JPEG of quality 95, by its suffix.
func WritePicture(path string, picture image.Image) error {
	if err := CheckSuffix(path); err != nil {
		return err
	}
	file, err := os.Create(path + ".part")
	if err != nil {
		return fail(ErrPicture, "the result cannot be written: %w", err)
	}
	defer os.Remove(file.Name()) // does nothing once the file has its final name
	err = encoders[strings.ToLower(filepath.Ext(path))](file, picture)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fail(ErrPicture, "the result cannot be written: %w", err)
	}
	return nil
}

// orientation is the EXIF orientation, from 1 to 8; 1 is upright, and stands for absent or broken data too.
func orientation(data []byte, format string) int {
	formats := map[string]imagemeta.ImageFormat{"jpeg": imagemeta.JPEG, "png": imagemeta.PNG}
	found := 1
	_, _ = imagemeta.Decode(imagemeta.Options{ // a broken block leaves found as it is
		R:           bytes.NewReader(data),
		ImageFormat: formats[format],
		Sources:     imagemeta.EXIF,
		HandleTag: func(tag imagemeta.TagInfo) error {
			value, isNumber := tag.Value.(uint16)
			if tag.Tag == "Orientation" && isNumber && 1 <= value && value <= 8 {
				found = int(value)
			}
			return nil
		},
	})
	return found
}

// upright turns and mirrors a picture of an EXIF orientation so that it stands upright.
func upright(picture *image.NRGBA, orientation int) *image.NRGBA {
	if orientation == 1 {
		return picture
	}
	swapped := orientation >= 5 // rows become columns
	mirrored := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8
	flipped := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7
	stored := picture.Bounds()
	size := stored.Size()
	if swapped {
		size.X, size.Y = size.Y, size.X
	}
	turned := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			column, row := x, y
			if swapped {
				column, row = y, x
			}
			if mirrored {
				column = stored.Dx() - 1 - column
			}
			if flipped {
				row = stored.Dy() - 1 - row
			}
			turned.Set(x, y, picture.At(stored.Min.X+column, stored.Min.Y+row))
		}
	}
	return turned
}
