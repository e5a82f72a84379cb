package schema_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Types that many routes name are read once, also by routes that are declared at
// the same time, and each direction has its own reading.
func TestReadOnce(t *testing.T) {
	t.Parallel()
	type shared struct {
		A int     `json:"a"`
		B *shared `json:"b"`
	}
	of := reflect.TypeFor[shared]()
	read := make([]*schema.Type, 8)
	var wg sync.WaitGroup
	for i := range read {
		wg.Go(func() {
			var err error
			if read[i], err = schema.Read(of); err != nil {
				t.Errorf("Read: %v", err)
			}
			schema.NewDecoder(read[i], schema.Options{})
		})
	}
	wg.Wait()
	for _, r := range read {
		if r != read[0] {
			t.Error("Read gave two readings of a type")
		}
	}
	if schema.NewDecoder(read[0], schema.Options{}) != schema.NewDecoder(read[1], schema.Options{}) {
		t.Error("NewDecoder gave two plans of a type")
	}
	out, err := schema.ReadOutput(of)
	if err != nil || out == read[0] {
		t.Errorf("ReadOutput = %p, %v, want another reading than Read's %p", out, err, read[0])
	}
}

// A strict decoder does not make the others strict.
func TestStrictIsApart(t *testing.T) {
	t.Parallel()
	type body struct {
		A int `json:"a"`
	}
	read, err := schema.Read(reflect.TypeFor[body]())
	if err != nil {
		t.Fatal(err)
	}
	strict := schema.NewDecoder(read, schema.Options{DisallowUnknown: true})
	lax := schema.NewDecoder(read, schema.Options{})
	var v body
	if issues := strict.Decode([]byte(`{"b":1}`), &v); len(issues) != 1 {
		t.Errorf("strict: %v, want one issue", issues)
	}
	if issues := lax.Decode([]byte(`{"b":1}`), &v); len(issues) != 0 {
		t.Errorf("lax: %v, want none", issues)
	}
}

// A type with mistakes reports them each time.
func TestMistakesAreNotForgotten(t *testing.T) {
	t.Parallel()
	for range 2 {
		if _, err := schema.Read(reflect.TypeFor[struct{ C chan int }]()); err == nil {
			t.Error("Read: no error")
		}
	}
}
