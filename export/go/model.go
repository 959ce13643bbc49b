package adain

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

const contractVersion = "1"

// graphs are the inputs and the output of the files, by what their metadata call `adain.graph`.
var graphs = map[string]struct {
	inputs []string
	output string
}{
	"stylizer":      {[]string{"content", "style", "alpha"}, "stylized"},
	"style_encoder": {[]string{"image"}, "style"},
}

// model is one open file of the contract.
type model struct {
	session    *ort.DynamicAdvancedSession
	styleSize  int
	checkpoint string
}

// tensor is what goes into a model or comes out of it.
type tensor struct {
	data  any // []byte or []float32
	shape ort.Shape
}

// startRuntime loads the shared library of onnxruntime, at the first call only.
var startRuntime = sync.OnceValue(func() error {
	if ort.IsInitialized() { // by another part of the program
		return nil
	}
	names := map[string]string{"windows": "onnxruntime.dll", "darwin": "libonnxruntime.dylib"}
	path := cmp.Or(os.Getenv("ORT_DYLIB_PATH"), names[runtime.GOOS], "libonnxruntime.so")
	ort.SetSharedLibraryPath(path)
	if err := ort.InitializeEnvironment(); err != nil {
		return fmt.Errorf("onnxruntime cannot be loaded from %s (%w); "+
			"set ORT_DYLIB_PATH to the shared library of onnxruntime 1.24 or later", path, err)
	}
	return ort.DisableTelemetry() // which some builds for Windows have
})

// openModel opens a file and checks that it is the graph that was asked for.
func openModel(path, graph string, threads int) (*model, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("the model cannot be read (%w); give a file that `adain export` wrote", err)
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	if err := options.SetIntraOpNumThreads(max(threads, 0)); err != nil {
		return nil, err
	}
	names := graphs[graph]
	session, err := ort.NewDynamicAdvancedSession(path, names.inputs, []string{names.output}, options)
	if err != nil {
		return nil, fmt.Errorf("%s is no ONNX model that onnxruntime can read (%w); "+
			"give a file that `adain export` wrote", path, err)
	}
	m := &model{session: session}
	if err := m.readMetadata(path, graph); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *model) close() { m.session.Destroy() }

// readMetadata checks what the file says of itself against what was asked for, and keeps what is needed later.
func (m *model) readMetadata(path, graph string) error {
	metadata, err := m.session.GetModelMetadata()
	if err != nil {
		return err
	}
	defer metadata.Destroy()
	entry := func(name string) string {
		value, _, _ := metadata.LookupCustomMetadataMap("adain." + name)
		return value // "" where there is none
	}
	switch version := entry("contract"); version {
	case contractVersion:
	case "":
		return fmt.Errorf("%s is an ONNX model, but not one of adain's (it has no adain.contract entry); "+
			"give a file that `adain export` wrote", path)
	default:
		return fmt.Errorf("%s follows contract version %q, this package knows version %q; export it again",
			path, version, contractVersion)
	}
	if found := entry("graph"); found != graph {
		return fmt.Errorf("%s is a %q graph, a %q was expected; give the file of that name", path, found, graph)
	}
	if found := entry("io"); found != "bytes" {
		return fmt.Errorf("%s has pixels of kind %q, \"bytes\" was expected; export it with --io bytes", path, found)
	}
	m.styleSize, err = strconv.Atoi(entry("style_size"))
	m.checkpoint = entry("checkpoint_sha256")
	if err != nil || m.styleSize < 1 || m.checkpoint == "" {
		return fmt.Errorf("%s has incomplete adain metadata (style_size %q, checkpoint_sha256 %q); export it again",
			path, entry("style_size"), m.checkpoint)
	}
	return nil
}

// run feeds the inputs, in the order of graphs, and fills the memory of the output.
func (m *model) run(inputs []tensor, output tensor) error {
	var values []ort.Value
	for _, tensor := range append(inputs, output) {
		value, err := tensor.value()
		if err != nil {
			return err
		}
		defer value.Destroy()
		values = append(values, value)
	}
	if err := m.session.Run(values[:len(inputs)], values[len(inputs):]); err != nil {
		return fmt.Errorf("onnxruntime cannot run the model: %w", err)
	}
	return nil
}

// value shares the memory of the tensor with onnxruntime.
func (t tensor) value() (ort.Value, error) {
	switch data := t.data.(type) {
	case []byte:
		return ort.NewTensor(t.shape, data)
	case []float32:
		return ort.NewTensor(t.shape, data)
	}
	panic(fmt.Sprintf("no tensor of %T", t.data))
}
