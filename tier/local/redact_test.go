package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestExplainedSignature: the canonical request of a wrong signature shows what
// was signed, and no secret that was in the query or in a header.
func TestExplainedSignature(t *testing.T) {
	t.Parallel()
	var got *local.Explanation
	g := newGateway(t, guardedAPI(t), &local.Options{
		Identities: whoMayCall(t, mayAll), Explain: func(e *local.Explanation) { got = e },
	}, answering(`{}`))
	r := httptest.NewRequest("GET", "/a?page=seen&access_token=hidden%20one&x=1;token=hidden-two", nil)
	r.Header.Set("X-Session-Token", "hidden-three")
	r.Header.Set("Cookie", "session=hidden-four; theme=hidden-five")
	r.Header.Set("X-Api-Key", "hidden-six")
	signing{keys: adaKeys}.sign(t, r, "")
	r.Header.Set("X-Amz-Date", at.UTC().Add(1e9).Format("20060102T150405Z"))
	if resp := do(t, g, r); resp.StatusCode != 403 {
		t.Fatalf("status %d, want 403", resp.StatusCode)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if steps := lines(got); !strings.Contains(steps, "the canonical request is") || !strings.Contains(steps, "page=seen") {
		t.Errorf("the steps do not show the canonical request:\n%s", steps)
	}
	if strings.Contains(string(text), "hidden") {
		t.Errorf("a secret is in\n%s", text)
	}
}

// TestExplainedSources: what an authorizer tells callers by is a secret, however
// it is called.
func TestExplainedSources(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]tier.AuthorizerSettings{
		"a header":         {Token: "X-Badge"},
		"query and header": {Sources: []string{"query.k", "header.x-badge"}},
	} {
		var got *local.Explanation
		app := tier.New("shop")
		api := app.API("orders")
		gate := app.Authorizer("gate", s)
		gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
		api.Handle("GET /a", noop, gate)
		api.Handle("GET /open", noop, tier.Public())
		g := serveGated(t, app, api, &local.Options{Explain: func(e *local.Explanation) { got = e }}, saying(allowAll))
		for _, path := range []string{"/a", "/open", "/nothing"} {
			target := path
			if len(s.Sources) > 0 {
				target += "?k=hid"
			}
			g.ask(t, "GET "+target, "X-Badge: hid", "X-Seen: seen")
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "hid\"") || strings.Contains(string(text), "=hid") || !strings.Contains(string(text), "seen") {
				t.Errorf("%s: GET %s: a secret is in, or all is left out of\n%s", name, path, text)
			}
		}
	}
}

// TestExplainedEcho: a function that sends back a credential does not make it
// seen.
func TestExplainedEcho(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/orders", nil)
	r.Header.Set("Authorization", "Bearer hidden-token")
	e := explained(t, declare(t, "GET /orders"), local.REST{}, func(context.Context, []byte) ([]byte, error) {
		return fmt.Appendf(nil, `{"body":%q}`, strings.Repeat("x", 4080)+"you sent hidden-token"), nil
	}, r)
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hidden") || !strings.Contains(e.Answer.Body, "you sent") {
		t.Errorf("%s\nis shown of the answer", e.Answer.Body)
	}
}
