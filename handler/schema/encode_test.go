package schema_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

func encoder[T any](t testing.TB) *schema.Encoder {
	t.Helper()
	typ, err := schema.ReadOutput(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return schema.NewEncoder(typ)
}

// failing fails at 0, and else writes what is no JSON.
type failing struct{ N int }

func (f *failing) MarshalJSON() ([]byte, error) {
	if f.N == 0 {
		return nil, errors.New("no")
	}
	return []byte(strings.Repeat("[", f.N)), nil
}

type code int

func (c code) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "c%d", int(c)), nil }

type tail struct {
	Value int   `json:"value"`
	Next  *tail `json:"next,omitempty"`
}

type oddities struct {
	//lint:ignore SA5008 encoding/json knows the form
	Dash   int `json:"-,"`
	hidden int
	Number json.Number        `json:"number"`
	Quoted string             `json:"quoted,string"`
	QP     *int               `json:"qp,string"`
	OE     []int              `json:"oe,omitempty"`
	OZ     time.Time          `json:"oz,omitzero"`
	OS     struct{}           `json:"os,omitempty"`
	Any    any                `json:"any"`
	Code   code               `json:"code"`
	Codes  map[code]code      `json:"codes"`
	Addrs  map[netip.Addr]any `json:"addrs"`
	F32    float32            `json:"f32"`
	Raw    json.RawMessage    `json:"raw"`
}

// TestEncode compares with encoding/json where the rules are the same.
func TestEncode(t *testing.T) {
	t.Parallel()
	one := 1
	values := []oddities{
		{Codes: map[code]code{}, Addrs: map[netip.Addr]any{}},
		{Dash: 1, hidden: 1, Number: "1.50", Quoted: "a\"b", QP: &one, OE: []int{1}, OZ: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
			Any: map[string]any{"b": []any{1.5, "x", nil, true}, "a": tail{1, &tail{Value: 2}}}, Code: 3, Codes: map[code]code{10: 1, 9: 2},
			Addrs: map[netip.Addr]any{netip.IPv6Loopback(): uint8(1)}, F32: 1e-7, Raw: json.RawMessage(`{"a":[1]}`)},
		{Any: "\u2028\x00\x1f\t é\xff\"\\", F32: 3.4e38, Codes: map[code]code{}, Addrs: map[netip.Addr]any{}},
		{Any: []any{1e21, 1e20, 1e-6, 1e-7, math.Copysign(0, -1), 123456789.0, int64(math.MinInt64), uint64(math.MaxUint64)}, Codes: map[code]code{}, Addrs: map[netip.Addr]any{}},
	}
	enc := encoder[oddities](t)
	for i := range values {
		var want strings.Builder
		std := json.NewEncoder(&want)
		std.SetEscapeHTML(false)
		if err := std.Encode(&values[i]); err != nil {
			t.Fatal(err)
		}
		got, err := enc.Append(nil, &values[i])
		if text := strings.ReplaceAll(strings.TrimSpace(want.String()), `\ufffd`, "\ufffd"); err != nil || string(got) != text {
			t.Errorf("value %d = %s, %v\nwant %s", i, got, err, text)
		}
	}
}

func TestEncodeNil(t *testing.T) {
	t.Parallel()
	type nils struct {
		L []int          `json:"l"`
		M map[string]int `json:"m"`
		B []byte         `json:"b"`
		P *int           `json:"p"`
		A any            `json:"a"`
		R json.RawMessage
		H string
	}
	got, err := encoder[nils](t).Append([]byte("x"), &nils{H: "<&>"})
	if want := `x{"l":[],"m":{},"b":"","p":null,"a":null,"R":null,"H":"<&>"}`; err != nil || string(got) != want {
		t.Errorf("Append = %s, %v, want %s", got, err, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	loop := &tail{}
	loop.Next = loop
	ring := []any{nil}
	ring[0] = ring
	values := map[string]any{
		"NaN": math.NaN(), "cycle": loop, "cycle of interfaces": ring, "function": func() {}, "method": failing{}, "not JSON": failing{2},
		"raw": json.RawMessage("{"), "number": json.Number("1x"), "time": time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	enc := encoder[any](t)
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := enc.Append(nil, &v); err == nil {
				t.Errorf("Append = %s, want an error", got)
			}
		})
	}
}

func ExampleNewEncoder() {
	t, _ := schema.ReadOutput(reflect.TypeFor[[]line]())
	enc := schema.NewEncoder(t)
	body, err := enc.Append(nil, &[]line{{"a", 1}})
	fmt.Println(string(body), err)
	// Output: [{"sku":"a","qty":1}] <nil>
}
