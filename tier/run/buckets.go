//go:build !lambda.norpc

package run

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// signing are the operations of buckets whose requests somebody else sends.
var signing = []string{"SignGet", "SignPut", "SignPost"}

// newBucketServer listens for the signed requests of the App's buckets; nil if no
// function signs any, or if the buckets are in AWS. base is the port of the first
// API, after which others took some.
func newBucketServer(app *tier.App, data openedData, base, taken int) (*server, error) {
	if data.buckets == nil || !slices.ContainsFunc(app.Functions(), signs) {
		return nil, nil
	}
	listener, err := local.Listen(portAfter(base, taken))
	if err != nil {
		return nil, err
	}
	handler, err := data.buckets.Handler("http://"+listener.Addr().String(), data.Data)
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("serve buckets: %w", err)
	}
	return &server{handler: handler, listener: listener}, nil
}

// signs reports whether a function signs requests to a bucket.
func signs(f *tier.Function) bool {
	return slices.ContainsFunc(f.Grants(), func(g *datastore.Grant) bool {
		return g.Spec.Kind() == "blob" && slices.ContainsFunc(g.Ops, func(op string) bool { return slices.Contains(signing, op) })
	})
}

func (p *program) announceBuckets(app *tier.App, buckets *server) {
	if buckets != nil {
		fmt.Fprintf(p.stdout, "%s: buckets on http://%s, for signed URLs\n", app.Name(), buckets.listener.Addr())
	}
}
