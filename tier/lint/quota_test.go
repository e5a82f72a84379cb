package lint_test

import (
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// fullRole has a role that IAM may take, or not.
func fullRole(data *datastore.Data) *tier.App {
	app := tier.New("shop-of-many-things")
	worker := app.Function("worker")
	files := blob.New(data, "files")
	for i := range 125 {
		datastore.Use[blob.Getter](worker, files.Under(fmt.Sprintf("a-prefix-of-some-length-%d/", i)))
	}
	worker.Invoke(handler.New(place))
	return app
}

// beyondQuotas has more of an API than AWS allows without being asked.
func beyondQuotas(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	api.Throttle(100, 200)
	api.AccessLog(tier.AccessLog{})
	var stages []tier.Stage
	for i := range 11 {
		gate := app.Authorizer(fmt.Sprintf("gate-%d", i), tier.AuthorizerSettings{Token: "Authorization", TTL: time.Minute})
		gate.Check(verdict)
		api.Handle(fmt.Sprintf("GET /guarded/by-%d", i), handler.New(get), gate)
		stages = append(stages, tier.Stage{Name: fmt.Sprintf("stage-%d", i)})
	}
	api.Stages(stages...)
	for i := range 150 {
		api.Handle(fmt.Sprintf("GET /things-%d/all", i), handler.New(get), tier.IAM())
	}
	chat := app.WebSocket("chat")
	chat.AccessLog(tier.AccessLog{})
	for i := range 301 {
		chat.Handle(fmt.Sprintf("say-%d", i), handler.New(get))
	}
	return app
}

// fullStack has four fifths of what a stack takes, and more.
func fullStack(*datastore.Data) *tier.App {
	app := tier.New("shop")
	for i := range 140 {
		app.Function(fmt.Sprintf("f%d", i)).Invoke(handler.New(place))
	}
	return app
}
