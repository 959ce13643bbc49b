package adain

import (
	"errors"
	"fmt"
)

// The kinds of what can go wrong, for errors.Is.
var (
	ErrRuntime = errors.New("onnxruntime cannot be loaded, or cannot run a model")
	ErrModel   = errors.New("a file is missing, is no ONNX model, or not the file of the contract that was asked for")
	ErrStyle   = errors.New("a file is no style code, or codes do not fit the model or each other")
	ErrPicture = errors.New("a picture cannot be read or written, is too small, or does not fit its batch")
	ErrRange   = errors.New("an alpha, a weight or a size is outside its range")
)

// Error is what the functions of this package return, except that of a context which is done. Its message says what
// came, what was expected, and what to do.
type Error struct {
	Kind  error // ErrRuntime, ErrModel, ErrStyle, ErrPicture or ErrRange
	cause error
}

func (e *Error) Error() string { return e.cause.Error() }

// Unwrap is the kind, and the error of another package that led to this one.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.cause} }

// fail is fmt.Errorf of a kind.
func fail(kind error, format string, arguments ...any) error {
	return &Error{kind, fmt.Errorf(format, arguments...)}
}
