package local_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// FuzzIAM: whatever stands in a request that nobody signed, it does not reach the
// function, and the answer is one of those for the unsigned.
func FuzzIAM(f *testing.F) {
	f.Add("GET", "/a", "", "", "", "", []byte(nil))
	f.Add("POST", "/x%2Fy", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIALOCALADA00000001%2F20260709%2Feu-central-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20260709T080706Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature="+strings.Repeat("0", 64), "", "", "", []byte("x"))
	f.Add("GET", "/a", "", "AWS4-HMAC-SHA256 Credential=AKIALOCALADA00000001/20260709/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64), "20260709T080706Z", "", []byte("{}"))
	f.Add("GET", "/a", "", "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;, Signature=", "T", "token", []byte{0xff})
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("/{path...}", noop, tier.IAM())
	api.Handle("/", noop, tier.IAM())
	ids := whoMayCall(f, mayAll)
	f.Fuzz(func(t *testing.T, method, sent, query, authorization, date, token string, body []byte) {
		path, err := url.PathUnescape(sent)
		if err != nil {
			return
		}
		for _, door := range []local.Door{local.REST{}, local.HTTP{}, local.URL{}} {
			r := httptest.NewRequest("POST", "/", strings.NewReader(string(body)))
			r.Method, r.URL, r.RequestURI = method, &url.URL{Path: path, RawPath: sent, RawQuery: query}, ""
			for name, v := range map[string]string{"Authorization": authorization, "X-Amz-Date": date, "X-Amz-Security-Token": token} {
				if v != "" {
					r.Header.Set(name, v)
				}
			}
			g := newGateway(t, api, &local.Options{Door: door, Identities: ids}, func(context.Context, []byte) ([]byte, error) {
				t.Errorf("%s: the function was invoked", door)
				return []byte(`{}`), nil
			})
			resp := do(t, g, r)
			if resp.StatusCode < 400 || resp.StatusCode >= 500 {
				t.Errorf("%s: status %d", door, resp.StatusCode)
			}
		}
	})
}

// TestIdentitiesOfGateway: identities that would let in anybody are refused.
func TestIdentitiesOfGateway(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::000000000000:user/ada"
	for name, c := range map[string]struct {
		callers []local.Identity
		want    string
	}{
		"no secret":    {[]local.Identity{{Name: "ada", ARN: arn, Credentials: sigv4.Credentials{AccessKey: "AKIA"}}}, "identity ada (" + arn + ", AKIA): write an ARN, an access key id and a secret"},
		"no key":       {[]local.Identity{{Name: "ada", ARN: arn, Credentials: sigv4.Credentials{Secret: "s"}}}, "write an ARN"},
		"no ARN":       {[]local.Identity{{Name: "ada", Credentials: adaKeys}}, "write an ARN"},
		"one key, two": {[]local.Identity{{Name: "ada", ARN: arn, Credentials: adaKeys}, {Name: "bob", ARN: arn, Credentials: adaKeys}}, "identity bob (" + arn + ", AKIALOCALADA00000001): another one has this access key id"},
	} {
		_, err := local.NewGateway(guardedAPI(t), func(string) local.Function { return local.Function{Invoke: answering(`{}`)} },
			&local.Options{Identities: &local.Identities{Callers: c.callers}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// BenchmarkIAM is what a signature and its policies cost a request, the function
// doing nothing.
func BenchmarkIAM(b *testing.B) {
	for _, bc := range []struct {
		name string
		api  func(testing.TB) *tier.API
	}{
		{"signed", guardedAPI},
		{"open", func(tb testing.TB) *tier.API { return declare(tb, "GET /orders/{id}") }},
	} {
		b.Run(bc.name, func(b *testing.B) {
			g := newGateway(b, bc.api(b), &local.Options{Identities: whoMayCall(b, allow("local/GET/orders/*"))}, answering(`{}`))
			r := signing{keys: cleoKeys}.request(b, "GET", "/orders/7?a=1&b=2", "")
			if resp := do(b, g, r); resp.StatusCode != http.StatusOK {
				b.Fatalf("status %d", resp.StatusCode)
			}
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				g.ServeHTTP(w, r)
			}
		})
	}
}
