// Command fn is a function for the tests of a whole process.
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

func handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	switch req.Path() {
	case "/echo":
		body, err := req.Body()
		if err != nil {
			return nil, err
		}
		name, _ := datastore.FunctionFrom(ctx)
		return &handler.Response{
			Status: http.StatusCreated, Body: body,
			Header: http.Header{
				"Content-Type": {req.Header("Content-Type")}, "X-Front-Door": {req.Facts().FrontDoor},
				"X-Invocation": {req.Facts().Invocation}, "X-Function": {name},
			},
		}, nil
	case "/panic":
		var m map[string]int
		m["x"] = 1
	case "/large":
		return &handler.Response{Body: make([]byte, 6<<20)}, nil
	case "/deadline":
		deadline, ok := ctx.Deadline()
		body, err := json.Marshal(map[string]string{"ms": strconv.FormatInt(deadline.UnixMilli(), 10), "known": strconv.FormatBool(ok)})
		return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, err
	case "/meet":
		select {
		case meet <- struct{}{}:
		case <-meet:
		case <-ctx.Done():
			return nil, handler.Errorf(http.StatusServiceUnavailable, "nobody came").Wrap(ctx.Err())
		}
		return &handler.Response{Header: http.Header{"X-Invocation": {req.Facts().Invocation}, "X-Trace": {os.Getenv("_X_AMZN_TRACE_ID")}}}, nil
	case "/wait":
		start := time.Now()
		<-ctx.Done()
		return nil, handler.Errorf(http.StatusServiceUnavailable, "waited %v", time.Since(start) > 0).Wrap(ctx.Err())
	}
	return nil, handler.Errorf(http.StatusNotFound, "no such path")
}

// meet is where two invocations meet that run at once.
var meet = make(chan struct{})

func main() {
	lambda.Start(handler.HandlerFunc(handle), &lambda.Options{Function: "fn"})
}
