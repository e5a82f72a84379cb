// Command lobby has WebSocket APIs that ask who connects, a REST API that asks for
// an API key and an HTTP API that asks for a token, for the tests of package run.
package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type guest struct {
	Token string `json:"token" table:"token,pk"`
	Name  string `json:"name"`
}

type porter struct{ guests table.Getter[guest] }

func (p porter) check(ctx context.Context, check handler.Check) (handler.Verdict, error) {
	g, err := p.guests.Get(ctx, table.PK(check.Request.Query("token")))
	if err != nil {
		return handler.Verdict{}, handler.ErrUnauthorized
	}
	return handler.Verdict{Allow: g.Name != "banned", Principal: g.Name, Context: map[string]any{"table": 7}}, nil
}

func whoami(_ context.Context, req *handler.Request) (*handler.Response, error) {
	c := req.Caller()
	return &handler.Response{Body: []byte(c.ARN + c.ID + " " + c.Claims["table"])}, nil
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("lobby")
	guests := table.New[guest](data, "guests")

	api := app.API("desk")
	list := datastore.Use[table.Putter[guest]](api, guests)
	api.Plan(tier.UsagePlan{Name: "staff", Keys: []string{"porter", "waiter"}})
	api.Handle("POST /guests", handler.New(func(ctx context.Context, in guest) (guest, error) { return list.Put(ctx, in) }), tier.KeyRequired())

	menu := app.API("menu", tier.HTTP)
	menu.Authorize(tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"menu"}}))
	menu.Handle("GET /", handler.HandlerFunc(whoami))

	staff := app.WebSocket("staff")
	staff.Authorize(tier.IAM())
	staff.Handle("$connect", handler.HandlerFunc(whoami))
	staff.Handle("who", handler.HandlerFunc(whoami), tier.RouteResponse())

	door := app.Authorizer("door", tier.AuthorizerSettings{Sources: []string{"query.token"}})
	door.Check(porter{datastore.Use[table.Getter[guest]](door, guests)}.check)
	bar := app.WebSocket("bar")
	bar.Authorize(door)
	bar.Handle("$connect", handler.HandlerFunc(whoami))
	bar.Handle("who", handler.HandlerFunc(whoami), tier.RouteResponse())
	return app
}

func main() { run.Main(newApp, filetable.Memory()) }
