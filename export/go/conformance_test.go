package adain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// conformance is ../conformance/manifest.json; its README.md describes the fields.
type conformance struct {
	Contract   string
	Checkpoint string `json:"checkpoint_sha256"`
	Models     map[string]struct{ File, SHA256 string }
	Files      map[string]string // SHA-256 by path
	Tolerance  struct {
		Pixels, Shrunk           struct{ Max, Mean float64 }
		Style, Painting, Reading struct{ Max float64 }
	}
	Encode    []struct{ Name, Image, Code string }
	Paintings []struct {
		Name, Image, Shrunk, Code string
		Size                      int
	}
	Reading []struct {
		Name, File string
		Expected   *string // nil where the file has to be refused
	}

	Stylize, Fast []stylizeCase // fast: of the small network
}

type stylizeCase struct {
	Name     string
	Contents []string
	Styles   [][]struct {
		Code   string
		Weight float64
	}
	Alpha    float32
	Expected []string
}

const conformanceFolder = "../conformance"

func TestConformance(t *testing.T) {
	var set conformance
	manifest, err := os.ReadFile(filepath.Join(conformanceFolder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(manifest, &set); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(contractVersions, set.Contract) || len(set.Encode) == 0 || len(set.Stylize) == 0 {
		t.Fatalf("the set is of contract %q and has %d and %d cases", set.Contract, len(set.Encode), len(set.Stylize))
	}
	stylizerFile, encoderFile := set.Models["stylizer"], set.Models["style_encoder"]
	read(t, stylizerFile.File, stylizerFile.SHA256)
	read(t, encoderFile.File, encoderFile.SHA256)
	stylizer, err := Load(Config{
		filepath.Join(conformanceFolder, stylizerFile.File), filepath.Join(conformanceFolder, encoderFile.File), 1})
	if err != nil {
		t.Fatal(err)
	}
	defer stylizer.Close()
	if stylizer.Checkpoint() != set.Checkpoint {
		t.Fatalf("the models are of checkpoint %s, the conformance set is of %s; rebuild the set",
			stylizer.Checkpoint(), set.Checkpoint)
	}
	for _, test := range set.Encode {
		t.Run(test.Name, func(t *testing.T) {
			code, err := stylizer.EncodeStyle(t.Context(), set.picture(t, test.Image), 0)
			if err != nil {
				t.Fatal(err)
			}
			expected := set.code(t, test.Code)
			if difference := compareCodes(t, code, expected); !(difference <= set.Tolerance.Style.Max) {
				t.Fatalf("a value differs by %v", difference)
			}
		})
	}
	for _, test := range set.Paintings {
		t.Run(test.Name, func(t *testing.T) {
			painting := set.picture(t, test.Image)
			shrunk, err := Shrink(painting, test.Size)
			if err != nil {
				t.Fatal(err)
			}
			largest, mean := compare(t, shrunk, set.picture(t, test.Shrunk))
			code, err := stylizer.EncodeStyle(t.Context(), painting, test.Size)
			if err != nil {
				t.Fatal(err)
			}
			difference := compareCodes(t, code, set.code(t, test.Code))
			t.Logf("shrunk: largest difference %v, mean %.5f; the code differs by %.5f", largest, mean, difference)
			if largest > set.Tolerance.Shrunk.Max || mean > set.Tolerance.Shrunk.Mean {
				t.Errorf("more than %+v", set.Tolerance.Shrunk)
			}
			if !(difference <= set.Tolerance.Painting.Max) {
				t.Errorf("more than %+v", set.Tolerance.Painting)
			}
		})
	}
	set.stylize(t, stylizer, set.Stylize)
	fastFile := set.Models["fast"]
	read(t, fastFile.File, fastFile.SHA256)
	fast, err := Load(Config{filepath.Join(conformanceFolder, fastFile.File), "", 1})
	if err != nil {
		t.Fatal(err)
	}
	defer fast.Close()
	set.stylize(t, fast, set.Fast)
}

func (set *conformance) stylize(t *testing.T, stylizer *Stylizer, cases []stylizeCase) {
	if len(cases) == 0 {
		t.Fatal("the set has no such cases")
	}
	for _, test := range cases {
		t.Run(test.Name, func(t *testing.T) {
			var contents []image.Image
			for _, path := range test.Contents {
				contents = append(contents, set.picture(t, path))
			}
			var codes []Code
			for _, parts := range test.Styles {
				var blended []Code
				var weights []float64
				for _, part := range parts {
					blended = append(blended, set.code(t, part.Code))
					weights = append(weights, part.Weight)
				}
				code, err := Blend(blended, weights)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, code)
			}
			stylized, err := stylizer.Stylize(t.Context(), contents, codes, test.Alpha)
			if err != nil {
				t.Fatal(err)
			}
			if len(stylized) != len(test.Expected) {
				t.Fatalf("%d pictures, %d were expected", len(stylized), len(test.Expected))
			}
			for i, path := range test.Expected {
				largest, mean := compare(t, stylized[i], set.picture(t, path))
				t.Logf("%s: largest difference %v, mean %.5f", path, largest, mean)
				if largest > set.Tolerance.Pixels.Max || mean > set.Tolerance.Pixels.Mean {
					t.Errorf("more than %+v", set.Tolerance.Pixels)
				}
			}
		})
	}
}

func TestReading(t *testing.T) {
	var set conformance
	manifest, err := os.ReadFile(filepath.Join(conformanceFolder, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(manifest, &set)
	}
	if err != nil || len(set.Reading) == 0 {
		t.Fatalf("%v, %d cases", err, len(set.Reading))
	}
	for _, test := range set.Reading {
		t.Run(test.Name, func(t *testing.T) {
			read(t, test.File, set.Files[test.File])
			picture, err := ReadPicture(filepath.Join(conformanceFolder, test.File))
			if test.Expected == nil {
				if !errors.Is(err, ErrPicture) {
					t.Fatalf("the error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if largest, _ := compare(t, picture, set.picture(t, *test.Expected)); largest > set.Tolerance.Reading.Max {
				t.Errorf("differs by %v", largest)
			}
		})
	}
}

// compareCodes is the largest difference of their values.
func compareCodes(t *testing.T, code, expected Code) (largest float64) {
	t.Helper()
	if len(code) != len(expected) {
		t.Fatalf("%d values, %d were expected", len(code), len(expected))
	}
	for i := range code {
		largest = max(largest, math.Abs(float64(code[i]-expected[i]))) // NaN where a value is
	}
	return largest
}

// compare is the largest and the mean absolute difference, in steps of 255.
func compare(t *testing.T, picture, expected image.Image) (largest, mean float64) {
	t.Helper()
	if picture.Bounds().Size() != expected.Bounds().Size() {
		t.Fatalf("the size is %v, %v was expected", picture.Bounds().Size(), expected.Bounds().Size())
	}
	got, _, err := pack([]image.Image{picture})
	if err != nil {
		t.Fatal(err)
	}
	want, _, _ := pack([]image.Image{expected})
	var sum float64
	for i := range got {
		difference := math.Abs(float64(got[i]) - float64(want[i]))
		largest = max(largest, difference)
		sum += difference
	}
	return largest, sum / float64(len(got))
}

func (set *conformance) picture(t *testing.T, path string) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(read(t, path, set.Files[path])))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func (set *conformance) code(t *testing.T, path string) Code {
	t.Helper()
	read(t, path, set.Files[path])
	code, err := LoadCode(filepath.Join(conformanceFolder, path))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// read is the content of a file of the set, whose SHA-256 must be as expected.
func read(t *testing.T, path, expected string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(conformanceFolder, path))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != expected {
		t.Fatalf("%s has SHA-256 %x, the manifest says %q", path, sum, expected)
	}
	return data
}
