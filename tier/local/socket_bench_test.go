package local_test

import (
	"context"
	"testing"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// BenchmarkSocketMessage is a message to a function that answers, and the answer
// back, over one connection of the loopback interface.
func BenchmarkSocketMessage(b *testing.B) {
	api := tier.New("shop").WebSocket("chat")
	api.Handle("$default", said, tier.RouteResponse())
	answer := answering(`{"statusCode":200,"body":"{\"ok\":true}"}`)
	url := socketServer(b, api, nil, func(string) local.Function { return local.Function{Invoke: answer} })
	c := dialSocket(b, url, nil)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Write(ctx, websocket.MessageText, []byte(`{"action":"say","text":"hello"}`)); err != nil {
			b.Fatal(err)
		}
		if _, _, err := c.Read(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
