// Adain restyles a picture after a painting.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	"adain"
)

const usage = `usage: adain CONTENT -s STYLE -o OUT [-a ALPHA] [--style2 STYLE --blend W] [--threads N]

CONTENT is a JPEG or PNG picture, OUT a file that ends in .jpg, .jpeg or .png. STYLE is a picture, a .npy style
code, or the name of a style of the bank.

  -s STYLE         the style
  -o OUT           where the result goes; it has the size of CONTENT
  -a ALPHA         strength of the style, from 0 (the content) to 1 (the full style, the default)
  --style2 STYLE   a second style, to blend with the first
  --blend W        share of the second style, from 0 to 1
  --threads N      of onnxruntime; one for each core if not given

The models come from the folder in the environment variable ADAIN_MODELS, or else from ../../weights/onnx; the bank
is the folder styles beside that one. ORT_DYLIB_PATH is the path of onnxruntime's shared library.
`

// options are the command line.
type options struct {
	content, style, style2, out string
	alpha, blend                float64
	threads                     int
}

func main() {
	err := run(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
	case err != nil:
		fmt.Fprintln(os.Stderr, "adain:", strings.Join(strings.Fields(err.Error()), " ")) // one line
		os.Exit(2)
	}
}

func run(args []string) error {
	options, err := parse(args)
	if err != nil {
		return err
	}
	content, err := readPicture(options.content)
	if err != nil {
		return err
	}
	models := cmp.Or(os.Getenv("ADAIN_MODELS"), filepath.Join("..", "..", "weights", "onnx"))
	config := adain.InFolder(models)
	config.Threads = options.threads
	stylizer, err := adain.Load(config)
	if err != nil {
		return err
	}
	defer stylizer.Close()

	bank := filepath.Join(models, "..", "styles")
	code, err := findStyle(stylizer, options.style, bank)
	if err == nil && options.style2 != "" {
		var second adain.Code
		if second, err = findStyle(stylizer, options.style2, bank); err == nil {
			code, err = adain.Blend([]adain.Code{code, second}, []float64{1 - options.blend, options.blend})
		}
	}
	if err != nil {
		return err
	}
	stylized, err := stylizer.Stylize([]image.Image{content}, []adain.Code{code}, float32(options.alpha))
	if err != nil {
		return err
	}
	return writePicture(options.out, stylized[0])
}

// parse reads the command line; CONTENT may stand before, between or behind the flags.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("adain", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.SetOutput(new(strings.Builder)) // errors are printed in main
	flags.StringVar(&o.style, "s", "", "")
	flags.StringVar(&o.out, "o", "", "")
	flags.StringVar(&o.style2, "style2", "", "")
	flags.Float64Var(&o.alpha, "a", 1, "")
	flags.Float64Var(&o.blend, "blend", -1, "")
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
	return o, checkSuffix(o.out)
}

// findStyle is the code that STYLE stands for: of a file, or else of the bank.
func findStyle(stylizer *adain.Stylizer, style, bank string) (adain.Code, error) {
	if _, err := os.Stat(style); err != nil {
		return stylizer.BankCode(bank, style)
	}
	if suffix := strings.ToLower(filepath.Ext(style)); suffix == ".npy" || suffix == ".f32" {
		return adain.LoadCode(style)
	}
	picture, err := readPicture(style)
	if err != nil {
		return nil, err
	}
	return stylizer.EncodeStyle(picture)
}
