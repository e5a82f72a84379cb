package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

type benchAddress struct {
	Line1    string `json:"line1"`
	City     string `json:"city"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"`
}

type benchItem struct {
	SKU       string  `json:"sku"`
	Name      string  `json:"name"`
	Quantity  int     `json:"quantity"`
	UnitPrice float64 `json:"unitPrice"`
	ProductID string  `json:"productId"`
}

type benchOrder struct {
	CustomerID string       `json:"customerId"`
	Email      string       `json:"email"`
	Currency   string       `json:"currency"`
	Note       string       `json:"note"`
	ShipTo     benchAddress `json:"shipTo"`
	Items      []benchItem  `json:"items"`
}

// benchBody is an order of n items: about 1 KB for 5.
func benchBody(n int) []byte {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"sku":"SKU-%06d","name":"Brass gear, 24 teeth","quantity":%d,"unitPrice":%g,"productId":"0195a4c2-8b1e-7c3a-9f55-%012x"}`,
			i*7919%1000000, 1+i%9, 12.5+float64(i%40)/4, i)
	}
	return []byte(`{"customerId":"7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a11","email":"ada.lovelace@shop.example","currency":"EUR",` +
		`"note":"Please ring twice; the \"side\" door is quicker.\nThank you — Ada",` +
		`"shipTo":{"line1":"12 Analytical Row","city":"London","postcode":"EC1A 1BB","country":"GB"},"items":[` + strings.Join(items, ",") + `]}`)
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{5, 773} {
		body := benchBody(n)
		b.Run(fmt.Sprintf("%dB", len(body)), func(b *testing.B) {
			dec := decoder[benchOrder](b, schema.Options{})
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				var v benchOrder
				if issues := dec.Decode(body, &v); issues != nil {
					b.Fatal(issues)
				}
			}
		})
	}
}
