package local

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// closed is a gate that lets nobody pass.
type closed struct{}

func (closed) pass(x *exchange) *answer {
	x.note("authorizer closed", "nobody passes")
	return (&refusal{status: http.StatusForbidden, contentType: jsonType, body: `{"message":"Forbidden"}`}).answer(x.id)
}

// TestGatesComeAfterRouting: a method that a protected resource does not have is
// served by a less specific resource that is open (RTE-03).
func TestGatesComeAfterRouting(t *testing.T) {
	t.Parallel()
	h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return &handler.Response{}, nil })
	api := tier.New("shop").API("orders")
	api.Handle("GET /admin", h)
	api.Handle("/{rest...}", h)
	for _, door := range []Door{REST{}, HTTP{}} {
		var told *Explanation
		g, err := NewGateway(api, func(string) Function {
			return Function{Invoke: func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":200}`), nil }}
		}, &Options{Door: door, Explain: func(e *Explanation) { told = e }})
		if err != nil {
			t.Fatal(err)
		}
		var rt *router
		switch d := g.door.steps.(type) {
		case *restDoor:
			rt = d.stages[0].router
		case *httpDoor:
			rt = d.stages[0].router
		}
		for _, m := range rt.methods {
			if m.key == "GET /admin" {
				m.gates = append(m.gates, closed{})
			}
		}
		for _, tt := range []struct {
			method, path string
			status       int
			refused      string // who refused
		}{{"GET", "/admin", 403, "authorizer closed"}, {"POST", "/admin", 200, ""}, {"GET", "/other", 200, ""}} {
			rec := httptest.NewRecorder()
			g.ServeHTTP(rec, httptest.NewRequest(tt.method, tt.path, nil))
			last := told.Steps[len(told.Steps)-1]
			if rec.Code != tt.status || last.Refused != (tt.status >= 400) || tt.refused != "" && last.Who != tt.refused {
				t.Errorf("RTE-03: %s: %s %s = %d by %+v, want %d", door, tt.method, tt.path, rec.Code, last, tt.status)
			}
		}
	}
}
