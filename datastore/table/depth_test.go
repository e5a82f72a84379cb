package table_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Types that contain themselves without a struct in between.
type (
	tree  map[string]tree
	lists []lists
	nodes []*nodes
	node  struct{ Next *node }
	loop  *loop
)

func TestRecursiveTypes(t *testing.T) {
	t.Parallel()
	type item struct {
		T tree
		L lists
		N nodes
	}
	in := item{T: tree{"a": {"b": tree{}}}, L: lists{{}, {lists{}}}, N: nodes{new(nodes{}), new(nodes{new(nodes{})})}}
	want := `{"L":{"L":[{"L":[]},{"L":[{"L":[]}]}]},"N":{"L":[{"L":[]},{"L":[{"L":[]}]}]},"T":{"M":{"a":{"M":{"b":{"M":{}}}}}}}`
	if got := encodeJSON(t, in); got != want {
		t.Errorf("encoded as %s, want %s", got, want)
	}
	if _, err := table.NewCodec[struct{ L loop }](); err == nil || !strings.Contains(err.Error(), "points to itself") {
		t.Errorf("NewCodec of a pointer to itself: error = %v, want one that says so", err)
	}
}

func TestCyclicValues(t *testing.T) {
	t.Parallel()
	type item struct {
		T tree
		L lists
		N *node
	}
	codec, err := table.NewCodec[item]()
	if err != nil {
		t.Fatal(err)
	}
	n, m, l := &node{}, tree{}, make(lists, 1)
	n.Next, m["secret"], l[0] = n, m, l
	for attr, in := range map[string]item{"T": {T: m}, "L": {L: l}, "N": {N: n}} {
		_, err := codec.Encode(in)
		want := fmt.Sprintf("invalid: attribute %q: nested deeper than 32 levels, or contains itself", attr)
		if !errors.Is(err, datastore.ErrInvalid) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Encode of a value that contains itself: error = %v, want %v with text %q", err, datastore.ErrInvalid, want)
		}
	}
}

// shout is a type whose errors hold what is stored.
type shout string

type shoutError struct{ text string }

func (e *shoutError) Error() string { return "no shout: " + e.text }

func (s shout) MarshalText() ([]byte, error)     { return nil, &shoutError{string(s)} }
func (s *shout) UnmarshalText(text []byte) error { return &shoutError{string(text)} }

// TestErrorsHoldNoData: what is stored is in no error text, though the error of
// the application's type is reachable.
func TestErrorsHoldNoData(t *testing.T) {
	t.Parallel()
	type item struct {
		S shout
		K map[shout]int
		M map[string]int
		N map[string]shout
		V table.Value
	}
	codec, err := table.NewCodec[item]()
	if err != nil {
		t.Fatal(err)
	}
	check := func(call string, err error, ours bool) {
		t.Helper()
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error = %v, want one without what is stored", call, err)
		}
		if _, ok := errors.AsType[*shoutError](err); ok != ours {
			t.Errorf("%s: the cause is reachable: %v, want %v", call, ok, ours)
		}
	}
	for name, in := range map[string]item{"S": {S: "secret"}, "K": {K: map[shout]int{"secret": 1}}, "N": {N: map[string]shout{"secret": "secret"}}} {
		_, err := codec.Encode(in)
		check("Encode "+name, err, true)
	}
	bad := table.String("secret")
	for name, v := range map[string]table.Value{
		"S": bad, "K": table.Map(table.Item{"secret": bad}), "N": table.Map(table.Item{"secret": bad}),
	} {
		_, err := codec.Decode(table.Item{name: v})
		check("Decode "+name, err, true)
	}
	_, err = codec.Decode(table.Item{"M": table.Map(table.Item{"secret": table.String("")})})
	check("Decode M", err, false)
	_, err = table.Number("secret")
	check("Number", err, false)
}
