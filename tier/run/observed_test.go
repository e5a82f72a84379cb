package run_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// TestObservedFunction: what a function writes to its log in AWS Lambda: its lines in
// the format that was configured, with the id of the invocation, kept ones only of what
// failed, each failure once, and its metrics.
func TestObservedFunction(t *testing.T) {
	t.Parallel()
	bin := buildFunction(t, "./tier/run/testdata/observed")
	p, rt := function(t, bin, "AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_LOG_LEVEL=DEBUG", "AWS_LAMBDA_FUNCTION_NAME=shop-orders")
	place := func(sku string) handlertest.Answer {
		req := handlertest.Request("POST", "/orders", handlertest.JSON(map[string]any{"sku": sku, "email": "ada@example.com", "cents": 750}))
		return invoke(t, rt, handlertest.HTTPEvent(req))
	}
	line := func(text string) (m map[string]any) {
		t.Helper()
		read := p.until(t, text)
		if err := json.Unmarshal([]byte(read), &m); err != nil {
			t.Fatalf("%v: %s", err, read)
		}
		return m
	}
	check := func(m map[string]any, want map[string]any) {
		t.Helper()
		for k, v := range want {
			if m[k] != v {
				t.Errorf("%s = %v, want %v, in %v", k, m[k], v, m)
			}
		}
	}

	if a := place("lamp"); a.Status != 204 || a.Header.Get("X-Request-Id") == "" {
		t.Errorf("answer %d %v", a.Status, a.Header)
	}
	done := line(`"message":"request"`)
	check(done, map[string]any{"level": "INFO", "status": 204., "route": "POST /orders", "sku": "lamp", "cold": true, "trace": "1-5bef4de7-ad49b0e87f6ef6c87fc2e700"})
	if done["requestId"] == nil || done["timestamp"] == nil {
		t.Errorf("no id of the invocation, or no timestamp: %v", done)
	}
	check(line(`"_aws"`), map[string]any{"function": "shop-orders", "route": "POST /orders", "sku": "lamp", "OrdersPlaced": 1., "OrderWorth": 7.5, "Faults": 0., "ColdStart": 1.})
	if m := line(`"audit"`); m["audit"].(map[string]any)["outcome"] != "succeeded" {
		t.Errorf("audit: %v", m)
	}

	if a := place("sold-out"); a.Status != 500 || strings.Contains(string(a.Body), "warehouse") {
		t.Errorf("answer %d %s", a.Status, a.Body)
	}
	line(`"audit"`)
	check(line(`"_aws"`), map[string]any{"Faults": 1., "OrdersPlaced": nil})
	kept := line("placing")
	check(kept, map[string]any{"level": "DEBUG", "cold": nil})
	if order, _ := kept["order"].(map[string]any); order["email"] != "[personal]" || order["sku"] != "sold-out" {
		t.Errorf("the line that was kept: %v", kept)
	}
	check(line(`"message":"request"`), map[string]any{"level": "ERROR", "status": 500., "error": "the warehouse does not answer"})
	if said := p.end(); strings.Contains(said, "failed") {
		t.Errorf("the doorway has logged it again:\n%s", said)
	}
}
