package appconfig_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/appconfig"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// handles are two on one configuration of which nothing is kept, so that each Get asks.
type handles struct {
	start, latest config.Reader[json.RawMessage]
}

func handle(client *http.Client, url string) config.Reader[json.RawMessage] {
	data := datastore.New([]datastore.Driver{appconfig.With(configuration(url, client))}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "app/env/profile", true },
	})
	return datastore.Use[config.Reader[json.RawMessage]](function{}, config.New(data, "limit", config.AppConfig, json.RawMessage("1"),
		&config.Options{MaxAge: -1, MaxStale: -1}))
}

func get(ctx context.Context, r config.Reader[json.RawMessage]) error {
	_, err := r.Get(ctx)
	return err
}

const session = `{"InitialConfigurationToken":"token"}`

// answering answers one of the two requests that a Get takes, and leaves the other one to
// a script.
type answering struct {
	method, body string
	next         http.RoundTripper
}

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != a.method {
		return a.next.RoundTrip(req)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: req}, nil
}

// TestRefusals: what each error means, and how often it is asked, of either request.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[handles]{
		Open: func(_ *testing.T, client *http.Client) handles {
			with := func(method, body string) config.Reader[json.RawMessage] {
				return handle(&http.Client{Transport: answering{method, body, client.Transport}}, "http://scripted.invalid")
			}
			return handles{start: with(http.MethodGet, "2"), latest: with(http.MethodPost, session)}
		},
		Refuse: faults.RefuseJSON,
		Good:   faults.Answer{Body: session},
		Operations: []faults.Operation[handles]{
			{Name: "StartConfigurationSession", Do: func(ctx context.Context, h handles) error { return get(ctx, h.start) }},
			{Name: "GetLatestConfiguration", Do: func(ctx context.Context, h handles) error { return get(ctx, h.latest) }},
		},
		Service: []faults.Refusal{
			{Status: 404, Code: "ResourceNotFoundException", Want: datastore.ErrNotFound},
			{Status: 429, Code: "ThrottlingException", Want: datastore.ErrThrottled, Again: true},
			{Status: 500, Code: "InternalServerException", Want: datastore.ErrUnavailable, Again: true, Lost: true},
		},
	}.Run(t)
}

// TestBadRequest: a session that cannot be is not tried again, and a token that is not
// taken in two sessions is the end.
func TestBadRequest(t *testing.T) {
	t.Parallel()
	refused := faults.RefuseJSON(400, "BadRequestException")
	started := faults.Answer{Body: session}
	for name, tt := range map[string]struct {
		answers []faults.Answer
		want    string // the methods that are sent
		ok      bool
	}{
		"a session":             {[]faults.Answer{refused}, "POST", false},
		"a token, once":         {[]faults.Answer{started, refused, started, {Body: "2"}}, "POST GET POST GET", true},
		"a token, twice":        {[]faults.Answer{started, refused, started, refused}, "POST GET POST GET", false},
		"a token and a session": {[]faults.Answer{started, refused, refused}, "POST GET POST", false},
	} {
		s := faults.NewScript(t, tt.answers...)
		err := get(t.Context(), handle(s.Client(), "http://scripted.invalid"))
		var sent []string
		for _, req := range s.Requests() {
			sent = append(sent, req.Method)
		}
		if got := strings.Join(sent, " "); got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s: sent %s, error = %v, want %s", name, got, err, tt.want)
		}
	}
}
