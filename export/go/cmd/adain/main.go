// Adain restyles a picture after a painting.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/adain-project/adain/export/go"
)

const usage = `usage: adain CONTENT -s STYLE -o OUT [options]

CONTENT is a JPEG or PNG picture, OUT a file that ends in .jpg, .jpeg or .png. STYLE is a picture, a style code (.npy
or .f32), or the name of a style of the bank.

  -s, --style STYLE   the style
  -o, --out OUT       where the result goes; it has the size of CONTENT
  -a, --alpha ALPHA   strength of the style, from 0 (the content) to 1 (the full style, the default)
  --style2 STYLE      a second style, to blend with the first
  --blend W           share of the second style, from 0 to 1
  --style-size N      shrink style pictures to this shorter side, in pixels (512, less of very long ones)
  --threads N         of onnxruntime; as many as the process may use if not given
  --model MODEL       fast (the small network), large, or a folder of stylizer.onnx and style_encoder.onnx
  -h, --help          show this text

Without --model, it is ADAIN_MODELS in the environment, or else large. fast and large are in the nearest weights at or
above the program; the bank is the folder styles beside that of the model. ORT_DYLIB_PATH is the path of onnxruntime's
shared library.
`

// options are the command line.
type options struct {
	content, style, style2, out string
	alpha, blend                float64
	styleSize, threads          int
	model                       string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
	case err != nil:
		fmt.Fprintln(os.Stderr, "adain:", strings.Join(strings.Fields(err.Error()), " ")) // one line
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string) error {
	options, err := parse(args)
	if err != nil {
		return err
	}
	content, err := adain.ReadPicture(options.content)
	if err != nil {
		return err
	}
	models, err := findModels(options.model)
	if err != nil {
		return err
	}
	config := adain.InFolder(models)
	config.Threads = options.threads
	stylizer, err := adain.Load(config)
	if err != nil {
		return err
	}
	defer stylizer.Close()

	bank := filepath.Join(models, "..", "styles")
	code, err := findStyle(ctx, stylizer, options.style, options.styleSize, bank)
	if err == nil && options.style2 != "" {
		var second adain.Code
		if second, err = findStyle(ctx, stylizer, options.style2, options.styleSize, bank); err == nil {
			code, err = adain.Blend([]adain.Code{code, second}, []float64{1 - options.blend, options.blend})
		}
	}
	if err != nil {
		return err
	}
	stylized, err := stylizer.Stylize(ctx, []image.Image{content}, []adain.Code{code}, float32(options.alpha))
	if err != nil {
		return err
	}
	return adain.WritePicture(options.out, stylized[0])
}

// parse reads the command line; CONTENT may stand before, between or behind the flags.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("adain", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.SetOutput(new(strings.Builder)) // errors are printed in main
	for _, name := range []string{"s", "style"} {
		flags.StringVar(&o.style, name, "", "")
	}
	for _, name := range []string{"o", "out"} {
		flags.StringVar(&o.out, name, "", "")
	}
	for _, name := range []string{"a", "alpha"} {
		flags.Float64Var(&o.alpha, name, 1, "")
	}
	flags.StringVar(&o.style2, "style2", "", "")
	flags.Float64Var(&o.blend, "blend", -1, "")
	flags.Func("style-size", "", func(text string) (err error) { // 0 is none, see EncodeStyle
		if o.styleSize, err = strconv.Atoi(text); err == nil && o.styleSize < 1 {
			err = errors.New("give a whole number of 1 or more")
		}
		return err
	})
	flags.StringVar(&o.model, "model", "", "")
	flags.IntVar(&o.threads, "threads", 0, "")
	var contents []string
	for {
		if err := flags.Parse(args); err != nil {
			return o, err
		}
		if flags.NArg() == 0 {
			break
		}
		contents, args = append(contents, flags.Arg(0)), flags.Args()[1:]
	}
	if len(contents) != 1 || o.style == "" || o.out == "" {
		return o, fmt.Errorf("give one CONTENT, -s STYLE and -o OUT; adain -h tells more")
	}
	o.content = contents[0]
	if (o.style2 != "") != (o.blend != -1) {
		return o, fmt.Errorf("--style2 and --blend need each other; give both or none")
	}
	if o.style2 != "" && !(o.blend >= 0 && o.blend <= 1) {
		return o, fmt.Errorf("--blend is %v; give a number from 0 to 1", o.blend)
	}
	return o, adain.CheckSuffix(o.out)
}

// own are the package's own models and their folders.
var own = map[string]string{"large": "weights/onnx", "fast": "weights/fast"}

// findModels is the folder of the model, as usage says.
func findModels(given string) (string, error) {
	model := cmp.Or(given, os.Getenv("ADAIN_MODELS"), "large")
	if own[model] == "" {
		return model, nil
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	for folder := filepath.Dir(program); ; folder = filepath.Dir(folder) {
		models := filepath.Join(folder, own[model])
		if info, err := os.Stat(models); err == nil && info.IsDir() {
			return models, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("there is no %s at or above %s; "+
				"name the folder of the models with --model or ADAIN_MODELS", own[model], program)
		}
	}
}

// findStyle is the code that STYLE stands for: of a file, or else of the bank.
func findStyle(
	ctx context.Context, stylizer *adain.Stylizer, style string, size int, bank string,
) (adain.Code, error) {
	if _, err := os.Stat(style); err != nil {
		return stylizer.BankCode(bank, style)
	}
	if suffix := strings.ToLower(filepath.Ext(style)); suffix == ".npy" || suffix == ".f32" {
		return adain.LoadCode(style)
	}
	picture, err := adain.ReadPicture(style)
	if err != nil {
		return nil, err
	}
	return stylizer.EncodeStyle(ctx, picture, size)
}
