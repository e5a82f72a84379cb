// Command kinds has an API of each kind, for the tests of package run.
package main

import (
	"context"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

func newApp(*datastore.Data) *tier.App {
	app := tier.New("kinds")
	rest := app.API("books")
	rest.Handle("GET /where", where("books"))
	rest.Stages(
		tier.Stage{Name: "live", Variables: map[string]string{"level": "1"}, Canary: &tier.Canary{Percent: 100, Variables: map[string]string{"level": "2"}}},
		tier.Stage{Name: "test"},
	)
	rest.Domain(tier.Domain{
		Name: "api.shop.example", BasePath: "books",
		Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77",
	})
	web := app.API("films", tier.HTTP)
	web.Handle("GET /where", where("films"))
	web.Domain(tier.Domain{
		Name:        "api.shop.example",
		Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77",
	})
	music := app.API("music", tier.VersionByHeader("Api-Version"))
	m1, m2 := music.Version("1"), music.Version("2")
	m1.Handle("GET /where", where("old music"))
	m2.Handle("GET /where", where("music"))
	return app
}

// where answers which API and stage the request came through.
func where(api string) handler.Handler {
	return handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		level, _ := req.StageVariable("level")
		return &handler.Response{
			Header: http.Header{"Content-Type": {"text/plain"}},
			Body:   []byte(api + " " + req.Facts().FrontDoor + " " + req.Facts().Stage + " " + level),
		}, nil
	})
}

func main() { run.Main(newApp) }
