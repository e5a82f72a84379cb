package connection_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
)

type note struct {
	Text string `json:"text"`
}

type all interface {
	connection.Sender[note]
	connection.Stater
	connection.Closer
}

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// driver answers every operation with one error, and keeps what was sent.
type driver struct {
	err, openErr error
	sent         []string
}

func (*driver) Kind() string { return "connection" }
func (*driver) Name() string { return "scripted" }
func (d *driver) OpenConnections(context.Context, *datastore.Data, connection.Spec) (connection.Conn, error) {
	return d, d.openErr
}

func (d *driver) Send(_ context.Context, id string, data []byte) error {
	d.sent = append(d.sent, id+" "+string(data))
	return d.err
}

func (d *driver) State(context.Context, string) (connection.State, error) {
	return connection.State{IP: "192.0.2.1"}, d.err
}

func (d *driver) Close(_ context.Context, id string) error {
	d.sent = append(d.sent, "close "+id)
	return d.err
}

func open(d *driver) (*datastore.Data, all) {
	data := datastore.New([]datastore.Driver{d}, nil)
	return data, datastore.Use[all](function("f"), connection.New[note](data, "chat"))
}

// TestRefused: what is wrong in a call is not sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	d := &driver{}
	_, chat := open(d)
	raw := datastore.Use[connection.Sender[[]byte]](function("f"), connection.New[[]byte](datastore.New([]datastore.Driver{d}, nil), "raw"))
	fn := datastore.Use[connection.Sender[func()]](function("f"), connection.New[func()](datastore.New([]datastore.Driver{d}, nil), "fn"))
	misnamed := datastore.Use[connection.Closer](function("f"), connection.New[note](datastore.New([]datastore.Driver{d}, nil), "bad name"))
	ctx := t.Context()
	for _, tt := range []struct {
		name string
		err  error
		want error
		text string
	}{
		{"no id", chat.Send(ctx, "", note{}), datastore.ErrInvalid, "connection chat: send: invalid: the id is none of a connection"},
		{"an id with a line break", chat.Close(ctx, "a\nb"), datastore.ErrInvalid, "handler.Connection"},
		{"a long id", chat.Close(ctx, strings.Repeat("x", 129)), datastore.ErrInvalid, ""},
		{"a path as id", chat.Send(ctx, "../x", note{}), datastore.ErrInvalid, ""},
		{"too large", chat.Send(ctx, "x", note{strings.Repeat("x", 128<<10)}), datastore.ErrTooLarge, "131083 bytes, more than the 131072"},
		{"no bytes", raw.Send(ctx, "x", nil), datastore.ErrInvalid, "empty"},
		{"bytes that are no text", raw.Send(ctx, "x", []byte{0xff}), datastore.ErrInvalid, "not UTF-8"},
		{"no JSON", fn.Send(ctx, "x", func() {}), datastore.ErrDeclaration, "type func() has no JSON"},
		{"another function", chat.Send(datastore.WithFunction(ctx, "g"), "x", note{}), datastore.ErrDenied, "used by function g"},
		{"a wrong name", misnamed.Close(ctx, "x"), datastore.ErrDeclaration, "bad name"},
	} {
		if !errors.Is(tt.err, tt.want) || !strings.Contains(tt.err.Error(), tt.text) {
			t.Errorf("%s: error = %v, want %v with %q", tt.name, tt.err, tt.want, tt.text)
		}
	}
	if len(d.sent) > 0 {
		t.Errorf("sent %q", d.sent)
	}
}

// TestGranted: only what the interface names can be done.
func TestGranted(t *testing.T) {
	t.Parallel()
	d := &driver{}
	data := datastore.New([]datastore.Driver{d}, nil)
	chat := datastore.Use[connection.Sender[note]](function("f"), connection.New[note](data, "chat"))
	closer, ok := chat.(connection.Closer)
	if !ok {
		t.Fatal("a handle does not implement all capabilities")
	}
	if err := closer.Close(t.Context(), "x"); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Close without its grant: error = %v, want %v", err, datastore.ErrDenied)
	}
	if err := chat.Send(t.Context(), "x", note{"hi"}); err != nil || d.sent[0] != `x {"text":"hi"}` {
		t.Errorf("Send = %v, sent %q", err, d.sent)
	}
}

// TestErrorsOfDrivers: errors get their store and operation, and an error that
// is none of a store's leaves open what happened.
func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		d    driver
		want error
	}{
		"gone":          {driver{err: &datastore.Error{Kind: datastore.ErrNotFound, Code: "GoneException"}}, datastore.ErrNotFound},
		"anything":      {driver{err: errors.New("boom")}, datastore.ErrUnavailable},
		"cannot open":   {driver{openErr: errors.New("boom")}, datastore.ErrUnavailable},
		"open with why": {driver{openErr: &datastore.Error{Kind: datastore.ErrDenied}}, datastore.ErrDenied},
	} {
		_, chat := open(&tt.d)
		state, err := chat.State(t.Context(), "x")
		var e *datastore.Error
		if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Store != "connection chat" || e.Op != "state" || state != (connection.State{}) {
			t.Errorf("%s: State = %v, %v, want %v of connection chat", name, state, err, tt.want)
		}
	}
	_, chat := open(&driver{err: errors.New("boom")})
	if err := chat.Send(t.Context(), "x", note{"hi"}); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Send that fails somehow = %v, want ErrUnknown: it changes something", err)
	}
	data := datastore.New(nil, nil)
	closer := datastore.Use[connection.Closer](function("f"), connection.New[note](data, "chat"))
	if err := closer.Close(t.Context(), "x"); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "no driver") {
		t.Errorf("without a driver: %v", err)
	}
}

// TestNeeds: each operation needs its own method of @connections.
func TestNeeds(t *testing.T) {
	t.Parallel()
	need := func(method string) datastore.Need {
		return datastore.Need{Service: "execute-api", Actions: []string{"ManageConnections"}, Resource: "{name}/live/" + method + "/@connections/*"}
	}
	for _, tt := range []struct {
		ops  []string
		want []datastore.Need
	}{
		{[]string{"Send"}, []datastore.Need{need("POST")}},
		{[]string{"Send", "State", "Close"}, []datastore.Need{need("DELETE"), need("POST"), need("GET")}},
		{[]string{"Else"}, nil},
	} {
		if d := cmp.Diff(tt.want, connection.Spec{Logical: "chat"}.Needs(tt.ops)); d != "" {
			t.Errorf("Needs(%q) (-want +got):\n%s", tt.ops, d)
		}
	}
	if v := datastore.Variable(connection.Spec{Logical: "live-chat"}); v != "TIERKIT_CONNECTION_LIVE_CHAT" {
		t.Errorf("Variable = %s", v)
	}
}

// TestPosition: a declaration has the line of the application.
func TestPosition(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	connection.New[note](data, "1")
	errs := data.Errs()
	var d *datastore.DeclarationError
	if len(errs) != 1 || !errors.As(errs[0], &d) || !strings.HasSuffix(d.At.File, "connection_test.go") {
		t.Errorf("Errs = %v, want one with a line of this file", errs)
	}
}

func ExampleNew() {
	d := &driver{}
	data := datastore.New([]datastore.Driver{d}, nil)
	chat := datastore.Use[connection.Sender[note]](function("f"), connection.New[note](data, "chat"))
	fmt.Println(chat.Send(context.Background(), "L0SM9cOFvHcCIhw=", note{"hello"}), d.sent)
	// Output: <nil> [L0SM9cOFvHcCIhw= {"text":"hello"}]
}
