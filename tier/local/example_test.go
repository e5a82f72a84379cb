package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// A function is what takes the bytes of an event and returns the bytes of an
// answer; here one that is written by hand.
func ExampleNewGateway() {
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders/{id}", noop)

	gateway, err := local.NewGateway(api, func(name string) local.Function {
		return local.Function{Name: name, Invoke: func(_ context.Context, payload []byte) ([]byte, error) {
			var event struct {
				Path           string            `json:"path"`
				PathParameters map[string]string `json:"pathParameters"`
			}
			if err := json.Unmarshal(payload, &event); err != nil {
				return nil, err
			}
			return json.Marshal(map[string]any{"statusCode": 200, "body": "order " + event.PathParameters["id"] + " by " + name})
		}}
	}, &local.Options{Random: sequence{}}) // ids that are always the same
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, method := range []string{"GET", "DELETE"} {
		rec := httptest.NewRecorder()
		gateway.ServeHTTP(rec, httptest.NewRequest(method, "/orders/7", nil))
		fmt.Println(method, rec.Code, rec.Body)
	}
	// Output:
	// GET 200 order 7 by orders
	// DELETE 405 {"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"this path does not allow this method","requestId":"00010203-0405-4607-8809-0a0b0c0d0e0f"}
}

// One failure of a function as each front door tells it to the client.
func ExampleNewGateway_doors() {
	api := tier.New("shop").API("orders")
	api.Handle("GET /orders", noop)
	fails := func(string) local.Function {
		return local.Function{Invoke: func(context.Context, []byte) ([]byte, error) { return nil, errors.New("out of memory") }}
	}
	for _, door := range []local.Door{local.REST{}, local.HTTP{}, local.URL{}, local.ALB{}} {
		gateway, err := local.NewGateway(api, fails, &local.Options{Door: door})
		if err != nil {
			fmt.Println(err)
			return
		}
		rec := httptest.NewRecorder()
		gateway.ServeHTTP(rec, httptest.NewRequest("GET", "/orders", nil))
		body, _, _ := strings.Cut(rec.Body.String(), "\r\n")
		fmt.Printf("%s: %d %s\n", door, rec.Code, body)
	}
	// Output:
	// REST API: 502 {"message": "Internal server error"}
	// HTTP API: 500 {"message":"Internal Server Error"}
	// function URL: 502 Internal Server Error
	// load balancer: 502 <html>
}

// A stop lets the requests on their way end.
func ExampleServe() {
	listener, err := local.Listen(0) // a free port
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error, 1)
	go func() {
		served <- local.Serve(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "hello")
		}), nil)
	}()

	resp, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	stop()
	fmt.Println(string(body), <-served)
	// Output: hello <nil>
}

func ExampleListen() {
	first, err := local.Listen(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer first.Close()
	_, err = local.Listen(-1)
	fmt.Println(err)
	// Output: port -1 cannot be used: listen tcp: address -1: invalid port; choose another port with -port N
}

// Who may call is known by a file; here one user, who may read orders.
func ExampleGateway_Callers() {
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /orders/{id}", noop, tier.IAM())
	api.Handle("DELETE /orders/{id}", noop, tier.IAM())
	ids, err := local.ParseIdentities("identities.json", []byte(`{"users": [{
		"name": "ada", "accessKeyId": "AKIALOCALADA00000001", "secretAccessKey": "only this machine knows it",
		"policies": [{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:*/*/GET/orders/*"
		}}]
	}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	gateway, err := local.NewGateway(api, func(string) local.Function {
		return local.Function{Invoke: func(context.Context, []byte) ([]byte, error) { return []byte(`{"body":"an order"}`), nil }}
	}, &local.Options{Identities: ids})
	if err != nil {
		fmt.Println(err)
		return
	}
	service, region := gateway.Signing()
	for _, c := range gateway.Callers() {
		fmt.Println(c.Name, "signs for", service, "in", region, "and may", c.May, "but not", c.MayNot)
	}
	for _, method := range []string{"GET", "DELETE"} {
		r := httptest.NewRequest(method, "/orders/7", nil)
		if err := sigv4.NewSigner(service, region, nil).Sign(r, sigv4.Hash(nil), ids.Callers[0].Credentials); err != nil {
			fmt.Println(err)
			return
		}
		rec := httptest.NewRecorder()
		gateway.ServeHTTP(rec, r)
		fmt.Println(method, rec.Code, rec.Body)
	}
	// Output:
	// ada signs for execute-api in us-east-1 and may [GET /orders/{id}] but not [DELETE /orders/{id}]
	// GET 200 an order
	// DELETE 403 {"Message":"User: arn:aws:iam::000000000000:user/ada is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:8ysbfcyru4/local/DELETE/orders/7"}
}

// A function URL in stream mode: what the function streams reaches the client as
// it comes.
func ExampleURL_stream() {
	app := tier.New("shop")
	api := app.API("orders", tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
	api.Handle("GET /ticks", handler.New(func(context.Context, struct{}) (handler.EventStream, error) {
		return func(yield func(handler.ServerEvent, error) bool) {
			yield(handler.ServerEvent{ID: "1", Data: "tick"}, nil)
		}, nil
	}))
	gateway, err := local.NewGateway(api, func(name string) local.Function {
		f := app.FunctionNamed(name)
		h, err := f.Handler()
		if err != nil {
			return local.Function{} // NewGateway says that it has no Invoke
		}
		doorway := lambda.New(h, &lambda.Options{Function: name, Streams: f.Streams()})
		return local.Function{Invoke: doorway.Invoke, Stream: func(ctx context.Context, payload []byte) (local.Output, error) {
			return doorway.Stream(ctx, payload)
		}}
	}, &local.Options{Door: local.URL{Stream: api.Functions()[0].URL().Stream}})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec := httptest.NewRecorder()
	gateway.ServeHTTP(rec, httptest.NewRequest("GET", "/ticks", nil))
	fmt.Println(rec.Code, rec.Header().Get("Content-Type"))
	fmt.Print(rec.Body)
	// Output:
	// 200 text/event-stream
	// id: 1
	// data: tick
}
