package tier_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// post sends a body to POST /orders of an API behind a local gateway, whose
// functions answer 200.
func post(api *tier.API, body string) {
	invoke := func(context.Context, []byte) ([]byte, error) {
		return []byte(`{"statusCode":200,"body":"invoked"}`), nil
	}
	gateway, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: invoke} }, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	rec := httptest.NewRecorder()
	gateway.ServeHTTP(rec, httptest.NewRequest("POST", "/orders", strings.NewReader(body)))
	fmt.Println(rec.Code, rec.Header().Get("Content-Type"), rec.Body)
}

func ExampleValidated() {
	type order struct {
		Email string `json:"email" validate:"required,email"`
	}
	place := func(_ context.Context, in order) (order, error) { return in, nil }
	api := tier.New("shop").API("orders")
	api.Handle("POST /orders", handler.New(place), tier.Validated())
	post(api, `{"email":""}`)
	post(api, `{"email":"no address"}`) // the function finds it
	// Output:
	// 400 application/json {"message": "Invalid request body"}
	// 200 application/json invoked
}

func ExampleAPI_Validate() {
	type order struct {
		Total int `json:"total" validate:"gt=0"`
	}
	place := func(_ context.Context, in order) (order, error) { return in, nil }
	api := tier.New("shop").API("orders")
	api.Validate()
	api.Handle("POST /orders", handler.New(place))
	post(api, `{"total":0}`)
	// Output:
	// 400 application/json {"message": "Invalid request body"}
}
