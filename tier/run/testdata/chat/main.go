// Command chat is a WebSocket API and a REST API that posts to its connections,
// for the tests of package run.
package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/socketconnection"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

// note is what clients get.
type note struct {
	From string `json:"from"`
	Text string `json:"text"`
}

// end is how a connection ended.
type end struct {
	ID   string `json:"id" table:"id,pk"`
	Code int    `json:"code"`
}

type sockets interface {
	connection.Sender[note]
}

type room struct {
	clients sockets
	ended   table.Putter[end]
}

type joining struct {
	Conn  handler.Connection
	Room  string `query:"room" validate:"required,alphanum"`
	Offer string `header:"Sec-WebSocket-Protocol"`
}

type joined struct {
	Protocol string `header:"Sec-WebSocket-Protocol"`
}

func (room) join(_ context.Context, in joining) (joined, error) {
	if in.Offer == "" {
		return joined{}, nil
	}
	return joined{Protocol: "room.v1"}, nil
}

type saying struct {
	From handler.Connection
	To   string `json:"to" validate:"required"`
	Text string `json:"text" validate:"required,max=200"`
}

func (r room) say(ctx context.Context, in saying) (struct{}, error) {
	return struct{}{}, r.clients.Send(ctx, in.To, note{From: in.From.ID, Text: in.Text})
}

func (room) who(_ context.Context, in struct{ Me handler.Connection }) (note, error) {
	return note{From: in.Me.ID}, nil
}

func (r room) leave(ctx context.Context, in struct{ Me handler.Connection }) (struct{}, error) {
	_, err := r.ended.Put(ctx, end{ID: in.Me.ID, Code: in.Me.DisconnectCode})
	return struct{}{}, err
}

type notice struct {
	To   string `json:"to" validate:"required"`
	Text string `json:"text" validate:"required"`
}

type byID struct {
	ID string `path:"id"`
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("talk")
	connections := connection.New[note](data, "chat")
	ends := table.New[end](data, "ends")

	chat := app.WebSocket("chat")
	r := room{datastore.Use[sockets](chat, connections), datastore.Use[table.Putter[end]](chat, ends)}
	chat.Handle("$connect", handler.New(r.join))
	chat.Handle("say", handler.New(r.say), tier.RouteResponse())
	chat.Handle("who", handler.New(r.who), tier.RouteResponse())
	chat.Handle("$disconnect", handler.New(r.leave))

	api := app.API("notices")
	clients := datastore.Use[sockets](api, connections)
	ended := datastore.Use[table.Getter[end]](api, ends)
	api.Handle("POST /notices", handler.New(func(ctx context.Context, in notice) (struct{}, error) {
		return struct{}{}, clients.Send(ctx, in.To, note{From: "the house", Text: in.Text})
	}))
	api.Handle("GET /ends/{id}", handler.New(func(ctx context.Context, in byID) (end, error) {
		return ended.Get(ctx, table.PK(in.ID))
	}))
	return app
}

func main() { run.Main(newApp, dynamotable.Driver, socketconnection.Driver) }
