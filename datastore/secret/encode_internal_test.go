package secret

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

type nested struct {
	Name   Text            `json:"name"`
	Empty  Text            `json:"empty,omitempty"`
	Hidden Text            `json:"-"`
	List   []Text          `json:"list"`
	ByName map[string]Text `json:"by"`
	Next   *nested         `json:"next,omitempty"`
	Any    any             `json:"any"`
	At     time.Time       `json:"at"`
	Plain  map[string]int  `json:"plain"`
	own    Text
}

type embeds struct{ nested }

// veiled does not show itself, and is no Text.
type veiled string

func (veiled) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// address tells itself, and so without its Text.
type address struct{ password Text }

func (a address) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "db://app:%v@host", a.password), nil
}

type spelled struct {
	Text Text
}

func (s spelled) MarshalJSON() ([]byte, error) { return []byte(`"` + string(s.Text) + `"`), nil }

// TestEncode: values are written with their texts, and read again they are the same.
func TestEncode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		got  func() ([]byte, error)
		want string
	}{
		{"text", func() ([]byte, error) { return encode(Text("a\"b")) }, `a"b`},
		{"string", func() ([]byte, error) { return encode("x") }, `x`},
		{"bytes", func() ([]byte, error) { return encode([]byte{0, 1}) }, "\x00\x01"},
		{"number", func() ([]byte, error) { return encode(7) }, `7`},
		{"credentials", func() ([]byte, error) { return encode(Credentials{"app", "p\"w"}) }, `{"password":"p\"w","username":"app"}`},
		{"pointer", func() ([]byte, error) { return encode(&Credentials{"app", "pw"}) }, `{"password":"pw","username":"app"}`},
		{"no pointer", func() ([]byte, error) { return encode((*Credentials)(nil)) }, `null`},
		{"nested", func() ([]byte, error) {
			return encode(nested{Name: "n", Hidden: "h", own: "o", List: []Text{"a", "b"}, ByName: map[string]Text{"k": "v"},
				Next: &nested{Name: "m"}, Any: Text("z"), Plain: map[string]int{"p": 1}})
		}, `{"any":"z","at":"0001-01-01T00:00:00Z","by":{"k":"v"},"list":["a","b"],"name":"n",` +
			`"next":{"any":null,"at":"0001-01-01T00:00:00Z","by":null,"list":null,"name":"m","plain":null},"plain":{"p":1}}`},
		{"array", func() ([]byte, error) { return encode([2]Text{"a", "b"}) }, `["a","b"]`},
		{"any", func() ([]byte, error) { return encode[any](map[string]any{"a": Text("b")}) }, `{"a":"b"}`},
		{"a type that says what its JSON is", func() ([]byte, error) { return encode(spelled{"x"}) }, `"x"`},
	} {
		if got, err := c.got(); err != nil || string(got) != c.want {
			t.Errorf("%s: encode = %s, %v, want %s", c.name, got, err, c.want)
		}
	}
	for _, c := range []struct {
		name string
		got  func() ([]byte, error)
		want string
	}{
		{"another type that hides", func() ([]byte, error) { return encode(struct{ A veiled }{"hush"}) }, "does not give"},
		{"a text around one", func() ([]byte, error) { return encode(struct{ A address }{address{"hush"}}) }, "does not give"},
		{"embedded", func() ([]byte, error) { return encode(embeds{nested{Name: "hush"}}) }, "embeds"},
		{"keys", func() ([]byte, error) { return encode(map[Text]int{"hush": 1}) }, "keys that are strings"},
		{"no JSON", func() ([]byte, error) { return encode(map[string]any{"hush": func() {}}) }, "no JSON"},
	} {
		got, err := c.got()
		if !errors.Is(err, datastore.ErrInvalid) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: encode = %s, %v, want %v with %q", c.name, got, err, datastore.ErrInvalid, c.want)
		}
	}
}

// TestWithUnknown: what a type does not know of the current value is taken over, and no
// member is there twice in two cases, of which encoding/json would read the old one.
func TestWithUnknown(t *testing.T) {
	t.Parallel()
	type untagged struct{ Username, Password Text }
	type sparse struct {
		Key  Text `json:"key"`
		Note Text `json:"note,omitempty"`
	}
	for _, c := range []struct {
		name string
		got  func(raw []byte) ([]byte, error)
		raw  string
		want string
	}{
		{"fields without tags", taken(untagged{"app", "two"}), `{"engine":"mysql","password":"one","username":"app"}`, `{"engine":"mysql","password":"two","username":"app"}`},
		{"members in capitals", taken(Credentials{"app", "two"}), `{"USERNAME":"app","Password":"one"}`, `{"Password":"two","USERNAME":"app"}`},
		{"both", taken(Credentials{"app", "two"}), `{"username":"app","password":"one","Password":"none"}`, `{"Password":"two","password":"two","username":"app"}`},
		{"what is left out", taken(sparse{Key: "two"}), `{"KEY":"one","Note":"old","more":1}`, `{"KEY":"two","more":1}`},
		{"names of a map", taken(map[string]string{"a": "two"}), `{"A":"one"}`, `{"a":"two"}`},
		{"a text", taken(`{"b": "<", "a": 1}`), `{"a": 1}`, `{"b": "<", "a": 1}`},
	} {
		if got, err := c.got([]byte(c.raw)); err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v, want %s", c.name, got, err, c.want)
		}
	}
}

// taken is next as it is written after a current value.
func taken[T any](next T) func(raw []byte) ([]byte, error) {
	return func(raw []byte) ([]byte, error) {
		d, err := decoderOf[T]()
		if err != nil {
			return nil, err
		}
		current, err := d.read(raw)
		if err != nil {
			return nil, err
		}
		value, err := encode(next)
		return withUnknown(value, raw, current), err
	}
}
