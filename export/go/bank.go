package adain

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// BankCode is the code of a named style from a bank: a folder of NAME.npy files with an index.json, as in
// weights/styles. It fails when the bank has no such style, or is of another model than the Stylizer.
func (s *Stylizer) BankCode(folder, name string) (Code, error) {
	path := filepath.Join(folder, "index.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fail(ErrStyle, "there is no file %s, and no bank of styles (%w); give a picture or a code", name, err)
	}
	var index struct {
		Model  string
		Styles map[string]struct{}
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return nil, fail(ErrStyle, "%s cannot be read (%w); restore it", path, err)
	}
	if index.Model != s.Checkpoint() {
		return nil, fail(ErrStyle, "the styles in %s are of another model (checkpoint %s, not %s); "+
			"give a picture or a code", folder, index.Model, s.Checkpoint())
	}
	if _, known := index.Styles[name]; !known {
		return nil, fail(ErrStyle, "there is no file and no style %q; the styles are %s",
			name, strings.Join(slices.Sorted(maps.Keys(index.Styles)), ", "))
	}
	return LoadCode(filepath.Join(folder, name+".npy"))
}
