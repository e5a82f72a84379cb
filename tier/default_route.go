package tier

import (
	"context"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// defaultKey is the key of the route that an HTTP API uses for requests that no
// other route fits.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html.
const defaultKey = "$default"

// DefaultRoute is the route $default of an HTTP API whose paths name versions,
// nil for other APIs. Such a gateway cannot say which versions there are, so a
// function does, in a 404; it runs nothing else. The authorizer is the API's, if
// it has one for all routes.
func (api *API) DefaultRoute() *Route {
	functions := api.Functions()
	if api.kind != HTTP || !api.versions.by.Path || len(api.versions.declared) == 0 || len(functions) == 0 {
		return nil
	}
	return &Route{
		function: functions[0], text: defaultKey, at: api.versions.declared[0].at, public: api.authorizer == nil,
		handler: handler.HandlerFunc(nowhere),
	}
}

func nowhere(context.Context, *handler.Request) (*handler.Response, error) {
	return nil, handler.Errorf(http.StatusNotFound, "there is nothing at this path")
}

// notDefault keeps requests that came by [API.DefaultRoute] from the routes of
// the function: the gateway asked none of their authorizers.
func (api *API) notDefault(next handler.Handler) handler.Handler {
	if api.DefaultRoute() == nil {
		return next
	}
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		// A function URL calls its only route by this name, too.
		if e, ok := req.Event().(handler.Resourced); ok && e.Resource() == defaultKey && req.Facts().FrontDoor == "http" {
			return nowhere(ctx, req)
		}
		return next.Handle(ctx, req)
	})
}
