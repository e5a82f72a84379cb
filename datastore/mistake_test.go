package datastore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// TestMistake: what is wrong in the scope of a store is collected with its line.
func TestMistake(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	cause := errors.New("the scope is wrong")
	err := data.Mistake(cause)
	var d *datastore.DeclarationError
	if !errors.As(err, &d) || !strings.HasSuffix(d.At.File, "mistake_test.go") || !strings.Contains(err.Error(), cause.Error()) {
		t.Errorf("Mistake = %v, want the text with a line of this file", err)
	}
	if errs := data.Errs(); len(errs) != 1 || errs[0] != error(d) {
		t.Errorf("Errs = %v", errs)
	}
	if err := data.Mistake(); err != nil || len(data.Errs()) != 1 {
		t.Errorf("Mistake of nothing = %v", err)
	}
}
