package local

import (
	"context"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/internal/doorway"
)

// FunctionOf is a function of an App behind the doorway that it has in Lambda. log,
// which may be nil, is told of what fails in it. The error joins what is wrong with
// its declaration.
func FunctionOf(f *tier.Function, log *slog.Logger) (Function, error) {
	h, options, err := doorway.Of(f, nil)
	if err != nil {
		return Function{}, err
	}
	options.Logger = log
	door := lambda.New(h, options)
	return Function{
		Name: f.Name(), Timeout: f.Timeout(), Memory: f.Memory(), Invoke: door.Invoke,
		Stream: func(ctx context.Context, payload []byte) (Output, error) { return door.Stream(ctx, payload) },
	}, nil
}
