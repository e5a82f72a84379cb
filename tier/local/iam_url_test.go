package local_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestIAMOfURL: a function URL of auth type AWS_IAM lets in who may invoke it.
func TestIAMOfURL(t *testing.T) {
	t.Parallel()
	const (
		forbidden = `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`
		denied    = "AccessDeniedException"
		function  = "arn:aws:lambda:eu-central-1:000000000000:function:orders"
	)
	invoke := func(action, condition string) string {
		return `{"Effect":"Allow","Action":` + action + `,"Resource":"` + function + `"` + condition + `}`
	}
	both := `["lambda:InvokeFunctionUrl","lambda:InvokeFunction"]`
	ada := &signing{keys: adaKeys, service: "lambda"}
	for name, c := range map[string]struct {
		sign            *signing
		policy          string
		status          int
		errorType, body string
		rule            string
	}{
		"allowed":            {ada, invoke(both, ""), 200, "", "", "FUR-18"},
		"of this auth type":  {ada, invoke(both, `,"Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"AWS_IAM"}}`), 200, "", "", "FUR-18"},
		"presigned":          {&signing{keys: cleoKeys, service: "lambda", presigned: 60e9}, invoke(both, ""), 200, "", "", "FUR-18"},
		"another auth type":  {ada, invoke(both, `,"Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}`), 403, denied, forbidden, "FUR-13"},
		"another function":   {ada, `{"Effect":"Allow","Action":"lambda:*","Resource":"` + function + `2"}`, 403, denied, forbidden, "FUR-13"},
		"of an API":          {ada, `{"Effect":"Allow","Action":"execute-api:*","Resource":"*"}`, 403, denied, forbidden, "FUR-13"},
		"denied":             {ada, mayAll + `,{"Effect":"Deny","Action":"lambda:InvokeFunctionUrl","Resource":"*"}`, 403, denied, forbidden, "FUR-13"},
		"unsigned":           {nil, mayAll, 403, denied, forbidden, "FUR-13"},
		"signed for the API": {&signing{keys: adaKeys}, mayAll, 403, "InvalidSignatureException", "", "FUR-18"},
		"unknown key":        {&signing{keys: strangerKeys, service: "lambda"}, mayAll, 403, "UnrecognizedClientException", "", "SIG-10"},
		"ended":              {&signing{keys: endedKeys, service: "lambda"}, mayAll, 403, "ExpiredTokenException", "", "SIG-06"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			api := app.API("orders")
			api.Authorize(tier.IAM())
			api.Handle("GET /a", noop)
			api.Handle("GET /b", noop)
			g := newGateway(t, api, &local.Options{Door: local.URL{}, Identities: whoMayCall(t, c.policy)}, answering(`{"statusCode":200,"body":""}`))
			r := httptest.NewRequest("GET", "/a", nil)
			if c.sign != nil {
				c.sign.sign(t, r, "")
			}
			resp := do(t, g, r)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || value(resp.Header, "x-amzn-ErrorType") != c.errorType || c.body != "" && string(body) != c.body {
				t.Errorf("%d %s %s; want %d %s %s (%s)", resp.StatusCode, value(resp.Header, "x-amzn-ErrorType"), body, c.status, c.errorType, c.body, c.rule)
			}
		})
	}
}

// TestDoorsWithoutAuthorizers: what a door cannot guard it does not serve.
func TestDoorsWithoutAuthorizers(t *testing.T) {
	t.Parallel()
	mixed := func() *tier.API {
		api := tier.New("shop").API("orders")
		api.Handle("GET /a", noop, tier.IAM())
		api.Handle("GET /b", noop, tier.Public())
		return api
	}
	for name, c := range map[string]struct {
		door local.Door
		want string
	}{
		"signed and open at one URL": {local.URL{}, "route GET /b: a function URL is signed or open as a whole, and of function orders some routes have IAM and some are public"},
		"a load balancer":            {local.ALB{}, "route GET /a: a load balancer has no authorizer such as iam and would let everybody in"},
	} {
		_, err := local.NewGateway(mixed(), func(string) local.Function {
			return local.Function{Invoke: answering(`{}`)}
		}, &local.Options{Door: c.door})
		var d *datastore.DeclarationError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &d) || filepath.Base(d.At.File) != "iam_url_test.go" {
			t.Errorf("%s: %v, want %q with its Go line", name, err, c.want)
		}
	}
}

// TestDeclaredURL: a function URL that is declared without more is signed, though
// no route of its function has an authorizer, and a public one is not (FUR-01).
func TestDeclaredURL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url              tier.FunctionURL
		unsigned, signed int
		account          string // in the event
	}{
		"by default": {tier.FunctionURL{}, 403, 200, "000000000000"},
		"signed":     {tier.FunctionURL{Auth: tier.URLIAM}, 403, 200, "000000000000"},
		"public":     {tier.FunctionURL{Auth: tier.URLPublic}, 200, 200, "anonymous"},
	} {
		app := tier.New("shop")
		api := app.API("orders")
		api.Function("live", tier.URL(c.url)).Handle("GET /a", noop)
		if errs := app.Check(); len(errs) > 0 {
			t.Fatal(errs)
		}
		seen := &capture{}
		g := newGateway(t, api, &local.Options{Door: local.URL{Function: "live"}, Identities: whoMayCall(t, mayAll)}, seen.invoke)
		for _, path := range []string{"/a", "/nothing", "//a/../b"} {
			if resp := do(t, g, httptest.NewRequest("GET", path, nil)); resp.StatusCode != c.unsigned {
				t.Errorf("%s: GET %s unsigned: %d, want %d", name, path, resp.StatusCode, c.unsigned)
			}
		}
		if resp := do(t, g, httptest.NewRequest("POST", "/a", nil)); resp.StatusCode != c.unsigned {
			t.Errorf("%s: POST unsigned: %d, want %d", name, resp.StatusCode, c.unsigned)
		}
		r := httptest.NewRequest("GET", "/a", nil)
		signing{keys: adaKeys, service: "lambda"}.sign(t, r, "")
		if resp := do(t, g, r); resp.StatusCode != c.signed {
			t.Errorf("%s: signed: %d, want %d", name, resp.StatusCode, c.signed)
		}
		if want := `"accountId":"` + c.account + `"`; !strings.Contains(string(seen.payload), want) {
			t.Errorf("%s: the event has no %s: %s", name, want, seen.payload)
		}
	}
}
