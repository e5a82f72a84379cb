// Command gated has an API behind a Lambda authorizer, for the tests of package
// run. The authorizer reads a table that it alone is granted to read.
package main

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type session struct {
	Token string `json:"token" table:"token,pk"`
	User  string `json:"user"`
}

type gate struct{ sessions table.Getter[session] }

func (g gate) check(ctx context.Context, check handler.Check) (handler.Verdict, error) {
	s, err := g.sessions.Get(ctx, table.PK(strings.TrimPrefix(check.Token, "Bearer ")))
	switch {
	case errors.Is(err, datastore.ErrNotFound):
		return handler.Verdict{}, handler.ErrUnauthorized
	case err != nil:
		return handler.Verdict{}, err
	}
	return handler.Verdict{Allow: true, Principal: s.User}, nil
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("gated")
	sessions := table.New[session](data, "sessions")
	auth := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
	auth.Check(gate{datastore.Use[table.Getter[session]](auth, sessions)}.check)
	api := app.API("things")
	logins := datastore.Use[table.Creator[session]](api, sessions)
	api.Authorize(auth)
	api.Handle("POST /sessions", handler.New(func(ctx context.Context, in session) (session, error) {
		return logins.Create(ctx, in)
	}), tier.Public())
	api.Handle("GET /me", handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(req.Caller().ID)}, nil
	}))
	return app
}

func main() { run.Main(newApp, filetable.Memory()) }
