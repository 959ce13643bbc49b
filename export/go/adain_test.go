package adain

import (
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const weights = "../../weights"

// shipped is the Stylizer of the shipped models, loaded once for all tests.
var shipped = sync.OnceValues(func() (*Stylizer, error) { return Load(shippedConfig()) })

func shippedConfig() Config {
	config := InFolder(filepath.Join(weights, "onnx"))
	config.Threads = 1
	return config
}

func loaded(t *testing.T) *Stylizer {
	t.Helper()
	stylizer, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return stylizer
}

// picture is a synthetic content.
func picture(width, height int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.SetNRGBA(x, y, color.NRGBA{uint8(7 * x), uint8(5 * y), uint8(x * y), 255})
		}
	}
	return picture
}

// expectError fails unless the message of err has all parts.
func expectError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error came; one with %q was expected", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %q; %q was expected in it", err, part)
		}
	}
}

// withMetadata is a copy of a model with one more metadata entry, which replaces the older one of that key: two
// protobuf messages in one file are read as one.
func withMetadata(t *testing.T, file, key, value string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	field := func(number int, text string) string {
		return string([]byte{byte(number<<3 | 2), byte(len(text))}) + text
	}
	path := filepath.Join(t.TempDir(), filepath.Base(file))
	changed := append(data, field(14, field(1, key)+field(2, value))...) // ModelProto.metadata_props
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadRefuses(t *testing.T) {
	good := shippedConfig()
	text := filepath.Join(t.TempDir(), "text.onnx")
	if err := os.WriteFile(text, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		stylizer, encoder string
		parts             []string
	}{
		"missing":           {"nowhere.onnx", "", []string{"nowhere.onnx", "adain export"}},
		"missing encoder":   {good.Stylizer, "nowhere.onnx", []string{"nowhere.onnx", "adain export"}},
		"no model":          {text, "", []string{"text.onnx", "no ONNX model"}},
		"not ours":          {"testdata/identity.onnx", "", []string{"identity.onnx", "adain.contract"}},
		"swapped":           {good.StyleEncoder, "", []string{`"style_encoder"`, `"stylizer" was expected`}},
		"stylizer twice":    {good.Stylizer, good.Stylizer, []string{`"style_encoder" was expected`}},
		"contract 3":        {withMetadata(t, good.Stylizer, "adain.contract", "3"), "", []string{`version "3"`, `"1"`}},
		"portable":          {withMetadata(t, good.Stylizer, "adain.io", "portable"), "", []string{`"portable"`, "--io bytes"}},
		"broken style size": {withMetadata(t, good.Stylizer, "adain.style_size", "many"), "", []string{`style_size "many"`}},
		"other checkpoint": {good.Stylizer, withMetadata(t, good.StyleEncoder, "adain.checkpoint_sha256", "abc"),
			[]string{"different models", "abc", loaded(t).Checkpoint()}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Config{test.stylizer, test.encoder, 1})
			expectError(t, err, test.parts...)
		})
	}
}

func TestStylizeRefuses(t *testing.T) {
	stylizer := loaded(t)
	code := make(Code, stylizer.StyleSize())
	infinite := slices.Clone(code)
	infinite[3] = float32(math.Inf(-1))
	one := []image.Image{picture(16, 16)}
	nan := float32(math.NaN())
	cases := map[string]struct {
		contents []image.Image
		codes    []Code
		alpha    float32
		parts    []string
	}{
		"alpha NaN":      {one, []Code{code}, nan, []string{"alpha is NaN", "from 0"}},
		"alpha above 1":  {one, []Code{code}, 1.01, []string{"alpha is 1.01"}},
		"alpha below 0":  {one, []Code{code}, -0.01, []string{"alpha is -0.01"}},
		"short code":     {one, []Code{code[1:]}, 1, []string{"values", "expected"}},
		"infinite code":  {one, []Code{infinite}, 1, []string{"value 3", "-Inf"}},
		"no code":        {one, nil, 1, []string{"0 style codes for 1 contents"}},
		"two codes":      {one, []Code{code, code}, 1, []string{"2 style codes for 1 contents"}},
		"no content":     {nil, []Code{code}, 1, []string{"no picture"}},
		"narrow content": {[]image.Image{picture(15, 16)}, []Code{code}, 1, []string{"15 x 16", "at least 16"}},
		"low content":    {[]image.Image{picture(16, 15)}, []Code{code}, 1, []string{"16 x 15", "at least 16"}},
		"mixed sizes": {[]image.Image{picture(16, 16), picture(16, 17)}, []Code{code}, 1,
			[]string{"16 x 16 and of 16 x 17"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := stylizer.Stylize(t.Context(), test.contents, test.codes, test.alpha)
			expectError(t, err, test.parts...)
		})
	}
}

func TestEncodeStyleRefuses(t *testing.T) {
	_, err := loaded(t).EncodeStyle(t.Context(), picture(100, 8), 0)
	expectError(t, err, "100 x 8", "at least 16")

	_, err = loaded(t).EncodeStyle(t.Context(), picture(100, 80), 15)
	expectError(t, err, "the size is 15", "16 or more")
	if !errors.Is(err, ErrRange) || errors.Is(err, ErrPicture) {
		t.Errorf("%v is of another kind", err)
	}

	stylizer, err := Load(Config{Stylizer: shippedConfig().Stylizer, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer stylizer.Close()
	_, err = stylizer.EncodeStyle(t.Context(), picture(16, 16), 0)
	expectError(t, err, "no style encoder")
}

func TestVeryLongPaintingsHaveThePixelsOfOneEightTimesAsLongAsWide(t *testing.T) {
	sizes := map[image.Point]int{{700, 900}: 512, {4096, 512}: 512, {8, 800}: 145, {800, 8}: 145, {20, 200_000}: 16}
	for size, expected := range sizes {
		if got := SizeOf(&image.Gray{Rect: image.Rectangle{Max: size}}); got != expected {
			t.Errorf("%v: %d, %d was expected", size, got, expected)
		}
	}
}

// Part of a larger picture, stored in another way, gives the same as a picture of its own.
func TestPicturesOfAnyKind(t *testing.T) {
	stylizer := loaded(t)
	plain := picture(20, 17)
	larger := image.NewRGBA(image.Rect(-5, -6, 40, 40))
	for y := range 17 {
		for x := range 20 {
			larger.Set(x+3, y+2, plain.At(x, y))
		}
	}
	first, err := stylizer.EncodeStyle(t.Context(), plain, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := stylizer.EncodeStyle(t.Context(), larger.SubImage(image.Rect(3, 2, 23, 19)), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first, second) {
		t.Error("the codes differ")
	}
}

func TestConcurrentUse(t *testing.T) {
	stylizer := loaded(t)
	content := picture(24, 16)
	var codes [3]Code
	var group sync.WaitGroup
	for i := range codes {
		group.Go(func() { codes[i], _ = stylizer.EncodeStyle(t.Context(), content, 0) })
	}
	group.Wait()
	for _, code := range codes {
		if code == nil || !slices.Equal(code, codes[0]) {
			t.Fatal("the codes differ")
		}
	}
}

func TestContext(t *testing.T) {
	stylizer := loaded(t)
	code := make(Code, stylizer.StyleSize())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := stylizer.Stylize(ctx, []image.Image{picture(1200, 900)}, []Code{code}, 1) // many seconds
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	if _, err := stylizer.Stylize(t.Context(), []image.Image{picture(16, 16)}, []Code{code}, 1); err != nil {
		t.Error(err)
	}
}

func TestThreads(t *testing.T) {
	t.Setenv("OMP_NUM_THREADS", "1")
	if usableThreads() != 1 {
		t.Error("OMP_NUM_THREADS is not heeded")
	}
	t.Setenv("OMP_NUM_THREADS", "100000")
	if usableThreads() != runtime.GOMAXPROCS(0) {
		t.Error("more threads than the process may use")
	}
}

func TestBlend(t *testing.T) {
	blend, err := Blend([]Code{{0, 4, -8}, {8, 4, 0}}, []float64{1, 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(blend, Code{6, 4, -2}) {
		t.Errorf("the blend is %v", blend)
	}
	code := Code{1, 2}
	cases := map[string]struct {
		codes   []Code
		weights []float64
		part    string
	}{
		"nothing":        {nil, nil, "0 weights for 0"},
		"too few":        {[]Code{code, code}, []float64{1}, "1 weights for 2"},
		"negative":       {[]Code{code, code}, []float64{2, -1}, "[2 -1]"},
		"NaN":            {[]Code{code, code}, []float64{math.NaN(), 1}, "NaN"},
		"infinite":       {[]Code{code, code}, []float64{math.Inf(1), 1}, "+Inf"},
		"all 0":          {[]Code{code, code}, []float64{0, 0}, "not all of them 0"},
		"two lengths":    {[]Code{code, {1}}, []float64{1, 1}, "1 values, 2 were expected"},
		"infinite value": {[]Code{code, {1, float32(math.Inf(1))}}, []float64{1, 1}, "value 1"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Blend(test.codes, test.weights)
			expectError(t, err, test.part)
		})
	}
}

// npy is a .npy file with this header, padded as numpy pads it.
func npy(version byte, header string, values ...float32) []byte {
	header += strings.Repeat(" ", 40) + "\n"
	data := append([]byte("\x93NUMPY"), version, 0)
	if version == 1 {
		data = binary.LittleEndian.AppendUint16(data, uint16(len(header)))
	} else {
		data = binary.LittleEndian.AppendUint32(data, uint32(len(header)))
	}
	data, _ = binary.Append(append(data, header...), binary.LittleEndian, values)
	return data
}

func TestLoadCode(t *testing.T) {
	header := "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
	with := func(old, new string) string { return strings.Replace(header, old, new, 1) }
	good := npy(1, header, 1.5, -2)
	bare := good[len(good)-8:]
	cases := map[string]struct {
		file string
		data []byte
		part string // of the error, or "" where {1.5, -2} is expected
	}{
		"row":         {"code.npy", good, ""},
		"matrix":      {"code.npy", npy(1, with("(2,)", "(1, 2)"), 1.5, -2), ""},
		"version 2":   {"code.npy", npy(2, header, 1.5, -2), ""},
		"upper case":  {"CODE.NPY", good, ""},
		"bare":        {"code.f32", bare, ""},
		"suffix":      {"code.txt", good, ".txt"},
		"empty":       {"code.npy", nil, "no .npy file"},
		"bare empty":  {"code.f32", nil, "0 bytes"},
		"bare torn":   {"code.f32", bare[1:], "7 bytes"},
		"picture":     {"code.npy", []byte("\x89PNG\r\n\x1a\n0000"), "no .npy file"},
		"torn header": {"code.npy", good[:40], "cut off"},
		"torn values": {"code.npy", good[:len(good)-1], "7 bytes of values"},
		"too long":    {"code.npy", append(slices.Clone(good), 0), "9 bytes of values"},
		"float64":     {"code.npy", npy(1, with("<f4", "<f8"), 1.5, -2), "<f8"},
		"big-endian":  {"code.npy", npy(1, with("<f4", ">f4"), 1.5, -2), ">f4"},
		"two codes":   {"code.npy", npy(1, with("(2,)", "(2, 1)"), 1.5, -2), "(2, 1)"},
		"scalar":      {"code.npy", npy(1, with("(2,)", "()"), 1.5), "()"},
		"no values":   {"code.npy", npy(1, with("(2,)", "(0,)")), "0 bytes"},
		"huge":        {"code.npy", npy(1, with("(2,)", "(99999999999999999999,)"), 1.5, -2), "9999"},
		"long header": {"code.npy", []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{"), "cut off"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			code, err := LoadCode(path)
			if test.part != "" {
				expectError(t, err, test.file, test.part)
			} else if err != nil || !slices.Equal(code, Code{1.5, -2}) {
				t.Errorf("%v, %v", code, err)
			}
		})
	}
	_, err := LoadCode("nowhere.npy")
	expectError(t, err, "nowhere.npy")
}

func TestBankCode(t *testing.T) {
	stylizer := loaded(t)
	bank := filepath.Join(weights, "styles")
	code, err := stylizer.BankCode(bank, "starry-night")
	if err != nil {
		t.Fatal(err)
	}
	if err := code.check(stylizer.StyleSize()); err != nil {
		t.Error(err)
	}
	_, err = stylizer.BankCode(bank, "stary-night")
	expectError(t, err, `"stary-night"`, "starry-night")
	_, err = stylizer.BankCode(t.TempDir(), "starry-night")
	expectError(t, err, "no bank")

	other := t.TempDir()
	index := []byte(`{"model": "abc", "styles": {"starry-night": {}}}`)
	if err := os.WriteFile(filepath.Join(other, "index.json"), index, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = stylizer.BankCode(other, "starry-night")
	expectError(t, err, "another model", "abc", stylizer.Checkpoint())
}

// The program in README.md compiles.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, snippet, _ := strings.Cut(string(readme), "```go\n")
	snippet, _, found := strings.Cut(snippet, "```")
	folder, err := os.MkdirTemp(".", ".test-") // in this module
	if err != nil || !found {
		t.Fatal(err, found)
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(snippet), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "vet", "-p", "1", "./"+folder)
	if out, err := build.CombinedOutput(); err != nil {
		t.Error(string(out))
	}
}
