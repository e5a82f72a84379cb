package table

import (
	"errors"
	"fmt"
)

// Errors about values say where in an item they are, and never what is stored
// there: neither values nor the names in a map, which are data as well.

// errDepth is not told where: it would repeat itself level by level.
var errDepth = fmt.Errorf("nested deeper than %d levels, or contains itself", maxDepth)

// inAttribute says that err is of the attribute of a struct on level.
func inAttribute(name string, err error, level int) error {
	if level > 1 && errors.Is(err, errDepth) {
		return err
	}
	return fmt.Errorf("attribute %q: %w", name, err)
}

// inElement says that err is of an element of a list or set.
func inElement(i int, err error) error {
	if errors.Is(err, errDepth) {
		return err
	}
	return fmt.Errorf("element %d: %w", i, err)
}

// inMap says that err is of a value in a map.
func inMap(err error) error {
	if errors.Is(err, errDepth) {
		return err
	}
	return fmt.Errorf("in the map: %w", err)
}

// foreignError keeps the text of an error of the application's own types out of
// ours, for it may hold what is stored. The error is reachable by errors.As.
type foreignError struct {
	text string
	err  error
}

func (e *foreignError) Error() string { return e.text }
func (e *foreignError) Unwrap() error { return e.err }
