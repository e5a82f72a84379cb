package handler_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// TestPanicText: a panic tells what it says of itself, and not the fields of a value.
func TestPanicText(t *testing.T) {
	t.Parallel()
	type login struct{ Name, Password string }
	for _, tt := range []struct {
		value any
		want  string
	}{
		{nil, "panic: <nil>"},
		{"ouch", "panic: ouch"},
		{7, "panic: 7"},
		{errors.New("broken"), "panic: broken"},
		{2 * time.Second, "panic: 2s"},
		{login{"ada", "hush"}, "panic: a value of type handler_test.login"},
		{&login{"ada", "hush"}, "panic: a value of type *handler_test.login"},
		{[]login{{"ada", "hush"}}, "panic: a value of type []handler_test.login"},
		{map[string]string{"ada": "hush"}, "panic: a value of type map[string]string"},
	} {
		if got := (&handler.PanicError{Value: tt.value}).Error(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
