package local_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// watching is a page that follows events, and connects again where they broke
// off.
const watching = `<!DOCTYPE html><pre id="seen"></pre><script>
const seen = [];
const source = new EventSource("/events");
source.addEventListener("sold", e => seen.push("sold " + e.lastEventId + " " + e.data.replace("\n", "/")));
source.addEventListener("resumed", e => {
  seen.push("resumed after " + e.data);
  source.close();
  document.getElementById("seen").textContent = "[" + seen.join(", ") + "]";
});
</script>`

type resuming struct {
	After string `header:"Last-Event-ID"`
}

// watched is a page and its events: three, of which the last is refused, and
// when the browser is back, the id that it saw last.
func watched(t *testing.T) (*tier.API, local.Function) {
	t.Helper()
	app := tier.New("shop")
	api := app.API("orders", tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
	api.Handle("GET /", handler.New(func(context.Context, struct{}) (handler.Content, error) {
		return handler.Content{Type: "text/html", Data: []byte(watching)}, nil
	}))
	api.Handle("GET /events", handler.New(func(_ context.Context, in resuming) (handler.EventStream, error) {
		events := []handler.ServerEvent{{Comment: "hello", Retry: time.Millisecond}, {Event: "sold", ID: "7", Data: "a\nb"}, {ID: "\n"}}
		if in.After != "" {
			events = []handler.ServerEvent{{Event: "resumed", Data: in.After}}
		}
		return func(yield func(handler.ServerEvent, error) bool) {
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}, nil
	}), tier.Stream())
	f := app.FunctionNamed("orders")
	h, err := f.Handler()
	if err != nil {
		t.Fatal(err)
	}
	d := lambda.New(h, &lambda.Options{Logger: slog.New(slog.DiscardHandler), Streams: f.Streams()})
	return api, local.Function{Invoke: d.Invoke, Stream: func(ctx context.Context, payload []byte) (local.Output, error) {
		return d.Stream(ctx, payload)
	}}
}

// TestBrowserEvents: Chromium's EventSource reads what an EventStream sends, and
// a stream that was cut off makes it connect again with the last id.
func TestBrowserEvents(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	for _, door := range []local.Door{local.URL{Stream: true}, local.REST{}} {
		api, f := watched(t)
		g, err := local.NewGateway(api, func(string) local.Function { return f }, &local.Options{Door: door})
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(g)
		defer s.Close()
		if got := visit(t, chromium, s.URL+"/"); !strings.Contains(got, "[sold 7 a/b, resumed after 7]") {
			t.Errorf("%s: the page saw %s", door, got)
		}
	}
}
