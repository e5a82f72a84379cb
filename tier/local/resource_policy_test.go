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

// office is where the requests of the tests come from.
func office(operator string) []datastore.Condition {
	return []datastore.Condition{{Operator: operator, Key: "aws:SourceIp", Values: []string{"192.0.2.0/24"}}}
}

// TestResourcePolicy: how a resource policy decides alone, and together with the
// policies of callers (GWR-11 and AWS's tables of the authorization flow).
func TestResourcePolicy(t *testing.T) {
	t.Parallel()
	const (
		fay     = "arn:aws:iam::111122223333:user/fay"
		nothing = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`
	)
	everybody := tier.PolicyStatement{Effect: tier.Allow}
	nobody := tier.PolicyStatement{Effect: tier.Deny}
	anonymous := func(path, more string) string {
		return `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-central-1:********0000:` + apiID + "/local/GET" + path + more + `"}`
	}
	for name, c := range map[string]struct {
		statements []tier.PolicyStatement
		path       string
		sign       *signing
		identity   string // what the caller's own policies say
		status     int
		body       string
	}{
		"open, allowed":           {[]tier.PolicyStatement{everybody}, "/public", nil, nothing, 200, ""},
		"open, not allowed":       {[]tier.PolicyStatement{{Effect: tier.Allow, Routes: []string{"GET /a"}}}, "/public", nil, nothing, 403, anonymous("/public", "")},
		"open, denied":            {[]tier.PolicyStatement{everybody, nobody}, "/public", nil, nothing, 403, anonymous("/public", " with an explicit deny")},
		"open, from the office":   {[]tier.PolicyStatement{{Effect: tier.Allow, Conditions: office("IpAddress")}}, "/public", nil, nothing, 200, ""},
		"open, from elsewhere":    {[]tier.PolicyStatement{{Effect: tier.Allow, Conditions: office("NotIpAddress")}}, "/public", nil, nothing, 403, anonymous("/public", "")},
		"open, only an account":   {[]tier.PolicyStatement{{Effect: tier.Allow, Principals: []string{"000000000000"}}}, "/public", nil, nothing, 403, anonymous("/public", "")},
		"signed, either allows":   {[]tier.PolicyStatement{everybody}, "/a", &signing{keys: adaKeys}, nothing, 200, ""},
		"signed, the other":       {[]tier.PolicyStatement{{Effect: tier.Allow, Routes: []string{"GET /public"}}}, "/a", &signing{keys: adaKeys}, mayAll, 200, ""},
		"signed, neither":         {[]tier.PolicyStatement{{Effect: tier.Allow, Routes: []string{"GET /public"}}}, "/a", &signing{keys: adaKeys}, nothing, 403, `{"Message":"User: arn:aws:iam::000000000000:user/ada is not`},
		"signed, denied":          {[]tier.PolicyStatement{nobody}, "/a", &signing{keys: adaKeys}, mayAll, 403, `{"Message":"User: arn:aws:iam::000000000000:user/ada is not`},
		"signed, to the account":  {[]tier.PolicyStatement{{Effect: tier.Allow, Principals: []string{"000000000000"}}}, "/a", &signing{keys: adaKeys}, nothing, 403, ""},
		"signed, by its role":     {[]tier.PolicyStatement{{Effect: tier.Allow, Principals: []string{"arn:aws:iam::000000000000:role/shopper"}}}, "/a", &signing{keys: cleoKeys}, nothing, 200, ""},
		"unsigned, though open":   {[]tier.PolicyStatement{everybody}, "/a", nil, nothing, 403, `{"message":"Missing Authentication Token"}`},
		"another account, both":   {[]tier.PolicyStatement{{Effect: tier.Allow, Principals: []string{fay}}}, "/a", &signing{keys: foreignKeys}, mayAll, 200, ""},
		"another account, theirs": {[]tier.PolicyStatement{{Effect: tier.Allow, Principals: []string{"000000000000"}}}, "/a", &signing{keys: foreignKeys}, mayAll, 403, ""},
		"another account, ours":   {[]tier.PolicyStatement{{Effect: tier.Allow, Principals: []string{fay}}}, "/a", &signing{keys: foreignKeys}, nothing, 403, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := guardedAPI(t)
			api.ResourcePolicy(c.statements...)
			g := newGateway(t, api, &local.Options{Identities: whoMayCall(t, c.identity)}, answering(`{}`))
			r := httptest.NewRequest("GET", c.path, nil)
			if c.sign != nil {
				c.sign.sign(t, r, "")
			}
			resp := do(t, g, r)
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || !strings.HasPrefix(string(body), c.body) {
				t.Errorf("%d %s, want %d %s", resp.StatusCode, body, c.status, c.body)
			}
		})
	}
}

// TestResourcePolicyRefused: a policy that AWS would refuse, and doors that know
// none.
func TestResourcePolicyRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement tier.PolicyStatement
		door      local.Door
		want      string
	}{
		"an operator":     {tier.PolicyStatement{Effect: tier.Allow, Conditions: office("IPAddress")}, local.REST{}, `API orders: its resource policy: `},
		"a principal":     {tier.PolicyStatement{Effect: tier.Allow, Principals: []string{"ada"}}, local.REST{}, `"ada" is no principal`},
		"an HTTP API":     {tier.PolicyStatement{Effect: tier.Allow}, local.HTTP{}, "has no way to have a resource policy"},
		"a function URL":  {tier.PolicyStatement{Effect: tier.Allow}, local.URL{}, "a resource policy: only API Gateway has this"},
		"a load balancer": {tier.PolicyStatement{Effect: tier.Allow}, local.ALB{}, "a resource policy: only API Gateway has this"},
	} {
		api := declare(t, "GET /a")
		api.ResourcePolicy(c.statement)
		_, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering(`{}`)} }, &local.Options{Door: c.door})
		var d *datastore.DeclarationError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &d) || filepath.Base(d.At.File) != "resource_policy_test.go" {
			t.Errorf("%s: %v, want %q with its Go line", name, err, c.want)
		}
	}
}
