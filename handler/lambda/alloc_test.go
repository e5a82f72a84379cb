package lambda_test

import (
	"context"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// TestInvocationAllocations keeps an invocation free of work that belongs in the plan. It
// counts for the whole process, so it runs alone.
func TestInvocationAllocations(t *testing.T) {
	d := lambda.New(service(t), nil)
	tests := []struct {
		name    string
		payload []byte
		most    float64
	}{
		// The payload, event, request, its way through the mux, In and Out, the
		// response, its header (2), the encoder's state, body, answer; and the
		// application's own list.
		{"GET", getV2(), 12},
		// Besides, the body, the decoder's state, the items (2), a text with
		// escapes, the content type.
		{"POST", postOf(5), 18},
		// Besides, what the items grow by, but nothing for each.
		{"POST of 100 KB", postOf(600), 40},
	}
	for _, tt := range tests {
		got := testing.AllocsPerRun(100, func() {
			if _, err := d.Invoke(context.Background(), tt.payload); err != nil {
				t.Fatal(err)
			}
		})
		if got > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", tt.name, got, tt.most)
		}
	}
}
