package adain

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Code is a style: S opaque, finite numbers that belong to the model whose encoder made them.
type Code []float32

// LoadCode reads a code of little-endian float32: a .npy file of shape [S] or [1,S], as `adain styles PICTURE` and
// numpy.save write it, or a .f32 file of the bare numbers.
func LoadCode(path string) (Code, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fail(ErrStyle, "the style cannot be read (%w); give a .npy or .f32 file", err)
	}
	switch suffix := strings.ToLower(filepath.Ext(path)); suffix {
	case ".npy":
		data, err = npyValues(data)
	case ".f32":
	default:
		err = fmt.Errorf("the suffix is %q; .npy or .f32 was expected", suffix)
	}
	if err == nil && (len(data) == 0 || len(data)%4 != 0) {
		err = fmt.Errorf("%d bytes are no row of float32", len(data))
	}
	if err != nil {
		return nil, fail(ErrStyle, "%s cannot be read as a style (%w); "+
			"give a file as `adain styles PICTURE` writes it", path, err)
	}
	code := make(Code, len(data)/4)
	_, err = binary.Decode(data, binary.LittleEndian, code)
	return code, err
}

// npyValues is the part of a .npy file behind its header (format versions 1 to 3, described in
// numpy.lib.format), of a float32 array of shape [S] or [1,S].
func npyValues(data []byte) ([]byte, error) {
	if len(data) < 12 || string(data[:6]) != "\x93NUMPY" {
		return nil, fmt.Errorf("it is no .npy file")
	}
	start, length := 10, uint64(binary.LittleEndian.Uint16(data[8:]))
	if version := data[6]; version > 1 {
		start, length = 12, uint64(binary.LittleEndian.Uint32(data[8:]))
	}
	if uint64(len(data)-start) < length {
		return nil, fmt.Errorf("its header is cut off")
	}
	header, values := string(data[start:start+int(length)]), data[start+int(length):]
	fields := strings.ReplaceAll(header, " ", "")
	_, shape, _ := strings.Cut(fields, "'shape':(")
	shape, _, _ = strings.Cut(shape, ")")
	shape = strings.TrimPrefix(strings.TrimSuffix(shape, ","), "1,")
	size, err := strconv.ParseUint(shape, 10, 31)
	if err != nil || !strings.Contains(fields, "'descr':'<f4'") {
		return nil, fmt.Errorf("it holds %s; little-endian float32 ('<f4') of shape (S,) or (1, S) was expected",
			strings.TrimSpace(header))
	}
	if uint64(len(values)) != 4*size {
		return nil, fmt.Errorf("it has %d bytes of values, for %d float32 values", len(values), size)
	}
	return values, nil
}

// Blend is the weighted mean of codes of one model: the style between them. There is one weight for each code, 0
// or more; only their proportion matters.
func Blend(codes []Code, weights []float64) (Code, error) {
	if len(codes) == 0 || len(codes) != len(weights) {
		return nil, fail(ErrRange, "%d weights for %d style codes; give one weight for each code", len(weights), len(codes))
	}
	total, valid := 0.0, true
	for _, weight := range weights {
		total += weight
		valid = valid && weight >= 0 // false for NaN too
	}
	if !valid || total == 0 || math.IsInf(total, 0) {
		return nil, fail(ErrRange, "the weights are %v; give finite numbers of 0 or more, not all of them 0", weights)
	}
	mean := make([]float64, len(codes[0]))
	for i, code := range codes {
		if err := code.check(len(mean)); err != nil {
			return nil, err
		}
		for j, value := range code {
			mean[j] += weights[i] / total * float64(value)
		}
	}
	blend := make(Code, len(mean))
	for j, value := range mean {
		blend[j] = float32(value)
	}
	return blend, nil
}

// check tells whether a code is one of a model that takes codes of this size.
func (c Code) check(size int) error {
	if len(c) != size {
		return fail(ErrStyle, "a style code has %d values, %d were expected; encode the style with this model", len(c), size)
	}
	for i, value := range c {
		if math.IsNaN(float64(value)) || math.IsInf(float64(value), 0) {
			return fail(ErrStyle, "value %d of a style code is %v; codes are finite, encode the style again", i, value)
		}
	}
	return nil
}
