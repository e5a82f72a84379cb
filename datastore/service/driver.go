package service

import (
	"context"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens services. Most code should not read on: it is for those who write a
// driver, and [servicetest] is how they test it.
//
// [servicetest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/service/servicetest
type Driver interface {
	datastore.Driver
	// OpenService prepares the use of a service that data declares. It is called
	// by the first operation, and again by the next one if it failed. The context
	// is the operation's: what is opened outlives it.
	OpenService(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is one service. It sends a request once, without following redirects, and
// does not judge the response. The URL of a request has a path and a query alone,
// its body is in memory; the request is the Conn's own. It is safe for concurrent
// use.
//
// An error that is a [*datastore.Error] is final, and nothing was sent then. All
// others are those of a connection.
type Conn interface {
	RoundTrip(req *http.Request) (*http.Response, error)
}
