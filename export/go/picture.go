package adain

import (
	"fmt"
	"image"
	"image/draw"

	ort "github.com/yalue/onnxruntime_go"
)

// pack lays a batch of pictures out as the contract's pixels: uint8 [N,H,W,3], red first, rows from the top.
// Of pictures with transparency it takes the colours and drops the transparency.
func pack(pictures []image.Image) ([]byte, ort.Shape, error) {
	if len(pictures) == 0 {
		return nil, nil, fmt.Errorf("there is no picture; give at least one")
	}
	size := pictures[0].Bounds().Size()
	if size.X < MinSide || size.Y < MinSide {
		return nil, nil, fmt.Errorf("a picture of %d x %d pixels is too small; both sides must have at least %d",
			size.X, size.Y, MinSide)
	}
	pixels := make([]byte, 0, len(pictures)*size.Y*size.X*3)
	for _, picture := range pictures {
		if other := picture.Bounds().Size(); other != size {
			return nil, nil, fmt.Errorf("a batch has pictures of %d x %d and of %d x %d pixels; "+
				"give pictures of one size, or one at a time", size.X, size.Y, other.X, other.Y)
		}
		rgba := nrgba(picture)
		for y := rgba.Rect.Min.Y; y < rgba.Rect.Max.Y; y++ {
			row := rgba.Pix[rgba.PixOffset(rgba.Rect.Min.X, y):][:size.X*4]
			for ; len(row) > 0; row = row[4:] {
				pixels = append(pixels, row[0], row[1], row[2])
			}
		}
	}
	return pixels, ort.NewShape(int64(len(pictures)), int64(size.Y), int64(size.X), 3), nil
}

// unpack is the inverse of pack.
func unpack(pixels []byte, shape ort.Shape) []*image.NRGBA {
	pictures := make([]*image.NRGBA, shape[0])
	for i := range pictures {
		picture := image.NewNRGBA(image.Rect(0, 0, int(shape[2]), int(shape[1])))
		for row := picture.Pix; len(row) > 0; row, pixels = row[4:], pixels[3:] {
			row[0], row[1], row[2], row[3] = pixels[0], pixels[1], pixels[2], 255
		}
		pictures[i] = picture
	}
	return pictures
}

// nrgba converts a picture to 8 bits a colour, not multiplied by the opacity.
func nrgba(picture image.Image) *image.NRGBA {
	if picture, ok := picture.(*image.NRGBA); ok {
		return picture
	}
	converted := image.NewNRGBA(picture.Bounds())
	draw.Draw(converted, converted.Rect, picture, converted.Rect.Min, draw.Src)
	return converted
}
