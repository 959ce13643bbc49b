package adain

import (
	"image"
	"math"

	"golang.org/x/image/draw"

	ort "github.com/yalue/onnxruntime_go"
)

// pack lays a batch of pictures out as the contract's pixels: uint8 [N,H,W,3], red first, rows from the top.
// What is transparent is laid on white.
func pack(pictures []image.Image) ([]byte, ort.Shape, error) {
	if len(pictures) == 0 {
		return nil, nil, fail(ErrPicture, "there is no picture; give at least one")
	}
	size := pictures[0].Bounds().Size()
	if size.X < MinSide || size.Y < MinSide {
		return nil, nil, fail(ErrPicture, "a picture of %d x %d pixels is too small; both sides must have at least %d",
			size.X, size.Y, MinSide)
	}
	pixels := make([]byte, 0, len(pictures)*size.Y*size.X*3)
	for _, picture := range pictures {
		if other := picture.Bounds().Size(); other != size {
			return nil, nil, fail(ErrPicture, "a batch has pictures of %d x %d and of %d x %d pixels; "+
				"give pictures of one size, or one at a time", size.X, size.Y, other.X, other.Y)
		}
		rgba := onWhite(picture)
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

// onWhite is an opaque picture of 8 bits a colour.
func onWhite(picture image.Image) *image.NRGBA {
	if picture, ok := picture.(*image.NRGBA); ok && picture.Opaque() {
		return picture
	}
	paper := image.NewRGBA(picture.Bounds())
	draw.Draw(paper, paper.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(paper, paper.Rect, picture, paper.Rect.Min, draw.Over)
	return &image.NRGBA{Pix: paper.Pix, Stride: paper.Stride, Rect: paper.Rect} // the same, since it is opaque
}

// lanczos is the filter of that name with 3 lobes.
var lanczos = &draw.Kernel{Support: 3, At: func(t float64) float64 {
	if t == 0 {
		return 1
	}
	return math.Sin(math.Pi*t) / (math.Pi * t) * math.Sin(math.Pi*t/3) / (math.Pi * t / 3)
}}

// longest is a painting's longer side in shorter ones, up to which it is encoded in the usual size.
const longest = 8

// SizeOf is the shorter side, in pixels, to which a painting is shrunk unless another is asked for: PaintingSize; of a
// scroll or a frieze less, so that it has no more pixels than a painting 8 times as long as wide.
func SizeOf(painting image.Image) int {
	size := painting.Bounds().Size()
	shorter, longer := min(size.X, size.Y), max(size.X, size.Y)
	part := min(1, longest*float64(shorter)/float64(longer))
	return max(MinSide, int(math.Round(PaintingSize*math.Sqrt(part))))
}

// Shrink gives a painting as it is encoded: its shorter side at most size pixels, by the Lanczos filter; a smaller
// painting stays as it is. It fails with ErrRange when size is below MinSide.
func Shrink(painting image.Image, size int) (*image.NRGBA, error) {
	if size < MinSide {
		return nil, fail(ErrRange, "the size is %d; give the pixels of the shorter side, %d or more", size, MinSide)
	}
	opaque := onWhite(painting)
	from := opaque.Rect.Size()
	side := min(from.X, from.Y)
	if side <= size {
		return opaque, nil
	}
	scaled := func(length int) int {
		return int(math.RoundToEven(float64(length) * float64(size) / float64(side)))
	}
	// One axis after the other, so that values are rounded and cut to 8 bits in between, as the contract says.
	return scale(scale(opaque, scaled(from.X), from.Y), scaled(from.X), scaled(from.Y)), nil
}

func scale(picture *image.NRGBA, width, height int) *image.NRGBA {
	scaled := image.NewRGBA64(image.Rect(0, 0, width, height))
	lanczos.Scale(scaled, scaled.Rect, picture, picture.Rect, draw.Src, nil)
	rounded := image.NewNRGBA(scaled.Rect)
	for i := range rounded.Pix {
		value := int(scaled.Pix[2*i])<<8 | int(scaled.Pix[2*i+1])
		rounded.Pix[i] = uint8((value*255 + 32767) / 65535)
	}
	return rounded
}
