package handler_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// routedEvent is an event of a front door that routed it.
type routedEvent struct {
	handler.Event
	method, path, resource string
}

func (e routedEvent) Line() (method, path, rawQuery string) { return e.method, e.path, "" }
func (e routedEvent) Resource() string                      { return e.resource }

// TestMuxRouted: what a gateway has routed goes where the gateway saw it, as long
// as the path is the one it saw.
func TestMuxRouted(t *testing.T) {
	t.Parallel()
	mux := newMux(t, "GET /", "GET /admin", "GET /admin/{rest...}", "GET /{id}", "GET /{x}/b", "/{rest...}")
	for _, tt := range []struct{ why, method, path, resource, moved, want string }{
		{"an escape that the gateway does not see through", "GET", "/%61dmin", "/{id}", "", "GET /{id} id=admin"},
		{"nor here", "GET", "/%61dmin", "", "", "GET /admin"},
		{"a slash at the end that counts", "GET", "/admin/", "/{rest+}", "", "/{rest...} rest=admin"},
		{"another order", "GET", "/admin/b", "/{x}/b", "", "GET /{x}/b x=admin"},
		{"the other way round", "GET", "/admin/b", "/admin/{rest+}", "", "GET /admin/{rest...} rest=b"},
		{"the root", "GET", "/", "/", "", "GET /"},
		{"HEAD of a place that has GET", "HEAD", "/%61dmin", "/{id}", "", "GET /{id} id=admin"},
		{"a method of the place", "PUT", "/admin", "/{rest+}", "", "/{rest...} rest=admin"},
		{"HEAD of the place", "HEAD", "/admin", "/{rest+}", "", "/{rest...} rest=admin"},
		{"a resource that is registered under another name", "GET", "/admin", "/{proxy+}", "", "GET /admin"},
		{"one of a foreign template", "GET", "/admin", "$default", "", "GET /admin"},
		{"a path that middleware changed", "GET", "/old", "/{id}", "/admin", "GET /admin"},
		{"a path that middleware set as it was", "GET", "/%61dmin", "/{id}", "/%61dmin", "GET /{id} id=admin"},
	} {
		req := handler.NewRequest(routedEvent{handlertest.Request("GET", "/").Event(), tt.method, tt.path, tt.resource})
		if tt.moved != "" {
			req = req.WithPath(tt.moved)
		}
		resp, err := mux.Handle(t.Context(), req)
		if err != nil || string(resp.Body) != tt.want {
			t.Errorf("%s: %s %s routed to %q: %v, %v, want %q", tt.why, tt.method, tt.path, tt.resource, resp, err, tt.want)
		}
	}
}

// TestMuxRoutedElsewhere: a path that does not fit the route that the gateway
// authorized runs no other one.
func TestMuxRoutedElsewhere(t *testing.T) {
	t.Parallel()
	mux := newMux(t, "GET /", "GET /admin")
	for _, method := range []string{"GET", "HEAD"} {
		req := handler.NewRequest(routedEvent{handlertest.Request("GET", "/").Event(), method, "/admin", "/"})
		if _, err := mux.Handle(t.Context(), req); handler.AsError(err).StatusCode() != 404 {
			t.Errorf("%s: Handle = %v, want 404", method, err)
		}
	}
}
