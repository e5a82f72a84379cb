// Command streams is a function whose URL and whose GET routes are in stream
// mode, for the tests of package run. What it streams goes on when another
// request says so.
package main

import (
	"context"
	"errors"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type row struct {
	Text string `json:"text"`
}

// steps are what POST /steps said, to whoever streams.
type steps chan string

// next waits for a step; "end" is the last one and "fail" an error.
func (s steps) next(ctx context.Context) (text string, more bool, err error) {
	select {
	case text = <-s:
	case <-ctx.Done():
		return "", false, context.Cause(ctx)
	}
	if text == "fail" {
		return "", false, errors.New("cursor lost")
	}
	return text, text != "end", nil
}

func (s steps) rows(ctx context.Context, _ struct{}) (handler.NDJSON[row], error) {
	return func(yield func(row, error) bool) {
		text, more, err := "ready", true, error(nil)
		for more || err != nil {
			if !yield(row{text}, err) || err != nil {
				return
			}
			text, more, err = s.next(ctx)
		}
	}, nil
}

func (s steps) events(ctx context.Context, _ struct{}) (handler.EventStream, error) {
	return func(yield func(handler.ServerEvent, error) bool) {
		text, more, err := "ready", true, error(nil)
		for more || err != nil {
			if !yield(handler.ServerEvent{Data: text}, err) || err != nil {
				return
			}
			text, more, err = s.next(ctx)
		}
	}, nil
}

func (s steps) step(ctx context.Context, in row) (struct{}, error) {
	select {
	case s <- in.Text:
		return struct{}{}, nil
	case <-ctx.Done():
		return struct{}{}, context.Cause(ctx)
	}
}

func few(context.Context, struct{}) (handler.NDJSON[row], error) {
	return func(yield func(row, error) bool) {
		for _, text := range []string{"a", "b"} {
			if !yield(row{text}, nil) {
				return
			}
		}
	}, nil
}

func newApp(*datastore.Data) *tier.App {
	app := tier.New("streams")
	s := make(steps)
	api := app.API("streams", tier.Timeout(5*time.Minute), tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
	api.Handle("GET /rows", handler.New(s.rows), tier.Stream())
	api.Handle("GET /events", handler.New(s.events), tier.Stream())
	api.Handle("GET /few", handler.New(few), tier.Stream())
	api.Handle("GET /buffered", handler.New(few))
	api.Handle("POST /steps", handler.New(s.step))
	return app
}

func main() { run.Main(newApp) }
