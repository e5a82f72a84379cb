// Command members lets in the users of a directory, for the tests of package run.
package main

import (
	"context"
	"encoding/json"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type me struct {
	ID     string   `json:"id"`
	Groups []string `json:"groups"`
	Plan   string   `json:"plan"`
}

func whoami(_ context.Context, req *handler.Request) (*handler.Response, error) {
	caller := req.Caller()
	body, err := json.Marshal(me{caller.ID, caller.Groups, caller.Claim("custom:plan")})
	return &handler.Response{Body: body}, err
}

type ticket struct {
	Token string `json:"token"`
}

type visitor struct {
	Identity string `json:"identity"`
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("members")
	people := identity.New(data, "people", identity.Custom("plan"))

	club := app.API("club")
	club.Authorize(tier.Cognito("users", tier.CognitoSettings{
		Pools: []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"}}))
	club.Handle("GET /me", handler.HandlerFunc(whoami))
	exchange := datastore.Use[identity.Exchanger](club, identity.NewExchange(data, "visitors", people))
	club.Handle("POST /visits", handler.New(func(ctx context.Context, in ticket) (visitor, error) {
		c, err := exchange.Exchange(ctx, in.Token)
		return visitor{c.IdentityID}, err
	}), tier.Public())

	hall := app.API("hall", tier.HTTP)
	hall.Authorize(tier.JWT("guests", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"hall"}}))
	hall.Handle("GET /me", handler.HandlerFunc(whoami))
	return app
}

func main() { run.Main(newApp) }
