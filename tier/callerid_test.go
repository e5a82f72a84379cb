package tier_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type ownNote struct {
	Owner string `json:"owner" table:"owner,pk"`
	Text  string `json:"text"`
}

type byOwner struct {
	Owner string `path:"owner"`
}

// TestPerCaller: a store of the caller's own rows gives them to whom the authorizer
// let in, and nothing to others.
func TestPerCaller(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	app := tier.New("notes")
	api := app.API("notes")
	notes := datastore.Use[table.Getter[ownNote]](api, table.New[ownNote](data, "notes").PerCaller())
	api.Handle("GET /notes/{owner}", handler.New(func(ctx context.Context, in byOwner) (ownNote, error) {
		return notes.Get(ctx, table.PK(in.Owner))
	}))
	datatest.Seed(t, data, "notes", ownNote{"ada", "a"}, ownNote{"bob", "b"})
	h, err := api.Handler()
	if err != nil {
		t.Fatal(err)
	}
	ada := handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"})
	for _, tt := range []struct {
		name, path string
		opts       []handlertest.Option
		want       error
	}{
		{"her own", "/notes/ada", []handlertest.Option{ada}, nil},
		{"another's", "/notes/bob", []handlertest.Option{ada}, datastore.ErrDenied},
		{"nobody's", "/notes/ada", nil, datastore.ErrDenied},
		{"a caller without an id", "/notes/ada", []handlertest.Option{handlertest.As(handler.Caller{Kind: handler.CallerLambda})}, datastore.ErrDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := h.Handle(t.Context(), handlertest.Request("GET", tt.path, tt.opts...))
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("GET %s = %v, want %v", tt.path, err, tt.want)
			}
		})
	}
}

// TestCallerOfCaller: a function that another one calls in the same process does not
// act for the caller of that one, as it does not in AWS.
func TestCallerOfCaller(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	called := tier.New("notes").Function("called")
	notes := datastore.Use[table.Getter[ownNote]](called, table.New[ownNote](data, "notes").PerCaller())
	called.Invoke(handler.New(func(ctx context.Context, _ struct{}) (ownNote, error) {
		return notes.Get(ctx, table.PK("ada"))
	}))
	datatest.Seed(t, data, "notes", ownNote{"ada", "a"})
	h, err := called.Direct()
	if err != nil {
		t.Fatal(err)
	}
	ctx := datastore.WithCallerID(t.Context(), "ada") // as the calling function has it
	if _, err := h.Handle(ctx, handlertest.Request("POST", "/")); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("a called function for the caller of the calling one: error = %v, want %v", err, datastore.ErrDenied)
	}
}
