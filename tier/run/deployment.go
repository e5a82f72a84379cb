package run

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// deploys is what a function of a deployment is served with: the payload of an
// invocation is an event of CloudFormation, which learns the outcome from it. An error
// of the function says that it did not, and has Lambda invoke it again.
func deploys(f *tier.Function, data *datastore.Data) *lambda.Options {
	_, d := f.Deployment()
	return &lambda.Options{Function: f.Name(), Direct: handler.HandlerFunc(
		func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			event, err := req.Body()
			if err == nil {
				err = d.Serve(ctx, data, event)
			}
			if err != nil {
				return nil, err
			}
			return &handler.Response{}, nil
		},
	)}
}
