// Package whole declares an application with everything that one can declare, at
// once, for the tests of the packages that read a declaration: what each of them
// makes of one thing must stay true beside all the others.
package whole

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Of what the declaration says, what tests ask for.
const (
	Pool        = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"
	Issuer      = "https://id.shop.example"
	Audience    = "shop-web"
	Certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77"
	Domain      = "api.shop.example"
	Origin      = "https://www.shop.example"
	Token       = "Bearer open sesame" // what the Lambda authorizers let in
	Key         = "mobile"             // the API key
)

// stores are the stores of the application.
type stores struct {
	orders   *table.Table[Order]
	sessions *table.Table[session]
	chat     *connection.Connections[note]
}

// App is the application.
func App(data *datastore.Data) *tier.App {
	s := stores{table.New[Order](data, "orders"), table.New[session](data, "sessions"), connection.New[note](data, "chat")}
	app := tier.New("whole")
	token := app.Authorizer("token", tier.AuthorizerSettings{
		Token: "Authorization", Expression: "^Bearer .+$", TTL: minute}, tier.Memory(128))
	token.Check(letIn)
	datastore.Use[table.Getter[session]](token, s.sessions)

	shop(app, s, token)
	named(app)
	office(app)
	web(app)
	plain(app)
	chat(app, s)

	price := app.Function("price", tier.Timeout(5*minute))
	price.Invoke(handler.New(priceOf))
	return app
}

// chat is a WebSocket API.
func chat(app *tier.App, s stores) {
	chat := app.WebSocket("chat", tier.Memory(512))
	chat.Authorize(tier.IAM())
	chat.Select("$request.body.do")
	datastore.Use[connection.Sender[note]](chat, s.chat)
	chat.Handle("$connect", handler.New(nothing))
	chat.Handle("$disconnect", handler.New(nothing))
	say := chat.Function("say")
	say.Handle("say", handler.New(repeat), tier.RouteResponse())
	say.Handle("$default", handler.New(nothing))
}
