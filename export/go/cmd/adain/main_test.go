package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adain-project/adain/export/go"
)

// program is the built command; it runs in the client's folder, from where it finds the models.
var program string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp(".", ".test-") // below the repository, where the models are found
	if err != nil {
		panic(err)
	}
	program, _ = filepath.Abs(filepath.Join(folder, "adain.exe"))
	if out, err := exec.Command("go", "build", "-p", "1", "-o", program, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// execute runs the program and returns what it printed on stderr, and its exit code.
func execute(t *testing.T, args ...string) (string, int) {
	t.Helper()
	command := exec.Command(program, append([]string{"--threads", "1"}, args...)...)
	command.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stderr.String(), command.ProcessState.ExitCode()
}

// save writes a synthetic picture, red in the upper left corner.
func save(t *testing.T, path string, width, height int) string {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, color.RGBA{uint8(255 - 3*x - 3*y), uint8(9 * x), uint8(7 * y), 255})
		}
	}
	if err := adain.WritePicture(path, picture); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGoodRuns(t *testing.T) {
	folder := t.TempDir()
	content := save(t, filepath.Join(folder, "content.png"), 40, 23)
	painting := save(t, filepath.Join(folder, "painting.jpg"), 32, 24)
	code, _ := filepath.Abs("../../../../weights/styles/scream.npy")
	cases := map[string][]string{
		"picture.png": {content, "-s", painting},
		"code.jpg":    {"-s", code, content, "-a", "0.5"},
		"bank.JPEG":   {"-s", "great-wave", content},
		"long.png":    {content, "--style", painting, "--alpha", "0.5", "--style-size", "20"},
		"blend.png":   {content, "-s", "great-wave", "--style2", painting, "--blend", "0.25"},
	}
	for name, args := range cases {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(folder, name)
			stderr, exit := execute(t, append(args, "-o", out)...)
			if exit != 0 || stderr != "" {
				t.Fatalf("exit code %d, %q", exit, stderr)
			}
			stylized, err := adain.ReadPicture(out)
			if err != nil {
				t.Fatal(err)
			}
			if size := stylized.Bounds().Size(); size != image.Pt(40, 23) {
				t.Errorf("the size is %v", size)
			}
			if info, _ := os.Stat(out); info.Mode().Perm()&0o400 == 0 {
				t.Errorf("the mode is %v", info.Mode())
			}
		})
	}
	// alpha, style and blend arrive: the results differ, and a share of 0 is the first style alone.
	files := map[string][]string{
		"full":   {"-s", "great-wave"},
		"weak":   {"-s", "great-wave", "-a", "0.2"},
		"other":  {"-s", "scream"},
		"blend0": {"-s", "great-wave", "--style2", "scream", "--blend", "0"},
		"blend1": {"-s", "great-wave", "--style2", "scream", "--blend", "1"},
	}
	results := map[string]string{}
	for name, args := range files {
		out := filepath.Join(folder, name+".png")
		if stderr, exit := execute(t, append(args, content, "-o", out)...); exit != 0 {
			t.Fatal(stderr)
		}
		data, _ := os.ReadFile(out)
		results[name] = string(data)
	}
	if results["full"] == results["weak"] || results["full"] == results["other"] {
		t.Error("alpha or style changed nothing")
	}
	if results["blend0"] != results["full"] || results["blend1"] != results["other"] {
		t.Error("the blend is not of the styles that were given")
	}
}

func TestBadRuns(t *testing.T) {
	folder := t.TempDir()
	content := save(t, filepath.Join(folder, "content.png"), 40, 23)
	small := save(t, filepath.Join(folder, "small.png"), 15, 40)
	text := filepath.Join(folder, "text.png")
	broken := filepath.Join(folder, "code.npy")
	for _, path := range []string{text, broken} {
		if err := os.WriteFile(path, []byte("neither picture nor code"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(folder, "out.png")
	cases := map[string]struct {
		args []string
		part string
	}{
		"no content":    {[]string{"-s", "scream", "-o", out}, "CONTENT"},
		"two contents":  {[]string{content, content, "-s", "scream", "-o", out}, "one CONTENT"},
		"no style":      {[]string{content, "-o", out}, "STYLE"},
		"unknown flag":  {[]string{content, "-s", "scream", "-o", out, "-q"}, "-q"},
		"missing file":  {[]string{"nowhere.png", "-s", "scream", "-o", out}, "nowhere.png"},
		"no picture":    {[]string{text, "-s", "scream", "-o", out}, "text.png"},
		"small picture": {[]string{small, "-s", "scream", "-o", out}, "15 x 40"},
		"unknown style": {[]string{content, "-s", "screem", "-o", out}, "screem"},
		"broken code":   {[]string{content, "-s", broken, "-o", out}, "code.npy"},
		"alpha 2":       {[]string{content, "-s", "scream", "-o", out, "-a", "2"}, "alpha is 2"},
		"alpha NaN":     {[]string{content, "-s", "scream", "-o", out, "-a", "NaN"}, "alpha is NaN"},
		"alpha text":    {[]string{content, "-s", "scream", "-o", out, "-a", "full"}, "full"},
		"half a blend":  {[]string{content, "-s", "scream", "-o", out, "--style2", "dance"}, "--blend"},
		"blend 1.5": {[]string{content, "-s", "scream", "-o", out, "--style2", "dance", "--blend", "1.5"},
			"--blend is 1.5"},
		"no size":    {[]string{content, "-s", content, "-o", out, "--style-size", "0"}, "-style-size: give a whole number of 1"},
		"style size": {[]string{content, "-s", content, "-o", out, "--style-size", "8"}, "the size is 8"},
		"suffix":     {[]string{content, "-s", "scream", "-o", filepath.Join(folder, "out.gif")}, ".gif"},
		"no folder":  {[]string{content, "-s", "scream", "-o", filepath.Join(folder, "none", "out.png")}, "none"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			stderr, exit := execute(t, test.args...)
			if exit != 2 {
				t.Errorf("the exit code is %d", exit)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") || !strings.Contains(stderr, test.part) {
				t.Errorf("one line with %q was expected, not %q", test.part, stderr)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "out*")); left != nil {
		t.Errorf("files were left: %v", left)
	}
}

func TestModelsElsewhere(t *testing.T) {
	content := save(t, filepath.Join(t.TempDir(), "content.png"), 16, 16)
	empty := t.TempDir()
	t.Setenv("ADAIN_MODELS", empty)
	out := filepath.Join(empty, "out.png")
	if stderr, exit := execute(t, content, "-s", "scream", "-o", out); exit != 2 || !strings.Contains(stderr, empty) {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
	models, _ := filepath.Abs("../../../../weights/onnx")
	t.Setenv("ADAIN_MODELS", models)
	if stderr, exit := execute(t, content, "-s", "scream", "-o", out); exit != 0 {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
	t.Setenv("ADAIN_MODELS", empty)
	if stderr, exit := execute(t, content, "-s", "scream", "-o", out, "--model", models); exit != 0 {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
	t.Setenv("ADAIN_MODELS", "fast")
	fast := filepath.Join(empty, "fast.png")
	if stderr, exit := execute(t, content, "-s", content, "-o", fast); exit != 0 {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
	if stderr, exit := execute(t, content, "-s", content, "-o", out, "--model", "large"); exit != 0 {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
	small, _ := os.ReadFile(fast)
	if large, _ := os.ReadFile(out); len(small) == 0 || bytes.Equal(small, large) {
		t.Error("fast and large paint the same")
	}
	t.Setenv("ADAIN_MODELS", "")
	own := program
	defer func() { program = own }()
	data, _ := os.ReadFile(program)
	program = filepath.Join(empty, "adain.exe")
	if err := os.WriteFile(program, data, 0o700); err != nil {
		t.Fatal(err)
	}
	if stderr, exit := execute(t, content, "-s", "scream", "-o", out); exit != 2 || !strings.Contains(stderr, "ADAIN_MODELS") {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
	program = own
	t.Setenv("ORT_DYLIB_PATH", filepath.Join(empty, "libonnxruntime.so"))
	if stderr, exit := execute(t, content, "-s", "scream", "-o", out); exit != 2 || !strings.Contains(stderr, "ORT_DYLIB_PATH") {
		t.Errorf("exit code %d, %q", exit, stderr)
	}
}

// Each EXIF orientation brings the red corner of the stored picture to its place.
func TestOrientation(t *testing.T) {
	folder := t.TempDir()
	picture, err := adain.ReadPicture(save(t, filepath.Join(folder, "plain.png"), 40, 24))
	if err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, picture, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	corners := []struct{ width, height, x, y int }{ // of orientation 1, 2, ... 8
		{40, 24, 0, 0}, {40, 24, 39, 0}, {40, 24, 39, 23}, {40, 24, 0, 23},
		{24, 40, 0, 0}, {24, 40, 23, 0}, {24, 40, 23, 39}, {24, 40, 0, 39},
	}
	for i, corner := range corners {
		exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(rune(i+1)) +
			"\x00\x00\x00\x00\x00\x00"
		segment := "\xff\xe1\x00" + string(rune(len(exif)+2)) + exif
		path := filepath.Join(folder, "turned.jpg")
		turned := "\xff\xd8" + segment + data.String()[2:]
		if err := os.WriteFile(path, []byte(turned), 0o600); err != nil {
			t.Fatal(err)
		}
		picture, err := adain.ReadPicture(path)
		if err != nil {
			t.Fatal(err)
		}
		red, green, blue, _ := picture.At(corner.x, corner.y).RGBA()
		size := picture.Bounds().Size()
		if size != image.Pt(corner.width, corner.height) || red>>8 < 235 || green>>8 > 20 || blue>>8 > 20 {
			t.Errorf("orientation %d: size %v, colour %d %d %d in the corner", i+1, size, red>>8, green>>8, blue>>8)
		}
	}
}
