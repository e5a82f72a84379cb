package handler_test

import (
	"context"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// TestAllocations keeps the hot path free of work per request that belongs in
// the plan. It counts for the whole process, so it runs alone.
func TestAllocations(t *testing.T) {
	type byID struct {
		ID     string `path:"id"`
		Expand bool   `query:"expand"`
	}
	tests := []struct {
		name string
		op   *handler.Operation
		req  *handler.Request
		most float64
	}{
		// In and Out, response, its header.
		{"GET", handler.New(func(context.Context, byID) (struct{}, error) { return struct{}{}, nil }),
			routed("/{id}", request("GET /7?expand=true")), 3},
		// Besides, the decoder's state, the items, the text of the fake body.
		{"POST", handler.New(func(context.Context, []orderLine) (struct{}, error) { return struct{}{}, nil }),
			request("POST /", "Content-Type: application/json", "", `[{"sku":"a","qty":1},{"sku":"b","qty":2}]`), 8},
		// Besides, the body, its content type and the interface in front of Out.
		{"JSON", handler.New(func(context.Context, struct{}) ([]int, error) { return nil, nil }), request("GET /"), 8},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(100, func() {
			if _, err := tt.op.Handle(context.Background(), tt.req); err != nil {
				t.Fatal(err)
			}
		})
		if got > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", tt.name, got, tt.most)
		}
	}
}

type orderLine struct {
	SKU string `json:"sku"`
	Qty int    `json:"qty"`
}
