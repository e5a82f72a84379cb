package datastore_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var kinds = map[error]int{
	datastore.ErrNotFound: 404, datastore.ErrConflict: 409, datastore.ErrThrottled: 503, datastore.ErrUnavailable: 503,
	datastore.ErrUnknown: 500, datastore.ErrDenied: 500, datastore.ErrInvalid: 400, datastore.ErrDeclaration: 500, datastore.ErrTooLarge: 413,
	datastore.ErrNoBudget: 503, datastore.ErrCorrupt: 500,
}

func TestError(t *testing.T) {
	t.Parallel()
	for kind, status := range kinds {
		err := error(&datastore.Error{Store: "table orders", Op: "get", Kind: kind, Err: io.ErrUnexpectedEOF})
		for other := range kinds {
			if got := errors.Is(err, other); got != (other == kind) {
				t.Errorf("errors.Is(%v, %v) = %v", err, other, got)
			}
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("errors.Is(%v, its cause) = false", err)
		}
		var s interface{ StatusCode() int }
		if !errors.As(fmt.Errorf("wrapped: %w", err), &s) || s.StatusCode() != status {
			t.Errorf("status of %v = %d, want %d", kind, s.StatusCode(), status)
		}
		if !errors.As(kind, &s) || s.StatusCode() != status {
			t.Errorf("status of the sentinel %v = %d, want %d", kind, s.StatusCode(), status)
		}
	}
	if got := (&datastore.Error{Kind: io.EOF}).StatusCode(); got != 500 {
		t.Errorf("status of a kind that is no sentinel = %d, want 500", got)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"table orders: get: not found": &datastore.Error{Store: "table orders", Op: "get", Kind: datastore.ErrNotFound},
		"not found: NoSuchKey":         &datastore.Error{Kind: datastore.ErrNotFound, Code: "NoSuchKey"},
		"table orders: put: throttled: SlowDown after 3 attempts: EOF": &datastore.Error{
			Store: "table orders", Op: "put", Kind: datastore.ErrThrottled, Code: "SlowDown", Attempts: 3, Err: io.EOF},
		"2 of the items failed, first item 4: conflict": &datastore.PartialError{Failed: []datastore.ItemError{
			{Index: 4, Err: datastore.ErrConflict}, {Index: 7, Err: datastore.ErrThrottled}}},
		"no item failed":    &datastore.PartialError{},
		"shop/main.go:7: x": &datastore.DeclarationError{At: datastore.Position{File: "/src/shop/main.go", Line: 7}, Message: "x"},
		"y":                 &datastore.DeclarationError{Message: "y"},
	} {
		if got := err.Error(); got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}
}

func TestPartialError(t *testing.T) {
	t.Parallel()
	err := &datastore.PartialError{Failed: []datastore.ItemError{{1, datastore.ErrTooLarge}, {2, io.EOF}}}
	if !errors.Is(err, datastore.ErrTooLarge) || !errors.Is(err, io.EOF) || errors.Is(err, datastore.ErrConflict) {
		t.Errorf("errors.Is of %v finds not exactly the items' errors", err)
	}
	for want, e := range map[int]*datastore.PartialError{
		413: err, 500: {},
	} {
		if got := e.StatusCode(); got != want {
			t.Errorf("status of %v = %d, want %d", e, got, want)
		}
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	p := datastore.Position{File: "/src/shop/orders/api.go", Line: 12}
	for want, got := range map[string]string{
		"orders/api.go:12": p.String(), "../orders/api.go:12": p.RelativeTo("/src/shop/cmd"),
		"api.go:12": p.RelativeTo("/src/shop/orders"), "unknown": datastore.Position{}.String(),
		"main.go:1": datastore.Position{File: "main.go", Line: 1}.String(),
	} {
		if got != want {
			t.Errorf("position = %q, want %q", got, want)
		}
	}
	if got := (datastore.Position{}).RelativeTo("/"); got != "unknown" {
		t.Errorf("RelativeTo of no position = %q, want unknown", got)
	}
	if at := datastore.Caller(); at.IsZero() {
		t.Error("Caller() is unknown, want this file")
	}
}

// TestMistakes: what is joined is taken apart, and what has causes and words of its own is
// not: those who read it want to know of which store it is.
func TestMistakes(t *testing.T) {
	t.Parallel()
	store := &datastore.Error{Store: "queue jobs", Op: "send", Kind: datastore.ErrUnavailable, Err: errors.New("no driver")}
	line := func(n int) error {
		return &datastore.DeclarationError{At: datastore.Position{File: "a.go", Line: n}, Message: "wrong"}
	}
	joined := errors.Join(line(2), errors.Join(store, line(1)), nil, line(2), fmt.Errorf("%w: %w", io.EOF, io.ErrNoProgress))
	want := []string{
		"queue jobs: send: unavailable: no driver", "EOF: multiple Read calls return no data or error", "no item failed",
		"a.go:1: wrong", "a.go:2: wrong",
	}
	var got []string
	for _, err := range datastore.Mistakes(nil, joined, &datastore.PartialError{}) {
		got = append(got, err.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("Mistakes = %q, want %q", got, want)
	}
}
