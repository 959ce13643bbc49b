// Package adain restyles pictures after paintings with AdaIN (arXiv 1703.06868), through onnxruntime.
//
// It reads the `bytes` files that `adain export` writes; export/CONTRACT.md describes them. onnxruntime is a
// shared library that is loaded at run time from the path in the environment variable ORT_DYLIB_PATH, or
// else from where the system looks for libraries.
package adain

import (
	"context"
	"image"
	"os"
	"path/filepath"

	ort "github.com/yalue/onnxruntime_go"
)

// MinSide is the smallest side, in pixels, of a picture that the networks take.
const MinSide = 16

// PaintingSize is the shorter side, in pixels, to which paintings are shrunk unless another is asked for, as the
// contract says.
const PaintingSize = 512

// Config says what Load loads.
type Config struct {
	Stylizer     string // path of stylizer.onnx
	StyleEncoder string // path of style_encoder.onnx, or "" where codes come from files only
	Threads      int    // of onnxruntime for one call; 0 is as many as the process may use
}

// InFolder is the Config for the files of a folder such as weights/onnx, or weights/fast: where the style encoder is
// missing, that of the folder onnx beside it serves.
func InFolder(folder string) Config {
	encoder := filepath.Join(folder, "style_encoder.onnx")
	shared := filepath.Join(folder, "..", "onnx", "style_encoder.onnx")
	if !exists(encoder) && exists(shared) {
		encoder = shared
	}
	return Config{Stylizer: filepath.Join(folder, "stylizer.onnx"), StyleEncoder: encoder}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Stylizer restyles pictures. Several goroutines may use one at the same time.
type Stylizer struct {
	stylizer *model
	encoder  *model // nil without a style encoder
}

// Load opens the files of a Config. Close the Stylizer after use.
//
// It fails when onnxruntime cannot be loaded; when a file is missing, is no ONNX model, is of another contract
// version, graph or door than expected; and when the two files are of different checkpoints.
func Load(config Config) (*Stylizer, error) {
	if err := startRuntime(); err != nil {
		return nil, err
	}
	stylizer, err := openModel(config.Stylizer, "stylizer", config.Threads)
	if err != nil {
		return nil, err
	}
	if config.StyleEncoder == "" {
		return &Stylizer{stylizer: stylizer}, nil
	}
	encoder, err := openModel(config.StyleEncoder, "style_encoder", config.Threads)
	if err != nil {
		stylizer.close()
		return nil, err
	}
	s := &Stylizer{stylizer, encoder}
	if stylizer.checkpoint != encoder.checkpoint {
		s.Close()
		return nil, fail(ErrModel, "%s and %s are of different models (checkpoints %s and %s); export both from one",
			config.Stylizer, config.StyleEncoder, stylizer.checkpoint, encoder.checkpoint)
	}
	return s, nil
}

// Close frees the memory of both networks. The Stylizer must not be used afterwards.
func (s *Stylizer) Close() {
	s.stylizer.close()
	if s.encoder != nil {
		s.encoder.close()
	}
}

// StyleSize is S, the number of values of a style code.
func (s *Stylizer) StyleSize() int { return s.stylizer.styleSize }

// Checkpoint is the SHA-256 of the model that both files were exported from.
func (s *Stylizer) Checkpoint() string { return s.stylizer.checkpoint }

// EncodeStyle is the style code of a painting with sides of MinSide or more. It is first shrunk so that its shorter side
// has at most size pixels, where 0 stands for SizeOf the painting, as for the codes of the bank. Another size changes
// texture and contrast, and takes memory by its square. It fails without a style encoder, and when the context is done.
func (s *Stylizer) EncodeStyle(ctx context.Context, painting image.Image, size int) (Code, error) {
	if s.encoder == nil {
		return nil, fail(ErrStyle, "no style encoder is loaded; give Config.StyleEncoder, or a ready style code")
	}
	if size == 0 {
		size = SizeOf(painting)
	}
	shrunk, err := Shrink(painting, size)
	if err != nil {
		return nil, err
	}
	pixels, shape, err := pack([]image.Image{shrunk})
	if err != nil {
		return nil, err
	}
	code := make(Code, s.encoder.styleSize)
	err = s.encoder.run(
		ctx,
		[]tensor{{pixels, shape}},
		tensor{[]float32(code), ort.NewShape(1, int64(len(code)))},
	)
	if err != nil {
		return nil, err
	}
	return code, nil
}

// Stylize gives the contents the styles of the codes, and returns opaque pictures of the contents' size.
//
// The contents are a batch: at least one picture, all of one size, with sides of MinSide or more. There is one
// code for each content, or one that serves all. Alpha is the strength of the style, from 0 (the content as it
// is) to 1 (the full style). When the context is done, the run ends early, with the error of the context.
func (s *Stylizer) Stylize(ctx context.Context, contents []image.Image, codes []Code, alpha float32) (
	[]*image.NRGBA, error,
) {
	if !(alpha >= 0 && alpha <= 1) { // true for NaN too
		return nil, fail(ErrRange, "alpha is %v; give a number from 0 (the content) to 1 (the full style)", alpha)
	}
	pixels, shape, err := pack(contents)
	if err != nil {
		return nil, err
	}
	if len(codes) != 1 && len(codes) != len(contents) {
		return nil, fail(ErrStyle, "%d style codes for %d contents; give one code, or one for each content",
			len(codes), len(contents))
	}
	var style []float32
	for _, code := range codes {
		if err := code.check(s.StyleSize()); err != nil {
			return nil, err
		}
		style = append(style, code...)
	}
	stylized := make([]byte, len(pixels))
	err = s.stylizer.run(
		ctx,
		[]tensor{
			{pixels, shape},
			{style, ort.NewShape(int64(len(codes)), int64(s.StyleSize()))},
			{[]float32{alpha}, ort.NewShape(1)},
		},
		tensor{stylized, shape},
	)
	if err != nil {
		return nil, err
	}
	return unpack(stylized, shape), nil
}
