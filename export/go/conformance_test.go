package adain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// conformance is ../conformance/manifest.json; its README.md describes the fields.
type conformance struct {
	Contract   string
	Checkpoint string `json:"checkpoint_sha256"`
	Models     map[string]struct{ File, SHA256 string }
	Files      map[string]string // SHA-256 by path
	Tolerance  struct {
		Pixels struct{ Max, Mean float64 }
		Style  struct{ Max float64 }
	}
	Encode []struct{ Name, Image, Code string }

	Stylize []struct {
		Name     string
		Contents []string
		Styles   [][]struct {
			Code   string
			Weight float64
		}
		Alpha    float32
		Expected []string
	}
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
	if set.Contract != contractVersion || len(set.Encode) == 0 || len(set.Stylize) == 0 {
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
			code, err := stylizer.EncodeStyle(set.picture(t, test.Image))
			if err != nil {
				t.Fatal(err)
			}
			expected := set.code(t, test.Code)
			if len(code) != len(expected) {
				t.Fatalf("%d values, %d were expected", len(code), len(expected))
			}
			for i := range code {
				if difference := math.Abs(float64(code[i] - expected[i])); !(difference <= set.Tolerance.Style.Max) {
					t.Fatalf("value %d is %v, %v was expected", i, code[i], expected[i])
				}
			}
		})
	}
	for _, test := range set.Stylize {
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
			stylized, err := stylizer.Stylize(contents, codes, test.Alpha)
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
