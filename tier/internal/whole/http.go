package whole

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// web is an HTTP API with all that one can have: tokens of an issuer unless a
// route says otherwise, versions by media type, stages, a base path of the domain.
func web(app *tier.App) {
	api := app.API("web", tier.HTTP, tier.VersionByMediaType("application/vnd.shop"), tier.DefaultVersion("1"))
	api.Authorize(tier.JWT("people", tier.JWTSettings{Issuer: Issuer, Audience: []string{Audience}}))
	gate := app.Authorizer("gate", tier.AuthorizerSettings{
		Sources: []string{"header.Authorization", "context.routeKey"}, TTL: minute, Simple: true}, tier.Timeout(5*time.Second))
	gate.Check(letIn)
	api.CORS(handler.CORS{Origins: []string{Origin}, MaxAge: time.Hour})
	api.Throttle(100, 200)
	api.Handle("GET /me", echo, tier.Scopes("profile"))
	api.Handle("GET /gated/{id}", echo, gate)
	api.Handle("GET /signed", echo, tier.IAM())
	api.Handle("GET /open/{path...}", echo, tier.Public(), tier.Throttle(5, 10))
	v1, v2 := api.Version("1"), api.Version("2")
	v1.Handle("GET /carts/{id}", echo, tier.Public())
	v2.Handle("GET /carts/{id}", echo, tier.Public())
	api.Stages(tier.Stage{Name: tier.RootStage, Variables: map[string]string{"level": "1"}}, tier.Stage{Name: "test"})
	api.Domain(tier.Domain{Name: Domain, Certificate: Certificate, BasePath: "web"})
}

// plain is an HTTP API of payload format 1.0, with an authorizer of the same.
func plain(app *tier.App) {
	api := app.API("plain", tier.HTTP, tier.PayloadV1)
	old := app.Authorizer("old", tier.AuthorizerSettings{Sources: []string{"header.Authorization"}, Format: "1.0"}, tier.Timeout(5*time.Second))
	old.Check(letIn)
	api.Authorize(old)
	api.Handle("GET /", echo, tier.Public())
	api.Handle("GET /orders/{id}", echo)
	api.Domain(tier.Domain{Name: Domain, Certificate: Certificate})
}
