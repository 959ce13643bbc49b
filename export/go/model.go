package adain

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// contractVersions are those that this package can run; what it uses of them is the same.
var contractVersions = []string{"1", "2"}

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
		return fail(ErrRuntime, "onnxruntime cannot be loaded from %s (%w); "+
			"set ORT_DYLIB_PATH to the shared library of onnxruntime 1.24 or later", path, err)
	}
	return ort.DisableTelemetry() // which some builds for Windows have
})

// openModel opens a file and checks that it is the graph that was asked for.
func openModel(path, graph string, threads int) (*model, error) {
	if threads <= 0 {
		threads = usableThreads()
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fail(ErrModel, "the model cannot be read (%w); give a file that `adain export` wrote", err)
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fail(ErrRuntime, "onnxruntime has no options: %w", err)
	}
	defer options.Destroy()
	if err := options.SetIntraOpNumThreads(threads); err != nil {
		return nil, err
	}
	names := graphs[graph]
	session, err := ort.NewDynamicAdvancedSession(path, names.inputs, []string{names.output}, options)
	if err != nil {
		return nil, fail(ErrModel, "%s is no ONNX model that onnxruntime can read (%w); "+
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
	switch version := entry("contract"); {
	case slices.Contains(contractVersions, version):
	case version == "":
		return fail(ErrModel, "%s is an ONNX model, but not one of adain's (it has no adain.contract entry); "+
			"give a file that `adain export` wrote", path)
	default:
		return fail(ErrModel, "%s follows contract version %q, this package knows %q; export it again",
			path, version, contractVersions)
	}
	if found := entry("graph"); found != graph {
		return fail(ErrModel, "%s is a %q graph, a %q was expected; give the file of that name", path, found, graph)
	}
	if found := entry("io"); found != "bytes" {
		return fail(ErrModel, "%s has pixels of kind %q, \"bytes\" was expected; export it with --io bytes", path, found)
	}
	m.styleSize, err = strconv.Atoi(entry("style_size"))
	m.checkpoint = entry("checkpoint_sha256")
	if err != nil || m.styleSize < 1 || m.checkpoint == "" {
		return fail(ErrModel, "%s has incomplete adain metadata (style_size %q, checkpoint_sha256 %q); export it again",
			path, entry("style_size"), m.checkpoint)
	}
	return nil
}

// run feeds the inputs, in the order of graphs, and fills the memory of the output. It ends early, with the error of the
// context, when that is done.
func (m *model) run(ctx context.Context, inputs []tensor, output tensor) error {
	var values []ort.Value
	for _, tensor := range append(inputs, output) {
		value, err := tensor.value()
		if err != nil {
			return err
		}
		defer value.Destroy()
		values = append(values, value)
	}
	options, err := ort.NewRunOptions()
	if err != nil {
		return fail(ErrRuntime, "onnxruntime cannot run the model: %w", err)
	}
	defer options.Destroy()
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = options.Terminate() // fails only where the run has ended
	})
	err = m.session.RunWithOptions(values[:len(inputs)], values[len(inputs):], options)
	if !stop() { // the options must outlive Terminate
		<-ended
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fail(ErrRuntime, "onnxruntime cannot run the model: %w", err)
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
