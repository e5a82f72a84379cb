package lambda_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// BenchmarkDoorway is the doorway with handlers written by hand, beside the
// hand-written function: what the front door alone costs.
func BenchmarkDoorway(b *testing.B) {
	get := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		id := req.Path()[strings.LastIndexByte(req.Path(), '/')+1:]
		return reply(http.StatusOK, getOrder(id, req.Query("expand") == "true"))
	})
	validate := validator.New()
	post := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		body, err := req.Body()
		if err != nil {
			return nil, err
		}
		var in createOrder
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, handler.Errorf(http.StatusBadRequest, "not JSON")
		}
		if err := validate.Struct(&in); err != nil {
			return nil, handler.Errorf(http.StatusUnprocessableEntity, "not valid")
		}
		return reply(http.StatusCreated, placeOrder(&in))
	})
	empty := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: orderHeader, Body: orderBody}, nil
	})
	r := newRaw()
	b.Run("1-get-v2", func(b *testing.B) { compare(b, getV2(), http.StatusOK, r.v2(), lambda.New(get, nil)) })
	b.Run("2-post-1k", func(b *testing.B) { compare(b, postOf(5), http.StatusCreated, r.v2(), lambda.New(post, nil)) })
	b.Run("4-get-v1", func(b *testing.B) { compare(b, getV1(), http.StatusOK, r.v1(), lambda.New(get, nil)) })
	b.Run("only-v2", func(b *testing.B) { compare(b, getV2(), http.StatusOK, r.v2(), lambda.New(empty, nil)) })
	b.Run("only-v1", func(b *testing.B) { compare(b, getV1(), http.StatusOK, r.v1(), lambda.New(empty, nil)) })
}

var (
	orderHeader  = http.Header{"Content-Type": {"application/json"}}
	orderBody, _ = json.Marshal(getOrder(orderID, true))
)

func reply(status int, v any) (*handler.Response, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &handler.Response{Status: status, Header: orderHeader, Body: body}, nil
}
