// Command members lets in the users of a directory, for the tests of package run.
package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
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

	greeter := app.Function("greeter")
	tier.On(greeter, people.PreSignUp(), func(_ context.Context, e *identity.PreSignUpEvent) error {
		if e.UserName == "root" {
			return handler.Errorf(403, "nobody is root")
		}
		return nil
	})
	tier.On(greeter, people.TokenClaims(), func(_ context.Context, e *identity.TokenClaimsEvent) error {
		if e.Request.UserAttributes["custom:plan"] == "trial" {
			e.Response.Claims = &identity.TokenOverride{ID: &identity.IDTokenClaims{Set: map[string]any{"custom:plan": "gold"}}}
		}
		return nil
	})
	tier.On(greeter, event.NewFirehose[string]("visits"), func(_ context.Context, r *event.Transformation[string]) error {
		r.Value = strings.ToUpper(r.Value)
		return nil
	})

	hall := app.API("hall", tier.HTTP)
	hall.Authorize(tier.JWT("guests", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"hall"}}))
	hall.Handle("GET /me", handler.HandlerFunc(whoami))
	return app
}

func main() { run.Main(newApp) }
