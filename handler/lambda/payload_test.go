package lambda_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// The payloads of the benchmarks: what a browser's call of an API with a JWT
// authorizer brings, 2.5 KB in format 2.0 and 4 KB in format 1.0. All values are
// invented.

const orderID = "0195a4c2-8b1e-7c3a-9f55-1d2e3f405162"

func browserRequest(method, target, resource string, extra ...handlertest.Option) *handler.Request {
	token := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("not a real token ", 30)))
	opts := []handlertest.Option{
		handlertest.As(handler.Caller{
			Kind: handler.CallerJWT, ID: "7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a11", Scopes: []string{"orders/read"},
			Claims: map[string]string{
				"aud": "shop-web", "client_id": "5lk2example", "exp": "1773481613", "iat": "1773478013",
				"iss": "https://id.shop.example/pool-1", "token_use": "access", "username": "ada",
			},
		}),
		handlertest.Facts(func(f *handler.Facts) {
			f.Resource, f.Host, f.ID = resource, "api.shop.example", "JKJaXmPLvHcESHA="
			f.Time = time.UnixMilli(1773480413000)
		}),
	}
	for name, value := range map[string]string{
		"accept":           "application/json, text/plain, */*",
		"accept-encoding":  "gzip, deflate, br",
		"accept-language":  "en-GB,en;q=0.9",
		"authorization":    "Bearer " + token,
		"cache-control":    "no-cache",
		"cookie":           "sid=8f14e45fceea167a; theme=dark",
		"origin":           "https://www.shop.example",
		"referer":          "https://www.shop.example/orders",
		"user-agent":       "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"x-amzn-trace-id":  "Root=1-67d3f1ad-5b1c0e5a2f9b7c6d3e4f5a6b",
		"x-forwarded-port": "443",
		"x-request-id":     "2b7c1f60-0d4c-4b77-8a3b-b9f3d5c0a1de",
		"sec-fetch-mode":   "cors",
		"sec-fetch-site":   "same-site",
		"if-none-match":    `W/"5f1-abc"`,
	} {
		opts = append(opts, handlertest.Header(textproto.CanonicalMIMEHeaderKey(name), value))
	}
	return handlertest.Request(method, target, append(opts, extra...)...)
}

func getV2() []byte {
	return handlertest.HTTPEvent(browserRequest(http.MethodGet, "/orders/"+orderID+"?expand=true", "/orders/{id}"))
}

func getV1() []byte {
	return handlertest.RESTEvent(browserRequest(http.MethodGet, "/orders/"+orderID+"?expand=true", "/orders/{id}"))
}

func lastOf200() []byte {
	return handlertest.HTTPEvent(browserRequest(http.MethodGet, "/"+resource(49)+"/"+orderID+"?expand=true", "/"+resource(49)+"/{id}"))
}

// newOrder is an order of some items, about 170 bytes each.
func newOrder(items int) createOrder {
	in := createOrder{
		CustomerID: "7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a11", Email: "ada.lovelace@shop.example", Currency: "EUR",
		Note:   "Please ring twice; the \"side\" door is quicker.\nThank you — Ada",
		ShipTo: address{Line1: "12 Analytical Row", City: "London", Postcode: "EC1A 1BB", Country: "GB"},
	}
	for i := range items {
		in.Items = append(in.Items, item{
			SKU: fmt.Sprintf("SKU-%06d", i*7919%1000000), Name: "Brass gear, 24 teeth", Quantity: 1 + i%9,
			UnitPrice: 12.5 + float64(i%40)/4, ProductID: fmt.Sprintf("0195a4c2-8b1e-7c3a-9f55-%012x", i),
		})
	}
	return in
}

// postOf places an order of some items.
func postOf(items int) []byte {
	return handlertest.HTTPEvent(browserRequest(http.MethodPost, "/orders", "/orders", handlertest.JSON(newOrder(items))))
}

// resource names the i-th of the 50 resources with four routes each.
func resource(i int) string {
	return "resource-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
}

// The types of the shop, for all competitors the same.

type address struct {
	Line1    string `json:"line1" validate:"required,max=120"`
	City     string `json:"city" validate:"required,max=80"`
	Postcode string `json:"postcode" validate:"required,max=16"`
	Country  string `json:"country" validate:"required,len=2"`
}

type item struct {
	SKU       string  `json:"sku" validate:"required,max=40"`
	Name      string  `json:"name" validate:"required,max=200"`
	Quantity  int     `json:"quantity" validate:"gte=1,lte=1000"`
	UnitPrice float64 `json:"unitPrice" validate:"gte=0"`
	ProductID string  `json:"productId" validate:"required,uuid"`
}

type createOrder struct {
	CustomerID string  `json:"customerId" validate:"required,uuid"`
	Email      string  `json:"email" validate:"required,email"`
	Currency   string  `json:"currency" validate:"required,len=3"`
	Note       string  `json:"note" validate:"max=500"`
	ShipTo     address `json:"shipTo" validate:"required"`
	Items      []item  `json:"items" validate:"required,min=1,dive"`
}

type order struct {
	ID         string    `json:"id"`
	CustomerID string    `json:"customerId"`
	Status     string    `json:"status"`
	Currency   string    `json:"currency"`
	Total      float64   `json:"total"`
	ItemCount  int       `json:"itemCount"`
	CreatedAt  time.Time `json:"createdAt"`
	Expanded   bool      `json:"expanded"`
	Tags       []string  `json:"tags"`
}

func getOrder(id string, expand bool) order {
	return order{
		ID: id, CustomerID: "7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a11", Status: "awaiting-payment",
		Currency: "EUR", Total: 184.25, ItemCount: 5, CreatedAt: time.UnixMilli(1773480413000).UTC(), Expanded: expand,
		Tags: []string{"web", "first-order", "gift-wrap"},
	}
}

func placeOrder(in *createOrder) order {
	o := getOrder(orderID, false)
	o.CustomerID, o.Currency, o.Total, o.ItemCount = in.CustomerID, in.Currency, 0, 0
	for i := range in.Items {
		o.Total += in.Items[i].UnitPrice * float64(in.Items[i].Quantity)
		o.ItemCount += in.Items[i].Quantity
	}
	return o
}
