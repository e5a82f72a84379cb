package local_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// noop stands for a handler: the gateway reads declarations and never calls it.
var noop = handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
	return &handler.Response{}, nil
})

// declare makes an API with these routes.
func declare(tb testing.TB, patterns ...string) *tier.API {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	for _, p := range patterns {
		api.Handle(p, noop)
	}
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	return api
}

// sequence is randomness that always starts 0, 1, 2.
type sequence struct{}

func (sequence) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

// at is the time of every request of the tests.
var at = time.Date(2026, time.July, 9, 8, 7, 6, 543_000_000, time.UTC)

// fixed completes options with a clock that stands and known ids.
func fixed(opts *local.Options) *local.Options {
	o := local.Options{}
	if opts != nil {
		o = *opts
	}
	o.Now = func() time.Time { return at }
	o.Random = sequence{}
	return &o
}

// newGateway makes a gateway all of whose functions run invoke.
func newGateway(tb testing.TB, api *tier.API, opts *local.Options, invoke func(context.Context, []byte) ([]byte, error)) *local.Gateway {
	tb.Helper()
	g, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: invoke} }, fixed(opts))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// answering is a function that always answers this.
func answering(output string) func(context.Context, []byte) ([]byte, error) {
	return func(context.Context, []byte) ([]byte, error) { return []byte(output), nil }
}

// do sends r through the gateway.
func do(tb testing.TB, h http.Handler, r *http.Request) *http.Response {
	tb.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}

// value is a header by any spelling; several values are joined with "|".
func value(h http.Header, name string) string {
	var all []string
	for k, v := range h {
		if strings.EqualFold(k, name) {
			all = append(all, v...)
		}
	}
	return strings.Join(all, "|")
}

// event is what a function can see of a request.
type event struct {
	Resource        string              `json:"resource"`
	Path            string              `json:"path"`
	Method          string              `json:"httpMethod"`
	Headers         map[string]string   `json:"headers"`
	MultiHeaders    map[string][]string `json:"multiValueHeaders"`
	Query           map[string]string   `json:"queryStringParameters"`
	MultiQuery      map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters  map[string]string   `json:"pathParameters"`
	StageVariables  map[string]string   `json:"stageVariables"`
	Body            *string             `json:"body"`
	IsBase64Encoded bool                `json:"isBase64Encoded"`
	Context         struct {
		Path       string `json:"path"`
		Stage      string `json:"stage"`
		RequestID  string `json:"requestId"`
		Time       string `json:"requestTime"`
		TimeEpoch  int64  `json:"requestTimeEpoch"`
		Domain     string `json:"domainName"`
		Method     string `json:"httpMethod"`
		ResourceID string `json:"resourceId"`
		Identity   struct {
			SourceIP  string  `json:"sourceIp"`
			UserAgent *string `json:"userAgent"`
		} `json:"identity"`
	} `json:"requestContext"`
}

// capture is a function that keeps the event it gets.
type capture struct{ payload []byte }

func (c *capture) invoke(_ context.Context, payload []byte) ([]byte, error) {
	c.payload = payload
	return []byte(`{}`), nil
}

// payloadOf is the event that the request makes at a front door.
func payloadOf(tb testing.TB, api *tier.API, door local.Door, r *http.Request) []byte {
	tb.Helper()
	var payload []byte
	g := newGateway(tb, api, &local.Options{Door: door}, func(_ context.Context, p []byte) ([]byte, error) {
		payload = p
		return []byte(`{"statusCode":200,"body":""}`), nil
	})
	if resp := do(tb, g, r); resp.StatusCode != http.StatusOK {
		tb.Fatalf("%s: %s %s: status %d, want 200", door, r.Method, r.URL, resp.StatusCode)
	}
	return payload
}

// eventOf is the event that the request makes, decoded and as bytes.
func eventOf(tb testing.TB, api *tier.API, opts *local.Options, r *http.Request) (event, []byte) {
	tb.Helper()
	var c capture
	resp := do(tb, newGateway(tb, api, opts, c.invoke), r)
	if resp.StatusCode != http.StatusOK {
		tb.Fatalf("%s %s: status %d, want 200", r.Method, r.URL, resp.StatusCode)
	}
	return decode(tb, c.payload), c.payload
}

// event2 is an event of payload format 2.0.
type event2 struct {
	Version        string            `json:"version"`
	RouteKey       string            `json:"routeKey"`
	RawPath        string            `json:"rawPath"`
	RawQuery       string            `json:"rawQueryString"`
	Cookies        []string          `json:"cookies"`
	Headers        map[string]string `json:"headers"`
	Query          map[string]string `json:"queryStringParameters"`
	PathParameters map[string]string `json:"pathParameters"`
	Context        struct {
		AccountID string `json:"accountId"`
		Domain    string `json:"domainName"`
		Prefix    string `json:"domainPrefix"`
		HTTP      struct {
			Method    string `json:"method"`
			Path      string `json:"path"`
			Protocol  string `json:"protocol"`
			SourceIP  string `json:"sourceIp"`
			UserAgent string `json:"userAgent"`
		} `json:"http"`
		RequestID string `json:"requestId"`
		RouteKey  string `json:"routeKey"`
		Stage     string `json:"stage"`
		Time      string `json:"time"`
		TimeEpoch int64  `json:"timeEpoch"`
	} `json:"requestContext"`
	Body            *string `json:"body"`
	IsBase64Encoded bool    `json:"isBase64Encoded"`
}

// event2Of is the event that the request makes at a front door of payload format
// 2.0.
func event2Of(tb testing.TB, api *tier.API, door local.Door, r *http.Request) event2 {
	tb.Helper()
	var e event2
	payload := payloadOf(tb, api, door, r)
	if err := json.Unmarshal(payload, &e); err != nil {
		tb.Fatalf("event: %v\n%s", err, payload)
	}
	return e
}

// keysOf are the names of the members of a JSON object, sorted.
func keysOf(tb testing.TB, object []byte) []string {
	tb.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		tb.Fatalf("%v in %s", err, object)
	}
	return slices.Sorted(maps.Keys(members))
}

func decode(tb testing.TB, payload []byte) event {
	tb.Helper()
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		tb.Fatalf("event: %v\n%s", err, payload)
	}
	return e
}
