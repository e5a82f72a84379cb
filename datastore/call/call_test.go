package call_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// driver answers every call alike, and keeps the payloads.
type driver struct {
	answer string
	err    error
	sent   []string
}

func (*driver) Kind() string { return "call" }
func (*driver) Name() string { return "scripted" }
func (d *driver) OpenCall(context.Context, *datastore.Data, call.Spec) (call.Conn, error) {
	return d, nil
}

func (d *driver) Call(_ context.Context, payload []byte) ([]byte, error) {
	d.sent = append(d.sent, string(payload))
	return []byte(d.answer), d.err
}

func (d *driver) Start(_ context.Context, payload []byte) error {
	d.sent = append(d.sent, string(payload))
	return d.err
}

func use[In, Out any](d *driver, opts ...call.Option) call.Caller[In, Out] {
	data := datastore.New([]datastore.Driver{d}, nil)
	return datastore.Use[call.Caller[In, Out]](function("f"), call.New[In, Out](data, "resize", opts...))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	d := &driver{answer: "1"}
	_, noJSON := use[func(), int](d).Call(t.Context(), func() {})
	_, raw := use[[]byte, int](d).Call(t.Context(), nil)
	_, large := use[string, int](d).Call(t.Context(), strings.Repeat("x", call.MaxPayload))
	start := use[string, int](d).(call.Starter[string]).Start(t.Context(), "x")
	for _, c := range []struct {
		name      string
		err, want error
	}{
		{"no JSON", noJSON, datastore.ErrDeclaration}, {"no payload", raw, datastore.ErrInvalid},
		{"too large", large, datastore.ErrTooLarge}, {"not granted", start, datastore.ErrDenied},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: error = %v, want %v", c.name, c.err, c.want)
		}
	}
	if len(d.sent) > 0 {
		t.Errorf("sent %q", d.sent)
	}
	if _, err := use[int, int](&driver{err: errors.New("boom")}).Call(t.Context(), 1); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Call that fails somehow: error = %v, want %v", err, datastore.ErrUnknown)
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	for resource, spec := range map[string]call.Spec{
		"function:{name}": {Logical: "resize"}, "function:{name}:live": {Logical: "resize", Qualifier: "live"},
	} {
		want := []datastore.Need{{Service: "lambda", Actions: []string{"InvokeFunction"}, Resource: resource}}
		for _, ops := range [][]string{{"Call"}, {"Start"}, {"Call", "Start"}} {
			if diff := cmp.Diff(want, spec.Needs(ops)); diff != "" {
				t.Errorf("Needs(%q) (-want +got):\n%s", ops, diff)
			}
		}
	}
	if got := (call.Spec{}).Needs([]string{"Else"}); got != nil {
		t.Errorf("Needs of another operation = %v, want none", got)
	}
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	for _, q := range []string{"", "a:b", "*", strings.Repeat("x", 129)} {
		data := datastore.New(nil, nil)
		call.New[int, int](data, "resize", call.Qualifier(q))
		errs := data.Errs()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "qualifier") || !strings.Contains(errs[0].Error(), "call_test.go") {
			t.Errorf("Qualifier(%q): Errs = %v, want one with a line of this file", q, errs)
		}
	}
	got := call.New[int, int](datastore.New(nil, nil), "resize", call.Qualifier("live"), call.Idempotent()).Spec()
	if want := (call.Spec{"resize", "live", true}); got != datastore.Spec(want) {
		t.Errorf("Spec = %+v, want %+v", got, want)
	}
}

func TestParseRemoteError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ payload, kind, message, trace, text string }{
		{`{"errorType":"T","errorMessage":"m","stackTrace":["a"]}`, "T", "m", `["a"]`, "of type T"},
		{`{"errorType":"T","errorMessage":"m","trace":["a"]}`, "T", "m", `["a"]`, "of type T"},
		{`{"errorMessage":"RequestId: x Error: Task timed out after 3.00 seconds"}`, "", "RequestId: x Error: Task timed out after 3.00 seconds", "", "the function failed"},
		{`{"errorType":"a\nb"}`, "a\nb", "", "", "of type a?b"},
		{`{"errorType":"` + strings.Repeat("x", 200) + `"}`, strings.Repeat("x", 200), "", "", "..."},
		{`no JSON`, "", "", "", "the function failed"},
		{`{"errorType":7}`, "", "", "", "the function failed"},
		{``, "", "", "", "the function failed"},
	} {
		e := call.ParseRemoteError([]byte(c.payload))
		if e.Type != c.kind || e.Message != c.message || string(e.Trace) != c.trace {
			t.Errorf("ParseRemoteError(%.60q) = %+v", c.payload, e)
		}
		if text := e.Error(); !strings.Contains(text, c.text) || c.message != "" && strings.Contains(text, c.message) && c.message != "m" {
			t.Errorf("Error() = %q, want %q in it and not the message", text, c.text)
		}
	}
}

func FuzzParseRemoteError(f *testing.F) {
	f.Add([]byte(`{"errorType":"T","errorMessage":"m","stackTrace":["a"]}`))
	f.Add([]byte(`{"errorType":"a\u0000é"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		text := call.ParseRemoteError(payload).Error()
		if len(text) > 200 || strings.ContainsAny(text, "\n\r\x00") {
			t.Errorf("Error() = %q, want one short line", text)
		}
	})
}
