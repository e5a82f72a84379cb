package middleware_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestEffects: what a middleware answers by itself is known of the routes it is around.
func TestEffects(t *testing.T) {
	t.Parallel()
	limiter := bucketsIn(datatest.New(t))
	rate := middleware.Rate{Limit: 1, Per: time.Second}
	for _, test := range []struct {
		name   string
		mw     handler.Middleware
		method string
		want   string // statuses and headers
	}{
		{"RateLimit", middleware.RateLimit(limiter, rate, nil), "GET", "[429] []"},
		{"RateLimit closed", middleware.RateLimit(limiter, rate, &middleware.RateLimitOptions{FailClosed: true}), "GET", "[429 503] []"},
		{"RateLimit of records", middleware.RateLimit(limiter, rate, nil), "RECORD", "[] []"},
		{"Timeout", middleware.Timeout(&middleware.TimeoutOptions{Status: 503}), "GET", "[503] []"},
		{"Shed", middleware.Shed(1, nil), "GET", "[503] []"},
		{"BodyLimit", middleware.BodyLimit(1), "POST", "[413] []"},
		{"Decompress", middleware.Decompress(1, nil), "POST", "[413 415] []"},
		{"Conditional GET", middleware.Conditional(nil), "GET", "[412] [If-Match If-None-Match]"},
		{"Conditional PUT left to the handler", middleware.Conditional(nil), "PUT", "[] []"},
		{"Conditional PUT", middleware.Conditional(&middleware.ConditionalOptions{Current: middleware.CurrentOf(handler.HandlerFunc(echo))}), http.MethodPut, "[412] [If-Match If-None-Match]"},
		{"Conditional PUT required", middleware.Conditional(&middleware.ConditionalOptions{Require: true}), http.MethodPut, "[412 428] [If-Match If-None-Match]"},
	} {
		e := handler.EffectOf(test.method, test.mw)
		statuses, headers := []int{}, []string{}
		for _, err := range e.Errors {
			statuses = append(statuses, err.Status)
		}
		for _, h := range e.Headers {
			headers = append(headers, h.Name)
		}
		if got := fmt.Sprint(statuses, headers); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
