package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bep/imagemeta"
)

// encoders write pictures, by the suffix of the file.
var encoders = map[string]func(io.Writer, image.Image) error{
	".png":  png.Encode,
	".jpg":  encodeJPEG,
	".jpeg": encodeJPEG,
}

func encodeJPEG(out io.Writer, picture image.Image) error {
	return jpeg.Encode(out, picture, &jpeg.Options{Quality: 95})
}

// readPicture reads a JPEG or PNG file and turns the picture upright, as its EXIF data say.
func readPicture(path string) (image.Image, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the picture cannot be read: %w", err)
	}
	picture, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read as a picture (%w); give a JPEG or PNG file", path, err)
	}
	return upright(picture, orientation(data, format)), nil
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
func upright(picture image.Image, orientation int) image.Image {
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

// checkSuffix tells, before the work, whether writePicture knows the format of a file.
func checkSuffix(path string) error {
	if suffix := filepath.Ext(path); encoders[strings.ToLower(suffix)] == nil {
		return fmt.Errorf("%s ends in %q; give a name that ends in .jpg, .jpeg or .png", path, suffix)
	}
	return nil
}

// writePicture writes a file whole or not at all.
func writePicture(path string, picture image.Image) error {
	file, err := os.Create(path + ".part")
	if err != nil {
		return fmt.Errorf("the result cannot be written: %w", err)
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
		return fmt.Errorf("the result cannot be written: %w", err)
	}
	return nil
}
